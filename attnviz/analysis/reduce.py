"""Many heads to one matrix."""

from dataclasses import replace

import numpy as np

from attnviz.analysis.paths import follow
from attnviz.errors import UsageError
from attnviz.trace import PATHS, Attention


def reduce_attention(attention: Attention, how: str) -> Attention:
    """The matrices reduced over the selected heads (``mean-heads``), or heads and layers (``mean``, ``max``).

    Means over heads and layers of rows that sum to 1 sum to 1; maxima do not. Of scores, masked entries are left out
    of a mean, and what is masked everywhere stays -inf. ``rollout`` and ``flow``: see ``follow``.

    Raises:
        UsageError: a reduction that these values have not; see ``follow`` too.
    """
    check_reduction(how, attention.what)
    if how == "none":
        return attention
    if how in PATHS:
        return follow(attention, how)
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


def check_reduction(how: str, what: str) -> None:
    """Rollout and flow are of weights; zeroing has no heads to reduce.

    Raises:
        UsageError: these values cannot be reduced so.
    """
    if how in PATHS and what != "weights":
        raise UsageError(f"reduce, values: {how} is of weights, not of {what}; expected weights")
    if how == "mean-heads" and what == "zeroing":
        raise UsageError("reduce, values: zeroing is of all heads together; expected none, mean or max")


def _over(matrices: np.ndarray, axes: tuple[int, ...], how: str) -> np.ndarray:
    if how == "max":
        return matrices.max(axis=axes, keepdims=True)
    seen = np.isfinite(matrices)
    count = seen.sum(axis=axes, keepdims=True)
    total = np.where(seen, matrices, 0).sum(axis=axes, keepdims=True)
    mean = total / np.maximum(count, 1).astype(matrices.dtype)
    return np.where(count == 0, matrices.dtype.type(-np.inf), mean)
