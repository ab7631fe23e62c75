"""``heads --json``: one row per head with its metrics."""

from dataclasses import asdict

from attnviz.analysis.heads.definitions import ABLATION
from attnviz.analysis.heads.measures import head_rows, null_document
from attnviz.analysis.heads.report import HeadReport
from attnviz.names import SCHEMA_NAME
from attnviz.output.documents.results import arranged_fields, model_document, text_fields
from attnviz.trace.result import Result


def heads_document(report: HeadReport, *, model_info: bool = False, relations: bool = False) -> dict[str, object]:
    """The object of a report.

    Args:
        report: of the heads.
        model_info: all fields of the model.
        relations: also the relations that the heads find in a treebank, where they are known.
    """
    attention, metrics, columns = report.attention, report.metrics, report.columns
    spread = metrics.spread if metrics.texts > 1 else None
    rows = head_rows(metrics, report.labels, report.places, columns, spread, report.z)
    document: dict[str, object] = {
        "schema": SCHEMA_NAME,
        "model": model_document(attention.model, model_info=model_info),
        "kind": attention.kind,
        "texts": metrics.texts,
        "rows": max(int(rows.max()) for name, rows in metrics.counts.items() if name != ABLATION.name),
        **arranged_fields(attention),
        "heads": _with_relations(rows, report) if relations else rows,
        "missing": report.missing,
    }
    if report.null is not None:
        document["null"] = null_document(report.null, columns)
    if report.clustered is not None:
        report.clustered.describe(document, report.places, metrics)
    return document


def _with_relations(rows: list[dict[str, object]], report: HeadReport) -> list[dict[str, object]]:
    """The rows, with the relations that probes found their heads to find."""
    labels = report.attention.model.labels if report.attention.kind == "encoder" else None
    if labels is None:
        return rows
    found = [labels.of(*report.metrics.head_at(*place)) for place in report.places]
    return [
        row | {"relations": [asdict(one) for one in relations]} if relations else row
        for row, relations in zip(rows, found, strict=True)
    ]


def text_heads_document(
    report: HeadReport, result: Result, where: str = "", *, model_info: bool = False, relations: bool = False
) -> dict[str, object]:
    """The object of a report on one of several texts, with the text and its place; see ``heads_document``."""
    document = heads_document(report, model_info=model_info, relations=relations)
    return {"schema": SCHEMA_NAME, **text_fields(result, where)} | document
