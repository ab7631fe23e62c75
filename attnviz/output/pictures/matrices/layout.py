"""Where the parts of a picture of matrices are, in the natural size or in a given one; nothing is drawn here.

Type has one size, and never a smaller one: where there is less room there are fewer labels.
"""

from bisect import bisect_left
from dataclasses import replace
from typing import NamedTuple

from attnviz.errors import UsageError
from attnviz.output.pictures.heading import MARGIN, Frame, Heading, frame, natural_width
from attnviz.output.pictures.look import Look
from attnviz.output.pictures.matrices.sides import Side, Ticks, label_height, ticks
from attnviz.output.pictures.scene import Measure
from attnviz.output.pictures.sizes import MOST, FigureSize
from attnviz.records import dataclass

TICK, LABEL_GAP = 2.5, 2.0
BAR_WIDTH, BAR_GAP = 8.0, 7.0
PANEL_GAP = 9.0
MOST_EMS, MOST_SHARE = 13.0, 0.3  # the widest label: so many sizes of its type, or this share of a given width
LEAST_EMS = 3.0  # the shortest side of an image, in sizes of the type
LEAST_PANEL, MOST_RATIO = 1.2 * 72, 2.0
MOST_HEIGHT = 1.3  # of a picture of panels, in its width
MOST_TALL = 2.4  # of an image whose height is not given, in the width of its picture
LARGEST_LABEL = 9.0
COLUMNS_WIDTH, MOST_GROWTH, KEPT = 7 * 72.0, 2.0, 0.85  # type grows on wider pages if so much of the image is left


class Rect(NamedTuple):
    """A rectangle with its upper left corner at x, y."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, eq=False)
class Sheet:
    """What is laid out: one matrix, or several with the same sides.

    Attributes:
        rows, columns: the sides of each.
        names: of the panels; empty for one without a name.
        headings: of the pictures that have this layout, which differ in their titles.
        quantity: what the colour bar shows.
        bar_labels: of all pictures.
        masked: whether some cells are masked.
        cell: the natural height and width of a cell, in points.
        above: room above the image, as a share of its height.
    """

    rows: Side
    columns: Side
    names: tuple[str, ...]
    headings: tuple[Heading, ...]
    quantity: str
    bar_labels: tuple[str, ...]
    masked: bool
    cell: tuple[float, float]
    above: float = 0.0


@dataclass(frozen=True, eq=False)
class Layout:
    """A layout in points.

    Attributes:
        width, height: of the picture.
        panels: the image of each matrix.
        with_rows, with_columns: the panels that have the labels of their rows, and of their columns.
        rows, columns: the labels.
        bar: the colour bar.
        frame: the words of the heading that takes most room.
        type_size: of the smallest type.
        label_size: of the type of the labels.
    """

    width: float
    height: float
    panels: tuple[Rect, ...]
    with_rows: tuple[int, ...]
    with_columns: tuple[int, ...]
    rows: Ticks
    columns: Ticks
    bar: Rect
    frame: Frame
    type_size: float
    label_size: float


@dataclass(frozen=True)
class _Rooms:
    """What is around the images: left and right of all, between two, and below; the frame is above and below that."""

    left: float
    right: float
    below: float
    name: float


def layout(sheet: Sheet, look: Look, measure: Measure) -> Layout:
    """The layout of a sheet.

    Raises:
        UsageError: the given size leaves no room for the images.
    """
    if look.size is None:
        return _natural(sheet, look, measure)
    best = _best(sheet, look, measure)
    if best is None:
        raise _too_small(sheet, look, measure)
    if look.size.height is None:
        return best
    most = min(MOST_GROWTH, look.size.width / COLUMNS_WIDTH)  # a slide is read from afar
    for tenths in range(int(most * 10), 10, -1):
        larger = _best(sheet, replace(look, font_size=look.font_size * tenths / 10), measure)
        is_as_good = larger is not None and _labels(larger) == _labels(best)
        if larger is not None and is_as_good and min(larger.panels[0][2:]) >= KEPT * min(best.panels[0][2:]):
            return larger
    return best


def _best(sheet: Sheet, look: Look, measure: Measure) -> Layout | None:
    """The layout with the best number of columns of panels, in one size of type; nothing if there is room for none."""
    n = max(1, len(sheet.names))
    shapes = [(-(-n // columns), columns) for columns in range(1, n + 1)]
    shapes = [shape for i, shape in enumerate(shapes) if shape[0] not in [rows for rows, _ in shapes[:i]]]
    best: Layout | None = None
    for shape in shapes:
        tried = _sized(sheet, look, measure, shape)
        if tried is not None and (best is None or _is_better(tried, best, look)):
            best = tried
    return best


def _is_better(tried: Layout, found: Layout, look: Look) -> bool:
    """Whether a layout of more columns is better.

    In a given height images are larger. Else they are still wide enough, and as many words have their labels, unless
    the picture would be tall without.
    """
    if look.size is not None and look.size.height is not None:
        return min(tried.panels[0][2:]) > min(found.panels[0][2:])
    fewer = _labels(tried) < _labels(found)
    return tried.panels[0].width >= LEAST_PANEL and (not fewer or found.height > MOST_HEIGHT * found.width)


def _labels(place: Layout) -> int:
    """How many labels have room."""
    return len(place.rows.labels) + len(place.columns.labels)


def _natural(sheet: Sheet, look: Look, measure: Measure) -> Layout:
    height, width = (side.grid.cells * cell for side, cell in zip((sheet.rows, sheet.columns), sheet.cell, strict=True))
    spacing = min(sheet.cell)
    size = max(look.font_size, min(LARGEST_LABEL, 0.62 * spacing))
    n = max(1, len(sheet.names))
    columns = next((c for c in range(1, n + 1) if c * c >= n), 1)
    shape = (-(-n // columns), columns)
    return _placed(sheet, look, measure, shape, (height, width), size)


def _sized(sheet: Sheet, look: Look, measure: Measure, shape: tuple[int, int]) -> Layout | None:
    """The layout of a given size with so many rows and columns of panels; nothing if they have no room."""
    assert look.size is not None  # noqa: S101 (for the type checker)
    size, given = look.font_size, look.size
    extent = (given.height or given.width, given.width)
    for _ in range(4):  # the labels that fit change the room that is left for the image
        rooms = _rooms(sheet, look, measure, extent, size)
        above = frame_of(sheet, look, given.width, measure)
        width = (given.width - rooms.left - rooms.right - (shape[1] - 1) * PANEL_GAP) / shape[1]
        least_height, least_width = (
            min(LEAST_EMS * size, side.grid.cells * label_height(size)) for side in (sheet.rows, sheet.columns)
        )
        height = width / sheet.columns.grid.cells * sheet.rows.grid.cells * sheet.cell[0] / sheet.cell[1]
        if given.height is not None:
            around = above.top + above.foot + rooms.below + shape[0] * rooms.name + (shape[0] - 1) * PANEL_GAP
            height = (given.height - around) / shape[0] / (1 + sheet.above)
            width, height = _not_stretched(sheet, width, height)
        elif width >= least_width:  # a few long rows are as high as their labels; many short ones fit a page
            height = max(height, least_height)
            if height > MOST_TALL * given.width:
                height = MOST_TALL * given.width
                width = max(least_width, _not_stretched(sheet, width, height)[0])
        if width < least_width or height < least_height:
            return None
        extent = (height, width)
    return _placed(sheet, look, measure, shape, extent, size)


def _not_stretched(sheet: Sheet, width: float, height: float) -> tuple[float, float]:
    """The sides of an image whose cells are at most twice as long as they are high, or high as long."""
    ratio = sheet.cell[1] / sheet.cell[0]
    cell_width, cell_height = width / sheet.columns.grid.cells, height / sheet.rows.grid.cells * ratio
    if cell_width > MOST_RATIO * cell_height:
        width *= MOST_RATIO * cell_height / cell_width
    elif cell_height > MOST_RATIO * cell_width:
        height *= MOST_RATIO * cell_width / cell_height
    return width, height


def _placed(
    sheet: Sheet, look: Look, measure: Measure, shape: tuple[int, int], image: tuple[float, float], size: float
) -> Layout:
    """Everything at its place around images of a height and a width."""
    height, width = image
    rooms = _rooms(sheet, look, measure, image, size)
    rows, columns = _both_ticks(sheet, look, image, size, measure)
    drawn = rooms.left + shape[1] * width + (shape[1] - 1) * PANEL_GAP + rooms.right
    if look.size is not None:
        page = look.size.width
    else:
        page = max(natural_width(heading, look, drawn, measure) for heading in sheet.headings)
    words = frame_of(sheet, look, page, measure)
    over = sheet.above * height
    bottom = words.top + shape[0] * (height + rooms.name + over) + (shape[0] - 1) * PANEL_GAP
    tall = bottom + rooms.below + words.foot
    start = max(0.0, (page - drawn) / 2) if look.size is not None else 0.0
    n = max(1, len(sheet.names))
    panels = tuple(
        Rect(
            start + rooms.left + (i % shape[1]) * (width + PANEL_GAP),
            words.top + over + rooms.name + (i // shape[1]) * (height + over + rooms.name + PANEL_GAP),
            width,
            height,
        )
        for i in range(n)
    )
    last = panels[min(shape[1], n) - 1]
    return Layout(
        width=page,
        height=tall if look.size is None or look.size.height is None else look.size.height,
        panels=panels,
        with_rows=tuple(range(0, n, shape[1])),
        with_columns=tuple(i for i in range(n) if i + shape[1] >= n),
        rows=rows,
        columns=columns,
        bar=Rect(last.x + last.width + BAR_GAP, panels[0].y, BAR_WIDTH, panels[-1].y + height - panels[0].y),
        frame=words,
        type_size=look.font_size,
        label_size=size,
    )


def frame_of(sheet: Sheet, look: Look, width: float, measure: Measure) -> Frame:
    """The frame of the heading that takes most room."""
    frames = [frame(heading, look, width, measure) for heading in sheet.headings]
    return replace(frames[0], top=max(f.top for f in frames), foot=max(f.foot for f in frames))


def _rooms(sheet: Sheet, look: Look, measure: Measure, image: tuple[float, float], size: float) -> _Rooms:
    rows, columns = _both_ticks(sheet, look, image, size, measure)
    line = label_height(look.font_size)
    left = MARGIN + (line + LABEL_GAP) * bool(sheet.rows.name) + rows.depth + TICK + LABEL_GAP
    bar_words = (
        TICK + LABEL_GAP + max(measure(label, look.font_size, False) for label in sheet.bar_labels) + LABEL_GAP + line
    )
    swatch = LABEL_GAP + measure("masked", look.font_size, False) if sheet.masked else 0
    right = BAR_GAP + BAR_WIDTH + max(bar_words, swatch) + MARGIN
    below = TICK + LABEL_GAP + columns.depth + (LABEL_GAP + line) * bool(sheet.columns.name)
    if sheet.masked:
        below = max(below, 2 * line)
    return _Rooms(left, right, below, line + LABEL_GAP if sheet.names else 0.0)


def _both_ticks(
    sheet: Sheet, look: Look, image: tuple[float, float], size: float, measure: Measure
) -> tuple[Ticks, Ticks]:
    most = MOST_EMS * size
    if look.size is not None:
        most = min(most, MOST_SHARE * look.size.width)
    rows = ticks(sheet.rows, image[0], size, most, measure)
    if look.size is not None and look.size.height is not None:
        most = min(most, MOST_SHARE * look.size.height)
    return rows, ticks(sheet.columns, image[1], size, most, measure, turned=True)


def _too_small(sheet: Sheet, look: Look, measure: Measure) -> UsageError:
    """The error of a size without room, with the nearest size that has some: higher if that helps, else wider."""
    assert look.size is not None  # noqa: S101 (for the type checker)
    given, tenth = look.size, 7.2

    def grown(by_width: float, by_height: float) -> FigureSize | None:
        """The size with the fewest tenths of an inch more that has room."""

        def size(tenths: int) -> FigureSize:
            sides = [
                None if side is None else side if not by else (side // tenth + tenths) * tenth
                for side, by in ((given.width, by_width), (given.height, by_height))
            ]
            return FigureSize(sides[0] or given.width, sides[1])

        tenths = range(1, int(MOST // tenth))
        least = bisect_left(tenths, True, key=lambda n: _best(sheet, replace(look, size=size(n)), measure) is not None)
        return size(tenths[least]) if least < len(tenths) else None

    least = (given.height is not None and grown(0, 1)) or grown(1, 0) or grown(1, 1)
    ways = [f"at least {_in_inches(least)}"] if least else []
    ways += ["--no-title"] if given.height is not None and look.heading else []
    return UsageError(
        f"size: {_in_inches(given)} leaves no room for cells beside the labels; "
        f"expected {', '.join([*ways, 'or ' * bool(ways) + 'a smaller --font-size'])}"
    )


def _in_inches(size: FigureSize) -> str:
    return "in x ".join(f"{side / 72:.4g}" for side in (size.width, size.height) if side is not None) + "in"
