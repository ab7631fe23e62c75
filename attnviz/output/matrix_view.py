"""One attention matrix on the terminal: numbers if they fit, else blocks, else each row's strongest keys."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from attnviz.output.cells import (
    BOLD,
    DIM,
    PLAIN,
    Scale,
    cell_style,
    decimal,
    half_block_style,
    hidden,
    largest,
    masked_sign,
    percent,
    scale_of,
    shade,
    strongest,
)
from attnviz.output.color import Line, LinesView, Screen
from attnviz.output.flow import flowed
from attnviz.output.labels import (
    cell_width,
    cut,
    fit,
    is_right_to_left,
    isolated,
    plain_labels,
    row_labels,
    unique,
)
from attnviz.output.lines import KIND_NAMES, corner_words, reading, renormalized_words, value_words, wrapped
from attnviz.trace import SHARES, Matrix

_LEAST_LABEL = 12
_PERCENTS = len(" 37/42")  # of two rows


@dataclass(frozen=True)
class Looks:
    """What the user may choose.

    Attributes:
        style: ``auto``, ``numbers``, ``blocks`` or ``top``.
        cmap: one of ``COLORMAPS``.
        top: keys a row in ``top``.
        precision: decimals.
    """

    style: str = "auto"
    cmap: str = "viridis"
    top: int = 3
    precision: int = 2


def view(matrix: Matrix, screen: Screen, looks: Looks | None = None) -> LinesView:
    """The matrix in the style that was asked for, or in the first that fits."""
    looks = looks or Looks()
    style = choose_style(matrix, screen, looks) if looks.style == "auto" else looks.style
    return {"numbers": NumbersView, "blocks": BlocksView, "top": TopView}[style](matrix, screen, looks)


def choose_style(matrix: Matrix, screen: Screen, looks: Looks) -> str:
    """``numbers``, ``blocks`` or ``top``: the first that fits the screen whole."""
    room = screen.width - label_width(matrix, screen)
    n = len(matrix.keys)
    if n * _number_width(matrix, looks) <= room - _rest_width(matrix, looks.precision + 3):
        return "numbers"
    return "blocks" if n <= room - _rest_width(matrix, _PERCENTS) else "top"


def label_width(matrix: Matrix, screen: Screen) -> int:
    """Columns for the rows' labels: as wide as they are, within reason."""
    widest = max(cell_width(label) for label in row_labels(matrix.queries, screen))
    return min(max(widest, len(corner_words(matrix))), max(_LEAST_LABEL, screen.width // 7)) + 1


class MatrixView(LinesView):
    """What the three styles have in common: title, legend, row labels, pages of columns."""

    rest_words = "rest: what they got"

    def __init__(self, matrix: Matrix, screen: Screen, looks: Looks):
        super().__init__(screen)
        self.matrix, self.looks = matrix, looks
        self.scale: Scale = scale_of(matrix)
        self.masked = hidden(matrix)
        self.label_width = label_width(matrix, screen)
        self.rest_width = 0
        self.row_labels = row_labels(matrix.queries, screen)

    @cached_property
    def best(self) -> list[int | None]:
        """The strongest key of each row."""
        return strongest(self.matrix)

    @cached_property
    def places(self) -> np.ndarray:
        """Every value's place on the scale in 1/256 steps, so that equal colours share a style; masked ones 0."""
        span = self.scale.high - self.scale.low or 1.0
        values = np.where(self.masked, self.scale.low, self.matrix.values).astype(np.float64)
        return np.floor(np.clip((values - self.scale.low) / span, 0, 1) * 256) / 256

    def title(self) -> Iterator[Line]:
        """Layer, head, what the values are; which way to read them; what the signs mean."""
        n, m = self.matrix.values.shape
        of = " words" if self.matrix.words else ""
        title = f"{self.matrix.title}: {value_words(self.matrix)}{KIND_NAMES[self.matrix.kind]}, {n} x {m}{of}"
        yield from ([(line, BOLD)] for line in wrapped(title, self.screen))
        legend = ", ".join(self.legend())
        if self.masked.any():
            legend += f", {masked_sign(self.screen)} masked"
        if self.matrix.hidden:
            legend += ", special tokens hidden" + ("" if self.matrix.rest is None else f" ({self.rest_words})")
            legend += renormalized_words(self.matrix.name) if self.matrix.renormalized else ""
        yield from ([(line, DIM)] for line in wrapped(legend, self.screen))

    def legend(self) -> Iterable[str]:
        """Which way to read it, and what the cells' signs mean."""
        return reading(self.matrix)

    def key_list(self, shown: list[str]) -> Iterator[Line]:
        """The keys with their numbers, where neither their columns (what is shown there) nor the rows name them.

        A column that shows nothing, of a label from right to left, looks as if its token were blank.
        """
        labels = plain_labels(self.matrix.keys, self.screen)
        by_rows = "" not in shown and labels == plain_labels(self.matrix.queries, self.screen)
        if labels == shown or by_rows:
            return
        longest = self.screen.width - len("0000 ,")
        named = [f"{j} {isolated(cut(label, longest, ascii=self.screen.ascii))}" for j, label in enumerate(labels)]
        yield from flowed("keys: ", [[(name, PLAIN)] for name in named], self.screen.width)

    def colors(self) -> tuple[str, ...]:
        """What the colours mean, where there are any."""
        low, high = (f"{end:.3g}" for end in (self.scale.low, self.scale.high))
        return (f"{self.looks.cmap} from {low} to {high}",) if self.screen.color in ("truecolor", "256") else ()

    def pages(self, cell: int) -> Iterator[tuple[range, Line | None]]:
        """The keys that fit beside the row labels, and a line that says which they are where it takes several pages."""
        n = len(self.matrix.keys)
        each = max(1, (self.screen.width - self.label_width - self.rest_width) // cell)
        for start in range(0, n, each):
            keys = range(start, min(n, start + each))
            note: Line = [(cut(f"keys {keys[0]}-{keys[-1]} of {n}", self.screen.width), DIM)]
            yield keys, note if each < n else None

    def rest(self, keys: range, text: str) -> Line:
        """What a row gave to keys that are left out, set apart after the last key."""
        return (
            [(f"{text:>{self.rest_width}}", DIM)] if self.rest_width and keys[-1] == len(self.matrix.keys) - 1 else []
        )

    def row_label(self, i: int) -> str:
        """The row's label, cut to its place."""
        return fit(self.row_labels[i], self.label_width - 1, ascii=self.screen.ascii) + " "


class NumbersView(MatrixView):
    """A number and a colour in every cell, the strongest of a row marked."""

    def legend(self) -> Iterable[str]:
        """The mark of a row's strongest key."""
        return (*super().legend(), "* strongest of its row", *self.colors())

    def lines(self) -> Iterator[Line]:
        """Title, and a table for every page of columns."""
        yield from self.title()
        least = _number_width(self.matrix, self.looks)
        decimals = self.looks.precision
        if 2 + least + _rest_width(self.matrix, decimals + 3) > self.screen.width:
            decimals = min(2, decimals)  # a narrow screen has no room for two long numbers
        self.rest_width = _rest_width(self.matrix, decimals + 3)
        self.label_width = max(2, min(self.label_width, self.screen.width - least - self.rest_width))
        room = self.screen.width - self.label_width - self.rest_width
        labels = plain_labels(self.matrix.keys, self.screen)
        wished = max([least + 3, *(cell_width(label) + 1 for label in labels)])
        cell = max(least, min(wished, room // len(labels)))
        shown = ["" if is_right_to_left(label) else cut(label, cell - 1, ascii=self.screen.ascii) for label in labels]
        yield from self.key_list(shown)
        for keys, note in self.pages(cell):
            if note:
                yield note
            yield from self._header(keys, shown, cell)
            for i in range(len(self.matrix.queries)):
                rest = "" if self.matrix.rest is None else decimal(float(self.matrix.rest[i]), decimals)
                yield [(self.row_label(i), PLAIN), *(self._cell(i, j, cell) for j in keys), *self.rest(keys, rest)]

    def _header(self, keys: range, shown: list[str], cell: int) -> Iterator[Line]:
        corner = fit(corner_words(self.matrix), self.label_width - 1, ascii=self.screen.ascii) + " "
        yield [(corner + "".join(f"{j:>{cell}}" for j in keys), DIM), *self.rest(keys, "rest")]
        line = "".join(" " + fit(shown[j], cell - 1, right=True) for j in keys)
        yield [(" " * self.label_width + line, PLAIN)]

    def _cell(self, i: int, j: int, width: int) -> tuple[str, object]:
        if self.masked[i, j]:
            return f"{masked_sign(self.screen):>{width}}", DIM
        value, is_best = float(self.matrix.values[i, j]), self.best[i] == j
        short = self.matrix.what in SHARES and width < self.looks.precision + 4
        text = ("*" if is_best else "") + decimal(value, self.looks.precision, short=short)
        return f"{text:>{width}}", cell_style(self.places[i, j], self.looks.cmap, self.screen.color, bold=is_best)


class BlocksView(MatrixView):
    """Small cells of colour: two characters with a percentage, or half a character; glyphs where there is no colour."""

    rest_words = "rest: percent that they got"

    def __init__(self, matrix: Matrix, screen: Screen, looks: Looks):
        super().__init__(matrix, screen, looks)
        self.rest_width = _rest_width(matrix, _PERCENTS)
        room = screen.width - self.label_width - self.rest_width
        self.wide = 2 * len(matrix.keys) <= room
        self.coloured = screen.color in ("truecolor", "256")
        self.halves = self.coloured and not self.wide and not screen.ascii
        self.percent = self.coloured and self.wide and matrix.what in SHARES
        self.mark = ">" if screen.ascii else "*"  # the ASCII shades have a star of their own

    def legend(self) -> Iterable[str]:
        """What two characters, or a shade, mean."""
        low, high = (f"{end:.3g}" for end in (self.scale.low, self.scale.high))
        if self.halves:
            return (*super().legend(), "two rows a line", *self.colors())
        if self.percent:
            signs = "cells in percent (1. is 100, blank under a half)", "bold: strongest of its row"
            return (*super().legend(), *signs, *self.colors())
        strongest_mark = (f"{self.mark} strongest of its row",) if self.wide else ()
        return (*super().legend(), f"blank to full from {low} to {high}", *strongest_mark)

    def lines(self) -> Iterator[Line]:
        """Title, and rows of cells for every page of columns."""
        yield from self.title()
        yield from self.key_list([])
        cell = 2 if self.wide else 1
        for keys, note in self.pages(cell):
            if note:
                yield note
            yield from self._header(keys, cell)
            n = len(self.matrix.queries)
            for i in range(0, n, 2 if self.halves else 1):
                if self.halves:
                    line = [(self._pair_label(i), PLAIN), *(self._half(i, j) for j in keys)]
                else:
                    line = [(self.row_label(i), PLAIN), *(self._cell(i, j) for j in keys)]
                yield [*line, *self.rest(keys, self._percents(i))]

    def _percents(self, i: int) -> str:
        """What the rows of a line gave to keys that are left out, in percent."""
        rest = self.matrix.rest
        return "" if rest is None else "/".join(f"{100 * x:.0f}" for x in rest[i : i + (2 if self.halves else 1)])

    def _header(self, keys: range, cell: int) -> Iterator[Line]:
        """The keys' numbers, every fifth or tenth of them, and a tick under each."""
        step = 5 if cell == 2 else 10
        line = ""
        for j in keys:
            if j % step == 0 and len(line) <= (j - keys[0]) * cell:
                number = str(j)
                if (j - keys[0]) * cell + len(number) <= len(keys) * cell:
                    line = line.ljust((j - keys[0]) * cell) + number + " "
        corner = fit(corner_words(self.matrix), self.label_width - 1, ascii=self.screen.ascii) + " "
        line = line.rstrip().ljust(len(keys) * cell if self.rest(keys, "") else 0)
        yield [((corner + line).rstrip() if not self.rest_width else corner + line, DIM), *self.rest(keys, "rest")]

    def _cell(self, i: int, j: int) -> tuple[str, object]:
        width = 2 if self.wide else 1
        if self.masked[i, j]:
            return masked_sign(self.screen) * width, DIM
        place = self.places[i, j]
        is_best = self.best[i] == j
        if self.percent:
            text = percent(float(self.matrix.values[i, j]))
        elif self.wide:
            sign = shade(place, self.screen)
            text = (self.mark if is_best else sign) + sign
        else:
            text = shade(place, self.screen)
        return text, cell_style(place, self.looks.cmap, self.screen.color, bold=is_best)

    def _half(self, i: int, j: int) -> tuple[str, object]:
        both = [None if row >= len(self.places) or self.masked[row, j] else self.places[row, j] for row in (i, i + 1)]
        return half_block_style(*both, self.looks.cmap, self.screen.color)

    def _pair_label(self, i: int) -> str:
        labels = plain_labels(self.matrix.queries[i : i + 2], self.screen)
        text = f"{i} {' '.join(isolated(cut(label, 5)) for label in labels)}"
        return fit(text, self.label_width - 1) + " "


class TopView(MatrixView):
    """A line a query: its strongest keys and what is left; needs neither colour nor width."""

    rest_words = "they are in the rest"

    def legend(self) -> Iterable[str]:
        """What the arrow and the rest mean."""
        sums = self.matrix.what in SHARES and self.matrix.name != "max"  # scores and maxima do not sum to 1
        last = self.matrix.last_layer
        row, keys = ("query", "keys") if last is None else (f"token of layer {last}", "input tokens")
        return (f"{row} -> its strongest {keys}" + " and what is left for the rest" * sums, *self.colors())

    def lines(self) -> Iterator[Line]:
        """Title, and the queries."""
        yield from self.title()
        longest = max(4, self.screen.width // 5)
        width = min(max(cell_width(label) for label in self.row_labels), longest + 2)
        longest = max(1, min(longest, self.screen.width - _longest_number(self.matrix, self.looks) - 2))
        labels = unique(plain_labels(self.matrix.keys, self.screen))
        names = [isolated(cut(label, longest, ascii=self.screen.ascii)) for label in labels]
        for i, label in enumerate(self.row_labels):
            start = fit(label, width, ascii=self.screen.ascii) + " -> "
            yield from flowed(start, list(self._links(i, names)), self.screen.width)

    def _links(self, i: int, names: list[str]) -> Iterator[Line]:
        """The strongest keys with their weights, then the rest, each as a piece of a line."""
        values = np.where(self.masked[i], -np.inf, self.matrix.values[i])
        order = [j for j in largest(values, self.looks.top) if not self.masked[i, j]]
        if not order and self.matrix.rest is None:
            yield [("every key is masked", DIM)]
            return
        for j in order:
            number = decimal(float(values[j]), self.looks.precision)
            style = cell_style(
                int(self.scale.place(values[j]) * 256) / 256, self.looks.cmap, self.screen.color, bold=j == order[0]
            )
            yield [(names[j] + " ", PLAIN), (number, style)]
        left = (~self.masked[i]).sum() - len(order) + (0 if self.matrix.rest is None else 1)
        if left > 0 and self.matrix.what in SHARES and self.matrix.name != "max":  # maxima do not sum to 1
            rest = max(0.0, float(self.matrix.values[i].sum() - values[order].sum()))
            rest += 0.0 if self.matrix.rest is None else float(self.matrix.rest[i])
            yield [("rest ", DIM), (decimal(rest, self.looks.precision), DIM)]


def _rest_width(matrix: Matrix, number: int) -> int:
    """Columns for what rows gave to keys that are left out, where there is such a column."""
    return 0 if matrix.rest is None else 1 + max(number, len(" rest"))


def _number_width(matrix: Matrix, looks: Looks) -> int:
    """The least columns of a number with its mark: `` .43`` for weights, the longest one for scores."""
    if matrix.what in SHARES:
        return looks.precision + 2 if looks.precision else 3
    return _longest_number(matrix, looks) + 2


def _longest_number(matrix: Matrix, looks: Looks) -> int:
    if matrix.what in SHARES:
        return looks.precision + 2 if looks.precision else 1
    values = matrix.values[np.isfinite(matrix.values)]
    return max((len(decimal(float(v), looks.precision)) for v in np.unique(values)), default=1)
