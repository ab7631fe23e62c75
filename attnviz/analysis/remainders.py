"""The metrics of every head, of all its attention and of what does not rest, of matrices that come a part at a time."""

from collections.abc import Iterator, Mapping

import numpy as np

from attnviz.analysis.heads.labels import EVEN, PATTERN_METRICS
from attnviz.analysis.heads.metrics import HeadMetrics, Patterns, head_metrics
from attnviz.analysis.resting import Remainder, Rest, head_rest, is_square, without_rest
from attnviz.trace.attention import Attention, of_all

_MOST_EQUAL = 0.25  # of the tokens: of a text of one word, or of unknown ones, any head seems to look at equal ones
_SINK = 0.5  # where nothing says which tokens are special, a first token that gets so much is one to rest on


def metrics_of_parts(parts: Iterator[Attention]) -> tuple[Attention, HeadMetrics]:
    """``head_metrics`` of matrices that come a part at a time, and what the parts have in common, without matrices.

    Raises:
        UsageError: as ``head_metrics``.
    """
    found, remainders, looked_at, patterns = [], [], [], None
    remaining = _RemainingPatterns()
    for part in parts:
        patterns = patterns or Patterns(part)
        found.append(head_metrics(part, patterns))
        remainders.append(_remainder(part, found[-1], remaining))
        looked_at.append(part.bare)
    common = of_all(looked_at)

    def joined(arrays: list[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        flat = {name: np.concatenate([one[name].ravel() for one in arrays]) for name in arrays[0]}
        return {name: values.reshape(common.head_shape) for name, values in flat.items()}

    values, counts = joined([one.values for one in found]), joined([one.counts for one in found])
    remainder = Remainder(
        values=joined([one.values for one in remainders]),
        counts=joined([one.counts for one in remainders]),
        missing=remainders[0].missing,
        share=joined([{"share": one.share} for one in remainders])["share"],
        places=joined([one.places for one in remainders]),
    )
    axes = common.layers, common.heads
    return common, HeadMetrics(values, counts, found[0].missing, *axes, by_name=common.by_name, remainder=remainder)


class _RemainingPatterns:
    """The patterns of what is left of the parts of the same matrices, by the keys that are left out."""

    def __init__(self) -> None:
        self._by_keys: dict[bytes, Patterns] = {}

    def of(self, attention: Attention, keys: np.ndarray) -> "Patterns":
        """Those of matrices without these keys."""
        name = keys.tobytes()
        if name not in self._by_keys:
            self._by_keys[name] = Patterns(attention, PATTERN_METRICS, _MOST_EQUAL)
        return self._by_keys[name]


def _remainder(attention: Attention, metrics: HeadMetrics, patterns: _RemainingPatterns) -> Remainder:
    """What heads do with the attention that does not rest, and how much that is."""
    rest = head_rest(attention)
    if rest.places or not is_square(attention):
        return _remainder_without(attention, rest, patterns)
    sunk = head_rest(attention, first=True)
    without = _remainder_without(attention, sunk, patterns)
    is_sink = metrics.values["first"] >= _SINK
    if "entropy_ratio" in metrics.values:  # of two tokens the first gets half by chance
        is_sink &= ~(metrics.values["entropy_ratio"] >= EVEN.least)
    names = [name for name in PATTERN_METRICS if name not in metrics.missing]
    return Remainder(
        {name: np.where(is_sink, without.values[name], metrics.values[name]) for name in names},
        {name: np.where(is_sink, without.counts[name], metrics.counts[name]) for name in names},
        {name: why for name, why in metrics.missing.items() if name in PATTERN_METRICS},
        np.where(is_sink, sunk.share, rest.share),
        {name: np.where(is_sink, place, 0.0) for name, place in sunk.places.items()},
    )


def _remainder_without(attention: Attention, rest: Rest, patterns: _RemainingPatterns) -> Remainder:
    """What heads do with the attention to keys on which they do not rest."""
    left = without_rest(attention, rest.keys)
    if 0 in left.matrices.shape:
        nothing = np.full(attention.matrices.shape[:2], np.nan)
        none = np.zeros(nothing.shape, dtype=np.int64)
        names = dict.fromkeys(PATTERN_METRICS)
        return Remainder(dict.fromkeys(names, nothing), dict.fromkeys(names, none), {}, rest.share, rest.places)
    metrics = head_metrics(left, patterns.of(left, rest.keys))
    return Remainder(metrics.values, metrics.counts, metrics.missing, rest.share, rest.places)
