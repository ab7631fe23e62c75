"""``heads --json``: one row per head with its metrics."""

from attnviz.analysis.heads.definitions import ABLATION
from attnviz.analysis.heads.measures import head_rows, null_document
from attnviz.analysis.heads.report import HeadReport
from attnviz.names import SCHEMA_NAME
from attnviz.output.documents.results import arranged_fields, model_document, text_fields
from attnviz.trace.result import Result


def heads_document(report: HeadReport, *, model_info: bool = False) -> dict[str, object]:
    """The object of a report, with all fields of the model where ``model_info`` asks for them."""
    attention, metrics, columns = report.attention, report.metrics, report.columns
    spread = metrics.spread if metrics.texts > 1 else None
    document: dict[str, object] = {
        "schema": SCHEMA_NAME,
        "model": model_document(attention.model, model_info=model_info),
        "kind": attention.kind,
        "texts": metrics.texts,
        "rows": max(int(rows.max()) for name, rows in metrics.counts.items() if name != ABLATION.name),
        **arranged_fields(attention),
        "heads": head_rows(metrics, report.labels, report.places, columns, spread, report.z),
        "missing": report.missing,
    }
    if report.null is not None:
        document["null"] = null_document(report.null, columns)
    if report.clustered is not None:
        report.clustered.describe(document, report.places, metrics)
    return document


def text_heads_document(
    report: HeadReport, result: Result, where: str = "", *, model_info: bool = False
) -> dict[str, object]:
    """The object of a report on one of several texts, with the text and its place."""
    return {"schema": SCHEMA_NAME, **text_fields(result, where)} | heads_document(report, model_info=model_info)
