"""A table of a probe: a headline, rows of text and numbers in columns that fit, and notes."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import field

from rich.style import Style

from attnviz.output.labels import cell_width
from attnviz.output.terminal.cells import cell_style
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.records import dataclass

_GAP = 2
_LEAST_TEXT = 8  # columns of a text that is cut


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        name: in the head of the table.
        cells: the texts of its rows.
        shares: of numbers from 0 to 1, which are coloured; empty for none.
        is_text: whether it is set to the left, and cut where there is no room.
        rank: columns of the highest rank are left out first where not all fit; 0 stays.
    """

    name: str
    cells: tuple[str, ...]
    shares: tuple[float | None, ...] = ()
    is_text: bool = False
    rank: int = 0

    @property
    def width(self) -> int:
        """The width that all of its cells need."""
        return max(map(cell_width, (self.name, *self.cells)))


@dataclass(frozen=True)
class ProbeTable:
    """What a table says.

    Attributes:
        headline: what was found, in bold.
        about: what was measured.
        columns: of equally many rows.
        notes: below the table.
        breaks: before which row a line says what follows.
        cmap: the colour map of shares.
    """

    headline: str
    about: str
    columns: Sequence[Column]
    notes: Sequence[str] = ()
    breaks: dict[int, str] = field(default_factory=dict)
    cmap: str = "amber"


class ProbeTableView(LinesView):
    """A Rich renderable of a ``ProbeTable``."""

    def __init__(self, table: ProbeTable, screen: Screen):
        super().__init__(screen)
        self._table = table

    def lines(self) -> Iterator[StyledLine]:
        """The headline, the rows in columns that fit, and the notes."""
        table = self._table
        yield from self.text(table.headline, BOLD)
        yield from self.text(table.about, DIM)
        columns, left_out = _fitting(table.columns, self.screen.width)
        widths = self._widths(columns)
        yield []
        yield self._row(((c.name, BOLD) for c in columns), columns, widths)
        for i in range(len(table.columns[0].cells)):
            if i in table.breaks:
                yield from self.text(table.breaks[i], DIM)
            yield self._row(((c.cells[i], self._style(c, i)) for c in columns), columns, widths)
        yield []
        for note in table.notes:
            yield from self.text(note, DIM)
        if left_out:
            yield from self.text(f"Not shown: {', '.join(left_out)} (--width, --json).", DIM)

    def _widths(self, columns: Sequence[Column]) -> list[int]:
        """The width of each column; what is missing is taken from the widest texts."""
        widths = [column.width for column in columns]
        excess = sum(widths) + _GAP * (len(widths) - 1) - self.screen.width
        for _ in range(max(excess, 0)):
            widest = max((i for i, c in enumerate(columns) if c.is_text), key=widths.__getitem__)
            widths[widest] -= widths[widest] > _LEAST_TEXT
        return widths

    def _row(self, cells: Iterable[tuple[str, Style]], columns: Sequence[Column], widths: list[int]) -> StyledLine:
        line: StyledLine = []
        for (text, style), column, width in zip(cells, columns, widths, strict=True):
            label = self.cut(text, width)
            space = " " * (width - cell_width(label))
            line += [(" " * _GAP, PLAIN)] if line else []
            line.append((label + space if column.is_text else space + label, style))
        last, style = line[-1]
        return [*line[:-1], (last if style.bgcolor else last.rstrip(), style)]

    def _style(self, column: Column, i: int) -> Style:
        share = column.shares[i] if column.shares else None
        return PLAIN if share is None else cell_style(min(share, 1.0), self._table.cmap, self.screen.color)


def _fitting(columns: Sequence[Column], width: int) -> tuple[list[Column], list[str]]:
    """The columns that fit, and the names of others."""
    kept, left_out = list(columns), []
    least = [min(c.width, _LEAST_TEXT) if c.is_text else c.width for c in kept]
    while sum(least) + _GAP * (len(kept) - 1) > width and any(c.rank for c in kept):
        last = max(range(len(kept)), key=lambda i: (kept[i].rank, i))
        left_out.append(kept.pop(last).name)
        least.pop(last)
    return kept, left_out
