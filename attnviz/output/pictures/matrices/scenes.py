"""Pictures of matrices as scenes: what all pictures of a sheet have in common, and what is of one only."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise

import numpy as np

from attnviz.names import SHARES
from attnviz.output.colormaps import text_on
from attnviz.output.pictures.heading import Heading, frame
from attnviz.output.pictures.look import Look
from attnviz.output.pictures.matrices.layout import LABEL_GAP, TICK, Layout, Rect, Sheet
from attnviz.output.pictures.matrices.painting import Grid, cell_values, hatch
from attnviz.output.pictures.matrices.sides import Ticks, label_height
from attnviz.output.pictures.scene import Box, Hover, Mark, Measure, Raster, Scene, Stroke, TextLine
from attnviz.output.scale import Scale, short_number
from attnviz.output.words import escaped
from attnviz.records import dataclass
from attnviz.trace.attention import Matrix

MOST_HOVERS = 64 * 64
LEAST_NUMBER = 0.01
_SWATCH = 0.9  # of a line
_NO_ROOM = "numbers: no cell has room for one; a larger --size, a smaller --font-size or fewer words give it room"


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture of a sheet.

    Attributes:
        stem: its file's name without the ending.
        heading: its words.
        scale: of its colours.
        description: one sentence: what attends most to what.
        source: where the numbers came from.
        paints: paint each panel in a height and a width in pixels.
        matrices: of each panel, for the numbers and for what a browser says; empty for a mosaic.
        hovers: what a browser says of the parts of a panel, as shares of its sides.
    """

    stem: str
    heading: Heading
    scale: Scale
    description: str
    source: str
    paints: tuple[Callable[[int, int], np.ndarray], ...]
    matrices: tuple[Matrix, ...] = ()
    hovers: tuple[tuple[Rect, str], ...] = ()


def scenes(sheet: Sheet, place: Layout, pictures: Sequence[Picture], look: Look, measure: Measure) -> Iterator[Scene]:
    """Each picture of a sheet as a scene; they share their ``fixed`` items."""
    look = replace(look, font_size=place.type_size)
    shared = len({picture.scale for picture in pictures}) == 1
    common: list[Mark] = [*_labels(sheet, place, look, measure), *_bar(sheet, place, look, measure)]
    common += place.frame.items(place.height)[len(place.frame.above) :]
    frames = [frame(picture.heading, look, place.width, measure).above for picture in pictures]
    always = set(frames[0]).intersection(*frames)
    common += [words for words in frames[0] if words in always]
    bar_labels = partial(_bar_labels, place, look)
    if shared:
        common += bar_labels(pictures[0].scale)
    fixed = tuple(common)
    for picture, words in zip(pictures, frames, strict=True):
        moving: list[Mark] = [item for item in words if item not in always]
        moving += () if shared else bar_labels(picture.scale)
        for rect, paint in zip(place.panels, picture.paints, strict=True):
            moving.append(Raster(*rect, paint))
            moving.append(Box(*rect, edge="#222222"))
        numbers = [
            number
            for rect, matrix in zip(place.panels, picture.matrices, strict=False)
            if look.numbers
            for number in _numbers(matrix, rect, look, picture.scale, measure)
        ]
        moving += numbers
        yield Scene(
            width=place.width,
            height=place.height,
            fixed=fixed,
            moving=tuple(moving),
            hovers=partial(_hovers, picture, place),
            title=picture.heading.full_title,
            description=picture.description,
            source=picture.source,
            caption=picture.heading.caption,
            notes=(_NO_ROOM,) if look.numbers and not numbers else (),
        )


def _labels(sheet: Sheet, place: Layout, look: Look, measure: Measure) -> Iterator[Mark]:
    """The labels of rows and columns, with their ticks, the names of the sides and of the panels."""
    size = place.label_size
    for i in place.with_rows:
        yield from _row_labels(place.panels[i], place.rows, size)
    for i in place.with_columns:
        yield from _column_labels(place.panels[i], place.columns, size)
    for rect, name in zip(place.panels, sheet.names, strict=False):
        words = TextLine(
            name, rect.x + rect.width / 2, rect.y - LABEL_GAP, look.font_size, ha="center", role="panel name"
        )
        yield TextLine(**{**vars(words), "va": "bottom"})
    first, last = place.panels[0], place.panels[-1]
    right = max(rect.x + rect.width for rect in place.panels)
    size, bottom = look.font_size, last.y + last.height

    def fitting(names: Sequence[str], length: float) -> str:
        return next((name for name in names if measure(name, size, False) <= length), "")

    left = first.x - TICK - LABEL_GAP - place.rows.depth - LABEL_GAP
    name = fitting(place.rows.names, bottom - first.y)
    yield TextLine(name, left, (first.y + bottom) / 2, size, "center", "bottom", 90, role="axis name")
    name, below = fitting(place.columns.names, right - first.x), bottom + TICK + 2 * LABEL_GAP + place.columns.depth
    yield TextLine(name, (first.x + right) / 2, below, size, "center", "top", role="axis name")


def _row_labels(rect: Rect, ticks: Ticks, size: float) -> Iterator[Mark]:
    for share, label in zip(ticks.places, ticks.labels, strict=True):
        y = rect.y + share * rect.height
        yield Stroke(((rect.x - TICK, y), (rect.x, y)))
        yield TextLine(label, rect.x - TICK - LABEL_GAP, y, size, "right", "center", role="row label")


def _column_labels(rect: Rect, ticks: Ticks, size: float) -> Iterator[Mark]:
    bottom = rect.y + rect.height
    for share, label, upright in zip(ticks.places, ticks.labels, ticks.upright, strict=True):
        x = rect.x + share * rect.width
        yield Stroke(((x, bottom), (x, bottom + TICK)))
        y = bottom + TICK + LABEL_GAP
        if upright:
            yield TextLine(label, x, y, size, "center", "top", role="column label")
        else:
            yield TextLine(label, x, y, size, "right", "center", 90, role="column label")


def _bar(sheet: Sheet, place: Layout, look: Look, measure: Measure) -> Iterator[Mark]:
    """The colour bar with its name, and below it a sample of what masked cells look like."""
    bar, size = place.bar, look.font_size

    def paint(height: int, width: int) -> np.ndarray:
        colours: np.ndarray = look.palette[np.linspace(255, 0, height).round().astype(int)]
        return colours[:, None].repeat(width, axis=1)

    yield Raster(*bar, paint)
    yield Box(*bar, edge="#222222")
    widest = max(measure(label, size, False) for label in sheet.bar_labels)
    right = bar.x + bar.width + TICK + LABEL_GAP + widest + LABEL_GAP + label_height(size)
    quantity = sheet.quantity if measure(sheet.quantity, size, False) <= bar.height else ""
    yield TextLine(quantity, right, bar.y + bar.height / 2, size, "center", "bottom", 90, role="axis name")
    if sheet.masked:
        side, y = size * _SWATCH, bar.y + bar.height + label_height(size) * 0.6
        yield Raster(bar.x, y, side, side, hatch)
        yield Box(bar.x, y, side, side, edge="#222222")
        yield TextLine("masked", bar.x + side + LABEL_GAP, y + side / 2, size, va="center", role="axis name")


def _bar_labels(place: Layout, look: Look, scale: Scale) -> Iterator[Mark]:
    bar, size = place.bar, look.font_size
    x = bar.x + bar.width
    for part, label in _fitting(scale.ticks, bar.height, size):
        y = bar.y + bar.height * (1 - part)
        yield Stroke(((x, y), (x + TICK, y)))
        y = bar.y + bar.height - _beside(part, bar.height, size)
        yield TextLine(label, x + TICK + LABEL_GAP, y, size, va="center", role="bar label")


def _fitting(marks: Sequence[tuple[float, str]], length: float, size: float) -> list[tuple[float, str]]:
    """The labels of a bar that have room: all, every second, ..., and always the last."""
    for step in range(1, len(marks)):
        kept = [*marks[: len(marks) - 1 : step], marks[-1]]
        places = [_beside(part, length, size) for part, _ in kept]
        if min(b - a for a, b in pairwise(places)) >= label_height(size):
            return kept
    return [marks[-1]]


def _beside(part: float, length: float, size: float) -> float:
    """Where a label of a bar is, from its lower end: the first and the last stay beside it."""
    return max(size / 2, min(part * length, length - size / 2))


def _numbers(matrix: Matrix, rect: Rect, look: Look, scale: Scale, measure: Measure) -> Iterator[Mark]:
    """Each number of 0.01 or more in its cell, where it fits: 0.62, or .62 where that does not."""
    values = matrix.numbers
    cell = rect.width / values.shape[1], rect.height / values.shape[0]
    if cell[1] < look.font_size:
        return
    shares = matrix.values in SHARES
    for (i, j), value in np.ndenumerate(values):
        if not np.isfinite(value) or abs(value) < LEAST_NUMBER or (matrix.masked is not None and matrix.masked[i, j]):
            continue
        texts = _shares_in_words(float(value)) if shares else [short_number(value)]
        text = next((text for text in texts if measure(text, look.font_size, False) <= cell[0] - 1), None)
        if text is None:
            continue
        red, green, blue, _ = look.palette[round(scale.place(float(value)) * 255)].tolist()
        ink = "#ffffff" if text_on((red, green, blue)) == (255, 255, 255) else "#000000"
        x, y = rect.x + (j + 0.5) * cell[0], rect.y + (i + 0.5) * cell[1]
        yield TextLine(text, x, y, look.font_size, "center", "center", color=ink, role="number")


def _shares_in_words(value: float) -> list[str]:
    """A share from its longest to its shortest form: ``0.62``, ``.62``; ``1.00``, ``1``."""
    decimals = f"{value:.2f}"
    return [decimals, decimals.removeprefix("0").removesuffix(".00")]


def _hovers(picture: Picture, place: Layout) -> Iterator[Hover]:
    """What a browser says of each cell, where there are at most 64 x 64 of them; else of each part of a mosaic."""
    for rect in place.panels:
        for part, text in picture.hovers:
            yield Hover(
                rect.x + part.x * rect.width,
                rect.y + part.y * rect.height,
                part.width * rect.width,
                part.height * rect.height,
                text,
            )
    if sum(matrix.numbers.size for matrix in picture.matrices) > MOST_HOVERS:
        return
    for rect, matrix in zip(place.panels, picture.matrices, strict=False):
        n_rows, n_columns = matrix.numbers.shape
        if (n_rows, n_columns) != (len(matrix.queries), len(matrix.keys)):  # of a long text: blocks have no names
            continue
        height, width = rect.height / n_rows, rect.width / n_columns
        hidden = cell_values(matrix, (Grid(n_rows), Grid(n_columns)))[1]
        for (i, j), value in np.ndenumerate(matrix.numbers):
            names = f"{escaped(matrix.queries[i].label)} -> {escaped(matrix.keys[j].label)}"
            shown = "masked" if hidden[i, j] else f"{value:.2f}" if matrix.values in SHARES else short_number(value)
            yield Hover(rect.x + j * width, rect.y + i * height, width, height, f"{names} {shown}")
