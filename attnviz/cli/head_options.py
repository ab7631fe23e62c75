"""The options of commands that measure heads: which of them, on what, of which attention."""

from typing import TYPE_CHECKING, Annotated, Literal

if TYPE_CHECKING:
    from attnviz.analysis.matrices.selection import Request

from attnviz.cli.command import ROWS, Options
from attnviz.cli.options import SELECTION, SelectionOptions, Width, option

MEASURES = "Measures (of a model, not of --attention)"
_OF_MATRICES = SelectionOptions.__annotations__


class HeadOptions(Options):
    """Which heads, and of which attention; of weights, a matrix a head."""

    layer: _OF_MATRICES["layer"] = None
    head: _OF_MATRICES["head"] = None
    kind: Annotated[
        Literal["encoder", "decoder", "cross"] | None,
        option(SELECTION, "--kind", help="Which attention. [default: encoder; with --target: cross]"),
    ] = None
    words: _OF_MATRICES["words"] = False
    hide_special: _OF_MATRICES["hide_special"] = False
    renormalize: _OF_MATRICES["renormalize"] = False


class MeasureOptions(Options):
    """What is measured besides the attention; it takes a model."""

    ablation: Annotated[
        bool, option(MEASURES, "--ablation", help="A metric more: how much the output changes without the head.")
    ] = False

    null: Annotated[
        int | None,
        option(
            MEASURES,
            "--null",
            metavar="K",
            min=2,
            help="Compare with the heads of K random-weight models of this shape on the same text: z scores.",
        ),
    ] = None


class WidthOptions(Options):
    """How wide."""

    width: Width = None


class RowOptions(Options):
    """Which rows, in which order, with which columns."""

    where: Annotated[
        str | None,
        option(
            ROWS,
            "--where",
            metavar="CONDITION",
            help="Only heads of which this holds: previous > 0.5 and entropy < 1; label == first; and, or, not, ().",
        ),
    ] = None
    sort: Annotated[
        str | None,
        option(
            ROWS, "--sort", metavar="METRIC", help="The largest first; -METRIC: the smallest first; label: by pattern."
        ),
    ] = None
    top: Annotated[
        int | None, option(ROWS, "--top", metavar="N", min=1, help="Only the first N, after --where and --sort.")
    ] = None
    columns: Annotated[
        str | None,
        option(ROWS, "--columns", metavar="NAMES", help="Metrics, separated by commas, or all. [default: what fits]"),
    ] = None


def request_of_heads(selection: HeadOptions, target: str | None) -> "Request":
    """The selection as a request, of one kind of attention."""
    from attnviz.api.heads import heads_request

    return heads_request(
        "all" if selection.layer is None else selection.layer,
        "all" if selection.head is None else selection.head,
        selection.kind,
        words=selection.words,
        hide_special=selection.hide_special,
        renormalize=selection.renormalize,
        target=target,
    )
