"""Matrices a block at a time: several heads, or some rows of one, so few that all that is made of them stays in cache.

A block is contiguous in memory, so that the sums over it are matrix products.
"""

from collections.abc import Iterator
from functools import cached_property

import numpy as np

from attnviz.analysis.usual import float_type
from attnviz.records import dataclass
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import Tokens, n_real

_AT_ONCE = 1 << 18  # weights of one block: a few arrays of them fit in a core's cache
_SHORT = 64  # keys; the maxima of shorter rows are quicker over the other axis

BlockPlaces = tuple[slice, slice, slice]  # of a block: its layers, heads and rows


@dataclass(frozen=True, eq=False)
class RowBlock:
    """Some rows of some matrices, with what several metrics need of them.

    Attributes:
        weights: (n_layers, n_heads, n_rows, n_keys); rows that see no key are zeros, and their numbers do not count.
        allowed: (n_layers or 1, n_rows), how many keys each row can attend to.
        positions: (n_rows,), the places of the rows' queries, in the type of the weights.
        tokens: the n_keys tokens that the rows attend to.
        columns: (n_keys, n_sums): what sums over the keys weigh them with; the first column is 1s.
        seen: (n_layers, n_heads, n_rows), True for the rows that count.
        sums: each row's sums over the keys, (n_layers, n_heads, n_rows, n_sums).
        stored: the weights as they are laid out in memory; those of short texts can have their keys apart.
    """

    weights: np.ndarray
    allowed: np.ndarray
    positions: np.ndarray
    tokens: Tokens
    columns: np.ndarray
    seen: np.ndarray
    sums: np.ndarray
    stored: np.ndarray

    @cached_property
    def key_positions(self) -> np.ndarray:
        """The places of the keys, (n_keys,), in the type of the weights."""
        return np.arange(len(self.tokens), dtype=self.weights.dtype)

    @cached_property
    def n_tokens(self) -> int:
        """How many keys are tokens of the text, padding left out."""
        return n_real(self.tokens)

    @cached_property
    def entropies(self) -> np.ndarray:
        """Each row's sums of -A ln A over the keys, (n_layers, n_heads, n_rows, n_sums), in nats."""
        dtype = self.weights.dtype
        logs = self.weights + np.finfo(dtype).tiny  # A ln A of 0 is 0; no other weight is changed
        np.log(logs, out=logs)
        logs *= self.weights
        return np.asarray(0.0 - _key_sums(logs, self.columns), dtype=dtype)

    @property
    def middle(self) -> float:
        """The place in the middle of the rows."""
        return float(self.positions[0] + self.positions[-1]) / 2

    @cached_property
    def received(self) -> np.ndarray:
        """What each key gets from all rows, (n_layers, n_heads, n_keys), in float64."""
        return self._column_sums(np.ones_like(self.positions))

    @cached_property
    def received_from(self) -> np.ndarray:
        """The sums over rows i of A (i - middle), (n_layers, n_heads, n_keys), in float64."""
        return self._column_sums(self.positions - self.positions.dtype.type(self.middle))

    def _column_sums(self, rows: np.ndarray) -> np.ndarray:
        sums: np.ndarray = rows @ self.weights
        return sums.astype(np.float64)

    @property
    def entropy(self) -> np.ndarray:
        """Each row's entropy in nats, (n_layers, n_heads, n_rows)."""
        return self.entropies[..., 0]

    @property
    def entropy_ratio(self) -> np.ndarray:
        """Each row's entropy as a share of that of a uniform row, (n_layers, n_heads, n_rows)."""
        return entropy_ratio(self.entropy, self.allowed)

    @cached_property
    def greatest(self) -> np.ndarray:
        """Each row's largest weight, (n_layers, n_heads, n_rows)."""
        *rows, n_keys = self.weights.shape
        if n_keys > _SHORT or self.stored.strides[-1] > self.stored.itemsize:
            greatest: np.ndarray = self.stored.max(axis=-1)
        else:
            greatest = np.ascontiguousarray(self.weights.reshape(-1, n_keys).T).max(axis=0).reshape(rows)
        return greatest


def entropy_ratio(entropy: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """Entropies (n_layers, n_heads, n_rows) as shares of those of uniform rows over the allowed keys, (..., n_rows)."""
    shares = np.zeros(allowed.shape, entropy.dtype)
    np.divide(1, np.log(np.maximum(allowed, 2)), out=shares, where=allowed > 1, casting="same_kind")
    return np.asarray(np.minimum(shares[:, None] * entropy, 1))  # float32 rows can sum to more than 1


def _key_sums(numbers: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """The sums over the keys, (n_layers, n_heads, n_rows, n_sums)."""
    flat: np.ndarray = numbers.reshape(-1, numbers.shape[-1]) @ columns
    sums: np.ndarray = flat.reshape(*numbers.shape[:-1], -1)
    return sums


def reachable_keys(attention: Attention, keys: np.ndarray | None = None) -> np.ndarray:
    """How many keys each row can attend to, of all or of some (n_keys,): (n_layers or 1, n_queries)."""
    masked, (n_queries, n_keys) = attention.masked, attention.matrices.shape[2:]
    if masked is None:
        return np.full((1, n_queries), n_keys if keys is None else keys.sum())
    counted = ~masked if keys is None else ~masked & keys
    return np.asarray(counted.sum(axis=-1))


def row_blocks(
    attention: Attention, real: np.ndarray, allowed: np.ndarray, left: np.ndarray | None = None
) -> Iterator[tuple[BlockPlaces, RowBlock]]:
    """The matrices a block at a time.

    Args:
        attention: weights.
        real: (n_queries,), True for the tokens of the text.
        allowed: as ``reachable_keys`` gives it.
        left: (n_keys,), keys of which there is a second column of sums; None for no other column.
    """
    dtype = float_type(attention)
    columns = sum_columns(len(attention.keys), left, dtype)
    positions = np.arange(len(real), dtype=dtype)
    counted = (allowed > 0) & real
    for places in _blocks(attention.matrices.shape):
        stored = attention.matrices[places]
        layers, _, rows = places
        layers = layers if len(allowed) > 1 else slice(None)
        weights = np.ascontiguousarray(stored, dtype)
        sums = _key_sums(weights, columns)
        seen = sums[..., 0] != 0
        if attention.rest is not None:
            seen |= attention.rest[places] > 0
        hidden = ~counted[layers, rows][:, None]
        if hidden.any():
            seen &= ~hidden
            weights = stored = np.where(seen[..., None], weights, 0)
            sums = np.where(seen[..., None], sums, 0)
        about = allowed[layers, rows], positions[rows], attention.keys
        yield places, RowBlock(weights, *about, columns, seen, sums, stored)


def sum_columns(n_keys: int, left: np.ndarray | None, dtype: np.dtype) -> np.ndarray:
    """What sums over the keys weigh them with, (n_keys, n_sums): 1s, and 1s for the keys ``left`` (n_keys,), if any."""
    columns = np.ones((n_keys, 1 if left is None else 2), dtype)
    if left is not None:
        columns[:, 1] = left
    return columns


def _blocks(shape: tuple[int, ...]) -> Iterator[BlockPlaces]:
    """The places of the blocks of matrices (n_layers, n_heads, n_rows, n_keys)."""
    n_layers, n_heads, n_rows, n_keys = shape
    head = n_rows * n_keys
    steps = (_step(n_layers, n_heads * head), _step(n_heads, head), _step(n_rows, n_keys))
    for i in range(0, n_layers, steps[0]):
        for j in range(0, n_heads, steps[1]):
            for k in range(0, n_rows, steps[2]):
                yield slice(i, i + steps[0]), slice(j, j + steps[1]), slice(k, min(k + steps[2], n_rows))


def _step(n: int, size: int) -> int:
    """How many of n things of a size make a block: one at least."""
    return max(1, min(n, _AT_ONCE // max(1, size)))
