"""Where the parts of a picture are: whole pixels, and room for every label as wide as it really is."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from attnviz.output.pictures.pictures import Picture, Sheet, Side

TITLE_POINTS, LINE_POINTS = 11.0, 7.5

Measure = Callable[[str, float, bool], float]
"""The width in pixels of a text at a size in points, bold or not."""


@dataclass(frozen=True)
class Layout:
    """Distances in pixels from the left and the bottom.

    Attributes:
        width, height: of the picture.
        left, bottom: of the image's lower left corner.
        image_height, image_width: of the image.
        row_labels, column_labels: how much room the labels beside the image take.
        bar_height: of the colour bar, whose top is the image's.
        bar_room: from the image to the end of the colour bar's name.
        inch: pixels an inch.
    """

    width: int
    height: int
    left: int
    bottom: int
    image_height: int
    image_width: int
    row_labels: int
    column_labels: int
    bar_height: int
    bar_room: int
    inch: int

    def pixels(self, inches: float) -> int:
        """A length in whole pixels."""
        return round(inches * self.inch)

    @property
    def top(self) -> int:
        """The image's upper edge."""
        return self.bottom + self.image_height

    @property
    def right(self) -> int:
        """The image's right edge."""
        return self.left + self.image_width


def layout(sheet: Sheet, plates: Sequence[Picture], dpi: int, measure: Measure) -> Layout:
    """The layout that fits every one of the pictures of a sheet."""

    def widest(texts: Iterable[str], points: float, bold: bool = False) -> int:
        return math.ceil(max(measure(text, points, bold) for text in set(texts)))

    inches = partial(_pixels, dpi)
    image_height, image_width = sheet.size
    row_labels = inches(0.08) + widest(sheet.rows.labels, label_points(sheet.rows))
    turned = widest(sheet.columns.labels, label_points(sheet.columns))
    column_labels = inches(0.08) + (inches(0.12) if sheet.columns.upright else turned)
    swatch = inches(0.3 if sheet.masked else 0.08)
    bar_height = min(max(image_height - swatch, inches(1.2)), inches(3))
    values = widest((label for picture in plates for label in picture.scale.labels), LINE_POINTS)
    bar_room = max(inches(0.52) + values, inches(0.4) + widest(["masked"], LINE_POINTS))
    foot = sheet.provenance.split("\n")
    header, names, footer, margin = inches(0.8), inches(0.3), inches(0.27 + 0.13 * (len(foot) - 1)), inches(0.12)
    left = names + row_labels
    below = max(column_labels + names, bar_height + swatch - image_height)
    lines = {sheet.subtitle, *foot, *(picture.scale.words for picture in plates)}
    words = max(widest(lines, LINE_POINTS), widest((picture.title for picture in plates), TITLE_POINTS, True))
    return Layout(
        width=max(left + image_width + bar_room + margin, words + 2 * margin),
        height=header + image_height + below + footer,
        left=left,
        bottom=below + footer,
        image_height=image_height,
        image_width=image_width,
        row_labels=row_labels,
        column_labels=column_labels,
        bar_height=bar_height,
        bar_room=bar_room,
        inch=dpi,
    )


def label_points(side: Side) -> float:
    """The size of a side's labels: as large as the distance between two of them allows."""
    return min(9.0, max(6.5, 44 * side.spacing))


def _pixels(dpi: int, inches: float) -> int:
    return round(inches * dpi)
