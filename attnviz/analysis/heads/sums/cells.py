"""Which single cells of a matrix the metrics of neighbours and of equal tokens add up, and in which rows."""

from collections.abc import Collection, Sequence

import numpy as np

from attnviz.analysis.heads.sums.sides import Sides
from attnviz.records import dataclass

_FEW_CELLS = 16  # cells that are less than one in so many are kept for the next heads
_NEIGHBOURS = {"self": 0, "previous": -1, "next": 1}  # by metric, how far from its query the key is


@dataclass(frozen=True, eq=False)
class BlockCells:
    """The cells of some rows, those of one metric after those of another.

    Attributes:
        rows: (n_cells,), counted from the first of the rows.
        places: (n_cells,), in the rows, which are laid out one after the other.
        metrics: (n_cells, n_metrics), 1 for the metric that a cell is of.
    """

    rows: np.ndarray
    places: np.ndarray
    metrics: np.ndarray


class Cells:
    """The cells of all rows; or of what is left without some tokens, where those on both sides of a gap are neighbours.

    Args:
        sides: of the tokens, or of those that are left; where there are names, the queries are the keys.
        names: of metrics; the others are left out.
        kept: the places of these tokens among the rows and among the columns of the matrices.
        shape: (n_queries, n_keys) of the matrices.
        most_equal: the share of all tokens that equal ones may be, so that they count for ``same`` and ``induction``.
    """

    def __init__(
        self,
        sides: Sides,
        names: Collection[str],
        kept: tuple[np.ndarray, np.ndarray],
        shape: tuple[int, int],
        most_equal: float = 1.0,
    ) -> None:
        self._kept, (n_queries, self._n_keys) = kept, shape
        rows = {name: _have_neighbour(sides.real, step) for name, step in _NEIGHBOURS.items()}
        if sides.codes is not None:
            self._codes = sides.codes
            n_equal = np.bincount(sides.codes, minlength=1)[sides.codes]
            usable = (n_equal > 1) & (n_equal <= max(2, most_equal * len(sides.codes)))
            rows |= {"same": usable & ~sides.special, "induction": usable & _were_before(sides.codes)}
        self._rows = {name: some for name, some in rows.items() if name in names}
        self._n_queries = n_queries
        self._blocks: dict[tuple[int, int], BlockCells] = {}

    def rows_about(self, names: Sequence[str]) -> np.ndarray:
        """(n_names, n_queries), 1 for the rows that each metric is about: for one without cells, all that are kept."""
        about = np.zeros((len(names), self._n_queries), dtype=np.float32)
        for i, name in enumerate(names):
            about[i, self._kept[0]] = self._rows.get(name, 1)
        return about

    @property
    def names(self) -> tuple[str, ...]:
        """The metrics that have cells."""
        return tuple(self._rows)

    def sums(self, weights: np.ndarray, rows: slice, scale: np.ndarray | None = None) -> np.ndarray:
        """The sums over the cells of some rows, (n_names, n_layers, n_heads).

        Args:
            weights: (n_layers, n_heads, n_rows, n_keys).
            rows: of the matrices.
            scale: (n_layers, n_heads, n_rows), what each row is multiplied by; None for 1.
        """
        n_layers, n_heads, n_rows, _ = weights.shape
        if not self._rows:
            return np.zeros((0, n_layers, n_heads))
        block = self._block(rows.start, rows.stop)
        cells = weights.reshape(n_layers * n_heads, -1).take(block.places, axis=1)
        if scale is not None:
            cells *= scale.reshape(n_layers * n_heads, n_rows).take(block.rows, axis=1)
        sums: np.ndarray = (cells @ block.metrics.astype(cells.dtype, copy=False)).T
        return sums.reshape(-1, n_layers, n_heads)

    def _block(self, start: int, stop: int) -> BlockCells:
        if (start, stop) in self._blocks:
            return self._blocks[start, stop]
        first, last = self._kept[0].searchsorted((start, stop)).tolist()
        cells = [self._of_metric(name, some[first:last], first) for name, some in self._rows.items()]
        sides = zip(*cells, strict=True)
        queries, keys = (kept[np.concatenate(side)] for kept, side in zip(self._kept, sides, strict=True))
        metrics = np.eye(len(cells), dtype=np.float32).repeat([len(one) for one, _ in cells], axis=0)
        rows = queries - start
        block = BlockCells(rows, rows * self._n_keys + keys, metrics)
        if len(rows) * _FEW_CELLS <= (stop - start) * max(self._n_keys, _FEW_CELLS * len(cells)):
            self._blocks[start, stop] = block  # of one word over and over there are too many
        return block

    def _of_metric(self, name: str, rows: np.ndarray, first: int) -> tuple[np.ndarray, np.ndarray]:
        """(row, key) of the cells of a metric in some rows, counted among the tokens that are left."""
        about = rows.nonzero()[0] + first
        if name in _NEIGHBOURS or not len(about):
            return about, about + _NEIGHBOURS.get(name, 0)
        at, keys = np.nonzero(self._codes[about, None] == self._codes)
        queries = about[at]
        if name == "same":
            others = keys != queries
            return queries[others], keys[others]
        before = keys < queries
        return queries[before], keys[before] + 1


def _have_neighbour(real: np.ndarray, step: int) -> np.ndarray:
    """(n_tokens,), True where the token so many places on is one of the text."""
    if step == 0:
        return np.ones(len(real), dtype=np.bool_)
    there = np.zeros(len(real), dtype=np.bool_)
    if step < 0:
        there[-step:] = real[:step]
    else:
        there[:-step] = real[step:]
    return there


def _were_before(codes: np.ndarray) -> np.ndarray:
    """(n_tokens,), True where an earlier token is equal."""
    places = np.arange(len(codes))
    first = np.empty(codes.max(initial=0) + 1, dtype=np.intp)
    first[codes[::-1]] = places[::-1]  # of equal ones, the one that comes first is written last
    before: np.ndarray = first[codes] < places
    return before
