"""One look at every number of some matrices, row by row, and edits of them, a few heads at a time."""

from collections.abc import Callable

import numpy as np

from attnviz.elsewhere.values.blocks import head_blocks
from attnviz.records import dataclass


@dataclass(frozen=True, eq=False)
class RowScan:
    """What each row of matrices holds; NaN where one of its numbers is NaN.

    Attributes:
        sums: (n_layers, n_heads, n_queries), float64.
        least: the smallest number of each row, in the shape of the sums.
        most: the largest number of each row.
    """

    sums: np.ndarray
    least: np.ndarray
    most: np.ndarray

    @property
    def has_nan(self) -> bool:
        """Whether any number is NaN."""
        return bool(np.isnan(self.least).any())


def scan_rows(matrices: np.ndarray) -> RowScan:
    """The sums and the extremes of the rows of (n_layers, n_heads, n_queries, n_keys)."""
    scan = RowScan(*(np.empty(matrices.shape[:3]) for _ in range(3)))
    with np.errstate(invalid="ignore", over="ignore"):  # inf - inf
        for i, j, block in head_blocks(matrices):
            heads = slice(j, j + len(block))
            scan.sums[i, heads] = block.sum(axis=-1, dtype=np.float64)
            scan.least[i, heads] = block.min(axis=-1)
            scan.most[i, heads] = block.max(axis=-1)
    return scan


def edited(matrices: np.ndarray, edit: Callable[[int, slice, np.ndarray], np.ndarray]) -> np.ndarray:
    """A copy of matrices in memory, with other numbers.

    Args:
        matrices: (n_layers, n_heads, n_queries, n_keys).
        edit: gives the new numbers of some heads, from their layer, their places and the old ones.
    """
    copy: np.ndarray | None = None
    for i, j, block in head_blocks(matrices):
        heads = slice(j, j + len(block))
        new = edit(i, heads, block)
        if copy is None:
            copy = np.empty(matrices.shape, new.dtype)
        copy[i, heads] = new
    return matrices if copy is None else copy
