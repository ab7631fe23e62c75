"""``attnviz heads``: a row a head, with what it attends to in numbers."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from attnviz.analysis.heads.definitions import ABLATION, METRICS
from attnviz.cli.command import Options, command, command_app
from attnviz.cli.head_options import HeadOptions, MeasureOptions, RowOptions, WidthOptions, request_of_heads
from attnviz.cli.options import VIEW, ColormapName, CommonOptions, JsonOptions, SharedSource, folder_option, option
from attnviz.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.analysis.heads.report import HeadReport
    from attnviz.output.terminal.screen import LinesView, Screen

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
attnviz heads "The cat sat on the mat" --cluster -o out/
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
    out: Annotated[
        Path | None, folder_option("With --cluster: also draw the distances, as similarity.png in this folder.")
    ] = None
    force: Annotated[bool, option(VIEW, "--force", help="Overwrite a file attnviz did not create.")] = False


app = command_app()


@command(app, "heads", examples=_EXAMPLES, tables={"metrics": ", ".join(METRICS), "ablation": ABLATION.name})
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

    Metrics: {metrics}, and with --ablation: {ablation}. Several texts give one table, in which each text weighs as its
    tokens.
    """
    from attnviz.api.heads import heads as heads_of
    from attnviz.cli.inputs import corpus_of
    from attnviz.cli.renderings import encoded, json_or_screen
    from attnviz.files import check_folder
    from attnviz.output.documents.heads import heads_document
    from attnviz.output.documents.heads_csv import csv_columns, heads_csv
    from attnviz.output.rendering import render

    if report.cluster and (report.agreement or rows.sort is not None):
        other = "agreement" if report.agreement else "sort"
        raise UsageError(f"cluster, {other}: both are given; expected one of them")
    if report.out is not None and not report.cluster:
        raise UsageError("out: heads draws only similar heads; expected --cluster too, or attnviz heatmap -o DIR")
    if report.agreement:
        _refuse_with_agreement(selection, measures, rows, formats)
        _print_agreement(source, selection, output, width)
        return
    if output.json and formats.csv:
        raise UsageError("json, csv: both are given; expected one of them")
    if report.out is not None:
        check_folder(report.out)
    asked = rows.given() | measures.given() | {"cluster": report.cluster}
    request = request_of_heads(selection, source.inputs.target)
    listed = heads_of(corpus_of(source, prints=False), request=request, **asked)
    if formats.csv:
        rendering = encoded(lambda heads: heads_csv(heads_document(heads), csv_columns(heads)).encode())
    else:
        views = partial(_views, cmap=formats.cmap)
        rendering = json_or_screen(source.common, heads_document, views, json=output.json, width=width.width)
    render([listed], rendering)
    if report.out is not None:
        _draw(listed, report.out, cmap=formats.cmap, force=report.force, common=source.common)


def _views(report: "HeadReport", screen: "Screen", *, cmap: str) -> "Iterator[LinesView]":
    """Where the weights came from, and one row per head."""
    from attnviz.output.documents.heads import heads_document
    from attnviz.output.terminal.lines import provenance_line
    from attnviz.output.terminal.tables.heads import HeadsTable, Shown

    document = heads_document(report)
    yield provenance_line(report.attention.model, screen)
    yield HeadsTable(document, Shown.of(report, cmap), screen)


def _draw(report: "HeadReport", folder: Path, *, cmap: str, force: bool, common: CommonOptions) -> None:
    """Draws the distances between the heads."""
    from attnviz.api.heatmaps import similarity_picture
    from attnviz.cli.streams import note

    drawn = similarity_picture(report, folder, cmap=cmap, force=force)
    for text in (*drawn.notes, f"{folder}: 1 picture written"):
        note(common, text)


def _print_agreement(source: SharedSource, selection: HeadOptions, output: JsonOptions, width: WidthOptions) -> None:
    """Prints one row per layer, or JSON."""
    from attnviz.api.agreement import AgreementReport, agreement
    from attnviz.cli.inputs import corpus_of
    from attnviz.cli.renderings import json_or_screen
    from attnviz.output.documents.agreement import agreement_document
    from attnviz.output.rendering import render

    def document(report: AgreementReport) -> dict:
        return agreement_document(report.attention, report.correlations, report.pairs, report.texts, report.rows)

    def views(report: AgreementReport, screen: "Screen") -> "Iterator[LinesView]":
        from attnviz.output.terminal.lines import provenance_line
        from attnviz.output.terminal.tables.agreement import AgreementView

        yield provenance_line(report.attention.model, screen)
        yield AgreementView(document(report), report.pairs, screen)

    request = request_of_heads(selection, source.inputs.target)
    report = agreement(corpus_of(source, prints=False), request=request)
    render([report], json_or_screen(source.common, document, views, json=output.json, width=width.width))


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
