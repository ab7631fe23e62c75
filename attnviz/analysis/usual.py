"""What a weight usually is at its distance, between words and where nothing rests."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from attnviz.analysis.resting import is_square
from attnviz.records import dataclass
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import token_numbers

_AT_ONCE = 1 << 17  # weights of one block: the arrays that are made of them stay in a core's cache


@dataclass(frozen=True, eq=False)
class CountedCells:
    """What the tokens and the mask of a text say of its cells.

    Attributes:
        between_words: the cells of one word and another that is not masked, (1 or n_layers, n_queries, n_keys).
        cells: those that can say something, broadcast over heads, (1 or n_layers, 1, n_queries, n_keys).
        at_distance: how many cells are equally far apart, at least 1, (1 or n_layers, 1, 2n - 1); empty where queries
            are not the keys.
    """

    between_words: np.ndarray
    cells: np.ndarray
    at_distance: np.ndarray


@dataclass(frozen=True, eq=False)
class WeightBlock:
    """Some rows of all matrices, few enough to stay in a core's cache.

    Attributes:
        weights: (n_layers, n_heads, n_rows, n_keys).
        counted: the weights of the cells that can say something, 0 elsewhere.
        part: what those are above the usual weight.
    """

    weights: np.ndarray
    counted: np.ndarray
    part: np.ndarray

    @property
    def sums(self) -> np.ndarray:
        """The sums of the parts of each head, (n_layers, n_heads)."""
        by_row = self.part @ np.ones(self.part.shape[-1], self.part.dtype)
        return np.asarray(by_row.sum(axis=-1, dtype=np.float64))


def weight_blocks(attention: Attention) -> Iterator[tuple[slice, WeightBlock]]:
    """The matrices some rows at a time, with which rows they are."""
    counts = counted_cells(attention)
    cells, usual = counts.cells, usual_weights(attention, counts)
    for rows in row_slices(attention):
        weights = attention.matrices[..., rows, :].astype(float_type(attention), copy=False)
        counted = np.where(cells[..., rows, :], weights, 0)
        part = counted - usual[..., rows, :]
        yield rows, WeightBlock(weights, counted, np.maximum(part, 0, out=part))


def row_slices(attention: Attention) -> Iterator[slice]:
    """The rows of each block of the matrices."""
    *heads, n_rows, n_keys = attention.matrices.shape
    return _row_slices(n_rows, math.prod(heads) * n_keys)


def _row_slices(n_rows: int, size: int) -> Iterator[slice]:
    """The rows of each block, where a row has so many numbers."""
    step = max(1, _AT_ONCE // size)
    return (slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step))


def float_type(attention: Attention) -> np.dtype:
    """That of the matrices; of whole numbers float64."""
    dtype = attention.matrices.dtype
    return dtype if dtype.kind == "f" else np.dtype(np.float64)


def usual_weights(attention: Attention, counting: CountedCells) -> np.ndarray:
    """The usual weight of each pair, (n_layers, n_heads, n_queries, n_keys): a view of few numbers."""
    dtype = float_type(attention)
    n_queries, n_keys = attention.matrices.shape[2:]
    by_distance = is_square(attention)
    sums = np.zeros((*attention.matrices.shape[:2], n_queries + n_keys - 1 if by_distance else n_keys))
    for rows in row_slices(attention):
        counted = np.where(counting.cells[..., rows, :], attention.matrices[..., rows, :], 0)
        if by_distance:
            _add_diagonals(sums, counted, rows)
        else:
            sums += np.ones(counted.shape[-2], dtype) @ counted
    if not by_distance:
        means = sums / np.maximum(counting.cells.sum(axis=-2), 1)
        return np.broadcast_to(means.astype(dtype)[..., None, :], attention.matrices.shape)
    means = (sums / counting.at_distance).astype(dtype)
    return sliding_window_view(means, n_keys, axis=-1)[..., ::-1, :]


def _add_diagonals(sums: np.ndarray, block: np.ndarray, rows: slice) -> None:
    """Adds some rows to the sums over pairs that are equally far apart, (..., 2n - 1): the main diagonal's is at n - 1.

    The rows are written one below the other, each a place further to the left, so that a diagonal becomes a column.
    """
    *heads, n_rows, n = block.shape
    width = n + n_rows - 1
    shifted = np.zeros((*heads, n_rows * (width + 1)), block.dtype)
    shifted.reshape(*heads, n_rows, width + 1)[..., :n] = block[..., ::-1, :]
    columns = shifted[..., : n_rows * width].reshape(*heads, n_rows, width)
    start = n - rows.stop
    sums[..., start : start + width] += np.ones(n_rows, block.dtype) @ columns


_MOST_REMEMBERED = 1 << 24  # cells
_remembered: dict[tuple[object, ...], CountedCells] = {}  # of the last text, whose parts come one after the other


def counted_cells(attention: Attention) -> CountedCells:
    """The cells that can say something."""
    masked, sides = attention.masked, (attention.queries, attention.keys)
    flags = tuple(bytes(token.special + 2 * token.padding for token in side) for side in sides)
    mask = None if masked is None else (masked.shape, masked.strides, hash(masked.tobytes()))
    key = attention.kind == "cross", flags, *map(tuple, map(token_numbers, sides)), is_square(attention), mask
    found = _remembered.get(key)
    if found is None:
        found = _counted(attention)
        _remembered.clear()
        if found.cells.size <= _MOST_REMEMBERED:
            _remembered[key] = found
    return found


def _counted(attention: Attention) -> CountedCells:
    words = allowed = _between_words(attention)
    if attention.kind != "cross" and attention.masked is not None:
        queries, keys = (np.array(token_numbers(side)) for side in (attention.queries, attention.keys))
        later = keys > queries[:, None]
        causal = later.any() & (attention.masked | ~later).all(axis=(-1, -2))
        start = next((i for i, token in enumerate(attention.keys) if not token.padding), 0)
        if is_square(attention) or keys[start] == 0:  # where keys were chosen, the first one need not be the sink
            allowed = words.copy()
            allowed[causal, :, start] = False
    cells = allowed[:, None]
    if not is_square(attention):
        return CountedCells(words, cells, np.zeros(0))
    n = len(attention.keys)
    at_distance = np.zeros((len(cells), 1, 2 * n - 1))
    for rows in _row_slices(n, n):
        _add_diagonals(at_distance, cells[..., rows, :].astype(np.float32), rows)
    return CountedCells(words, cells, np.maximum(at_distance, 1))


def _between_words(attention: Attention) -> np.ndarray:
    """The cells of one word and another that is not masked: (1 or n_layers, n_queries, n_keys)."""
    queries, keys = (
        np.array([not (token.special or token.padding) for token in side])
        for side in (attention.queries, attention.keys)
    )
    cells = queries[:, None] & keys
    if attention.kind != "cross":
        cells &= np.array(token_numbers(attention.queries))[:, None] != token_numbers(attention.keys)
    allowed: np.ndarray = cells[None] & ~(np.zeros((1, 1, 1), bool) if attention.masked is None else attention.masked)
    return allowed
