"""Why numbers that should be weights are not: the likely reason, as the hint of an error."""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

_NEAR = 0.02  # by which sums of rows may differ that are meant to be equal, as a share
_SUM_OF_ONE = 2e-3
_LOW = -1e30  # a number in the place of -inf
_PERCENT = 100.0
_MOST_ROWS = 0.9  # of the rows: where more are whole, the others should be
_LEAST_NOISE = -1e-3
_MOST_KEPT = 10.0  # times 1: dropout divides what it keeps by the share that it keeps

SCORES_HINT = "scores, as they are before softmax, are read by show, heatmap and html, with --values scores"


class RowFacts(NamedTuple):
    """What the numbers of all matrices have in common.

    Attributes:
        sums: the sums of all rows that are not all 0.
        least: the smallest number.
        most: the largest number.
        has_zeros: whether a number is exactly 0.
        columns_sum_to_one: whether the columns of every matrix do.
        are_whole: whether all are whole numbers.
        logs_sum_to_one: whether all numbers are at most 0, and e to their power sums to 1 in every row.
        shape: (n_layers, n_heads, n_queries, n_keys).
    """

    sums: np.ndarray
    least: float
    most: float
    has_zeros: bool
    columns_sum_to_one: bool
    are_whole: bool
    logs_sum_to_one: bool
    shape: tuple[int, ...]


def row_facts(blocks: Iterable[np.ndarray], shape: tuple[int, ...]) -> RowFacts:
    """The facts of matrices (n_layers, n_heads, n_queries, n_keys) without NaN, from blocks of their heads."""
    facts = [_block_facts(block, shape) for block in blocks]
    return RowFacts(
        sums=np.concatenate([one.sums for one in facts]),
        least=min(one.least for one in facts),
        most=max(one.most for one in facts),
        has_zeros=any(one.has_zeros for one in facts),
        columns_sum_to_one=all(one.columns_sum_to_one for one in facts),
        are_whole=all(one.are_whole for one in facts),
        logs_sum_to_one=all(one.logs_sum_to_one for one in facts),
        shape=shape,
    )


def _block_facts(matrices: np.ndarray, shape: tuple[int, ...]) -> RowFacts:
    most = float(matrices.max())
    with np.errstate(under="ignore"):
        is_low = most <= _SUM_OF_ONE
        powers = np.exp(np.minimum(matrices, 0), dtype=np.float64).sum(axis=-1) if is_low else np.zeros(1)
    matrices = np.nan_to_num(matrices, neginf=_LOW, posinf=-_LOW)
    sums = matrices.sum(axis=-1, dtype=np.float64)
    return RowFacts(
        sums=sums[matrices.any(axis=-1)],
        least=float(matrices.min()),
        most=most,
        has_zeros=bool((matrices == 0).any()),
        columns_sum_to_one=_is_one(matrices.sum(axis=-2, dtype=np.float64)),
        are_whole=bool((matrices == np.rint(matrices)).all()),
        logs_sum_to_one=_is_one(powers),
        shape=shape,
    )


def likely_reason(facts: RowFacts) -> str | None:
    """What the numbers probably are instead of weights, and what to do; None where nothing is likely."""
    if not facts.sums.size:
        return None
    return next((reason for rule in _RULES if (reason := rule(facts)) is not None), None)


def _logarithms(facts: RowFacts) -> str | None:
    return "these are logarithms of weights: save their exponentials" if facts.logs_sum_to_one else None


def _columns(facts: RowFacts) -> str | None:
    """Transposed matrices, or heads on the last axis."""
    if not facts.columns_sum_to_one or _is_one(facts.sums):
        return None
    n_layers, n_heads, n_queries, n_keys = facts.shape
    layer = "layer," if n_layers > 1 else ""
    last_axis = f"--axes {layer}query,key,head"
    if n_heads == n_queries and n_heads > 1 and n_keys != n_queries:
        return f"its heads are on the last axis: {last_axis} says so"
    axes = f"{layer}head,key,query" if n_heads > 1 or n_layers > 1 else "key,query"
    or_last = f", or {last_axis} where heads are on the last axis" * (n_heads == n_queries == n_keys > 1)
    return f"its columns sum to 1, and rows are queries: --axes {axes} turns them{or_last}"


def _difference(facts: RowFacts) -> str | None:
    if facts.least >= 0 or not _are_equal(facts):
        return None
    total = float(facts.sums.mean())
    if abs(total) <= _NEAR * min(1.0, facts.most):
        return "its rows sum to 0, as a difference does: see attnviz diff --attention A --vs-attention B"
    if 0 < total < 1:
        return f"its rows have negative numbers and sum to {total:.3g}, as those of a difference of two softmaxes do"
    return None


def _factor(facts: RowFacts) -> str | None:
    """Percent, or rows that all sum to some other number."""
    if facts.least < 0 or _is_one(facts.sums) or not _are_equal(facts):
        return None
    total = float(facts.sums.mean())
    if abs(total - _PERCENT) <= _PERCENT * _NEAR:
        return "its rows sum to 100, as percent do: divide them by 100"
    return f"its rows all sum to {total:.3g}: divide them by it"


def _sink(facts: RowFacts) -> str | None:
    low, high = float(facts.sums.min()), float(facts.sums.max())
    is_short = facts.sums < 1 - _SUM_OF_ONE
    if facts.least < 0 or high > 1 + _SUM_OF_ONE or is_short.mean() < _MOST_ROWS:
        return None
    return f"its rows sum to {low:.2g} to {high:.2g}: if a sink takes the rest, --partial shows it as rest"


def _dropout(facts: RowFacts) -> str | None:
    mean, high = float(facts.sums.mean()), float(facts.sums.max())
    if (
        facts.least < 0
        or facts.are_whole
        or not facts.has_zeros
        or not 0.5 <= mean <= 2
        or not 1 + _SUM_OF_ONE < high <= _MOST_KEPT
    ):
        return None
    return "its rows are scattered round 1, as dropout leaves them: save them in evaluation mode, model.eval()"


def _noise(facts: RowFacts) -> str | None:
    if not _LEAST_NOISE <= facts.least < 0 or not _is_one(facts.sums):
        return None
    return "its rows sum to 1, so small numbers below 0 are errors of arithmetic: numpy.maximum(a, 0) removes them"


def _scores(facts: RowFacts) -> str | None:
    return SCORES_HINT if facts.least < 0 or facts.most > 1 + _SUM_OF_ONE else None


_RULES = (_logarithms, _columns, _noise, _difference, _factor, _sink, _dropout, _scores)


def _are_equal(facts: RowFacts) -> bool:
    """Whether all rows sum to about the same; whole numbers may differ by their rounding."""
    low, high = float(facts.sums.min()), float(facts.sums.max())
    slack = _NEAR * max(abs(low), abs(high), min(1.0, facts.most))
    if low > 0:  # sums that differ from 1 by no more than from each other miss it by chance
        slack = min(slack, abs(facts.sums.mean() - 1) / 5)
    return facts.sums.size > 1 and high - low <= slack + facts.shape[-1] / 2 * (facts.are_whole and facts.most > 1)


def _is_one(sums: np.ndarray) -> bool:
    return bool((np.abs(sums - 1) <= _SUM_OF_ONE).all())
