"""``attnviz heads``: a row a head, with what it attends to in numbers."""

from typing import TYPE_CHECKING, Annotated

from attnviz.cli.command import Options, command, command_app
from attnviz.cli.head_options import HeadOptions, MeasureOptions, RowOptions, WidthOptions, request_of_heads
from attnviz.cli.options import VIEW, ColormapName, JsonOptions, SharedSource, option
from attnviz.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from attnviz.analysis.heads.report import HeadReport
    from attnviz.output.terminal.tables.heads import Shown

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
    source: SharedSource,
    selection: HeadOptions,
    measures: MeasureOptions,
    rows: RowOptions,
    output: JsonOptions,
    formats: FormatOptions,
    report: ReportOptions,
    width: WidthOptions,
) -> None:
    """List what each head does: a row a head, with metrics and the pattern that describes it best.

    Metrics: entropy, entropy_ratio, span, distance, offset, self, previous, next, first, special, same, induction,
    confidence, and with --ablation: ablation. Several texts give one table, in which each text weighs as its tokens.
    """
    from attnviz.api.heads import heads as heads_of
    from attnviz.cli.inputs import corpus_of
    from attnviz.cli.streams import print_view, screen_of, write_bytes
    from attnviz.output.documents.heads import heads_document
    from attnviz.output.documents.heads_csv import heads_csv
    from attnviz.output.documents.results import dump
    from attnviz.output.terminal.lines import provenance_line
    from attnviz.output.terminal.tables.heads import HeadsTable

    if report.cluster and (report.agreement or rows.sort is not None):
        other = "agreement" if report.agreement else "sort"
        raise UsageError(f"cluster, {other}: both are given; expected one of them")
    if report.agreement:
        _refuse_with_agreement(selection, measures, rows, formats)
        _print_agreement(source, selection, output, width)
        return
    if output.json and formats.csv:
        raise UsageError("json, csv: both are given; expected one of them")
    asked = rows.given() | measures.given() | {"cluster": report.cluster}
    request = request_of_heads(selection, source.inputs.target)
    listed = heads_of(corpus_of(source, prints=False), request=request, **asked)
    document = heads_document(listed)
    if output.json:
        write_bytes(dump(document))
    elif formats.csv:
        write_bytes(heads_csv(document, (*_distance(document), *listed.rows.columns)).encode())
    else:
        screen = screen_of(source.common, width.width)
        print_view(provenance_line(listed.attention.model, screen), screen)
        print_view(HeadsTable(document, _shown(document, listed, formats.cmap), screen), screen)


def _print_agreement(source: SharedSource, selection: HeadOptions, output: JsonOptions, width: WidthOptions) -> None:
    """Prints one row per layer, or JSON."""
    from attnviz.api.agreement import agreement
    from attnviz.cli.inputs import corpus_of
    from attnviz.cli.streams import print_view, screen_of, write_bytes
    from attnviz.output.documents.agreement import agreement_document
    from attnviz.output.documents.results import dump
    from attnviz.output.terminal.lines import provenance_line
    from attnviz.output.terminal.tables.agreement import AgreementView

    request = request_of_heads(selection, source.inputs.target)
    report = agreement(corpus_of(source, prints=False), request=request)
    document = agreement_document(report.attention, report.correlations, report.pairs, report.texts, report.rows)
    if output.json:
        write_bytes(dump(document))
        return
    screen = screen_of(source.common, width.width)
    print_view(provenance_line(report.attention.model, screen), screen)
    print_view(AgreementView(document, report.pairs, screen), screen)


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


def _distance(document: "Mapping[str, object]") -> tuple[str, ...]:
    """The column of clustered heads' distances, where there are two."""
    return ("jsd",) * ("clusters" in document and len(document["heads"]) > 1)


def _shown(document: "Mapping[str, object]", report: "HeadReport", cmap: str) -> "Shown":
    """How the table looks."""
    from attnviz.analysis.heads.labels import METRIC_OF
    from attnviz.output.terminal.tables.heads import Shown

    distance, rows, metrics = _distance(document), report.rows, report.metrics
    together = "similar ones together" * ("clusters" in document)
    return Shown(
        units=dict.fromkeys(distance, "ratio") | {name: metric.unit for name, metric in rows.metrics.items()},
        total=len(metrics.layers) * len(metrics.heads),
        columns=(*distance, *rows.chosen) if rows.chosen else (),
        first=tuple(dict.fromkeys((*distance, *rows.named))),
        which=", ".join(filter(None, (rows.words, together))),
        cmap=cmap,
        fitting=report.n_fitting,
        never=tuple(name for name, metric in METRIC_OF.items() if metric in metrics.missing),
        largest=report.largest,
    )
