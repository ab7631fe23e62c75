"""Vectors as rows of coloured cells, one cell per number: amber above zero, azure below it.

As many rows as belong together share their lines: number 5 of each is in one column. A cell is a number where there is
room for at most two lines per vector. Otherwise it is one digit with its sign, or one character for a digit and its
sign, in a unit that a note names.
"""

from collections.abc import Iterable, Iterator, Sequence
from math import ceil, floor, log10

import numpy as np
from rich.style import Style

from attnviz.output.colormaps import AMBER, AZURE
from attnviz.output.labels import cell_width, fit
from attnviz.output.terminal.cells import cell_style
from attnviz.output.terminal.screen import DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.records import dataclass

_INDENT = 3
_MOST_LABEL = 11
_NUMBER_CELLS = (6, 5, 4)  # columns of a cell that shows a number
_SIGNED, _LETTER = 2, 1  # columns of a cell that shows a digit
_MOST_DECIMALS = 3
_LETTERS = "ihgfedcba 123456789"  # -9 to 9


@dataclass(frozen=True, eq=False)
class VectorRow:
    """One vector: its label, its numbers, and the name of what it shares a scale with."""

    label: str
    values: np.ndarray
    scale: str
    style: Style = PLAIN


class SignedCells(LinesView):
    """A Rich renderable.

    Args:
        rows: vectors of equal length; those of one scale share their decimals and their colours.
        screen: where they are printed.
    """

    def __init__(self, rows: Sequence[VectorRow], screen: Screen):
        super().__init__(screen)
        self._rows = rows
        self._n = len(rows[0].values)
        self._scales = {
            name: np.concatenate([row.values for row in rows if row.scale == name])
            for name in dict.fromkeys(row.scale for row in rows)
        }
        self._label_width = min(_MOST_LABEL, max(5, screen.width // 5))
        self._cell = self._widest_cell()
        self._per_line = ceil(self._n / ceil(self._n / self._most_on_a_line(self._cell)))
        self._decimals = {name: decimals_of(values, self._cell) or 0 for name, values in self._scales.items()}
        self._units = {name: unit_of(values) for name, values in self._scales.items()}

    @property
    def has_numbers(self) -> bool:
        """Whether a cell shows a number, and not a digit in some unit."""
        return self._cell in _NUMBER_CELLS

    def lines(self) -> Iterator[StyledLine]:
        """The rows' first numbers, then their next ones; the units where cells are digits."""
        for start in range(0, self._n, self._per_line):
            end = min(self._n, start + self._per_line)
            for i, row in enumerate(self._rows):
                label = fit(self._label(row.label, start, end, i), self._label_width, ascii=self.screen.ascii)
                cells = (
                    (self._cell_text(value, row.scale), self._style(value, row)) for value in row.values[start:end]
                )
                yield [(" " * _INDENT + label, row.style), *cells]
        if not self.has_numbers:
            units = ", ".join(f"{name} in units of {unit:g}" for name, unit in self._units.items())
            letters = "; a-i are -1 to -9" if self._cell == _LETTER else ""
            yield from self.text(f"{units}{letters}; --full has the numbers", DIM, indent=_INDENT)

    def _label(self, label: str, start: int, end: int, i: int) -> str:
        """The row's label; of the first row also which numbers the line has, where there is room."""
        extent = f"{label} {start}-{end - 1}"
        is_needed = i == 0 and end - start < self._n
        return extent if is_needed and cell_width(extent) < self._label_width else label

    def _most_on_a_line(self, cell: int) -> int:
        return max(1, (self.screen.width - _INDENT - self._label_width) // cell)

    def _widest_cell(self) -> int:
        """The widest cell of those that need the fewest lines, numbers before digits."""
        for most_lines in (1, 2):
            for cell in _NUMBER_CELLS:
                has_room = ceil(self._n / self._most_on_a_line(cell)) <= most_lines
                if has_room and all(decimals_of(values, cell) is not None for values in self._scales.values()):
                    return cell
        return _SIGNED if ceil(self._n / self._most_on_a_line(_SIGNED)) <= 2 else _LETTER

    def _cell_text(self, value: float, scale: str) -> str:
        if self.has_numbers:
            return f"{_short(value, self._decimals[scale]):>{self._cell}}"
        digit = round(float(value) / self._units[scale])
        if self._cell == _LETTER:
            return _LETTERS[digit + 9]
        return f"{digit:+d}" if digit else "  "

    def _style(self, value: float, row: VectorRow) -> Style:
        largest = float(np.abs(self._scales[row.scale]).max()) or 1.0
        place = round(abs(float(value)) / largest, 2)
        return cell_style(place, AMBER if value > 0 else AZURE, self.screen.color)


def decimals_of(values: np.ndarray, cell: int) -> int | None:
    """With how many decimals all numbers fit cells of so many columns, apart from each other; None if with none.

    In the narrowest cells the minus sign alone keeps numbers apart.
    """
    least, most = float(values.min()), float(values.max())
    for decimals in range(_MOST_DECIMALS, -1, -1):
        room = cell - (cell > min(_NUMBER_CELLS))
        if len(_short(most, decimals)) < cell and len(_short(least, decimals)) <= (room if least < 0 else cell - 1):
            return decimals
    return None


def unit_of(values: Iterable[float]) -> float:
    """The smallest of 1, 2 and 5 times a power of ten of which no value is more than nine."""
    largest = max(abs(float(value)) for value in values)
    if largest == 0:
        return 1.0
    power = 10.0 ** floor(log10(largest / 9))
    return next(step * power for step in (1, 2, 5, 10) if round(largest / (step * power)) <= 9)


def _short(value: float, decimals: int) -> str:
    """A number without the zero before its point: ``-.35``; one that rounds to zero is ``0``."""
    text = f"{value:z.{decimals}f}"
    if float(text) == 0:
        return "0"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text
