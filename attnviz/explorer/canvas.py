"""Areas of styled text with the places that a mouse can point at: put beside and below each other, cut to a size."""

from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple

from attnviz.output.labels import cell_width, first_columns
from attnviz.output.terminal.screen import PLAIN, StyledLine
from attnviz.records import dataclass


class Hit(NamedTuple):
    """What is under the pointer.

    Attributes:
        kind: ``head``, ``rank``, ``own``, ``other``, ``cell`` or ``key``.
        row: of a matrix or a grid, or a number in a list.
        column: of a matrix or a grid.
    """

    kind: str
    row: int
    column: int = 0


@dataclass(frozen=True)
class Spot:
    """A rectangle of cells that can be pointed at.

    Attributes:
        kind: of its targets.
        x: its first column.
        y: its first line.
        width: columns.
        height: lines.
        row: of its first cell.
        column: of its first cell.
        cell: the columns and the lines of one cell.
    """

    kind: str
    x: int
    y: int
    width: int
    height: int = 1
    row: int = 0
    column: int = 0
    cell: tuple[int, int] = (1, 1)

    def at(self, x: int, y: int) -> Hit | None:
        """The target at a column and a line; None outside."""
        right, down = x - self.x, y - self.y
        if not (0 <= right < self.width and 0 <= down < self.height):
            return None
        return Hit(self.kind, self.row + down // self.cell[1], self.column + right // self.cell[0])


@dataclass(frozen=True)
class Area:
    """Lines of styled text, and what can be pointed at in them."""

    lines: tuple[StyledLine, ...] = ()
    spots: tuple[Spot, ...] = ()

    @classmethod
    def of(cls, lines: Iterable[StyledLine], spots: Iterable[Spot] = ()) -> "Area":
        """The area of any lines."""
        return cls(tuple(lines), tuple(spots))

    def at(self, x: int, y: int) -> Hit | None:
        """The target at a column and a line, of several the last."""
        targets = (spot.at(x, y) for spot in reversed(self.spots))
        return next((target for target in targets if target is not None), None)

    def sized(self, width: int, height: int) -> "Area":
        """The area in exactly so many columns and lines."""
        lines = [*self.lines[:height], *([[]] * (height - len(self.lines)))]
        spots = [spot for spot in self.spots if spot.y < height and spot.x < width]
        return Area.of([fitted(line, width) for line in lines], spots)

    def moved(self, x: int, y: int) -> tuple[Spot, ...]:
        """Its spots, so many columns to the right and lines down."""
        return tuple(replace(spot, x=spot.x + x, y=spot.y + y) for spot in self.spots)


EMPTY = Area()


def below(*areas: Area) -> Area:
    """Areas below each other."""
    lines: list[StyledLine] = []
    spots: list[Spot] = []
    for area in areas:
        spots += area.moved(0, len(lines))
        lines += area.lines
    return Area.of(lines, spots)


def beside(left: Area, right: Area, width: int, gap: int) -> Area:
    """Two areas of the same height beside each other.

    Args:
        left: so many columns wide.
        right: what follows.
        width: columns of the left one.
        gap: columns between them.
    """
    space = (" " * gap, PLAIN)
    lines = [[*one, space, *other] for one, other in zip(left.lines, right.lines, strict=True)]
    return Area.of(lines, [*left.spots, *right.moved(width + gap, 0)])


def fitted(line: StyledLine, width: int) -> StyledLine:
    """The line in exactly so many columns."""
    kept: StyledLine = []
    left = width
    for text, style in line:
        columns = cell_width(text)
        piece = text if columns <= left else first_columns(text, left)
        left -= columns if columns <= left else cell_width(piece)
        kept.append((piece, style))
        if columns > cell_width(piece):
            break
    return [*kept, (" " * left, PLAIN)] if left > 0 else kept
