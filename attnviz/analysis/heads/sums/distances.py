"""The sums of distances between queries and keys, weighed with the attention."""

import numpy as np

from attnviz.analysis.heads.sums.blocks import RowBlock


class Distances:
    """How far the keys of a square matrix are from its queries, in blocks of rows.

    Near the diagonal every cell is weighed with its distance. For all rows of a block, the distances to a key that is
    before or after all of them add up to a sum over the column.
    """

    def __init__(self) -> None:
        self._near: dict[tuple[int, np.dtype], np.ndarray] = {}  # by number of rows

    def sums(self, block: RowBlock, start: int) -> dict[str, np.ndarray]:
        """The weighted sums of ``offset`` and ``distance``, (n_layers, n_heads) each, of a block from a row on."""
        n_rows, n_keys = block.weights.shape[2:]
        near, offsets = block.weights[..., start : start + n_rows], self._offsets(block)
        # Rows in their own type and then in float64: offsets before and after nearly cancel out.
        offset, distance = (
            np.einsum("lhij,ij->lhi", near, numbers).sum(axis=-1, dtype=np.float64) for numbers in offsets
        )
        if n_rows < n_keys:
            columns, from_middle = block.column_sums.astype(np.float64), np.arange(n_keys) - block.middle
            far = from_middle * columns[..., 0, :] - columns[..., 1, :]  # Σ_i A·(j − i) of each key
            before, after = far[..., :start].sum(axis=-1), far[..., start + n_rows :].sum(axis=-1)
            offset, distance = offset + before + after, distance - before + after
        return {"offset": offset, "distance": distance}

    def _offsets(self, block: RowBlock) -> np.ndarray:
        """(2, n_rows, n_rows): the offset of each key near the diagonal from each query, and how far that is."""
        n, dtype = block.weights.shape[2], block.weights.dtype
        if (n, dtype) not in self._near:
            places = np.arange(n, dtype=dtype)
            offsets = places - places[:, None]
            self._near[n, dtype] = np.stack([offsets, abs(offsets)])
        return self._near[n, dtype]
