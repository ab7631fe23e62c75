"""What the page says of heads: their metrics and labels as ``attnviz heads`` prints them, and in which orders."""

from collections.abc import Iterable, Sequence

import numpy as np

from attnviz.analysis.heads.definitions import METRICS, Metric
from attnviz.analysis.heads.measures import head_labels, label_fields
from attnviz.analysis.heads.metrics import HeadMetrics
from attnviz.output.decimals import decimal
from attnviz.output.head_words import label_text
from attnviz.trace.head_labels import HeadLabels

_JSD = Metric("jsd", "How far A's and B's rows are apart: 0 equal, 1 nothing in common.", "", "ratio")

NO_FACTS: dict[str, object] = {
    "metrics": {},
    "order": {},
    "labels": None,
    "texts": None,
    "telling": None,
}


def head_facts(metrics: HeadMetrics, telling: Sequence[int], relations: HeadLabels | None = None) -> dict[str, object]:
    """The fields of a set of weights.

    Args:
        metrics: of its heads.
        telling: the heads' indices, the one that says most first.
        relations: what probes found the heads to find.
    """
    strings: dict[str, list[str | None]] = {}
    orders: dict[str, list[int]] = {}
    for name, metric in METRICS.items():
        if name not in metrics.values:
            continue
        numbers = metrics.values[name].ravel()
        strings[name] = [None if np.isnan(one) else decimal(float(one), metric.decimals) for one in numbers]
        orders[name] = np.argsort(-numbers, kind="stable").tolist()  # NaN last
    labels = label_fields(metrics, head_labels(metrics))
    return {
        "metrics": strings,
        "order": orders,
        "labels": [str(one["name"]) for one in labels],
        "texts": [
            " · ".join(filter(None, ("" if relations is None else relations.short(*place), label_text(one))))
            for one, place in zip(labels, metrics.every_head, strict=True)
        ],
        "telling": list(telling),
    }


def difference_facts(jsd: np.ndarray) -> dict[str, object]:
    """The fields of a set of differences: how far apart A's and B's rows are, as ``attnviz diff`` prints it.

    Args:
        jsd: (n_layers, n_heads), NaN where no row is in both.
    """
    distances = jsd.ravel()
    order = np.argsort(-distances, kind="stable").tolist()  # NaN last
    strings = [None if np.isnan(one) else f"{one:.3f}" for one in distances]
    return {**NO_FACTS, "metrics": {_JSD.name: strings}, "order": {_JSD.name: order}, "telling": order}


def metric_documents(names: Iterable[str]) -> list[dict[str, str]]:
    """Name, meaning and unit of metrics, in the order of the table of heads."""
    present = set(names)
    return [
        {"name": one.name, "help": one.help, "unit": one.unit}
        for one in (*METRICS.values(), _JSD)
        if one.name in present
    ]
