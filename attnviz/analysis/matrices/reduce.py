"""Many heads to one matrix."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

import numpy as np

from attnviz.analysis.matrices.parts import each_layer, joined
from attnviz.analysis.matrices.paths import follow, rolled
from attnviz.errors import UsageError
from attnviz.names import PATHS
from attnviz.trace.attention import Attention, of_all


def reduce_attention(attention: Attention, how: str) -> Attention:
    """The matrices reduced over the selected heads (``mean-heads``), or heads and layers (``mean``, ``max``).

    Means over heads and layers of rows that sum to 1 sum to 1; maxima do not. Of scores, masked entries are left out
    of a mean, and what is masked everywhere stays -inf. ``rollout`` and ``flow``: see ``follow``.

    Raises:
        UsageError: a reduction that these values have not; see ``follow`` too.
    """
    check_reduction(how, attention.values)
    if how == "none":
        return attention
    if how in PATHS:
        return follow(attention, how)
    return joined(reduced_parts(each_layer(attention), how), (len(attention.matrices) if how == "mean-heads" else 1, 1))


def reduced_parts(parts: Iterator[Attention], how: str) -> Iterator[Attention]:
    """``mean-heads`` (a part a layer), ``mean``, ``max`` and ``rollout`` (one) of matrices that come a part at a time.

    Sums are in float64.
    """
    if how == "rollout":
        return map(rolled, [parts])
    groups = groupby(parts, key=lambda part: part.layers) if how == "mean-heads" else [(None, parts)]
    return (_reduced(group, how) for _, group in groups)


def _reduced(parts: Iterator[Attention], how: str) -> Attention:
    """One matrix of all parts."""
    taken: list[Attention] = []
    running: _Maximum | _Mean = _Maximum() if how == "max" else _Mean()
    rests, masked = _Mean(), True  # until a part says otherwise
    for part in parts:
        running.add(part.matrices)
        if part.rest is not None:
            rests.add(part.rest)
        masked = masked & (False if part.masked is None else part.masked[0])
        taken.append(part.bare)
    kept = np.any(rests.count) and how != "max"
    return replace(
        of_all(taken),
        matrices=running.result(part.matrices.dtype),
        rest=rests.result(part.matrices.dtype) if kept else None,
        masked=masked[None] if isinstance(masked, np.ndarray) else None,
        reduce=how,
    )


class _Mean:
    """A mean over matrices (layers, heads, ...); masked scores, which are -inf, are left out of it.

    ``count``: how many there are: one number, or where some were left out one a cell.
    """

    def __init__(self) -> None:
        self.count: int | np.ndarray = 0
        self._total = np.zeros(())

    def add(self, matrices: np.ndarray) -> None:
        for one in matrices.reshape(-1, *matrices.shape[2:]):
            if not self._total.shape:
                self._total = np.zeros(one.shape)
            seen = np.isfinite(one)
            if seen.all():
                self._total += one
                self.count += 1
                continue
            np.add(self._total, one, out=self._total, where=seen)
            if isinstance(self.count, int):
                self.count = np.full(one.shape, self.count, np.int32)
            self.count += seen

    def result(self, dtype: np.dtype) -> np.ndarray:
        """(1, 1, ...); -inf where there was no number."""
        mean = np.full(self._total.shape, -np.inf, dtype)
        there = np.asarray(self.count) > 0
        np.divide(self._total, self.count, out=mean, where=there, casting="same_kind")
        return mean[None, None]


class _Maximum:
    """A maximum over matrices (layers, heads, ...)."""

    def __init__(self) -> None:
        self._most = np.asarray(-np.inf, np.float16)  # of the narrowest type, so that the matrices' decides

    def add(self, matrices: np.ndarray) -> None:
        most = matrices.max(axis=(0, 1))
        self._most = np.maximum(self._most, most)

    def result(self, dtype: np.dtype) -> np.ndarray:
        """(1, 1, ...)."""
        return self._most.astype(dtype, copy=False)[None, None]


def check_reduction(how: str, values: str) -> None:
    """Rollout and flow are of weights; zeroing has no heads to reduce.

    Raises:
        UsageError: these values cannot be reduced so.
    """
    if how in PATHS and values != "weights":
        raise UsageError(f"reduce, values: {how} is of weights, not of {values}; expected weights")
    if how == "mean-heads" and values == "zeroing":
        raise UsageError("reduce, values: zeroing is of all heads together; expected none, mean or max")
