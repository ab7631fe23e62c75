"""The sums of distances between queries and keys, weighed with the attention."""

from functools import lru_cache

import numpy as np

from attnviz.analysis.heads.sums.blocks import RowBlock

_FEW_ROWS = 64  # in whose cells rounding does not add up


def distance_sums(block: RowBlock, start: int) -> dict[str, np.ndarray]:
    """The weighted sums of ``offset`` and ``distance`` over a block of rows, (n_layers, n_heads) each.

    Near the diagonal every cell is weighed with its distance. For all rows of a block, the distances to a key that is
    before or after all of them add up to a sum over the column.

    Args:
        block: the rows.
        start: the first of them.
    """
    n_rows, n_keys = block.weights.shape[2:]
    near, offsets = block.weights[..., start : start + n_rows], _offsets(n_rows, block.weights.dtype)
    if n_rows <= _FEW_ROWS:
        cells = near.reshape(*near.shape[:2], -1) @ offsets.reshape(2, -1).T
        offset, distance = cells[..., 0].astype(np.float64), cells[..., 1].astype(np.float64)
    else:  # rows in their own type and then in float64: offsets before and after nearly cancel out
        offset, distance = (
            np.einsum("lhij,ij->lhi", near, numbers).sum(axis=-1, dtype=np.float64) for numbers in offsets
        )
    if n_rows < n_keys:
        from_middle = np.arange(n_keys) - block.middle
        far = from_middle * block.received - block.received_from  # Σ_i A·(j − i) of each key
        before, after = far[..., :start].sum(axis=-1), far[..., start + n_rows :].sum(axis=-1)
        offset, distance = offset + before + after, distance - before + after
    return {"offset": offset, "distance": distance}


@lru_cache(4)  # texts of equal length, and the parts of a long one
def _offsets(n: int, dtype: np.dtype) -> np.ndarray:
    """(2, n, n): the offset of each key near the diagonal from each query, and how far that is."""
    places = np.arange(n, dtype=dtype)
    offsets = places - places[:, None]
    return np.stack([offsets, abs(offsets)])
