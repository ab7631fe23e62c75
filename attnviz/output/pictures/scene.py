"""A picture as data: words, lines, boxes and images at their places. Layouts make scenes; :mod:`drawing` draws them.

Lengths are points, 1/72 inch. x grows from the left edge, y from the top edge downwards.
"""

from collections.abc import Callable, Iterable
from typing import Literal

import numpy as np

from attnviz.records import dataclass

INK = "#222222"
LINE_HEIGHT = 1.25
"""From one line of type to the next, in sizes of the type."""

Measure = Callable[[str, float, bool], float]
"""The width in points of a text at a size in points, bold or not."""


@dataclass(frozen=True)
class TextLine:
    """One line of text.

    Attributes:
        text: what is written.
        x, y: its anchor.
        size: of the type, in points.
        ha, va: which part of the text is at the anchor.
        rotation: degrees, counter-clockwise, about the anchor.
        bold: whether it is bold.
        color: ``#rrggbb``.
        role: what it is: ``title``, ``row label``, ``number``, ...
    """

    text: str
    x: float
    y: float
    size: float
    ha: Literal["left", "center", "right"] = "left"
    va: Literal["top", "center", "baseline", "bottom"] = "baseline"
    rotation: float = 0.0
    bold: bool = False
    color: str = INK
    role: str = ""


@dataclass(frozen=True)
class Stroke:
    """A straight or broken line through points."""

    points: tuple[tuple[float, float], ...]
    width: float = 0.6
    color: str = INK
    opacity: float = 1.0


@dataclass(frozen=True)
class Curve:
    """A cubic Bézier curve: its start, two control points and its end."""

    points: tuple[tuple[float, float], ...]
    width: float
    color: str
    opacity: float = 1.0


@dataclass(frozen=True)
class Box:
    """A rectangle with its upper left corner at x, y."""

    x: float
    y: float
    width: float
    height: float
    fill: str | None = None
    edge: str | None = None
    line_width: float = 0.6
    opacity: float = 1.0


@dataclass(frozen=True, eq=False)
class Raster:
    """An image with its upper left corner at x, y; ``paint(height, width)`` gives (height, width, 4) uint8 pixels."""

    x: float
    y: float
    width: float
    height: float
    paint: Callable[[int, int], np.ndarray]


@dataclass(frozen=True)
class Hover:
    """What a browser says of a rectangle of an SVG while the mouse is over it."""

    x: float
    y: float
    width: float
    height: float
    text: str


Mark = TextLine | Stroke | Curve | Box | Raster


@dataclass(frozen=True, eq=False)
class Scene:
    """One picture.

    Attributes:
        width, height: its size.
        fixed: what is drawn first. Scenes with this very tuple have it drawn once for all of them.
        moving: what is drawn over it.
        hovers: gives what a browser says of its parts; called for an SVG only.
        title: of the file's metadata.
        description: one sentence: what attends most to what.
        source: where the numbers came from.
        caption: all that its heading says, as text.
        notes: what its user should know, such as that something has no room.
    """

    width: float
    height: float
    fixed: tuple[Mark, ...]
    moving: tuple[Mark, ...] = ()
    hovers: Callable[[], Iterable[Hover]] = tuple
    title: str = ""
    description: str = ""
    source: str = ""
    caption: str = ""
    notes: tuple[str, ...] = ()
