"""Heads as comma-separated values."""

from collections.abc import Sequence

from attnviz.analysis.heads.report import HeadReport
from attnviz.output.documents.csv_text import csv_text
from attnviz.output.rendering import Document


def heads_csv(document: Document, columns: Sequence[str]) -> str:
    """A header, and one row per head.

    Args:
        document: the heads as ``heads --json`` gives them.
        columns: the metrics; of several texts each is followed by its spread, with a null by its z (but ``jsd``).
    """
    more = [name for name, there in (("spread", document["texts"] > 1), ("z", "null" in document)) if there]
    more_of = {name: [] if name == "jsd" else more for name in columns}
    metrics = [field for name in columns for field in (name, *(f"{name}_{key}" for key in more_of[name]))]
    rows = []
    for row in document["heads"]:
        label = row["label"]
        numbers = [n for name in columns for n in (row[name], *(row[key][name] for key in more_of[name]))]
        rows.append([row["layer"], row["head"], label["name"], label["metric"], label["value"], *numbers])
    return csv_text(["layer", "head", "label", "label_metric", "label_value", *metrics], rows)


def csv_columns(report: HeadReport) -> tuple[str, ...]:
    """The metrics of a report, after the distances of similar heads."""
    return (*report.distance_columns, *report.columns)
