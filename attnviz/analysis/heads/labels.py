"""The pattern that best describes a head, by stated thresholds on its metrics, with the value that says so.

Many heads rest on the first token (often ``[CLS]``) or on ``[SEP]`` wherever they find nothing to do (Clark et al.
2019); such weights move little (Kobayashi et al. 2020). So whatever else a head does with a third of its attention is
what it is called for, unless the resting place takes more than four fifths.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan


@dataclass(frozen=True)
class Rule:
    """A label for heads whose metric is at least so much."""

    name: str
    metric: str
    least: float


RULES: tuple[tuple[Rule, ...], ...] = (
    # All but uniform: in a short text any one token's share is large by chance.
    (Rule("broad", "entropy_ratio", 0.95),),
    # A token, or the sink and hardly anything else, which in a short text often is the previous token too.
    (
        Rule("previous", "previous", 0.3),
        Rule("next", "next", 0.3),
        Rule("self", "self", 0.3),
        Rule("same", "same", 0.3),
        Rule("induction", "induction", 0.3),
        Rule("first", "first", 0.8),
        Rule("special", "special", 0.8),
    ),
    # Half of the attention rests.
    (Rule("first", "first", 0.5), Rule("special", "special", 0.5)),
    # Spread over the 3/4th power of the number of tokens: 8 of 16, 38 of 128.
    (Rule("broad", "entropy_ratio", 0.75),),
)
_FIRST = min(rule.least for group in RULES for rule in group if rule.name == "first")
METRIC_OF = {rule.name: rule.metric for group in RULES for rule in group}  # what a label cannot be given without
LABELS = (*dict.fromkeys(rule.name for rule in RULES[1]), "broad", "mixed")


@dataclass(frozen=True)
class Label:
    """A pattern's name, and the metric and value that it is called so for: ``previous 0.91``."""

    name: str
    evidence: str


def label(values: Mapping[str, float]) -> Label:
    """The pattern that best describes a head: of ``RULES``' first group in which one applies, the greatest value.

    The first of equal values wins. ``special`` is out where the first token earns a label of its own
    and gets half as much or more: it most often is one of the special ones, and ``first`` says which. A head that no
    rule fits is ``mixed``; its evidence is the greatest of the shares.

    Args:
        values: by metric's name; what is absent or NaN decides nothing.
    """
    known = {name: value for name, value in values.items() if not isnan(value)}
    if known.get("first", 0.0) >= max(_FIRST, known.get("special", 0.0) / 2):
        known.pop("special", None)
    for group in RULES:
        fitting = [rule for rule in group if known.get(rule.metric, -1.0) >= rule.least]
        if fitting:
            best = max(fitting, key=lambda rule: known[rule.metric])
            return Label(best.name, _evidence(best.metric, known))
    nearest = [rule.metric for rule in RULES[1] if rule.metric in known]
    if not nearest:
        return Label("mixed", "no row to judge by")
    return Label("mixed", _evidence(max(nearest, key=known.__getitem__), known))


def _evidence(metric: str, values: Mapping[str, float]) -> str:
    return f"{metric} {values[metric]:.2f}"
