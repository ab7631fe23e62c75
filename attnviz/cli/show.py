"""``attnviz show``: attention matrices as tables."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Literal

from attnviz.cli.command import Options, command, command_app
from attnviz.cli.options import (
    VIEW,
    BlockOptions,
    ColormapName,
    CommonOptions,
    InputOptions,
    JsonOptions,
    ModelOptions,
    RawTokens,
    SelectionOptions,
    Width,
    option,
)

if TYPE_CHECKING:
    from attnviz.output.color import LinesView, Screen
    from attnviz.output.matrix_view import Looks
    from attnviz.trace import Attention, Result

_FEW = 4  # matrices that are printed when nobody asked for particular ones; beyond, a summary

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
        Literal["auto", "numbers", "blocks", "top"],
        option(VIEW, "--style", help="numbers, blocks, or each row's top keys. [default: what fits]"),
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
    cmap: ColormapName = "viridis"
    width: Width = None
    raw_tokens: RawTokens = False


app = command_app()


@command(app, "show", examples=_EXAMPLES)
def show(
    inputs: InputOptions,
    models: ModelOptions,
    block: BlockOptions,
    selection: SelectionOptions,
    view: ViewOptions,
    output: JsonOptions,
    common: CommonOptions,
) -> None:
    """Print attention matrices as tables: rows are queries, columns are keys.

    Without a selection: every head if there are few, else their mean and a line for each head. Of the bundled model
    that is one telling head and its whole layer, words whole, special tokens hidden.
    """
    from attnviz.analysis.selection import Request
    from attnviz.cli.inputs import FIRST_HEAD, FIRST_LAYER, request_of, results, uses_bundled

    at_first = not (output.json or view.raw_tokens) and not selection.changed() and uses_bundled(inputs, models, block)
    request = Request(layers=FIRST_LAYER, words=True, hide_special=True) if at_first else request_of(selection)
    found = results(inputs, models, block, common, request)
    if output.json:
        from attnviz.cli.streams import write_bytes
        from attnviz.output.document import dump, result_document

        for result in found:
            write_bytes(dump(result_document(result, precision=view.precision, top=view.top)))
        return
    _print_tables(found, inputs, selection, view, common, FIRST_HEAD if at_first else None)


def _print_tables(
    found: "Iterable[Result]",
    inputs: InputOptions,
    selection: SelectionOptions,
    options: ViewOptions,
    common: CommonOptions,
    head: int | None,
) -> None:
    from attnviz.cli.inputs import labelled
    from attnviz.cli.streams import print_view, screen_of
    from attnviz.output.lines import provenance_line, text_line
    from attnviz.output.matrix_view import Looks

    screen = screen_of(common, options.width)
    style = "top" if options.top is not None and options.style == "auto" else options.style
    looks = Looks(style, options.cmap, options.top or 3, 2 if options.precision is None else options.precision)
    chosen = selection.layer is not None or selection.head is not None
    last = None
    for number, result in enumerate(found, start=1):
        if number > 1:
            print_view("", screen)
        if (inputs.is_stream or number > 1) and result.text is not None:
            print_view(text_line(number, result.text, screen), screen)
        if last is None or last.provenance != result.model.provenance:
            print_view(provenance_line(result.model, screen), screen)
        last = result.model
        for attention in result.views.values():
            for view in _views(labelled(attention, raw=options.raw_tokens), screen, looks, each=chosen, head=head):
                print_view("", screen)
                print_view(view, screen)


def _views(
    attention: "Attention", screen: "Screen", looks: "Looks", *, each: bool, head: int | None
) -> "list[LinesView]":
    """A view for each matrix where they are few or were chosen, else a summary with one head or their mean."""
    from attnviz.analysis.reduce import reduce_attention
    from attnviz.output.matrix_view import view
    from attnviz.output.summary import SummaryView

    if each or len(attention) <= _FEW:
        return [view(matrix, screen, looks) for matrix in attention]
    matrix = next(iter(reduce_attention(attention, "mean"))) if head is None else list(attention)[head]
    return [SummaryView(attention, matrix, screen, looks)]
