"""The options of commands that measure heads: which of them, on what, of which attention."""

from typing import TYPE_CHECKING, Annotated, Literal

from attnviz.cli.command import Options
from attnviz.cli.options import SELECTION, InputOptions, SelectionOptions, Width, option

if TYPE_CHECKING:
    from attnviz.analysis.matrices.selection import Request
    from attnviz.trace.attention import Attention
    from attnviz.trace.result import Result

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

    def asked(self) -> tuple[str, ...]:
        """The options that were given, by name."""
        return tuple(name for name in self.names() if getattr(self, name))


class WidthOptions(Options):
    """How wide."""

    width: Width = None


def request_of_heads(selection: HeadOptions, inputs: InputOptions) -> "Request":
    """The selection as the library states it, of one kind where the command line says which."""
    from attnviz.analysis.matrices.selection import Request

    kind = selection.kind or ("cross" if inputs.target is not None else None)
    return Request(
        layers="all" if selection.layer is None else selection.layer,
        heads="all" if selection.head is None else selection.head,
        kinds=None if kind is None else (kind,),
        words=selection.words,
        hide_special=selection.hide_special,
        renormalize=selection.renormalize,
    )


def attention_of_heads(result: "Result") -> "Attention":
    """The one attention that is measured: of a file that holds several kinds, cross."""
    return result.views.get("cross") or next(iter(result.views.values()))
