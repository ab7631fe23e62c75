"""``probe repeat --json``: one row per head, with its scores."""

from attnviz.analysis.heads.measures import null_document, number_or_none
from attnviz.analysis.probes.repeat import REPEAT_SCORES, RepeatReport
from attnviz.names import SCHEMA_NAME
from attnviz.output.documents.results import model_document


def repeat_document(
    report: RepeatReport, sort: str | None = None, top: int | None = None, *, model_info: bool = False
) -> dict[str, object]:
    """The object of a report.

    Args:
        report: of all heads.
        sort: the order of the heads, see ``RepeatReport.places``.
        top: only the first so many.
        model_info: all fields of the model.
    """
    rows = []
    for place in report.places(sort)[:top]:
        row: dict[str, object] = dict(zip(("layer", "head"), report.metrics.head_at(*place), strict=True))
        row |= {name: float(report.metrics.values[name][place]) for name in REPEAT_SCORES}
        if report.z is not None:
            row["z"] = {name: number_or_none(report.z, name, place) for name in REPEAT_SCORES}
        rows.append(row)
    document: dict[str, object] = {
        "schema": SCHEMA_NAME,
        "probe": "repeat",
        "model": model_document(report.attention.model, model_info=model_info),
        "kind": report.attention.kind,
        "length": report.length,
        "batch": report.batch,
        "seed": report.seed,
        "heads": rows,
    }
    if report.null is not None:
        document["null"] = null_document(report.null, REPEAT_SCORES)
    return document
