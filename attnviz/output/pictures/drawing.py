"""Scenes drawn with Matplotlib: the only module that imports it, and never its ``pyplot``.

What scenes have in common (labels, colour bar, words) costs most of the time. It is drawn once; then, scene by scene,
what moves is drawn over a copy of it.
"""

# ruff: noqa: E402 (what the imports would log has to be silenced before them)

import io
import logging
import math
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

# Its remarks on caches and fonts are not for our users; whoever configured logging still gets them.
for _chatty in ("matplotlib", "fontTools"):
    logging.getLogger(_chatty).addHandler(logging.NullHandler())

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font
from matplotlib.lines import Line2D
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Affine2D

from attnviz.errors import UsageError
from attnviz.output.pictures.files.encoding import accessible_svg
from attnviz.output.pictures.fonts import FONTS
from attnviz.output.pictures.scene import Box, Curve, Mark, Measure, Raster, Scene, Stroke, TextLine
from attnviz.output.signatures import CREATOR

POINTS_PER_INCH = 72
MOST_PIXELS, MOST_SIDE = 200_000_000, 60_000  # of a PNG: 13.33x7.5in has 144 million at 1,200 dpi
VECTOR_DPI, MOST_VECTOR_PIXELS = 300, 50_000_000
"""Pixels an inch of the images in a PDF or an SVG: fewer where the whole picture would have more than the most."""
_MEASURED_AT = 4  # pixels a point: widths without the rounding of a screen


class _Pixels(Artist):
    """An image whose pixels are the picture's own: what ``imshow`` would draw, without 24 ms of resampling."""

    def __init__(self, raster: Raster):
        super().__init__()
        self.raster = raster

    def draw(self, renderer: Any) -> None:
        figure: Any = self.figure
        raster = self.raster
        detail = renderer.get_image_magnification()
        scale = detail * figure.dpi / POINTS_PER_INCH
        left, right = (round(x * scale) for x in (raster.x, raster.x + raster.width))
        top, bottom = (round(y * scale) for y in (raster.y, raster.y + raster.height))
        height, width = max(bottom - top, 1), max(right - left, 1)
        pixels = raster.paint(height, width)
        if isinstance(renderer, RendererAgg):  # 5 times as quick as to draw it
            agg: Any = renderer
            page = np.asarray(agg.buffer_rgba())
            inside = page[top : top + height, left : left + width]
            inside[:] = pixels[: inside.shape[0], : inside.shape[1]]
            return
        context = renderer.new_gc()
        below = figure.bbox.height - (top + height) / detail
        renderer.draw_image(context, left / detail, below, np.ascontiguousarray(pixels[::-1]))  # the lowest row first
        context.restore()


class Drawing:
    """Draws scenes of one resolution in the same fonts, as pixels or as vectors.

    Args:
        families: fonts; each is tried for the characters that the ones before it lack.
        dpi: pixels an inch.
    """

    def __init__(self, families: Sequence[str], dpi: int):
        self._families, self._dpi = [*families, "sans-serif"], dpi  # of an SVG's reader, who may lack them
        self._fixed: tuple[Mark, ...] | None = None
        self._canvas: Any = None  # a FigureCanvasAgg, whose methods Matplotlib leaves untyped
        self._background: Any = None

    def pixels(self, scene: Scene) -> np.ndarray:
        """The scene as (height, width, 4) uint8."""
        if scene.fixed is not self._fixed or self._canvas is None:
            self._check_pixels(scene)
            figure = self._figure(scene)
            for artist in self.artists(scene.fixed, figure):
                figure.add_artist(artist)
            self._canvas, self._fixed = FigureCanvasAgg(figure), scene.fixed
            self._canvas.draw()
            self._background = self._canvas.copy_from_bbox(figure.bbox)
        self._canvas.restore_region(self._background)
        renderer = self._canvas.get_renderer()
        for artist in self.artists(scene.moving, self._canvas.figure):
            artist.draw(renderer)
        return np.array(self._canvas.buffer_rgba())

    def vector(self, scene: Scene, ending: str, *, outline_text: bool = False) -> bytes:
        """The scene as ``svg`` or ``pdf``, without a date.

        ``outline_text``: draw the letters of an SVG as shapes, which look the same without their font.
        """
        figure = self._figure(scene, whole_pixels=False)
        for artist in self.artists((*scene.fixed, *scene.moving), figure):
            figure.add_artist(artist)
        buffer = io.BytesIO()
        inches = scene.width * scene.height / POINTS_PER_INCH**2
        dpi = min(VECTOR_DPI, int(math.sqrt(MOST_VECTOR_PIXELS / inches)))
        description = f"{scene.description} {scene.source[:1].upper()}{scene.source[1:]}."
        if ending == "pdf":
            words = {"Title": scene.title, "Subject": description, "Creator": CREATOR, "CreationDate": None}
            figure.savefig(buffer, format="pdf", dpi=dpi, metadata=words)
            return buffer.getvalue()
        words = {"Title": scene.title, "Description": scene.description, "Source": scene.source, "Creator": CREATOR}
        with mpl.rc_context({"svg.fonttype": "path" if outline_text else "none"}):
            figure.savefig(buffer, format="svg", dpi=dpi, metadata={**words, "Date": None})
        return accessible_svg(buffer.getvalue().decode(), description, tuple(scene.hovers())).encode()

    def artists(self, items: Sequence[Mark], figure: Figure) -> Iterator[Artist]:
        """What Matplotlib draws for items, in their order, at home in a figure."""
        place = Affine2D().scale(1 / POINTS_PER_INCH, -1 / POINTS_PER_INCH).translate(0, figure.get_figheight())
        transform = place + figure.dpi_scale_trans
        for number, item in enumerate(items):
            artist = self._artist(item)
            artist.set_figure(figure)
            if not isinstance(artist, _Pixels):
                artist.set_transform(transform)
            artist.set_zorder(number)
            artist.set_clip_on(False)
            yield artist

    def _artist(self, item: Mark) -> Artist:
        if isinstance(item, TextLine):
            font = FontProperties(family=self._families, size=item.size, weight="bold" if item.bold else "normal")
            return Text(
                item.x, item.y, item.text, color=item.color, ha=item.ha, va=item.va, rotation=item.rotation,
                rotation_mode="anchor", fontproperties=font, parse_math=False,
            )  # fmt: skip
        if isinstance(item, Raster):
            return _Pixels(item)
        if isinstance(item, Stroke):
            xs, ys = zip(*item.points, strict=True)
            return Line2D(xs, ys, linewidth=item.width, color=item.color, alpha=item.opacity, solid_capstyle="butt")
        if isinstance(item, Curve):
            path = Path(item.points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
            return PathPatch(
                path, fill=False, linewidth=item.width, edgecolor=item.color, alpha=item.opacity, capstyle="butt"
            )
        if isinstance(item, Box):
            return Rectangle(
                (item.x, item.y), item.width, item.height, fill=item.fill is not None, facecolor=item.fill,
                edgecolor=item.edge or "none", linewidth=item.line_width if item.edge else 0, alpha=item.opacity,
            )  # fmt: skip
        raise TypeError(item)

    def _check_pixels(self, scene: Scene) -> None:
        width, height = (math.ceil(side / POINTS_PER_INCH * self._dpi) for side in (scene.width, scene.height))
        if width * height > MOST_PIXELS or max(width, height) > MOST_SIDE:
            raise UsageError(
                f"size: {width} x {height} pixels are too many for a PNG; expected at most {MOST_PIXELS // 10**6} "
                f"million, and {MOST_SIDE} on a side: use a smaller --size or --dpi, or a PDF or an SVG"
            )

    def _figure(self, scene: Scene, *, whole_pixels: bool = True) -> Figure:
        """A figure of the scene's size."""
        sides = [length / POINTS_PER_INCH for length in (scene.width, scene.height)]
        if whole_pixels:
            sides = [(max(1, round(inches * self._dpi)) + 1e-6) / self._dpi for inches in sides]
        return Figure(figsize=(sides[0], sides[1]), dpi=self._dpi, facecolor="white")


def measure_in(families: Sequence[str]) -> Measure:
    """A function that measures words in these fonts, and remembers what it measured."""
    canvas: Any = FigureCanvasAgg(Figure(figsize=(0.1, 0.1), dpi=POINTS_PER_INCH * _MEASURED_AT))
    renderer = canvas.get_renderer()
    known: dict[tuple[str, bool], float] = {}

    def measure(text: str, points: float, bold: bool) -> float:
        key = (text, bold)
        if key not in known:
            style = FontProperties(family=list(families), size=10, weight="bold" if bold else "normal")
            known[key] = float(renderer.get_text_width_height_descent(text, style, False)[0]) / (10 * _MEASURED_AT)
        return known[key] * points

    return measure


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
        mpl.rcParams["text.hinting"] = "none"  # so that words are as wide as they were measured
        mpl.rcParams["pdf.fonttype"] = 42  # TrueType: many publishers take no Type 3
        # Characters without a glyph have their own note; shaping can still ask for one that no text has.
        warnings.filterwarnings("ignore", message="Glyph |Matplotlib currently does not support")
        yield
