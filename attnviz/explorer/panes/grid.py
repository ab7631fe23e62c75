"""All heads at a glance: a cell for each in the colour of one number, or a small matrix."""

import math
from collections.abc import Iterator

import numpy as np

from attnviz.explorer.canvas import Area, Spot
from attnviz.explorer.layout import GridLayout
from attnviz.explorer.sight import Sight
from attnviz.output.scale import block_maxima, hidden_cells
from attnviz.output.terminal.cells import cell_style, half_block_style, shade
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, StyledLine
from attnviz.trace.attention import Attention


def grid_names(attention: Attention) -> tuple[list[str], list[str]]:
    """The names of the rows and the columns of the grid; of heads that were chosen by name only rows have one."""
    if attention.by_name:
        return list(attention.head_names), [""]
    rows = list(attention.layer_names) if "layer" in attention.axes else [""]
    return rows, list(attention.head_names) if "head" in attention.axes else [""]


def label_columns(attention: Attention) -> int:
    """Columns of the rows' names, the space after them with it."""
    return max(map(len, grid_names(attention)[0])) + 1


def grid_area(sight: Sight, size: GridLayout) -> Area:
    """The grid."""
    rows, columns = grid_names(sight.attention)
    header: StyledLine = [(_header(columns, size), BOLD if sight.state.pane == "heads" else DIM)]
    lines = [header]
    for row in size.rows:
        name = f"{rows[row]:<{size.label}}"
        bold = BOLD if row == sight.place[0] else DIM
        drawn = _thumbnails(sight, row, size) if size.thumbnails else iter([_cells(sight, row, size)])
        for i, line in enumerate(drawn):
            lines.append([(name if i == 0 else " " * size.label, bold), *line])
    spot = Spot(
        "head",
        size.label,
        1,
        size.cell * len(size.columns),
        size.lines * len(size.rows),
        size.rows.start,
        size.columns.start,
        (size.cell, size.lines),
    )
    return Area.of(lines, [spot])


def _header(names: list[str], size: GridLayout) -> str:
    """The heads' numbers, as many as have room."""
    text = " " * size.label
    for i, column in enumerate(size.columns):
        start = size.label + i * size.cell
        # A number of two digits may touch the one before, but not cover it.
        if len(text.rstrip()) <= start and (size.cell > 1 or names[column] == "0" or int(names[column]) % 5 == 0):
            text = text.ljust(start) + names[column]
    return text


def _cells(sight: Sight, row: int, size: GridLayout) -> StyledLine:
    """A line of heads, each as the colour of one number."""
    line: StyledLine = []
    n_columns = sight.attention.matrices.shape[1]
    for column in size.columns:
        index = row * n_columns + column
        place = float(sight.head_places[index])
        if np.isnan(place):
            text, style = "·" if not sight.screen.ascii else ".", DIM
        else:
            number = sight.head_number(index).removeprefix("0") if size.cell >= 4 else ""
            fill = " " if sight.has_ground else shade(place, sight.screen)
            text = number[: size.cell - 1] if number else fill * size.cell
            style = cell_style(place, sight.cmap, sight.screen.color) if sight.has_ground else PLAIN
        text = f"{text:>{size.cell}}" if len(text) < size.cell else text
        mark = _mark(sight, index, size.cell)
        line.append((mark, style + BOLD) if mark and size.cell < 4 else (_marked(text, mark), style))
    return line


def _mark(sight: Sight, index: int, columns: int) -> str:
    """The sign of the head that is chosen, and of the one that is subtracted."""
    if index == sight.state.head:
        return "[]" if columns > 1 else "#"
    if sight.state.compares and index == sight.state.last:
        return "()" if columns > 1 else "-"
    return ""


def _marked(text: str, mark: str) -> str:
    """A number between the two halves of a sign."""
    return f"{mark[0]}{text[1:].strip():>{len(text) - 2}}{mark[1]}"[: len(text)] if mark else text


def _thumbnails(sight: Sight, row: int, size: GridLayout) -> Iterator[StyledLine]:
    """The lines of heads beside each other, each as a small matrix, and the sign of the head that is chosen."""
    n_columns = sight.attention.matrices.shape[1]
    indexes = [row * n_columns + column for column in size.columns]
    width, height = size.cell - 1, 2 * (size.lines - 1)
    cells = [_small(sight, index, width, height) for index in indexes]
    for upper in range(0, height, 2):
        line: StyledLine = []
        for places in cells:
            for x in range(width):
                pair = [float(places[y, x]) for y in (upper, upper + 1)]
                if sight.has_ground and not sight.screen.ascii and sight.screen.color:
                    line.append(half_block_style(pair[0], pair[1], sight.cmap, sight.screen.color, 0.1))
                else:
                    line.append((shade(max(pair), sight.screen), PLAIN))
            line.append((" ", PLAIN))
        yield line
    yield _underline(sight, indexes, width)


def _underline(sight: Sight, indexes: list[int], width: int) -> StyledLine:
    """What separates thumbnails from those below: a line under the head that is chosen."""
    signs = ("=" if sight.screen.ascii else "▔") * width
    return [(f"{signs if index == sight.state.head else ' ' * width} ", BOLD) for index in indexes]


def _small(sight: Sight, index: int, width: int, height: int) -> np.ndarray:
    """The places of a head's numbers in so many columns and lines, each the largest of a block; (height, width)."""
    head = sight.heads[index]
    n_queries, n_keys = head.numbers.shape
    block = max(1, math.ceil(n_queries / height), math.ceil(n_keys / width))
    cells, absent = block_maxima(head.numbers, hidden_cells(head.numbers, head.masked), (block, block))
    scale = sight.exploration.scale(sight.name, words=sight.state.words, special=sight.state.special)
    places = np.floor(scale.places(np.where(absent, scale.low, cells)) * 256) / 256
    zoom = max(1, min(height // places.shape[0], width // places.shape[1]))
    places = places.repeat(zoom, axis=0).repeat(zoom, axis=1)
    room: np.ndarray = np.zeros((height, width))
    room[: places.shape[0], : places.shape[1]] = places
    return room
