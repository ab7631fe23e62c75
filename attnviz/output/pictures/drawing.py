"""Figures drawn with Matplotlib: the only module that imports it, and never its ``pyplot``.

The static parts of a figure (labels, colour bar, words) cost most of its time and are the same for every head. They
are drawn once; then, per head, only the image, its frame, the title and the scale are drawn over a copy of them.
"""

# ruff: noqa: E402 (what the imports would log has to be silenced before them)

import io
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

# Its remarks on caches and fonts are not for our users; whoever configured logging still gets them.
for _chatty in ("matplotlib", "fontTools"):
    logging.getLogger(_chatty).addHandler(logging.NullHandler())

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.text import Text

from attnviz.output.pictures.encoding import CREATOR, accessible_svg
from attnviz.output.pictures.fonts import FONTS
from attnviz.output.pictures.layout import LINE_POINTS, TITLE_POINTS, Layout, label_points, layout
from attnviz.output.pictures.painting import hatch
from attnviz.output.pictures.pictures import Picture, Sheet

_INK = "#222222"


class _Pixels(Artist):
    """An image whose pixels are the picture's own: what ``imshow`` would draw, without 24 ms of resampling."""

    def __init__(self, axes: Axes, pixels: np.ndarray):
        super().__init__()
        self.pixels = pixels
        self.corner = axes.bbox
        # Above the ticks, below the frame: in this order a picture drawn in two parts equals one drawn in one.
        self.set_zorder(3)
        axes.add_artist(self)

    def draw(self, renderer: Any) -> None:
        context = renderer.new_gc()
        # Renderers take the lowest row first, and vector ones one pixel for each of the resolution they save with.
        upward = np.ascontiguousarray(self.pixels[::-1])
        renderer.draw_image(context, self.corner.x0, self.corner.y0, upward)
        context.restore()


@dataclass(frozen=True, eq=False)
class Plate:
    """A figure whose static parts are drawn, and the artists that change from picture to picture."""

    figure: Figure
    canvas: Any  # a FigureCanvasAgg, whose methods Matplotlib leaves untyped
    image: _Pixels
    title: Text
    scale: Text
    bar: Axes
    moving: tuple[Artist, ...]
    background: Any = None

    def show(self, picture: Picture) -> None:
        """Puts a picture in, without drawing it."""
        self.image.pixels = picture.paint()
        self.title.set_text(picture.title)
        self.scale.set_text(picture.scale.words)
        self.bar.set_yticklabels(picture.scale.labels)

    def pixels(self) -> np.ndarray:
        """Draws what changed over the static parts: (height, width, 4) uint8, equal to what ``savefig`` would draw."""
        self.canvas.restore_region(self.background)
        renderer = self.canvas.get_renderer()
        for artist in self.moving:
            artist.draw(renderer)
        return np.array(self.canvas.buffer_rgba())


def families_for(characters: set[str], fonts: Sequence[str] = FONTS) -> tuple[tuple[str, ...], set[str]]:
    """The installed ones of the fonts that the characters need, and the characters that none of them has."""
    installed = set(fontManager.get_font_names())
    families: list[str] = []
    missing = set(characters)
    for family in fonts:
        if family not in installed or (families and not missing):
            continue
        font = get_font(findfont(FontProperties(family=[family])))
        found = {c for c in missing if font.get_char_index(ord(c))}
        if found or not families:
            families.append(family)
        missing -= found
    return tuple(families), missing


def matplotlib_palette(name: str) -> np.ndarray:
    """The colours of one of Matplotlib's maps, (256, 4) uint8."""
    return np.array(mpl.colormaps[name](np.arange(256), bytes=True))


@contextmanager
def own_settings() -> Iterator[None]:
    """Matplotlib's own defaults, whatever the user's ``matplotlibrc`` says, put back afterwards."""
    with mpl.rc_context(), warnings.catch_warnings():
        mpl.rcdefaults()
        mpl.rcParams["svg.hashsalt"] = "attnviz"
        mpl.rcParams["pdf.fonttype"] = 42  # TrueType: many publishers take no Type 3
        # Characters without a glyph have their own note; shaping can still ask for one that no text has.
        warnings.filterwarnings("ignore", message="Glyph |Matplotlib currently does not support")
        yield


def draw_plate(
    sheet: Sheet, plates: Sequence[Picture], palette: np.ndarray, dpi: int, families: Sequence[str]
) -> Plate:
    """The figure for the pictures of a sheet, with everything drawn that they have in common."""
    font = partial(FontProperties, family=list(families))
    measuring: Any = FigureCanvasAgg(Figure(figsize=(1, 1), dpi=dpi))
    renderer = measuring.get_renderer()

    def measure(text: str, points: float, bold: bool) -> float:
        style = font(size=points, weight="bold" if bold else "normal")
        return float(renderer.get_text_width_height_descent(text, style, False)[0])

    where = layout(sheet, plates, dpi, measure)
    figure = Figure(figsize=(where.width / dpi, where.height / dpi), dpi=dpi, facecolor="white")
    canvas: Any = FigureCanvasAgg(figure)
    axes = _image_axes(figure, sheet, where, font)
    bar = _colour_bar(figure, sheet, where, palette, font)
    title, scale = _words(figure, axes, sheet, where, font)
    image = _Pixels(axes, np.zeros((*sheet.size, 4), np.uint8))
    moving = [image, *axes.spines.values(), title]
    if len({picture.scale for picture in plates}) > 1:
        moving += [scale, bar.yaxis]
    for artist in moving:
        artist.set_animated(True)
    plate = Plate(figure, canvas, image, title, scale, bar, tuple(moving))
    plate.show(plates[0])
    canvas.draw()
    return replace(plate, background=canvas.copy_from_bbox(figure.bbox))


def _axes(figure: Figure, where: Layout, box: tuple[int, int, int, int]) -> Axes:
    """Axes at (left, bottom, width, height) in pixels, without ticks."""
    left, bottom, width, height = box
    axes = figure.add_axes((left / where.width, bottom / where.height, width / where.width, height / where.height))
    axes.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set(linewidth=0.6, edgecolor=_INK, zorder=4)
    return axes


def _image_axes(figure: Figure, sheet: Sheet, where: Layout, font: Callable[..., FontProperties]) -> Axes:
    axes = _axes(figure, where, (where.left, where.bottom, where.image_width, where.image_height))
    for side, set_ticks in ((sheet.rows, axes.set_yticks), (sheet.columns, axes.set_xticks)):
        set_ticks(side.ticks, side.labels, fontproperties=font(size=label_points(side)), color=_INK, parse_math=False)
    if not sheet.columns.upright:
        for label in axes.get_xticklabels():
            label.set(rotation=90, rotation_mode="anchor", ha="right", va="center")
    axes.tick_params(length=2, width=0.6, pad=2, color=_INK)
    return axes


def _words(
    figure: Figure, axes: Axes, sheet: Sheet, where: Layout, font: Callable[..., FontProperties]
) -> tuple[Text, Text]:
    """Writes what stands around the image; returns the title and the scale, which change with the picture."""

    def write(x: float, y: float, text: str, points: float = LINE_POINTS, **style: Any) -> Text:
        weight = style.pop("weight", "normal")
        style = {"fontproperties": font(size=points, weight=weight), "color": _INK, "parse_math": False, **style}
        # Texts of the axes, not of the figure, which leaves animated ones out even when it is saved.
        return axes.text(x / where.width, y / where.height, text, transform=figure.transFigure, **style)

    margin, top = where.pixels(0.12), where.height - where.pixels(0.1)
    middle, centre = where.bottom + where.image_height / 2, where.left + where.image_width / 2
    write(margin, middle, sheet.rows.name, 8, rotation=90, ha="left", va="center")
    write(centre, where.bottom - where.column_labels - where.pixels(0.06), sheet.columns.name, 8, ha="center", va="top")
    write(margin, top - where.pixels(0.25), sheet.subtitle, va="top")
    write(margin, where.pixels(0.1), sheet.provenance, va="bottom")
    bar_middle = where.top - where.bar_height / 2
    write(where.right + where.bar_room, bar_middle, sheet.quantity, rotation=90, ha="right", va="center")
    if sheet.masked:
        swatch = where.top - where.bar_height - where.pixels(0.15 + 0.065)
        write(where.right + where.pixels(0.34), swatch, "masked", va="center")
    title = write(margin, top, "", TITLE_POINTS, weight="bold", va="top")
    return title, write(margin, top - where.pixels(0.42), "", va="top")


def _colour_bar(
    figure: Figure, sheet: Sheet, where: Layout, palette: np.ndarray, font: Callable[..., FontProperties]
) -> Axes:
    """The colour bar, and below it a sample of what masked cells look like."""
    left, width = where.right + where.pixels(0.15), where.pixels(0.13)
    bar = _axes(figure, where, (left, where.top - where.bar_height, width, where.bar_height))
    colours = palette[np.linspace(255, 0, where.bar_height).round().astype(int)]
    _Pixels(bar, colours[:, None].repeat(width, axis=1))
    ticks = np.linspace(where.bar_height, 0, 5)
    bar.set_yticks(ticks, [""] * len(ticks), fontproperties=font(size=LINE_POINTS), color=_INK)
    bar.tick_params(left=False, right=True, labelleft=False, labelright=True, length=2, width=0.6, pad=2, color=_INK)
    if sheet.masked:
        sample = where.top - where.bar_height - where.pixels(0.15) - width
        _Pixels(_axes(figure, where, (left, sample, width, width)), hatch(width, width))
    return bar


def vector(figure: Figure, ending: str, words: dict[str, str]) -> bytes:
    """The figure as SVG or PDF, without a date."""
    buffer = io.BytesIO()
    source = words["Source"]
    description = f"{words['Description']} {source[:1].upper()}{source[1:]}."
    if ending == "pdf":
        figure.savefig(
            buffer,
            format="pdf",
            metadata={"Title": words["Title"], "Subject": description, "Creator": CREATOR, "CreationDate": None},
        )
        return buffer.getvalue()
    figure.savefig(buffer, format="svg", metadata={**words, "Date": None})
    return accessible_svg(buffer.getvalue().decode(), description).encode()
