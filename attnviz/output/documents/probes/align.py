"""``probe align --json``: one row per head, with its alignment error rate."""

from attnviz.analysis.heads.measures import number_or_none
from attnviz.analysis.probes.align import AlignReport, LinkCounts
from attnviz.names import SCHEMA_NAME
from attnviz.output.documents.results import model_document


def align_document(report: AlignReport, top: int | None = None, *, model_info: bool = False) -> dict[str, object]:
    """The object of a report, with all its heads or the best ``top`` ones, the least error rate first."""
    rows = []
    for head in report.order[:top]:
        layer, number = report.head_at(head)
        rows.append({"layer": layer, "head": number, **_rates(report.counts, head)})
    return {
        "schema": SCHEMA_NAME,
        "probe": "align",
        "model": model_document(report.attention.model, model_info=model_info),
        "kind": "cross",
        "pairs": report.pairs,
        "row": report.rows,
        "sure": report.counts.gold,
        "heads": rows,
        "diagonal": _rates(report.monotone, 0),
    }


def _rates(counts: LinkCounts, head: int) -> dict[str, object]:
    rates = {"aer": counts.error_rate, "precision": counts.precision, "recall": counts.recall}
    return {**{name: number_or_none(rates, name, head) for name in rates}, "links": int(counts.links[head])}
