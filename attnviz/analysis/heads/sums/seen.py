"""The sums over rows that are seen as they are computed, and then gone."""

from collections.abc import Callable

import numpy as np

from attnviz.analysis.heads.sums.blocks import RowBlock, sum_columns
from attnviz.analysis.heads.sums.cells import Cells
from attnviz.analysis.heads.sums.distances import far_sums, offsets_near
from attnviz.encoder.long.head_rows import HeadRows
from attnviz.records import dataclass
from attnviz.trace.attention import Attention


@dataclass(frozen=True, eq=False)
class SeenRows(RowBlock):
    """All rows of the heads of a layer, whose weights are gone, and what is known of them.

    Attributes:
        known_entropies: as ``entropies``.
        known_greatest: as ``greatest``.
        known_received: as ``received``.
    """

    known_entropies: np.ndarray
    known_greatest: np.ndarray
    known_received: np.ndarray

    @property
    def entropies(self) -> np.ndarray:  # noqa: D102 (as in RowBlock)
        return self.known_entropies

    @property
    def greatest(self) -> np.ndarray:  # noqa: D102 (as in RowBlock)
        return self.known_greatest

    @property
    def received(self) -> np.ndarray:  # noqa: D102 (as in RowBlock)
        return self.known_received


class SeenSums:
    """What is added up of the rows of a layer's heads.

    Attributes:
        cells: the sums over the cells of all tokens, (n_names, 1, n_heads).
        cells_left: the same over those of what is left, of rows that are multiplied by ``scale_left``.
        distances: the sums of ``offset`` and ``distance``, (2, 1, n_heads); of no use where queries are not the keys.

    Args:
        part: the layer's attention, without numbers.
        counted: (n_queries,), True for the rows that count, if they see a key.
        left: (n_keys,), keys of which there is a second column of sums.
        cells: those of all tokens, and those of what is left.
        scale_left: gives, of the sums of some rows, (1, 1, n_rows, 2), and of which rows, what the rows are multiplied
            by, (1, 1, n_rows).
    """

    def __init__(
        self,
        part: Attention,
        counted: np.ndarray,
        left: np.ndarray,
        cells: tuple[Cells, Cells],
        scale_left: Callable[[np.ndarray, slice], np.ndarray],
    ) -> None:
        _, n_heads, n_queries, n_keys = part.matrices.shape
        self._part, self._counted, self._scale_left = part, counted, scale_left
        self._columns = sum_columns(n_keys, left, np.dtype(np.float32))  # of a product with float64 it is that
        self._of, self._of_left = cells
        self._sums, self._entropies = np.zeros((2, 1, n_heads, n_queries, 2))
        self._greatest, self._received = np.zeros((1, n_heads, n_queries)), np.zeros((1, n_heads, n_keys))
        self.cells, self.cells_left = (np.zeros((len(one.names), 1, n_heads)) for one in cells)
        self.distances = np.zeros((2, 1, n_heads))

    def add(self, rows: HeadRows) -> None:
        """Adds some rows: those of one head come in their order, those of several may come at the same time."""
        at, some, weights = self._part.heads.index(rows.head), rows.rows, rows.exponentials  # not yet divided
        scale = (self._counted[some] / rows.totals[:, 0]).astype(weights.dtype)  # (n_rows,), what they are divided by
        sums = weights @ self._columns * scale[:, None]  # (n_rows, 2)
        self._sums[0, at, some] = sums
        # ln A is the shifted score less the logarithm of the total: no logarithm of each weight
        self._entropies[0, at, some] = np.log(rows.totals) * sums - self._of_scores(rows) * scale[:, None]
        self._greatest[0, at, some] = np.where(sums[:, 0] == 0, 0, scale)  # the top's exponential is 1
        from_middle = np.arange(len(scale), dtype=scale.dtype) - (len(scale) - 1) / 2
        received, received_from = (np.stack([scale, scale * from_middle]) @ weights).astype(np.float64)  # (n_keys,)
        self._received[0, at] += received
        if self._part.matrices.shape[2] == self._part.matrices.shape[3]:
            near = [np.einsum("ij,ij->i", weights[:, some], one) for one in offsets_near(len(scale), weights.dtype)]
            near_sums = (np.array(near) * scale).sum(axis=-1, dtype=np.float64)  # (2,)
            self.distances[:, 0, at] += near_sums + far_sums(received, received_from, some)
        weights, scales = weights[None, None], scale[None, None]
        self.cells[:, :, [at]] += self._of.sums(weights, some, scales)
        scales = scales * self._scale_left(sums[None, None], some).astype(scale.dtype)
        self.cells_left[:, :, [at]] += self._of_left.sums(weights, some, scales)

    def _of_scores(self, rows: HeadRows) -> np.ndarray:
        """The sums over the keys of each exponential times its shifted score, (n_rows, 2)."""
        if self._part.masked is not None:
            np.copyto(rows.shifted, 0, where=rows.exponentials == 0)  # not 0 times the score of a masked key, -inf
        parts = np.multiply(rows.exponentials, rows.shifted, out=rows.shifted)
        sums: np.ndarray = parts @ self._columns
        if np.isnan(sums).any():  # a score of -inf that no mask made
            sums = np.nan_to_num(parts, copy=False) @ self._columns
        return sums

    def rows(self, allowed: np.ndarray) -> SeenRows:
        """All rows; ``allowed`` (1, n_queries) says how many keys each can attend to."""
        nothing = np.zeros((1, self._sums.shape[1], 0, 0))
        return SeenRows(
            nothing,
            allowed,
            np.arange(self._sums.shape[2]),
            self._part.keys,
            self._columns,
            self._sums[..., 0] != 0,
            self._sums,
            nothing,
            self._entropies,
            self._greatest,
            self._received,
        )
