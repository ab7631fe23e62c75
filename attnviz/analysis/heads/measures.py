"""Heads with their metrics and labels: as conditions see them, and as rows, which of them and in which order."""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import TYPE_CHECKING

import numpy as np

from attnviz.analysis.heads.labels import LABELS, METRIC_OF, REST_LABELS, Label, label
from attnviz.analysis.heads.metrics import HeadMetrics

if TYPE_CHECKING:
    from attnviz.analysis.conditions.expressions import Expression
    from attnviz.analysis.heads.null import Null
    from attnviz.analysis.heads.table import HeadTable

Places = list[tuple[int, int]]


def head_labels(metrics: HeadMetrics) -> np.ndarray:
    """Each head's ``Label``: objects (n_layers, n_heads)."""
    labels = np.empty(metrics.head_shape, dtype=object)
    remainder = metrics.remainder

    def at(place: tuple[int, ...], values: Mapping[str, np.ndarray]) -> dict[str, float]:
        return {name: float(numbers[place]) for name, numbers in values.items()}

    for place in np.ndindex(*labels.shape):
        values = at(place, metrics.values)
        if remainder is None:
            labels[place] = label(values)
        else:
            labels[place] = label(values, at(place, remainder.values), float(remainder.share[place]))
    return labels


def unavailable_labels(metrics: HeadMetrics) -> dict[str, str]:
    """The labels that no head can have here, with the reason."""
    remainder = metrics.remainder or metrics
    missing = {name: metrics.missing if name in REST_LABELS else remainder.missing for name in METRIC_OF}
    return {name: missing[name][metric] for name, metric in METRIC_OF.items() if metric in missing[name]}


def head_table(metrics: HeadMetrics, labels: np.ndarray | None = None) -> "HeadTable":
    """The metrics and labels of every head, as conditions see them.

    Args:
        metrics: of the heads.
        labels: (n_layers, n_heads), as ``head_labels`` gives them; made of the metrics if None.
    """
    from attnviz.analysis.heads.table import HeadTable  # noqa: PLC0415 (start-up time)

    labels = head_labels(metrics) if labels is None else labels
    names = np.vectorize(lambda one: one.name, otypes=[object])(labels)
    reasons = {**metrics.reasons, **unavailable_labels(metrics)}
    return HeadTable(metrics.values, metrics.layers, metrics.heads, names, reasons, metrics.by_name)


def all_heads(labels: np.ndarray) -> Places:
    """The rows and columns of all heads, in the order of layers and heads; of labels (n_layers, n_heads)."""
    return list(np.ndindex(*labels.shape))


def fitting_heads(metrics: HeadMetrics, labels: np.ndarray, where: "Expression | None") -> Places:
    """The rows and columns of the heads of which a condition holds, in the order of layers and heads.

    Args:
        metrics: of the heads.
        labels: (n_layers, n_heads), as ``head_labels`` gives them.
        where: a condition of each head; None for all.

    Raises:
        ConditionError: it asks for a layer, head or metric that is not there.
    """
    if where is None:
        return all_heads(labels)
    return [(i, j) for i, j in np.argwhere(where.holds(head_table(metrics, labels))).tolist()]


def sorted_heads(places: Places, values: np.ndarray, *, smallest: bool = False) -> Places:
    """The heads by one metric, the largest first; of equal ones, and undefined ones last, in the order given.

    Args:
        places: rows and columns of heads.
        values: of the metric, (n_layers, n_heads).
        smallest: the smallest first.
    """
    sign = 1 if smallest else -1
    return sorted(places, key=lambda place: (isnan(values[place]), 0 if isnan(values[place]) else sign * values[place]))


def labelled_heads(places: Places, labels: np.ndarray, *, last: bool = False) -> Places:
    """The heads by their labels, in the order of ``LABELS``, or from its end; of equal ones the largest share first."""
    order = {name: i for i, name in enumerate(reversed(LABELS) if last else LABELS)}

    def rank(place: tuple[int, int]) -> tuple[int, float]:
        one = labels[place]
        return order[one.name], 0.0 if isnan(one.share) else -one.share

    return sorted(places, key=rank)


def head_rows(
    metrics: HeadMetrics,
    labels: np.ndarray,
    places: Places,
    columns: Sequence[str],
    spread: Mapping[str, np.ndarray] | None = None,
    z: Mapping[str, np.ndarray] | None = None,
) -> list[dict[str, object]]:
    """One row per head, as JSON has it; what is undefined is None.

    Args:
        metrics: of all the heads.
        labels: (n_layers, n_heads), as ``head_labels`` gives them.
        places: rows and columns of the heads, in their order.
        columns: the names of metrics.
        spread: of the metrics between texts, where there are several.
        z: of the metrics among those of random weights, where these were asked for.
    """
    rows = []
    for i, j in places:
        row: dict[str, object] = dict(zip(("layer", "head"), metrics.head_at(i, j), strict=True))
        row |= {name: number_or_none(metrics.values, name, (i, j)) for name in columns}
        row["label"] = _label(labels[i, j], metrics, (i, j))
        if spread is not None:
            row["spread"] = {name: number_or_none(spread, name, (i, j)) for name in columns}
        if z is not None:
            row["z"] = {name: number_or_none(z, name, (i, j)) for name in columns}
        rows.append(row)
    return rows


def label_fields(metrics: HeadMetrics, labels: np.ndarray) -> list[dict[str, object]]:
    """Every head's label as JSON has it, row by row."""
    return [_label(labels[place], metrics, place) for place in all_heads(labels)]


def null_document(null: "Null", columns: Sequence[str]) -> dict[str, object]:
    """The null as JSON has it: of each layer the mean and the standard deviation of each of the metrics."""
    layers = []
    for i, layer in enumerate(null.layers):
        row: dict[str, object] = {"layer": layer}
        for statistic, values in (("mean", null.mean), ("std", null.std)):
            row[statistic] = {name: number_or_none(values, name, i) for name in columns}
        layers.append(row)
    return {"models": len(null.seeds), "seeds": list(null.seeds), "layers": layers}


def number_or_none(values: Mapping[str, np.ndarray], name: str, place: tuple[int, int] | int) -> float | None:
    """A number as JSON has it: None where it is undefined, or its name is not there."""
    value = float(values[name][place]) if name in values else np.nan
    return None if isnan(value) else value


def _label(found: Label, metrics: HeadMetrics, place: tuple[int, int]) -> dict[str, object]:
    """The label with its metric, that metric's value, both shares, how many rows decide, and where the head rests.

    Without any row to judge by metric, value and share are None, and 0 rows decide.
    """
    metric, remainder = found.metric, metrics.remainder
    counts = metrics.counts if remainder is None or found.name in REST_LABELS else remainder.counts
    return {
        "name": found.name,
        "metric": metric,
        "value": None if metric is None else number_or_none(metrics.values, metric, place),
        "share": None if isnan(found.share) else found.share,
        "of": None if isnan(found.of) else found.of,
        "rows": 0 if metric is None else int(counts[metric][place]),
        "rest": {}
        if remainder is None
        else {name: number_or_none(remainder.places, name, place) for name in remainder.places},
    }
