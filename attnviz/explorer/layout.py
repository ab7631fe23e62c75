"""How large each part of the screen is: a function of the screen's size and of what it shows."""

from typing import NamedTuple

LEAST_COLUMNS, LEAST_LINES = 40, 12
_NARROW, _WIDE = 60, 120
_LEFT = 30  # columns of a left part whose cells may have numbers
_THUMBNAIL = (6, 4)  # the least columns and lines of one, its empty last line with them


class GridLayout(NamedTuple):
    """The grid of heads.

    Attributes:
        label: columns of the layers' names.
        cell: columns of a head, the space after a thumbnail with it.
        lines: lines of a head.
        rows: the layers that are there.
        columns: the heads that are there.
        thumbnails: whether heads are small matrices.
    """

    label: int
    cell: int
    lines: int
    rows: range
    columns: range
    thumbnails: bool

    @property
    def width(self) -> int:
        """Columns of all."""
        return self.label + self.cell * len(self.columns)

    @property
    def height(self) -> int:
        """Lines of all, that of the heads' numbers with it."""
        return 1 + self.lines * len(self.rows)


class ScreenParts(NamedTuple):
    """Where things are.

    Attributes:
        width: columns of the screen.
        height: lines of the screen.
        left: columns of the grid and the ranking.
        body: lines between the first one and the last two.
        gap: columns between left and right.
    """

    width: int
    height: int
    left: int
    body: int
    gap: int

    @property
    def right(self) -> int:
        """Columns of the sentence and the matrix."""
        return self.width - self.left - self.gap


def places_on_screen(width: int, height: int, shape: tuple[int, int], label: int) -> ScreenParts:
    """The parts of a screen.

    Args:
        width: columns.
        height: lines.
        shape: rows and columns of the grid of heads.
        label: columns of the layers' names.
    """
    body = height - 3
    n_heads = shape[1]
    if width < _NARROW:
        left, gap = max(14, min(label + n_heads, width * 2 // 5)), 1
    elif width < _WIDE or not _fit_thumbnails(shape, label, width * 9 // 20, body):
        most = width * 2 // 5
        left, gap = max(min(label + 2 * n_heads, most), min(label + n_heads, width * 9 // 20), min(32, most)), 2
    else:
        per_head = min(24, (width * 9 // 20 - label) // n_heads)
        left, gap = max(36, label + per_head * n_heads), 2
    return ScreenParts(width, height, left, body, gap)


def grid_layout(
    shape: tuple[int, int], label: int, width: int, body: int, at: tuple[int, int], *, patterns: bool
) -> GridLayout:
    """The grid of heads in the left part, as large as it can be; of many heads those around the one that is chosen.

    Args:
        shape: rows and columns.
        label: columns of the layers' names.
        width: columns of the left part.
        body: lines of the left part.
        at: row and column of the head that is chosen.
        patterns: whether thumbnails are asked for.
    """
    n_layers, n_heads = shape
    if patterns and thumbnails_fit(shape, label, width, body):
        cell = min(24, (width - label) // n_heads)
        lines = max(_THUMBNAIL[1], min(cell // 2, (body * 3 // 5 - 1) // n_layers))
        return GridLayout(label, cell, lines, range(n_layers), range(n_heads), thumbnails=True)
    room = width - label
    cell = next((size for size in (5, 4, 2, 1) if size * n_heads <= room and (size < 4 or width >= _LEFT)), 1)
    columns = window(n_heads, room // cell, at[1])
    rows = window(n_layers, max(1, body * 2 // 5 - 1), at[0])
    return GridLayout(label, cell, 1, rows, columns, thumbnails=False)


def thumbnails_fit(shape: tuple[int, int], label: int, width: int, body: int) -> bool:
    """Whether every head can be a small matrix in a left part of so many columns and lines."""
    return width >= 36 and _fit_thumbnails(shape, label, width, body)


def _fit_thumbnails(shape: tuple[int, int], label: int, width: int, body: int) -> bool:
    columns, lines = _THUMBNAIL
    return label + shape[1] * (columns + 1) <= width and 1 + shape[0] * lines <= body * 3 // 5


class MatrixLayout(NamedTuple):
    """The matrix in cells of so many columns and lines: which rows and columns there are; no cells of a long text.

    Attributes:
        label: columns of the rows' labels.
        cell: columns of a cell; 0 where the matrix is too wide, so that its strongest keys are listed.
        lines: lines of a cell.
        rows: the queries that are there.
    """

    label: int
    cell: int
    lines: int
    rows: range


def matrix_layout(tokens: tuple[int, int], label: int, width: int, height: int, row: int) -> MatrixLayout:
    """The largest cells that let all keys in; of many queries those around one.

    Args:
        tokens: queries and keys.
        label: columns of the longest label.
        width: columns.
        height: lines, that of the header with them.
        row: the query that has to be there.
    """
    n_queries, n_keys = tokens
    label = min(label, max(4, width // 3), 20) + 1
    room = width - label
    lines = height - 1
    for scale in (4, 3, 2):
        if 2 * scale * n_keys <= room and scale * n_queries <= lines:
            return MatrixLayout(label, 2 * scale, scale, range(n_queries))
    cell = next((size for size in (4, 2, 1) if size * n_keys <= room), 0)
    return MatrixLayout(label, cell, 1, window(n_queries, max(1, lines), row))


def window(n: int, room: int, at: int) -> range:
    """So many of n things, of which one is near the middle."""
    if n <= room:
        return range(n)
    first = min(max(0, at - room // 2), n - room)
    return range(first, first + room)
