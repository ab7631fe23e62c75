"""Which heads are listed, in which order, with which metrics."""

import difflib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from attnviz.analysis.heads.definitions import ABLATION, METRICS, Metric, all_metrics, kind_metrics
from attnviz.analysis.heads.labels import LABELS
from attnviz.analysis.heads.measures import Places, all_heads, fitting_heads, labelled_heads, sorted_heads
from attnviz.analysis.heads.metrics import HeadMetrics
from attnviz.errors import UsageError, brief
from attnviz.records import dataclass

if TYPE_CHECKING:
    from attnviz.analysis.conditions.expressions import Expression

TELLING = "telling"  # the order of ``analysis.telling``
_ORDERS = ("label", TELLING)  # besides those of metrics


@dataclass(frozen=True)
class Rows:
    """What the options say, checked before anything is run.

    Attributes:
        metrics: what is measured, by name.
        selection: the metrics asked for; none for those that fit.
        where: what has to hold of a head; None for all.
        sort: a metric, its z, ``label`` or ``telling``; None for the order of layers and heads.
        backwards: the smallest, or the last label, first.
        top: how many; None for all.
        condition_text: ``--where`` as it was given.
    """

    metrics: Mapping[str, Metric]
    selection: tuple[str, ...]
    where: "Expression | None"
    sort: str | None
    backwards: bool
    top: int | None
    condition_text: str | None

    @classmethod
    def of(
        cls,
        *,
        where: str | None,
        sort: str | None,
        top: int | None,
        columns: str | None,
        ablation: bool,
        null: int | None,
    ) -> "Rows":
        """The rows that these words ask for.

        Raises:
            UsageError: a metric that is not there, or is not measured.
            ConditionError: a condition that cannot be parsed.
        """
        metrics = all_metrics() if ablation else METRICS
        names = (*metrics, *(f"{name}_z" for name in metrics if null))
        listed, condition = _chosen(columns, names, metrics), _parsed(where, names)
        key = None if sort is None else sort.removeprefix("-")
        if key not in (None, *_ORDERS):
            _known(key, "sort", (*names, *_ORDERS))
        return cls(metrics, listed, condition, key, key != sort, top, where)

    def kind_metrics(self, kind: str) -> tuple[str, ...]:
        """The metrics that attention of a kind can have."""
        return kind_metrics(kind, self.metrics)

    def columns_of(self, kind: str) -> tuple[str, ...]:
        """The metrics asked for by name, or all that attention of a kind can have."""
        by_name = 0 < len(self.selection) < len(self.metrics)
        return self.selection if by_name else self.kind_metrics(kind)

    @property
    def named(self) -> tuple[str, ...]:
        """The metrics that decide which heads are printed, and in which order."""
        words = [name.removesuffix("_z") for name in (self.sort or "", *re.findall(r"\w+", self.condition_text or ""))]
        return tuple(name for name in (ABLATION.name, *words) if name in self.metrics)

    def words(self, n_heads: int) -> str:
        """Which heads are printed, and of several in which order, in words."""
        parts = [f"where {self.condition_text}"] if self.condition_text is not None else []
        if n_heads < 2:
            return ", ".join(parts)
        if self.sort == "label":
            parts.append("by label, the last first" if self.backwards else "by label")
        elif self.sort == TELLING:
            parts.append(f"the {'least' if self.backwards else 'most'} telling first")
        elif self.sort is not None:
            parts.append(f"the {'smallest' if self.backwards else 'largest'} {self.sort} first")
        return ", ".join(parts)

    def fitting(self, metrics: HeadMetrics, labels: np.ndarray) -> Places:
        """The heads of which the condition holds.

        Raises:
            ConditionError: it asks for what is not there.
        """
        if self.where is None:
            return all_heads(labels)
        from attnviz.analysis.conditions.statements import pointed  # noqa: PLC0415 (start-up time)

        with pointed(self.condition_text or ""):
            return fitting_heads(metrics, labels, self.where)

    def ordered(
        self, places: Places, metrics: HeadMetrics, labels: np.ndarray, scores: np.ndarray | None = None
    ) -> Places:
        """These heads in the order that was asked for; ``scores`` says how telling each is, (n_layers, n_heads).

        Raises:
            UsageError: by a metric that no head has.
        """
        if self.sort is None:
            return places
        if self.sort == "label":
            return labelled_heads(places, labels, last=self.backwards)
        if self.sort == TELLING and scores is not None:
            return sorted_heads(places, scores, smallest=self.backwards)
        if self.sort not in metrics.values:
            why = metrics.reasons[self.sort]
            raise UsageError(f"sort: there is no {self.sort} here ({why}); expected another metric")
        if np.isnan(metrics.values[self.sort]).all():
            raise UsageError(f"sort: {self.sort} is undefined for every head; expected another metric")
        return sorted_heads(places, metrics.values[self.sort], smallest=self.backwards)


def _chosen(columns: str | None, names: tuple[str, ...], metrics: Mapping[str, Metric]) -> tuple[str, ...]:
    """The metrics asked for, by their own names or by those of their z."""
    if columns is None:
        return ()
    if columns.strip() == "all":
        return tuple(metrics)
    chosen = [name.strip() for name in columns.split(",")]
    for name in chosen:
        _known(name, "columns", names)
    return tuple(dict.fromkeys(name.removesuffix("_z") for name in chosen))


def _parsed(where: str | None, names: tuple[str, ...]) -> "Expression | None":

    if where is None:
        return None
    for name in re.findall(r"\w+", where):
        _measured(name, "where", names)
    from attnviz.analysis.conditions.grammar import parse  # noqa: PLC0415 (start-up time)
    from attnviz.analysis.conditions.statements import pointed  # noqa: PLC0415 (start-up time)

    with pointed(where):
        return parse(where, names, LABELS, per_head=True)


def _measured(name: str, option: str, names: tuple[str, ...]) -> None:
    """Refuses the name of a metric that is measured only with another option."""
    if name in names:
        return
    if name == "ablation" or (name == "ablation_z" and "ablation" not in names):
        raise UsageError(f"{option}: ablation is measured only with --ablation; expected both")
    if name.endswith("_z") and name.removesuffix("_z") in all_metrics():
        raise UsageError(f"{option}: {name} is measured only with --null; expected both")


def _known(name: str, option: str, names: tuple[str, ...]) -> None:
    _measured(name, option, names)
    if name not in names:
        near = difflib.get_close_matches(name[:40], names, 1)
        raise UsageError(
            f"{option}: there is no metric {brief(name)!r}; expected one of {', '.join(names)}",
            hint=f"did you mean {near[0]}?" if near else None,
        )
