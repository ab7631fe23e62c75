"""What the user chose of the table of heads, and what is known of all heads, printed or not."""

from collections.abc import Mapping

from attnviz.analysis.heads.measures import label_fields, unavailable_labels
from attnviz.analysis.heads.report import Examples, HeadReport
from attnviz.output.head_words import summary_text
from attnviz.records import dataclass


@dataclass(frozen=True)
class Shown:
    """What the user chose, and what the metrics are.

    Attributes:
        units: by metric, in the order of the columns.
        columns: the metrics asked for, all of which are printed; none for as many as fit.
        first: the metrics that are printed before others where not all fit.
        total: how many heads there are, printed or not.
        fitting: how many of them are as ``which`` says, printed or not; None for all.
        which: in words, which of them are printed and in which order: ``where entropy < 1, largest span first``.
        cmap: the map of colours.
        never: labels that no head can have here, as there is no metric for them.
        summary: how many heads have which label, printed or not.
        examples: links of the heads in the first text; None for no such column.
        patterns: whether labels are patterns of this text alone, as the user chose heads by them.
    """

    units: Mapping[str, str]
    total: int
    columns: tuple[str, ...] = ()
    first: tuple[str, ...] = ()
    which: str = ""
    cmap: str = "amber"
    fitting: int | None = None
    never: tuple[str, ...] = ()
    summary: str = ""
    examples: Examples | None = None
    patterns: bool = False

    @classmethod
    def of(cls, report: HeadReport, cmap: str) -> "Shown":
        """The choices of a report."""
        distance, rows, metrics = report.distance_columns, report.rows, report.metrics
        possible = dict.fromkeys((*rows.kind_metrics(report.attention.kind), *report.columns))
        together = "similar ones together" if report.clustered is not None else ""
        return cls(
            units=dict.fromkeys(distance, "ratio") | {name: rows.metrics[name].unit for name in possible},
            total=len(metrics.every_head),
            columns=(*distance, *report.columns) if rows.selection else (),
            first=tuple(dict.fromkeys((*distance, *rows.named))),
            which=", ".join(filter(None, (rows.words(report.n_fitting), together))),
            cmap=cmap,
            fitting=report.n_fitting,
            never=() if report.attention.kind == "cross" else tuple(unavailable_labels(metrics)),
            summary=summary_text(label_fields(metrics, report.labels)),
            examples=report.examples,
            patterns=rows.sort == "label" or "label" in (rows.condition_text or ""),
        )
