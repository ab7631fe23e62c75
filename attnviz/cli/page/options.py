"""The options of ``html``: which matrices are on the page, how it opens, what it is compared with, where it goes."""

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from attnviz.cli.command import Options, option
from attnviz.cli.help.pages import INPUT, OUTPUT, SELECTION, VIEW
from attnviz.cli.options import Force, Heads, HideSpecial, Kind, Layers, RawTokens, Renormalize, SelectionOptions, Words
from attnviz.cli.show_options import OpenFrom, OpenTo, WordOptions
from attnviz.cli.sides import VsAttention, VsHead, VsLayer, VsModel, VsSeed, VsWeights
from attnviz.errors import UsageError, brief
from attnviz.names import REDUCTIONS, VALUES, VALUES_IN_WORDS

if TYPE_CHECKING:
    from attnviz.analysis.matrices.selection import Request


class PageSelectionOptions(Options):
    """Which matrices are on the page."""

    layer: Layers = None
    head: Heads = None
    kind: Kind = None
    values: Annotated[
        str | None,
        option(
            SELECTION,
            "--values",
            metavar="NAMES",
            help=f"{VALUES_IN_WORDS}; several as weights,norms. [default: weights]",
        ),
    ] = None
    reduce: Annotated[
        str | None,
        option(
            SELECTION,
            "--reduce",
            metavar="NAMES",
            help="none (every head), mean-heads (one matrix a layer), mean, max, rollout, flow (one in all); several "
            "as none,rollout. [default: none]",
        ),
    ] = None
    words: Words = None
    hide_special: HideSpecial = None
    renormalize: Renormalize = False

    @property
    def request(self) -> "Request":
        """The selection without the lists; of several values, those that have no words stay without."""
        from attnviz.cli.inputs import request_of

        names = ("layer", "head", "kind", "words", "hide_special", "renormalize")
        request = request_of(SelectionOptions(**{name: getattr(self, name) for name in names}), people=True)
        several = frozenset(("words",)) if len(self.values_listed) > 1 else frozenset()
        return replace(request, lenient=request.lenient | several)

    @property
    def values_listed(self) -> tuple[str, ...]:
        """The names of ``--values``; none where it is not given."""
        return _listed("values", self.values, VALUES)

    @property
    def reduce_listed(self) -> tuple[str, ...]:
        """The names of ``--reduce``; ``none`` where it is not given."""
        return _listed("reduce", self.reduce, REDUCTIONS) or ("none",)


class OpeningOptions(WordOptions):
    """How the page opens; all else is a click away."""

    from_word: OpenFrom = None
    to_word: OpenTo = None
    precision: Annotated[
        int | None,
        option(
            VIEW,
            "--precision",
            metavar="2|3",
            min=2,
            max=3,
            help="Decimals; 3 need more space. [default: 3 up to 128 tokens, else 2]",
        ),
    ] = None

    raw_tokens: RawTokens = False

    def begin(self) -> None:
        """Refuses two words.

        Raises:
            UsageError: ``--from`` and ``--to``.
        """
        if self.from_word is not None and self.to_word is not None:
            raise UsageError("from, to: a page opens with one word; expected one of them")


class VersusOptions(Options):
    """What the text is compared with, if anything."""

    other: Annotated[
        str | None,
        typer.Argument(
            help="Another text: the page shows what it changes (OTHER - TEXT).",
            show_default=False,
            metavar="[OTHER]",
            rich_help_panel=INPUT,
        ),
    ] = None
    vs_attention: VsAttention = None
    vs_model: VsModel = None
    vs_weights: VsWeights = None
    vs_seed: VsSeed = None
    vs_layer: VsLayer = None
    vs_head: VsHead = None


class PageOutputOptions(Options):
    """Where the page goes."""

    out: Annotated[
        str,
        option(
            OUTPUT,
            "-o",
            "--out",
            metavar="PATH",
            help="FILE.html; DIR/ for one page per text; - for standard output. [default: attnviz.html]",
        ),
    ] = "attnviz.html"
    open: Annotated[bool, option(OUTPUT, "--open", help="Open the page in the default browser.")] = False
    force: Force = False


def _listed(name: str, text: str | None, known: tuple[str, ...]) -> tuple[str, ...]:
    """The names in a list separated by commas, each once.

    Raises:
        UsageError: one is not known.
    """
    names = () if text is None else tuple(dict.fromkeys(part.strip() for part in text.split(",")))
    for one in names:
        if one not in known:
            raise UsageError(f"{name}: {brief(one)!r} is not known; expected some of {', '.join(known)}")
    return names
