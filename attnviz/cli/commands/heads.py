"""``attnviz heads``: one row per head, with metrics and the best-fitting pattern."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from attnviz.analysis.heads.definitions import ABLATION, METRICS
from attnviz.cli.command import command, command_app
from attnviz.cli.groups.labels import LabelOptions
from attnviz.cli.groups.saving import ResumeOptions, SavingOptions
from attnviz.cli.head_options import (
    FormatOptions,
    HeadOptions,
    MeasureOptions,
    PerTextOptions,
    ReportOptions,
    RowOptions,
    WidthOptions,
    refuse_clashes,
    request_of_heads,
)
from attnviz.cli.options import ModelJsonOptions, SharedSource
from attnviz.cli.pictures.options import FigureOptions
from attnviz.output.colormaps import AMBER

if TYPE_CHECKING:
    from pathlib import Path

    from attnviz.analysis.heads.report import HeadReport
    from attnviz.analysis.matrices.selection import Request
    from attnviz.cli.renderings import Views
    from attnviz.output.rendering import Document, Rendering
    from attnviz.sweeps.corpus import Corpus

_EXAMPLES = """
attnviz heads "The cat sat on the table because the cat was tired"
attnviz heads "The cat sat on the table" --sort previous --top 5
attnviz heads "The cat sat" --where "previous > 0.5 and entropy < 1"
attnviz heads --file sentences.txt --columns entropy,previous,special
attnviz heads --file sentences.txt --per-text --json
attnviz heads "The cat sat on the table" --ablation --sort ablation
attnviz heads "The cat sat on the table" --null 10 --columns previous,entropy
attnviz heads "The cat sat on the table" --csv > heads.csv
attnviz heads --attention weights.npy --sort -entropy
attnviz heads "The cat sat on the table" --agreement
attnviz heads "The cat sat on the table" --cluster -o out/
"""


app = command_app()


@command(
    app,
    "heads",
    examples=_EXAMPLES,
    main="text file model attention where sort top columns hide_special ablation cluster json csv",
    topic="heads",
    tables={"metrics": ", ".join(METRICS), "ablation": ABLATION.name},
)
def heads(
    source: SharedSource,
    selection: HeadOptions,
    measures: MeasureOptions,
    rows: RowOptions,
    output: ModelJsonOptions,
    formats: FormatOptions,
    report: ReportOptions,
    texts: PerTextOptions,
    labels: LabelOptions,
    width: WidthOptions,
    figure: FigureOptions,
    resume: ResumeOptions,
) -> None:
    """List what each head does: its pattern, an example and metrics.

    The heads that say most come first. `previous 0.98 of 0.34`: 0.34 of the attention does not rest on special
    tokens, and of that 0.98 goes to the previous token.

    Metrics: {metrics}, and with --ablation: {ablation}. Several texts give one table, weighted by their
    tokens; --per-text gives one per text.
    """
    from attnviz.api.heads import heads as heads_of
    from attnviz.cli.groups.saving import check_saving, saving_corpus
    from attnviz.cli.inputs import corpus_of
    from attnviz.cli.pictures.places import PicturePlace
    from attnviz.cli.streams import note
    from attnviz.output.rendering import render

    refuse_clashes(selection, measures, rows, output, formats, report, texts)
    saving = _saving(report, resume, output)
    check_saving(saving, source, json=output.json)
    place = PicturePlace.beside_text(None if saving.out else report.out, figure, force=report.force)
    if report.agreement:
        _agreement(source, selection, output, width)
        return
    options = _options(rows, measures, report, for_people=not (output.json or formats.csv))
    corpus = corpus_of(source, prints=texts.per_text and saving.out is None, labels=labels.labels)
    asked = (selection, measures, *((rows, output, texts) if texts.per_text or rows.sort == "telling" else ()))
    corpus = saving_corpus(corpus, saving, source, *asked, totals=not texts.per_text)
    request = request_of_heads(selection, target=corpus.has_target)
    if texts.per_text:
        _print_per_text(source, corpus, request, options, output, formats, width, labels)
        return
    listed = heads_of(corpus, request=request, **options)
    if corpus.saving is not None:
        note(source.common, corpus.saving.end())

    render([listed], _rendering(source, output, formats, width, labels))
    _draw(source, listed, place, formats, figure.looks | {"force": report.force})


def _rendering(
    source: SharedSource,
    output: ModelJsonOptions,
    formats: FormatOptions,
    width: WidthOptions,
    labels: LabelOptions,
) -> "Rendering[HeadReport]":
    """How the table of all texts is printed: CSV, JSON, or on a screen."""
    from attnviz.cli.renderings import encoded, json_or_screen
    from attnviz.output.documents.heads import heads_document

    def load_views() -> "Views[HeadReport]":
        from attnviz.output.terminal.tables.heads import heads_views

        return partial(heads_views, cmap=formats.cmap, relations=labels.is_given)

    if formats.csv:
        return encoded(_csv)
    document = partial(heads_document, model_info=output.model_info, relations=labels.is_given)
    return json_or_screen(source.common, document, load_views, json=output.json, width=width.width)


def _saving(report: ReportOptions, resume: ResumeOptions, output: ModelJsonOptions) -> SavingOptions:
    """Where results are kept, unless ``--out`` is a picture's."""
    is_picture = report.cluster or not output.json
    return SavingOptions(
        out=None if is_picture else report.out, resume=resume.resume, force=report.force and not is_picture
    )


def _print_per_text(
    source: SharedSource,
    corpus: "Corpus",
    request: "Request",
    options: dict[str, Any],
    output: ModelJsonOptions,
    formats: FormatOptions,
    width: WidthOptions,
    labels: LabelOptions,
) -> None:
    """Prints one table per text, or lines of JSON, each as soon as it is ready."""
    from attnviz.api.heads_per_text import TextHeads, heads_per_text
    from attnviz.cli.inputs import peeked
    from attnviz.cli.renderings import json_or_screen
    from attnviz.output.rendering import render

    listed = heads_per_text(corpus, request=request, **options)
    several, listed = (True, listed) if source.inputs.is_stream else peeked(listed)
    if not several:
        listed = (replace(one, where="") for one in listed)

    def load_views() -> "Views[TextHeads]":
        from attnviz.output.terminal.tables.text_heads import TextHeadsViews

        return TextHeadsViews(cmap=formats.cmap, several=several, relations=labels.is_given).of

    document = partial(TextHeads.as_dict, model_info=output.model_info, relations=labels.is_given)
    rendering = json_or_screen(
        source.common, document, load_views, json=output.json, width=width.width, saving=corpus.saving
    )
    render(listed, rendering)


def _options(rows: RowOptions, measures: MeasureOptions, report: ReportOptions, *, for_people: bool) -> dict[str, Any]:
    """The options of the library's function; people get examples, and the heads that say most first."""
    options = rows.values_by_name() | measures.values_by_name()
    options |= {"cluster": report.cluster, "examples": for_people}
    if for_people and rows.sort is None and not report.cluster:
        options["sort"] = "telling"
    return options


def _csv(report: "HeadReport") -> bytes:
    from attnviz.output.documents.heads import heads_document
    from attnviz.output.documents.heads_csv import csv_columns, heads_csv

    return heads_csv(heads_document(report), csv_columns(report)).encode()


def _draw(
    source: SharedSource, report: "HeadReport", place: "Path | None", formats: FormatOptions, looks: dict[str, Any]
) -> None:
    """Draws the distances between the heads, where there is a place for them."""
    if place is None:
        return
    from attnviz.api.heatmaps import similarity_picture
    from attnviz.cli.pictures.places import note_pictures

    if formats.cmap != AMBER:  # which is the terminal's own
        looks |= {"cmap": formats.cmap}
    note_pictures(source.common, place, similarity_picture(report, place, **looks))


def _agreement(source: SharedSource, selection: HeadOptions, output: ModelJsonOptions, width: WidthOptions) -> None:
    """Prints one row per layer, or JSON."""
    from attnviz.api.agreement import agreement
    from attnviz.cli.inputs import corpus_of
    from attnviz.cli.renderings import json_or_screen
    from attnviz.output.rendering import render

    corpus = corpus_of(source, prints=False)
    report = agreement(corpus, request=request_of_heads(selection, target=corpus.has_target))

    def load_views() -> "Views[Document]":
        from attnviz.output.terminal.tables.agreement import agreement_views

        return partial(agreement_views, model=report.attention.model, pairs=report.pairs)

    rendering = json_or_screen(source.common, dict, load_views, json=output.json, width=width.width)
    render([report.as_dict(model_info=output.model_info)], rendering)
