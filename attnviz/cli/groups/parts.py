"""The options that choose parts of a matrix: rows, columns, sums over segments."""

from typing import TYPE_CHECKING, Annotated

from attnviz.cli.command import Options, option
from attnviz.cli.help.pages import SELECTION

if TYPE_CHECKING:
    from attnviz.analysis.matrices.selection import Request

_TOKENS = "words, numbers, 2-5, special, pair, text; several with commas."


class PartOptions(Options):
    """Which rows and columns, or segments instead."""

    rows: Annotated[
        str | None, option(SELECTION, "--rows", metavar="TOKENS", help=f"Only these queries: {_TOKENS}")
    ] = None
    columns: Annotated[
        str | None,
        option(
            SELECTION,
            "--columns",
            metavar="TOKENS",
            help="Only these keys, named as in --rows; what a row gave to others is its rest.",
        ),
    ] = None
    blocks: Annotated[
        bool,
        option(SELECTION, "--blocks", help="Sum attention between segments: the text, its pair, special tokens."),
    ] = False

    def request(self, request: "Request") -> "Request":
        """The request with these parts; where there is a target, the attention to the source unless it says another."""
        from dataclasses import replace

        if not self.changed():
            return request
        return replace(request, **self.values_by_name(), lenient=request.lenient | {"kinds"})
