"""Many heads to one matrix."""

from dataclasses import replace

import numpy as np

from attnviz.trace import Attention

REDUCTIONS = ("none", "mean-heads", "mean", "max")


def reduce_attention(attention: Attention, how: str) -> Attention:
    """The matrices reduced over the selected heads (``mean-heads``), or heads and layers (``mean``, ``max``).

    Means over heads and layers of rows that sum to 1 sum to 1; maxima do not. Of scores, masked entries are left out
    of a mean, and what is masked everywhere stays -inf.
    """
    if how == "none":
        return attention
    axes = (1,) if how == "mean-heads" else (0, 1)
    masked = attention.masked
    if masked is not None and how != "mean-heads":
        masked = masked.all(axis=0, keepdims=True)
    rest = attention.rest
    return replace(
        attention,
        matrices=_over(attention.matrices, axes, how),
        masked=masked,
        reduce=how,
        rest=None if rest is None or how == "max" else rest.mean(axis=axes, keepdims=True),
    )


def _over(matrices: np.ndarray, axes: tuple[int, ...], how: str) -> np.ndarray:
    if how == "max":
        return matrices.max(axis=axes, keepdims=True)
    seen = np.isfinite(matrices)
    count = seen.sum(axis=axes, keepdims=True)
    total = np.where(seen, matrices, 0).sum(axis=axes, keepdims=True)
    mean = total / np.maximum(count, 1).astype(matrices.dtype)
    return np.where(count == 0, matrices.dtype.type(-np.inf), mean)
