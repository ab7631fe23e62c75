"""``attnviz show``: attention matrices as tables, one word in every head, all heads as thumbnails."""

from dataclasses import replace
from functools import partial

from attnviz.cli.command import command, command_app
from attnviz.cli.groups.labels import LabelOptions
from attnviz.cli.groups.parts import PartOptions
from attnviz.cli.options import ModelJsonOptions, SelectionOptions, SharedSource
from attnviz.cli.show_options import ViewOptions, WordOptions, check_views

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
) -> None:
    """Show what each word looks at: a table for a head, or coloured text.

    Without a selection: the head that says most about the text, and a line for the next ones. Words are whole, and one
    column says what special tokens got. Or one word in every head (--from, --to), or every head in small (--grid).
    """
    from attnviz.api.sweep import chosen_run, json_lines, sweep, without_choice
    from attnviz.api.word import word_lines, word_reports
    from attnviz.cli.images.terminal_images import terminal_images
    from attnviz.cli.inputs import corpus_of, request_of
    from attnviz.cli.renderings import encoded, views_on_screen
    from attnviz.output.rendering import render

    check_views(word, view, parts, selection, json=output.json, workers=source.workers.workers)
    request = request_of(selection, parts, people=not output.json)
    question = word.question(request, raw=view.raw_tokens)
    if question or not output.json:
        request = replace(request, lenient=request.lenient | {"kinds"})
    if output.json:
        lines = partial(word_lines, question=question) if question else partial(json_lines, received=view.received)
        lines = partial(lines, precision=view.precision, top=view.top, model_info=output.model_info)
        render(lines(corpus_of(source, labels=labels.labels), request=request), encoded(bytes))
        return
    from attnviz.output.terminal.tables.show import ShowViews
    from attnviz.output.terminal.tables.word import WordViews

    corpus = replace(corpus_of(source, labels=labels.labels), workers=1)
    every, is_stream = selection.layer is not None or selection.head is not None, source.inputs.is_stream
    if question:
        words = WordViews(view.looks(top=1), every=every, is_stream=is_stream)
        reports = word_reports(corpus, question, request=request)
        render(reports, views_on_screen(source.common, words.of, view.width))
        return
    looks, choice = view.looks(top=3), request.choice if request.choice else None
    views = ShowViews(
        looks, every=every, raw_tokens=view.raw_tokens, is_stream=is_stream, grid=view.grid, choice=choice
    )
    runs = sweep(corpus, partial(chosen_run, choice), request=without_choice(request))
    images = terminal_images(source.common) if view.image else None
    render(runs, views_on_screen(source.common, views.of, view.width, images=images))
