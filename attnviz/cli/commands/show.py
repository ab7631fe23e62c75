"""``attnviz show``: attention matrices as tables."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Annotated, Literal

from attnviz.cli.command import Options, command, command_app
from attnviz.cli.options import (
    VIEW,
    JsonOptions,
    RawTokens,
    SelectionOptions,
    SharedSource,
    TerminalColormapName,
    Width,
    option,
)
from attnviz.errors import UsageError

if TYPE_CHECKING:
    from attnviz.output.terminal.screen import LinesView, Screen
    from attnviz.sweeps.runs import Run

_LINES_AT_ONCE = 64  # of JSON, each perhaps a megabyte

_EXAMPLES = """
attnviz show "The cat sat on the mat"
attnviz show "The cat sat on the mat" --layer 0 --head 1,3
attnviz show "Le chat dort" --target "The cat sleeps" --kind cross
attnviz show "The cat sat" --json | jq .tokens
attnviz show --attention scores.npy --tokens "the cat sat"
"""


class ViewOptions(Options):
    """How matrices look."""

    style: Annotated[
        Literal["auto", "percent", "numbers", "blocks", "top"],
        option(VIEW, "--style", help="percent, numbers, blocks, or each row's top keys. [default: what fits]"),
    ] = "auto"
    top: Annotated[
        int | None,
        option(
            VIEW,
            "--top",
            metavar="K",
            min=1,
            help="Style top with K keys a row [default: 3]; with --json, edges not matrices.",
        ),
    ] = None
    precision: Annotated[
        int | None,
        option(
            VIEW, "--precision", metavar="N", min=0, max=9, help="Decimals. [default: 2; in JSON, all that a float has]"
        ),
    ] = None
    cmap: TerminalColormapName = "amber"
    width: Width = None
    raw_tokens: RawTokens = False


app = command_app()


@command(app, "show", examples=_EXAMPLES)
def show(
    source: SharedSource,
    selection: SelectionOptions,
    view: ViewOptions,
    output: JsonOptions,
) -> None:
    """Print attention matrices as tables: rows are queries, columns are keys.

    Without a selection: every head if there are few, else their mean and a line for each head. Of the bundled model
    that is one telling head and its whole layer, words whole, special tokens hidden.
    """
    from attnviz.api.sweep import run_json
    from attnviz.cli.inputs import corpus_of, request_of
    from attnviz.cli.renderings import encoded, views_on_screen
    from attnviz.output.rendering import render
    from attnviz.sweeps.runs import Run

    if view.top is not None and view.style not in ("auto", "top"):
        raise UsageError(f"style, top: {view.style} print every key; expected --style top, or no --top")
    request = request_of(selection, people=not output.json)
    if output.json:
        skips = source.many.on_error == "skip"
        line = partial(run_json, precision=view.precision, top=view.top, placed=skips)
        lines = corpus_of(source).values(request, line, most=_LINES_AT_ONCE)
        render((data for _, data in lines), encoded(bytes))
        return
    if source.workers.workers is not None:
        raise UsageError("workers: tables are printed one after the other; expected --json too")
    runs = replace(corpus_of(source), workers=1).values(request, Run.done)
    tables = _Tables(
        view,
        every=selection.layer is not None or selection.head is not None,
        is_stream=source.inputs.is_stream,
    )
    render((run for _, run in runs), views_on_screen(source.common, tables.of, view.width))


class _Tables:
    """The views of each text: its line, where the weights came from unless the text before says it, its tables."""

    def __init__(self, options: ViewOptions, *, every: bool, is_stream: bool):
        self._options, self._every, self._is_stream = options, every, is_stream
        self._texts = 0

    def of(self, run: "Run", screen: "Screen") -> "Iterator[LinesView | str]":
        """The views of one text."""
        from attnviz.output.terminal.lines import text_line
        from attnviz.output.terminal.matrices.base import Looks
        from attnviz.output.terminal.matrices.summary import head_views

        self._texts += 1
        if self._texts > 1:
            yield ""
        options = self._options
        style = "top" if options.top is not None and options.style == "auto" else options.style
        looks = Looks(style, options.cmap, options.top or 3, options.precision)
        raw, every = options.raw_tokens, self._every
        tables = head_views(run.parts(), run.shape, screen, looks, every=every, raw_tokens=raw)
        tables = chain([next(tables)], tables)  # where there is an error, nothing has been printed
        about = run.bare
        if about.text is not None:
            number = self._texts if self._is_stream or self._texts > 1 else None
            yield text_line(number, about.where, about.text, screen)
        for i, table in enumerate(tables):
            if i:
                yield ""
            yield table
