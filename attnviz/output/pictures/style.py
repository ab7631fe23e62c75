"""How pictures look, and in which formats they are written: checked once, before anything is drawn."""

import numpy as np

from attnviz.errors import UsageError, brief
from attnviz.names import PICTURE_FORMATS, PICTURE_KINDS, PICTURE_NORMS, PICTURE_SCALES
from attnviz.output.colormaps import DIVERGING, PAPER, colormap_name, table
from attnviz.output.picture_scales import range_ends
from attnviz.output.pictures.fonts import Instead
from attnviz.output.pictures.look import Look
from attnviz.output.pictures.sizes import figure_size
from attnviz.output.scale import Scale
from attnviz.records import dataclass

LEAST_DPI, MOST_DPI = 30, 1200
LEAST_TYPE, MOST_TYPE = 3.0, 72.0


@dataclass(frozen=True, kw_only=True)
class PictureStyle:
    """What the user may choose.

    Attributes:
        formats: of ``PICTURE_FORMATS``.
        kind: of ``PICTURE_KINDS``: a matrix, lines between words, arcs, or coloured words.
        cmap: a name of ``PICTURE_COLORMAPS``, in capitals or small letters.
        dpi: pixels an inch of PNG files.
        scale: of ``PICTURE_SCALES``.
        range: the values of the ends of the colours, as ``0:0.2``; either may be left out.
        norm: of ``PICTURE_NORMS``: how values between the ends become colours.
        size: of a figure, as ``3.3in`` or ``16x9cm``; by default that of what it shows.
        font_size: of the smallest type, in points.
        title: in the place of the picture's own; an empty one leaves out all words above and below the drawing.
        caption: whether a text file beside the picture says what the words above and below it say.
        outline_text: whether letters of an SVG are shapes.
        numbers: whether each cell has its number, where it fits.

    Raises:
        UsageError: a name that is not known, or a number out of range.
    """

    formats: tuple[str, ...] = ("png",)
    kind: str = "matrix"
    cmap: str = PAPER
    dpi: int = 150
    scale: str = "shared"
    range: str | None = None
    norm: str = "linear"
    size: str | None = None
    font_size: float = 7.0
    title: str | None = None
    caption: bool = False
    outline_text: bool = False
    numbers: bool = False

    def __post_init__(self) -> None:
        named: list[tuple[str, str, tuple[str, ...]]] = [("format", name, PICTURE_FORMATS) for name in self.formats]
        named += [("scale", self.scale, PICTURE_SCALES), ("style", self.kind, PICTURE_KINDS)]
        named += [("norm", self.norm, PICTURE_NORMS)]
        for name, value, known in named:
            if value not in known:
                raise UsageError(f"{name}: {brief(repr(value))} is not known; expected one of {', '.join(known)}")
        colormap_name(self.cmap)
        if not self.formats:
            raise UsageError(f"format: none is given; expected one of {', '.join(PICTURE_FORMATS)}")
        if not LEAST_DPI <= self.dpi <= MOST_DPI:
            raise UsageError(f"dpi: {self.dpi} is out of range; expected {LEAST_DPI} to {MOST_DPI}")
        if not LEAST_TYPE <= self.font_size <= MOST_TYPE:
            raise UsageError(
                f"font-size: {self.font_size:g} is out of range; expected {LEAST_TYPE:g} to {MOST_TYPE:g} points"
            )
        if self.size is not None:
            figure_size(self.size, self.dpi)
        self.ends  # noqa: B018 (which checks the range)

    @property
    def ends(self) -> tuple[float | None, float | None]:
        """The values of the ends of the colours that were given."""
        return (None, None) if self.range is None else range_ends(self.range)

    def palette(self, values: str = "weights") -> np.ndarray:
        """The colours of such values, (256, 4) uint8; changes have a diverging map of their own."""
        return palette_of(DIVERGING if values == "changes" else colormap_name(self.cmap))

    def look(self, values: str, scale: Scale, instead: Instead) -> Look:
        """What layouts need of it, for a kind of values on a scale."""
        return Look(
            size=None if self.size is None else figure_size(self.size, self.dpi),
            font_size=self.font_size,
            dpi=self.dpi,
            palette=self.palette(values),
            scale=scale,
            instead=instead,
            numbers=self.numbers,
            heading=self.title != "",
        )


def palette_of(name: str) -> np.ndarray:
    """The colours of a map by its name, (256, 4) uint8; ``_r`` at its end reverses it."""
    if name in (PAPER, DIVERGING):
        return np.insert(np.array(table(name), np.uint8), 3, 255, axis=1)
    if name == f"{PAPER}_r":
        return palette_of(PAPER)[::-1]
    from attnviz.output.pictures.drawing import matplotlib_palette  # noqa: PLC0415 (only drawing loads Matplotlib)

    return matplotlib_palette(name)
