"""The options of ``explore``: which heads there are, and how it opens."""

from typing import TYPE_CHECKING, Annotated, Literal

from attnviz.cli.command import Options, option
from attnviz.cli.help.pages import SELECTION
from attnviz.cli.options import (
    Heads,
    HideSpecial,
    Kind,
    Layers,
    RawTokens,
    SelectionOptions,
    TerminalColormapName,
    Words,
)
from attnviz.cli.show_options import OpenFrom, OpenTo, WordOptions
from attnviz.errors import UsageError
from attnviz.names import VALUES_IN_WORDS

if TYPE_CHECKING:
    from attnviz.analysis.matrices.selection import Request


class ExploredOptions(Options):
    """Which matrices there are."""

    layer: Layers = None
    head: Heads = None
    kind: Kind = None
    values: Annotated[
        Literal["weights", "scores", "norms", "zeroing"] | None,
        option(
            SELECTION,
            "--values",
            help=f"Open with these: {VALUES_IN_WORDS}. [default: weights]",
        ),
    ] = None
    words: Words = None
    hide_special: HideSpecial = None

    @property
    def request(self) -> "Request":
        """The selection as a request."""
        from attnviz.cli.inputs import request_of

        return request_of(SelectionOptions(**{name: getattr(self, name) for name in self.names()}), people=True)


class ExplorerOpeningOptions(WordOptions):
    """How the explorer opens; all else is a key away."""

    from_word: OpenFrom = None
    to_word: OpenTo = None
    cmap: TerminalColormapName = "amber"
    raw_tokens: RawTokens = False

    def begin(self) -> None:
        """Refuses two words.

        Raises:
            UsageError: ``--from`` and ``--to``.
        """
        if self.from_word is not None and self.to_word is not None:
            raise UsageError("from, to: the explorer opens with one word; expected one of them")
