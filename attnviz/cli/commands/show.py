"""``attnviz show``: attention matrices as tables."""

from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Annotated, Literal

from attnviz.cli.command import Options, command, command_app
from attnviz.cli.options import (
    VIEW,
    BlockOptions,
    ColormapName,
    CommonOptions,
    InputOptions,
    JsonOptions,
    ManyOptions,
    ModelOptions,
    RawTokens,
    SelectionOptions,
    Width,
    WorkerOptions,
    option,
)
from attnviz.errors import UsageError

if TYPE_CHECKING:
    from attnviz.output.terminal.matrix_base import Looks
    from attnviz.output.terminal.screen import LinesView, Screen
    from attnviz.output.terminal.summary import HeadLinks
    from attnviz.sweeps.runs import Run
    from attnviz.trace.attention import Attention

_LINES_AT_ONCE = 64  # of JSON, each perhaps a megabyte
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
    many: ManyOptions,
    workers: WorkerOptions,
    common: CommonOptions,
) -> None:
    """Print attention matrices as tables: rows are queries, columns are keys.

    Without a selection: every head if there are few, else their mean and a line for each head. Of the bundled model
    that is one telling head and its whole layer, words whole, special tokens hidden.
    """
    from attnviz.analysis.matrices.selection import Request
    from attnviz.cli.inputs import FIRST_HEAD, FIRST_LAYER, request_of, swept_runs, uses_bundled
    from attnviz.sweeps.runs import Run

    at_first = not (output.json or view.raw_tokens) and not selection.changed() and uses_bundled(inputs, models, block)
    if view.top is not None and view.style not in ("auto", "top"):
        raise UsageError(f"style, top: {view.style} print every key; expected --style top, or no --top")
    request = Request(layers=FIRST_LAYER, words=True, hide_special=True) if at_first else request_of(selection)
    sweep = partial(swept_runs, inputs, models, block, common, request)
    if output.json:
        from attnviz.cli.streams import write_bytes

        each = partial(_json_line, view, placed=many.on_error == "skip")
        for _, line in sweep(each, many, workers=workers.workers, most=_LINES_AT_ONCE):
            write_bytes(line)
        return
    if workers.workers is not None:
        raise UsageError("workers: tables are printed one after the other; expected --json too")
    found = (run for _, run in sweep(Run.done, many))
    _print_tables(found, inputs, selection, view, common, FIRST_HEAD if at_first else None)


def _json_line(view: ViewOptions, run: "Run", *, placed: bool) -> bytes:
    """One object; where texts may be left out, with the place of its own."""
    from attnviz.output.documents.results import dump, edges_document, result_document

    if run.is_long and view.top is not None:
        document = edges_document(run.bare, run.parts(), precision=view.precision, top=view.top)
    else:
        document = result_document(run.result(), precision=view.precision, top=view.top)
    return dump(document | ({"where": run.bare.where} if placed and run.bare.where else {}))


def _print_tables(
    found: "Iterable[Run]",
    inputs: InputOptions,
    selection: SelectionOptions,
    options: ViewOptions,
    common: CommonOptions,
    head: int | None,
) -> None:
    from attnviz.cli.streams import print_view, screen_of
    from attnviz.output.terminal.lines import provenance_line, text_line
    from attnviz.output.terminal.matrix_base import Looks

    screen = screen_of(common, options.width)
    style = "top" if options.top is not None and options.style == "auto" else options.style
    looks = Looks(style, options.cmap, options.top or 3, options.precision)
    chosen = selection.layer is not None or selection.head is not None
    last = None
    for number, run in enumerate(found, start=1):
        if number > 1:
            print_view("", screen)
        views = _views(run, screen, looks, each=chosen, head=head, raw=options.raw_tokens)
        views = chain([next(views)], views)  # where there is an error, nothing has been printed
        if (inputs.is_stream or number > 1) and run.bare.text is not None:
            print_view(text_line(number, run.bare.where, run.bare.text, screen), screen)
        if last != run.bare.model.provenance:
            print_view(provenance_line(run.bare.model, screen), screen)
        last = run.bare.model.provenance
        for view in views:
            print_view("", screen)
            print_view(view, screen)


def _views(
    run: "Run", screen: "Screen", looks: "Looks", *, each: bool, head: int | None, raw: bool
) -> "Iterator[LinesView]":
    """A view for each matrix where they are few or were chosen, else a summary with one head or their mean."""
    from attnviz.analysis.matrices.parts import joined
    from attnviz.analysis.matrices.reduce import reduced_parts
    from attnviz.cli.inputs import labelled
    from attnviz.output.terminal.matrix_view import view
    from attnviz.output.terminal.summary import SummaryView, head_links

    for _, parts in groupby(run.parts(), key=attrgetter("kind")):
        shown = (labelled(part, raw=raw) for part in parts)
        if each or run.per_kind <= _FEW:
            yield from (view(matrix, screen, looks) for part in shown for matrix in part)
        elif head is not None:
            attention = joined(shown, run.shape)
            yield SummaryView(list(attention)[head], head_links(attention), attention, screen, looks)
        else:
            links = []
            mean = next(reduced_parts(_watched(shown, links), "mean"))
            yield SummaryView(next(iter(mean)), links, mean, screen, looks)


def _watched(parts: "Iterable[Attention]", links: "list[HeadLinks]") -> "Iterator[Attention]":
    """The parts, and the links of their heads besides: each is there only once."""
    from attnviz.output.terminal.summary import head_links

    for part in parts:
        links += head_links(part)
        yield part
