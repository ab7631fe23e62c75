"""The options of pictures: what they show, how they look, where they go."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

from attnviz.cli.command import Options, option
from attnviz.cli.groups.colormaps import ColormapName
from attnviz.cli.help.pages import OUTPUT, PICTURES, SELECTION, VIEW
from attnviz.cli.options import Force, RawTokens, place_option
from attnviz.encoder.config.given import NORMS
from attnviz.errors import UsageError
from attnviz.names import PICTURE_KINDS, PICTURE_NORMS
from attnviz.output.colormaps import PAPER

if TYPE_CHECKING:
    KindName = str  # the names are known only when the tables are read
    NormName = str
else:
    KindName = Literal[PICTURE_KINDS]
    NormName = Literal[*PICTURE_NORMS, *NORMS]

DEFAULT_FOLDER = "attnviz-heatmaps"


class FigureOptions(Options):
    """Made for print: how large a picture is, and the words around it."""

    size: Annotated[
        str | None,
        option(
            PICTURES,
            "--size",
            metavar="WxH",
            help="The size of a picture: 3.3in, 16x9cm, 800x450px; also mm, pt. [default: what it shows]",
        ),
    ] = None
    font_size: Annotated[
        float,
        option(
            PICTURES,
            "--font-size",
            metavar="PT",
            help="The smallest type, in points: where labels do not fit there are fewer, not smaller ones. [default: "
            "7]",
        ),
    ] = 7.0
    title: Annotated[
        str | None, option(PICTURES, "--title", metavar="TEXT", help="The title. [default: the head's name]")
    ] = None
    no_title: Annotated[
        bool, option(PICTURES, "--no-title", help="No words above and below the drawing, for a paper's own caption.")
    ] = False
    caption: Annotated[
        bool, option(PICTURES, "--caption", help="Write what those words say to a text file beside the picture.")
    ] = False
    outline_text: Annotated[
        bool, option(PICTURES, "--outline-text", help="In SVG, letters as shapes: the same in every program.")
    ] = False
    dpi: Annotated[
        int, option(PICTURES, "--dpi", metavar="N", min=30, max=1200, help="Dots per inch of PNG. [default: 150]")
    ] = 150

    def begin(self) -> None:
        """Refuses a title and none.

        Raises:
            UsageError: ``--title`` and ``--no-title``.
        """
        if self.title is not None and self.no_title:
            raise UsageError("title, no-title: both are given; expected one of them")

    @property
    def looks(self) -> dict[str, Any]:
        """What these options say of a ``PictureStyle``."""
        looks = {name: getattr(self, name) for name in ("size", "font_size", "caption", "outline_text", "dpi")}
        return looks | {"title": "" if self.no_title else self.title}


class PictureOptions(Options):
    """What pictures show, and where they go."""

    out: Annotated[
        str,
        place_option(
            "FIGURE.pdf, .svg or .png: one figure; else a folder, created if missing; - for standard output. [default: "
            f"{DEFAULT_FOLDER}/]"
        ),
    ] = DEFAULT_FOLDER + "/"
    format: Annotated[
        str | None,
        option(
            OUTPUT,
            "--format",
            metavar="NAMES",
            help="png, svg, pdf, or in a folder several; that of --file too, such as jsonl. [default: png]",
        ),
    ] = None
    style: Annotated[
        KindName,
        option(
            VIEW,
            "--style",
            help="matrix; lines or arcs between words; text: the sentence in colours, one line per head. [default: "
            "matrix]",
        ),
    ] = "matrix"
    from_word: Annotated[
        str | None,
        option(
            SELECTION,
            "--from",
            metavar="WORD",
            help="With --style lines, arcs or text: what this word looks at; a word, word:2 (its second occurrence) or "
            "a number.",
        ),
    ] = None
    to_word: Annotated[
        str | None,
        option(SELECTION, "--to", metavar="WORD", help="With --style lines, arcs or text: what looks at this word."),
    ] = None
    cmap: ColormapName = PAPER
    scale: Annotated[
        Literal["shared", "head"],
        option(VIEW, "--scale", help="One colour scale for all heads, or one per head. [default: shared]"),
    ] = "shared"
    range: Annotated[
        str | None,
        option(
            VIEW,
            "--range",
            metavar="LOW:HIGH",
            help="The values where colours begin and end; either may be left out. [default: 0:1, and 0:0.2 where no "
            "weight is larger]",
        ),
    ] = None
    color_norm: Annotated[
        NormName,
        option(
            VIEW,
            "--norm",
            help="How values between become colours: linear, sqrt, log; or the model's: layer, rms. [default: linear]",
        ),
    ] = "linear"
    numbers: Annotated[
        bool,
        option(
            VIEW,
            "--numbers",
            help="Write weights of 0.01 or more into their cells, or beside words, where they fit.",
        ),
    ] = False
    overview_only: Annotated[bool, option(VIEW, "--overview-only", help="Only overview.png.")] = False
    heads_by_similarity: Annotated[
        bool,
        option(
            VIEW,
            "--heads-by-similarity",
            help="Only similarity.png: the distances between heads (see heads --cluster -o DIR).",
            hidden=True,
        ),
    ] = False
    raw_tokens: RawTokens = False
    force: Force = False

    def begin(self) -> None:
        """Refuses options that exclude each other.

        Raises:
            UsageError: with their names, and what is expected.
        """
        words = [name for name, word in (("from", self.from_word), ("to", self.to_word)) if word is not None]
        if len(words) > 1:
            raise UsageError("from, to: a picture is about one word; expected one of them")
        if words and self.style == "matrix":
            parts = "rows" if words[0] == "from" else "columns"
            raise UsageError(
                f"{words[0]}, style: a matrix shows every word; expected --style lines, arcs or text, or --{parts}"
            )
        if self.numbers and self.style in ("lines", "arcs"):
            raise UsageError(f"numbers, style: {self.style} have no cells; expected --style matrix or text")
        if self.heads_by_similarity:
            wrong = [name for name in ("overview_only", "numbers", "style") if name in self.changed()]
            if wrong:
                name = wrong[0].replace("_", "-")
                raise UsageError(f"{name}, heads-by-similarity: both are given; expected one of them")

    @property
    def looks(self) -> dict[str, Any]:
        """What these options say of a ``PictureStyle``."""
        looks = {name: getattr(self, name) for name in ("cmap", "scale", "range", "numbers")}
        return looks | {"kind": self.style, "norm": self.color_norm}
