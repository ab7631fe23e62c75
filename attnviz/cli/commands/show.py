"""``attnviz show``: attention matrices as tables."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

from attnviz.cli.command import Options, command, command_app, option
from attnviz.cli.help.pages import VIEW
from attnviz.cli.options import ModelJsonOptions, RawTokens, SelectionOptions, SharedSource, TerminalColormapName, Width
from attnviz.errors import UsageError
from attnviz.output.terminal.styles import STYLES

if TYPE_CHECKING:
    from attnviz.output.terminal.tables.show import ShowViews

    StyleName = str  # its names are known only when the table is read
else:
    StyleName = Literal["auto", *STYLES]

_EXAMPLES = """
attnviz show "The cat sat on the table"
attnviz show "The cat sat on the table" --layer 0 --head 1,3
attnviz show "The cat drank the milk" --target "The old cat" --kind cross
attnviz show "The cat sat" --json | jq .tokens
attnviz show --attention scores.npy --tokens "the cat sat"
"""


class ViewOptions(Options):
    """How matrices look."""

    style: Annotated[
        StyleName,
        option(VIEW, "--style", help=f"{'; '.join(map(': '.join, STYLES.items()))}. [default: what fits]"),
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


@command(
    app,
    "show",
    examples=_EXAMPLES,
    main="text layer head style values reduce file model target attention json width",
    topic="show",
)
def show(
    source: SharedSource,
    selection: SelectionOptions,
    view: ViewOptions,
    output: ModelJsonOptions,
) -> None:
    """Print attention matrices as tables: rows are queries, columns are keys.

    Without a selection: the head that says most about the text, and a line for the next ones. Words are whole, and one
    column says what special tokens got.
    """
    from attnviz.api.sweep import json_lines, sweep
    from attnviz.cli.inputs import corpus_of, request_of
    from attnviz.cli.renderings import encoded, views_on_screen
    from attnviz.output.rendering import render
    from attnviz.sweeps.runs import Run

    if view.top is not None and view.style not in ("auto", "top"):
        raise UsageError(f"style, top: {view.style} print every key; expected --style top, or no --top")
    request = request_of(selection, people=not output.json)
    if not output.json:
        request = replace(request, lenient=request.lenient | {"kinds"})
    if output.json:
        printed = {"precision": view.precision, "top": view.top}
        lines = json_lines(corpus_of(source), request=request, **printed, model_info=output.model_info)
        render(lines, encoded(bytes))
        return
    if source.workers.workers is not None:
        raise UsageError("workers: tables are printed one after the other; expected --json too")
    runs = sweep(replace(corpus_of(source), workers=1), Run.done, request=request)
    every = selection.layer is not None or selection.head is not None
    views = _views(view, every=every, is_stream=source.inputs.is_stream)
    render(runs, views_on_screen(source.common, views.of, view.width))


def _views(view: ViewOptions, *, every: bool, is_stream: bool) -> "ShowViews":
    from attnviz.output.terminal.styles.base import Looks
    from attnviz.output.terminal.tables.show import ShowViews

    style = "top" if view.top is not None and view.style == "auto" else view.style
    looks = Looks(style, view.cmap, view.top or 3, view.precision)
    return ShowViews(looks, every=every, raw_tokens=view.raw_tokens, is_stream=is_stream)
