"""The options of ``show``: one word or all heads, and how matrices look."""

from typing import TYPE_CHECKING, Annotated, Literal

from attnviz.cli.command import Options, option
from attnviz.cli.groups.parts import PartOptions
from attnviz.cli.help.pages import SELECTION, VIEW
from attnviz.cli.options import RawTokens, SelectionOptions, TerminalColormapName, Width
from attnviz.errors import UsageError
from attnviz.output.terminal.styles import STYLES

if TYPE_CHECKING:
    from attnviz.analysis.matrices.selection import Request
    from attnviz.analysis.one_word import WordQuestion
    from attnviz.cli.groups.many import WorkerOptions
    from attnviz.output.terminal.styles.base import Looks

    StyleName = str  # its names are known only when the table is read
else:
    StyleName = Literal["auto", *STYLES]

OpenFrom = Annotated[
    str | None,
    option(
        VIEW,
        "--from",
        metavar="WORD",
        help="Open with what this word looks at; a word, word:2 (its second occurrence) or a number.",
    ),
]
OpenTo = Annotated[str | None, option(VIEW, "--to", metavar="WORD", help="Open with what looks at this word.")]


class WordOptions(Options):
    """One word instead of matrices."""

    from_word: Annotated[
        str | None,
        option(
            SELECTION,
            "--from",
            metavar="WORD",
            help="What this word looks at, one line per head; a word, word:2 (its second occurrence) or a number.",
        ),
    ] = None
    to_word: Annotated[
        str | None,
        option(SELECTION, "--to", metavar="WORD", help="What looks at this word, one line per head."),
    ] = None

    def question(self, request: "Request", *, raw: bool) -> "WordQuestion | None":
        """The word that is asked about; None where none is."""
        from attnviz.analysis.one_word import WordQuestion

        for side, word in (("from", self.from_word), ("to", self.to_word)):
            if word is not None:
                return WordQuestion(word, side, request.hide_special, raw)
        return None


class ViewOptions(Options):
    """How matrices look."""

    grid: Annotated[bool, option(VIEW, "--grid", help="All heads as thumbnails.")] = False
    image: Annotated[
        bool,
        option(
            VIEW, "--image", help="Draw matrices as pictures, in terminals with kitty graphics, iTerm2 images or Sixel."
        ),
    ] = False
    received: Annotated[
        bool, option(VIEW, "--received", help="Add what each token receives: the means of the columns.")
    ] = False
    style: Annotated[
        StyleName,
        option(VIEW, "--style", help=f"{'; '.join(map(': '.join, STYLES.items()))}. [default: what fits]"),
    ] = "auto"
    top: Annotated[
        int | None,
        option(
            VIEW,
            "--top",
            metavar="N",
            min=1,
            help="Only the N strongest keys of each row: style top [default: 3], or at the end of a line of --from "
            "[default: 1]; with --json, edges not matrices.",
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

    def looks(self, *, top: int) -> "Looks":
        """The looks of matrices.

        Args:
            top: the number of strongest keys where none is given.
        """
        from attnviz.output.terminal.styles.base import Looks

        style = "top" if self.top is not None and self.style == "auto" else self.style
        return Looks(style, self.cmap, self.top or top, self.precision, received=self.received)


def check_views(
    word: WordOptions,
    view: ViewOptions,
    parts: PartOptions,
    selection: SelectionOptions,
    *,
    json: bool,
    workers: "WorkerOptions",
) -> None:
    """Refuses options that exclude each other, and parts of a matrix where a view has none of them.

    Raises:
        UsageError: with the names of the options, and what is expected.
    """
    views = [
        name
        for name, given in (("from", word.from_word), ("to", word.to_word), ("grid", view.grid or None))
        if given is not None
    ]
    if len(views) > 1:
        raise UsageError(f"{', '.join(views)}: each is a view of its own; expected one of them")
    if views and view.style != "auto":
        raise UsageError(f"{views[0]}, style: a style is of one matrix; expected --style or --{views[0]}")
    if view.top is not None and view.style not in ("auto", "top"):
        raise UsageError(f"style, top: {view.style} print every key; expected --style top, or no --top")
    for name in ("top", "precision"):
        if view.grid and getattr(view, name) is not None:
            raise UsageError(f"grid, {name}: thumbnails have no numbers; expected --grid or --{name}")
    for name in ("grid", "image"):
        if getattr(view, name) and json:
            things = "thumbnails are" if name == "grid" else "it is"
            raise UsageError(f"{name}, json: {things} a picture for people; expected --{name} or --json")
    for name in () if json else workers.changed():
        raise UsageError(f"{name}: tables are printed one after the other; expected --json too")
    _check_parts(word, view, parts, selection)
    _check_image(word, view, parts, selection)


def _check_parts(word: WordOptions, view: ViewOptions, parts: PartOptions, selection: SelectionOptions) -> None:
    views = [name for name, word_of in (("from", word.from_word), ("to", word.to_word)) if word_of is not None]
    wrong = parts.changed() if views else []
    for name in (*wrong, *(["received"] * view.received if views or view.grid else [])):
        other = views[0] if views else "grid"
        raise UsageError(f"{other}, {name}: {name} is about whole matrices; expected --{other} or --{name}")
    if view.received and selection.values == "scores":
        raise UsageError("received, values: a mean of scores is not a share; expected weights")


def _check_image(word: WordOptions, view: ViewOptions, parts: PartOptions, selection: SelectionOptions) -> None:
    if not view.image:
        return
    words = [name for name, given in (("from", word.from_word), ("to", word.to_word)) if given is not None]
    for name in (*words, *(["grid"] * view.grid)):
        raise UsageError(f"{name}, image: a picture is of one matrix; expected --{name} or --image")
    for name in ("style", "top", "precision", "received"):
        if getattr(view, name) != getattr(ViewOptions, name):
            raise UsageError(f"image, {name}: {name} is about tables of text; expected --image or --{name}")
    are_lines = selection.layer is None and selection.head is None and selection.reduce in ("none", "mean-heads")
    if parts.blocks and are_lines:
        raise UsageError("blocks, image: the blocks of all heads are lines of text; expected --layer or --head too")
