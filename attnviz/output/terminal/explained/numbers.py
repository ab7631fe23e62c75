"""The numbers of one step of an explanation as text: vectors, a line each, and tables with one row per key or head."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import numpy as np
from rich.style import Style

from attnviz.output.labels import cell_width, cut, fit
from attnviz.output.terminal.lines import row_labels
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.trace.steps import Explanation, Quantity, Step

INDENT = 3
MOST_NAME = 14  # columns of a key's name beside its vector
_PAD = " " * INDENT
_SHOWN = 4  # numbers of a vector, unless all are asked for
_PRETTY = ((" . ", " · "), ("-inf", "−∞"), ("sum_j", "Σ_j"), ("sum(e)", "Σe"), ("...", "…"))


class StepNumbers(LinesView):
    """All quantities of one step.

    Args:
        explanation: whose step it is.
        step: the step.
        screen: where it is printed.
        full: all numbers of every vector, one table after the other.
        precision: decimals.
    """

    def __init__(self, explanation: Explanation, step: Step, screen: Screen, *, full: bool, precision: int):
        super().__init__(screen)
        self._explanation, self._step, self._full, self._precision = explanation, step, full, precision
        self._labels = row_labels(explanation.keys, screen)

    def lines(self) -> Iterator[StyledLine]:
        """The quantities in order; those with the same rows side by side where they fit."""
        for axes, group in groupby(self._step.quantities, key=lambda q: (q.axes[:-1], q.axes == ("key",))):
            if axes[1]:
                yield from self._key_tables(list(group))
            elif axes[0]:
                yield from self._vector_tables(axes[0][0], list(group))
            else:
                yield from self._vectors(group)

    def _vectors(self, quantities: Iterable[Quantity]) -> Iterator[StyledLine]:
        """A vector a line: its symbol, its length, its first numbers, what it is; all its numbers with ``full``."""
        for q in quantities:
            head, meaning = f"{_PAD}{q.symbol:<6}{f'({len(q.values)})':<6}", self._pretty(q.meaning)
            room = self.screen.width - cell_width(head)
            n = len(q.values) if self._full else max(1, min(_SHOWN, (room - 2) // self._cell))
            numbers = self._numbers(q.values, n)
            if len(numbers) + 2 + cell_width(meaning) <= room:
                yield [(head, PLAIN), (numbers, BOLD), (f"  {meaning}", DIM)]
                continue
            yield [(head, PLAIN), (cut(f" {meaning}", room, ascii=self.screen.ascii), DIM)]
            each = max(1, (self.screen.width - 8) // self._cell)
            for start in range(0, n, each):
                part = q.values[start : min(n, start + each)]
                more = "" if start + each < n else self._more(len(q.values) - n)
                yield [(" " * 8 + "".join(self._number(v) for v in part) + more, BOLD)]

    def _vector_tables(self, axis: str, group: list[Quantity]) -> Iterator[StyledLine]:
        """Vectors of keys or heads, a row each: side by side where they fit, else one table after the other."""
        rows = range(len(group[0].values))
        labels = {i: self._labels[i] if axis == "key" else f"head {i}" for i in rows}
        width = self._label_width(labels.values())
        room = (self.screen.width - INDENT - width) // len(group) - 4
        if self._full or room < 3 * self._cell:
            for q in group:
                yield from self._tall_table(q, labels, width)
            return
        n = min(_SHOWN, room // self._cell, group[0].values.shape[1])
        columns = [max(len(self._numbers(q.values[0], n)), cell_width(self._pretty(q.meaning))) for q in group]
        columns = [min(column, room + 2) for column in columns]
        headers = [fit(self._pretty(q.meaning), c, right=True) for q, c in zip(group, columns, strict=True)]
        yield [(f"{_PAD}{axis:<{width}}  " + "  ".join(headers), DIM)]
        for i, label in labels.items():
            cells = [f"{self._numbers(q.values[i], n):>{c}}" for q, c in zip(group, columns, strict=True)]
            yield [(f"{_PAD}{self._fit(label, width)}  ", PLAIN), ("  ".join(cells), self._row_style(axis, i))]

    def _tall_table(self, q: Quantity, labels: Mapping[int, str], width: int) -> Iterator[StyledLine]:
        """One table; with ``full`` a row takes as many lines as its numbers need."""
        yield [(self.cut(_PAD + self._pretty(q.meaning)), DIM)]
        each = max(1, (self.screen.width - 6 - width) // self._cell)
        n = q.values.shape[1] if self._full else min(each, _SHOWN)
        for i, label in labels.items():
            for start in range(0, n, each):
                part = q.values[i][start : min(n, start + each)]
                more = "" if start + each < n else self._more(q.values.shape[1] - n)
                numbers = "".join(self._number(v) for v in part) + more
                first = self._fit(label if start == 0 else "", width)
                yield [(_PAD + first, PLAIN), (numbers, self._row_style(q.axes[0], i))]

    def _row_style(self, axis: str, i: int) -> Style:
        strongest = axis == "key" and i == int(self._explanation.weights.argmax())
        return BOLD if strongest or (axis == "head" and i == self._explanation.place.head) else PLAIN

    def _key_tables(self, columns: list[Quantity]) -> Iterator[StyledLine]:
        """One row per key: the numbers that it has, such as its raw score; on a narrow screen a few at a time."""
        width = self._label_width(self._labels)
        room = self.screen.width - INDENT - width
        each = max(1, room // self._cell)
        for start in range(0, len(columns), each):
            page = columns[start : start + each]
            wished = max(cell_width(self._pretty(q.meaning)) for q in page) + 2
            yield from self._key_table(page, width, max(self._cell, min(wished, room // len(page))))

    def _key_table(self, columns: list[Quantity], width: int, cell: int) -> Iterator[StyledLine]:
        meanings = [fit(self._pretty(q.meaning), cell - 1, right=True, ascii=self.screen.ascii) for q in columns]
        yield [(_PAD + f"{'key':<{width}}" + "".join(f" {meaning}" for meaning in meanings), DIM)]
        yield [(" " * (INDENT + width) + "".join(f"{q.symbol:>{cell}}" for q in columns), DIM)]
        for i, label in enumerate(self._labels):
            cells = "".join(f"{self._number(q.values[i]).strip():>{cell}}" for q in columns)
            yield [(_PAD + self._fit(label, width), PLAIN), (cells, self._row_style("key", i))]

    def _label_width(self, labels: Iterable[str]) -> int:
        return min(max([cell_width(label) for label in labels] + [3]), self.screen.width // 4)

    def _fit(self, label: str, width: int) -> str:
        return fit(label, width, ascii=self.screen.ascii)

    @property
    def _cell(self) -> int:
        return max(7, self._precision + 6)  # -1e+38 and a space

    def _number(self, value: float) -> str:
        """One number, right in its cell."""
        return f"{number_text(value, self._precision, self.screen):>{self._cell}}"

    def _numbers(self, values: np.ndarray, n: int) -> str:
        return "".join(self._number(v) for v in values[:n]) + self._more(len(values) - n)

    def _more(self, n: int) -> str:
        return "" if n <= 0 else " ~" if self.screen.ascii else " …"

    def _pretty(self, text: str) -> str:
        return pretty(text, self.screen)


def number_text(value: float, precision: int, screen: Screen) -> str:
    """One number with so many decimals; in exponents where it would be too long."""
    if not np.isfinite(value):
        return "-inf" if screen.ascii else "−∞"
    text = f"{value:z.{precision}f}"  # z: no -0.000
    return text if len(text) < max(7, precision + 6) else f"{value:.{max(0, precision - 3)}e}"


def pretty(text: str, screen: Screen) -> str:
    """A formula or a sentence with the signs of mathematics, where the screen can carry them."""
    if screen.ascii:
        return text
    for plain, sign in _PRETTY:
        text = text.replace(plain, sign)
    return re.sub(r"sqrt\((\d+)\)", r"√\1", text)
