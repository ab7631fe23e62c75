"""The sums of distances between queries and keys, weighed with the attention."""

from functools import lru_cache

import numpy as np

from attnviz.analysis.heads.sums.blocks import RowBlock

DISTANCES = ("offset", "distance")  # the metrics that are such sums
_FEW_ROWS = 64  # in whose cells rounding does not add up


def distance_sums(block: RowBlock, start: int) -> np.ndarray:
    """The weighted sums of ``offset`` and ``distance`` over a block of rows, (2, n_layers, n_heads).

    Near the diagonal every cell is weighed with its distance. For all rows of a block, the distances to a key that is
    before or after all of them add up to a sum over the column.

    Args:
        block: the rows.
        start: the first of them.
    """
    n_rows, n_keys = block.weights.shape[2:]
    near, offsets = block.weights[..., start : start + n_rows], offsets_near(n_rows, block.weights.dtype)
    sums: np.ndarray
    if n_rows <= _FEW_ROWS:
        cells = near.reshape(*near.shape[:2], -1) @ offsets.reshape(2, -1).T
        sums = np.moveaxis(cells, -1, 0).astype(np.float64)
    else:  # rows in their own type and then in float64: offsets before and after nearly cancel out
        by_row = (np.einsum("lhij,ij->lhi", near, numbers) for numbers in offsets)
        sums = np.array([one.sum(axis=-1, dtype=np.float64) for one in by_row])
    if n_rows == n_keys:
        return sums
    sums += far_sums(block.received, block.received_from, slice(start, start + n_rows))
    return sums


def far_sums(received: np.ndarray, received_from: np.ndarray, rows: slice) -> np.ndarray:
    """The sums of ``distance_sums`` over the keys that are before or after all of some rows, (2, ...).

    Args:
        received: what each key gets from the rows, (..., n_keys), in float64.
        received_from: the sums over rows i of A (i - middle), of the place in the middle of the rows.
        rows: which they are.
    """
    from_middle = np.arange(received.shape[-1]) - (rows.start + rows.stop - 1) / 2
    far = from_middle * received - received_from  # Σ_i A·(j − i) of each key
    before, after = far[..., : rows.start].sum(axis=-1), far[..., rows.stop :].sum(axis=-1)
    return np.array([before + after, after - before])


@lru_cache(4)  # texts of equal length, and the parts of a long one
def offsets_near(n: int, dtype: np.dtype) -> np.ndarray:
    """(2, n, n): the offset of each key near the diagonal from each query, and how far that is."""
    places = np.arange(n, dtype=dtype)
    offsets = places - places[:, None]
    return np.stack([offsets, abs(offsets)])
