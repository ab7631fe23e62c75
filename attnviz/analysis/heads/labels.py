"""The pattern that best describes a head, by stated thresholds, with the numbers that say so.

Many heads rest on the first token or on special ones (``[CLS]``, ``[SEP]``) wherever they find nothing to do. A head is
judged by the attention that does not rest: ``previous 0.98 of 0.34`` is a head that gives 0.34 of its attention to
other tokens, and 0.98 of that to the previous one.
"""

from collections.abc import Mapping
from math import isnan, nan

from attnviz.records import dataclass


@dataclass(frozen=True)
class Rule:
    """A label for heads whose metric is at least so much."""

    name: str
    metric: str
    least: float


# On all of the attention: hardly a tenth does not rest.
RESTING: tuple[Rule, ...] = (Rule("first", "first", 0.9), Rule("special", "special", 0.9))
EVEN = Rule("broad", "entropy_ratio", 0.95)  # all but uniform: in a short text any one token's share is large by chance
# On the attention that does not rest, in groups of which the first that has a rule that fits decides.
RULES: tuple[tuple[Rule, ...], ...] = (
    (EVEN,),
    # Half of it goes to one place.
    (
        Rule("previous", "previous", 0.5),
        Rule("next", "next", 0.5),
        Rule("self", "self", 0.5),
        Rule("same", "same", 0.5),
        Rule("induction", "induction", 0.5),
    ),
    # Spread over the 3/4th power of the number of tokens: 8 of 16, 38 of 128.
    (Rule("broad", "entropy_ratio", 0.75),),
)
METRIC_OF = {rule.name: rule.metric for group in (*RULES, RESTING) for rule in group}  # no label without its metric
REST_LABELS = tuple(rule.name for rule in RESTING)
PATTERN_METRICS = tuple(dict.fromkeys(rule.metric for group in RULES for rule in group))
LABELS = (*(rule.name for rule in RULES[1]), *REST_LABELS, "broad", "mixed")


@dataclass(frozen=True)
class Label:
    """A pattern's name, and why the head is called so.

    Attributes:
        name: one of ``LABELS``.
        metric: the metric that says so; None where no row says anything.
        share: the metric on the attention that does not rest; of ``first`` and ``special`` on all of it.
        of: the share of all attention that ``share`` is about; 1 for ``first`` and ``special``.
    """

    name: str
    metric: str | None
    share: float
    of: float


def label(values: Mapping[str, float], remainder: Mapping[str, float] | None = None, of: float = 1.0) -> Label:
    """The pattern that best describes a head: of ``RULES``' first group in which one applies, the greatest value.

    The first of equal values wins. A head that no rule fits is ``mixed``; its metric is the greatest of the shares.

    Args:
        values: metrics of all the head's attention by name; what is absent or NaN decides nothing.
        remainder: metrics of the attention that does not rest; those of all attention by default.
        of: the share of all attention that does not rest.
    """
    for rule in RESTING:
        if values.get(rule.metric, nan) >= rule.least:
            return Label(rule.name, rule.metric, values[rule.metric], 1.0)
    known = {name: value for name, value in (remainder or values).items() if not isnan(value)}
    for group in RULES:
        fitting = [rule for rule in group if known.get(rule.metric, -1.0) >= rule.least]
        if fitting:
            best = max(fitting, key=lambda rule: known[rule.metric])
            return Label(best.name, best.metric, known[best.metric], of)
    nearest = [rule.metric for rule in RULES[1] if rule.metric in known]
    if not nearest:
        return Label("mixed", None, nan, of)
    best_metric = max(nearest, key=known.__getitem__)
    return Label("mixed", best_metric, known[best_metric], of)
