"""``attnviz show``: attention matrices as tables, one word in every head, all heads as thumbnails."""

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from attnviz.cli.command import command, command_app
from attnviz.cli.groups.labels import LabelOptions
from attnviz.cli.groups.parts import PartOptions
from attnviz.cli.groups.saving import SavingOptions, check_saving, saving_corpus
from attnviz.cli.options import ModelJsonOptions, SelectionOptions, SharedSource
from attnviz.cli.show_options import ViewOptions, WordOptions, check_views

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from attnviz.analysis.matrices.selection import Request
    from attnviz.analysis.one_word import WordQuestion
    from attnviz.output.terminal.images.image_screen import ImageScreen
    from attnviz.sweeps.corpus import Corpus

_EXAMPLES = """
attnviz show "The cat sat on the table"
attnviz show "The cat sat on the table" --from cat
attnviz show "The cat sat on the table" --grid
attnviz show "The cat sat on the table" -H L2H8,L1H7
attnviz show "The cat drank the milk" --target "The old cat" --kind cross
attnviz show "The cat sat" --json | jq .tokens
attnviz show --attention scores.npy --tokens "the cat sat"
"""


app = command_app()


@command(
    app,
    "show",
    examples=_EXAMPLES,
    main="text from_word to_word grid layer head style values file model target attention json",
    topic="show",
)
def show(
    source: SharedSource,
    selection: SelectionOptions,
    parts: PartOptions,
    word: WordOptions,
    view: ViewOptions,
    labels: LabelOptions,
    output: ModelJsonOptions,
    saving: SavingOptions,
) -> None:
    """Show what each word looks at: a table for a head, or coloured text.

    Without a selection: the head that says most about the text, and a line for the next ones. Words are whole, and one
    column says what special tokens got. Or one word in every head (--from, --to), or every head in small (--grid).
    """
    from attnviz.api.sweep import chosen_run, sweep, without_choice
    from attnviz.cli.inputs import corpus_of
    from attnviz.cli.renderings import views_on_screen
    from attnviz.output.rendering import render

    check_views(word, view, parts, selection, json=output.json, workers=source.workers)
    check_saving(saving, source, json=output.json)
    request, question = _asked(selection, parts, word, view, json=output.json)
    corpus = corpus_of(source, prints=saving.out is None, labels=labels.labels)
    if output.json:
        corpus = saving_corpus(corpus, saving, source, selection, parts, word, view, output)
        _print_json(source, corpus, request, question, view, model_info=output.model_info)
        return
    from attnviz.output.terminal.tables.show import ShowViews
    from attnviz.output.terminal.tables.word import WordViews

    corpus = replace(corpus, workers=1)
    every, is_stream = selection.layer is not None or selection.head is not None, source.inputs.is_stream
    if question:
        from attnviz.api.word import word_reports

        words = WordViews(view.looks(top=1), every=every, is_stream=is_stream)
        render(word_reports(corpus, question, request=request), views_on_screen(source.common, words.of, view.width))
        return
    looks, choice = view.looks(top=3), request.choice if request.choice else None
    views = ShowViews(
        looks, every=every, raw_tokens=view.raw_tokens, is_stream=is_stream, grid=view.grid, choice=choice
    )
    runs = sweep(corpus, partial(chosen_run, choice), request=without_choice(request))
    render(runs, views_on_screen(source.common, views.of, view.width, images=_images(source) if view.image else None))


def _images(source: SharedSource) -> "ImageScreen | None":
    from attnviz.cli.images.terminal_images import terminal_images

    return terminal_images(source.common)


def _asked(
    selection: SelectionOptions, parts: PartOptions, word: WordOptions, view: ViewOptions, *, json: bool
) -> "tuple[Request, WordQuestion | None]":
    """What is computed of each text, and the word that is asked about."""
    from attnviz.cli.inputs import request_of

    request = request_of(selection, parts, people=not json)
    question = word.question(request, raw=view.raw_tokens)
    if question or not json:
        request = replace(request, lenient=request.lenient | {"kinds"})
    return request, question


def _print_json(
    source: SharedSource,
    corpus: "Corpus",
    request: "Request",
    question: "WordQuestion | None",
    view: ViewOptions,
    *,
    model_info: bool,
) -> None:
    """Prints a line of JSON for each text, or keeps them in a folder."""
    from attnviz.api.sweep import json_lines
    from attnviz.cli.renderings import printed_or_kept
    from attnviz.output.rendering import render

    lines: Callable[..., Iterator[bytes]] = partial(json_lines, received=view.received)
    if question:
        from attnviz.api.word import word_lines

        lines = partial(word_lines, question=question)
    lines = partial(lines, precision=view.precision, top=view.top, model_info=model_info)
    render(lines(corpus, request=request), printed_or_kept(source.common, bytes, corpus.saving))
