"""``attnviz heads``: a row a head, with what it attends to in numbers."""

from typing import TYPE_CHECKING, Annotated

from attnviz.cli.command import Options, command, command_app
from attnviz.cli.head_options import HeadOptions, MeasureOptions, WidthOptions
from attnviz.cli.head_rows import RowOptions, Rows
from attnviz.cli.options import (
    VIEW,
    BlockOptions,
    ColormapName,
    CommonOptions,
    InputOptions,
    JsonOptions,
    ManyOptions,
    ModelOptions,
    WorkerOptions,
    option,
)
from attnviz.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from attnviz.analysis.heads.averages import TextMetrics
    from attnviz.analysis.heads.null import Null
    from attnviz.cli.head_clusters import Clustered
    from attnviz.output.terminal.tables.heads import Shown
    from attnviz.trace.attention import Attention

_EXAMPLES = """
attnviz heads "The cat sat on the mat because the cat was tired"
attnviz heads "The cat sat on the mat" --sort previous --top 5
attnviz heads "The cat sat on the mat" --where "previous > 0.5 and entropy < 1"
attnviz heads --file sentences.txt --columns entropy,previous,special
attnviz heads "The cat sat on the mat" --ablation --sort ablation
attnviz heads "The cat sat on the mat" --null 10 --columns previous,entropy
attnviz heads "The cat sat on the mat" --csv > heads.csv
attnviz heads --attention weights.npy --sort -entropy
attnviz heads "The cat sat on the mat" --agreement
attnviz heads "The cat sat on the mat" --cluster
"""


class FormatOptions(Options):
    """How rows are printed."""

    csv: Annotated[bool, option(VIEW, "--csv", help="Print comma-separated values, numbers in full.")] = False
    cmap: ColormapName = "viridis"


class ReportOptions(Options):
    """What else can be said of the heads."""

    agreement: Annotated[
        bool,
        option(
            VIEW,
            "--agreement",
            help="Instead: how far weights, norms and zeroing rank alike what each layer attends to.",
        ),
    ] = False
    cluster: Annotated[
        bool,
        option(VIEW, "--cluster", help="Similar heads together (average linkage), with the jsd to the row above."),
    ] = False


app = command_app()


@command(app, "heads", examples=_EXAMPLES)
def heads(
    inputs: InputOptions,
    models: ModelOptions,
    block: BlockOptions,
    selection: HeadOptions,
    measures: MeasureOptions,
    rows: RowOptions,
    output: JsonOptions,
    formats: FormatOptions,
    report: ReportOptions,
    width: WidthOptions,
    many: ManyOptions,
    workers: WorkerOptions,
    common: CommonOptions,
) -> None:
    """List what each head does: a row a head, with metrics and the pattern that describes it best.

    Metrics: entropy, entropy_ratio, span, distance, offset, self, previous, next, first, special, same, induction,
    confidence, and with --ablation: ablation. Several texts give one table, in which each text weighs as its tokens.
    """
    from attnviz.analysis.heads.averages import RunningMean
    from attnviz.cli.head_agreement import print_agreement
    from attnviz.cli.head_clusters import Clustered
    from attnviz.cli.head_measures import measured_heads
    from attnviz.cli.streams import print_view, screen_of, write_bytes
    from attnviz.output.documents.heads_csv import heads_csv
    from attnviz.output.documents.results import dump
    from attnviz.output.terminal.lines import provenance_line
    from attnviz.output.terminal.tables.heads import HeadsTable

    if report.cluster and (report.agreement or rows.sort is not None):
        other = "agreement" if report.agreement else "sort"
        raise UsageError(f"cluster, {other}: both are given; expected one of them")
    if report.agreement:
        _refuse_with_agreement(selection, measures, rows, formats)
        print_agreement(inputs, models, block, selection, many, workers, output, width, common)
        return
    if output.json and formats.csv:
        raise UsageError("json, csv: both are given; expected one of them")
    asked = Rows.of(rows, measures)
    distances = RunningMean() if report.cluster else None
    attention, metrics, null = measured_heads(
        inputs, models, block, selection, measures, many, common, workers=workers.workers, distances=distances
    )
    clustered = Clustered(distances.mean(), (len(metrics.layers), len(metrics.heads))) if report.cluster else None
    document, fitting = _document(attention, metrics, null, asked, clustered)
    if output.json:
        write_bytes(dump(document))
    elif formats.csv:
        write_bytes(heads_csv(document, (*_distance(document), *asked.columns)).encode())
    else:
        screen = screen_of(common, width.width)
        print_view(provenance_line(attention.model, screen), screen)
        print_view(HeadsTable(document, _shown(document, metrics, asked, fitting, formats), screen), screen)


def _refuse_with_agreement(*groups: Options) -> None:
    """Options that say something of single heads or metrics; agreement is of layers."""
    of_layers = ("layer", "kind", "words", "hide_special")
    wrong = [name for group in groups for name in group.changed() if name not in of_layers]
    if wrong:
        them = "it" if len(wrong) == 1 else "them"
        raise UsageError(
            f"{', '.join(wrong)}: agreement compares weights, norms and zeroing of whole layers; expected --agreement "
            f"without {them}"
        )


def _document(
    attention: "Attention", metrics: "TextMetrics", null: "Null | None", asked: Rows, clustered: "Clustered | None"
) -> tuple[dict[str, object], int]:
    """What ``heads --json`` prints, and of how many heads the condition holds, printed or not."""
    from attnviz.analysis.heads.measures import head_labels, head_rows, null_document
    from attnviz.analysis.heads.null import with_z, z_scores
    from attnviz.names import SCHEMA_NAME
    from attnviz.output.documents.results import arranged_fields, model_document

    labels = head_labels(metrics)
    z = null and z_scores(metrics, null)
    named = metrics if z is None else with_z(metrics, z)
    fitting = asked.fitting(named, labels)
    places = asked.ordered(fitting, named, labels) if clustered is None else clustered.ordered(fitting)
    places = places[: asked.top]
    spread = metrics.spread if metrics.texts > 1 else None
    document = {
        "schema": SCHEMA_NAME,
        "model": model_document(attention.model),
        "kind": attention.kind,
        "texts": metrics.texts,
        "rows": max(int(rows.max()) for name, rows in metrics.counts.items() if name != "ablation"),
        **arranged_fields(attention),
        "heads": head_rows(metrics, labels, places, asked.columns, spread, z),
        "missing": metrics.missing,
    }
    if null is not None:
        document["null"] = null_document(null, asked.columns)
    if clustered is not None:
        clustered.describe(document, places, (metrics.layers, metrics.heads))
    return document, len(fitting)


def _distance(document: "Mapping[str, object]") -> tuple[str, ...]:
    """The column of clustered heads' distances, where there are two."""
    return ("jsd",) * ("clusters" in document and len(document["heads"]) > 1)


def _shown(
    document: "Mapping[str, object]", metrics: "TextMetrics", asked: Rows, fitting: int, formats: FormatOptions
) -> "Shown":
    """How the table looks."""
    import numpy as np

    from attnviz.analysis.heads.labels import METRIC_OF
    from attnviz.output.terminal.tables.heads import Shown

    distance = _distance(document)
    together = "similar ones together" * ("clusters" in document)
    there = {name: values[~np.isnan(values)] for name, values in metrics.values.items()}
    return Shown(
        units=dict.fromkeys(distance, "ratio") | {name: metric.unit for name, metric in asked.metrics.items()},
        total=len(metrics.layers) * len(metrics.heads),
        columns=(*distance, *asked.chosen) if asked.chosen else (),
        first=tuple(dict.fromkeys((*distance, *asked.named))),
        which=", ".join(filter(None, (asked.words, together))),
        cmap=formats.cmap,
        fitting=fitting,
        never=tuple(name for name, metric in METRIC_OF.items() if metric in metrics.missing),
        largest={name: float(np.abs(values).max()) for name, values in there.items() if values.size},
    )
