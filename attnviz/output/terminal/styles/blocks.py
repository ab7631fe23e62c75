"""An attention matrix as small cells of colour."""

from collections.abc import Iterable, Iterator

from rich.style import Style

from attnviz.names import SHARES
from attnviz.output.colormaps import GROUNDLESS
from attnviz.output.decimals import whole_percent
from attnviz.output.labels import cut, fit, isolated
from attnviz.output.terminal.cells import cell_style, half_block_style, masked_sign, percent, shade
from attnviz.output.terminal.lines import plain_labels
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, Screen, StyledLine
from attnviz.output.terminal.styles.base import Looks, MatrixView, label_width, rest_width
from attnviz.output.words import corner_words
from attnviz.trace.attention import Matrix
from attnviz.trace.tokens import token_numbers

_PERCENTS = len(" 37/42")  # of two rows


class BlocksView(MatrixView):
    """Small cells of colour: two characters with a percentage, or half a character; glyphs where there is no colour."""

    rest_words = "percent that they got"

    def __init__(self, matrix: Matrix, screen: Screen, looks: Looks):
        super().__init__(matrix, screen, looks)
        self.rest_width = rest_width(matrix, _PERCENTS)
        room = screen.width - self.label_width - self.rest_width
        self.wide = 2 * len(matrix.keys) <= room
        self.coloured = screen.color in ("truecolor", "256")
        self.halves = self.coloured and not self.wide and not screen.ascii
        self.percent = self.coloured and self.wide and matrix.values in SHARES
        self.mark = ">" if screen.ascii else "*"  # the ASCII shades have a star of their own

    @classmethod
    def fits(cls, matrix: Matrix, screen: Screen, looks: Looks) -> bool:  # noqa: ARG003 (as every style)
        """Whether every key has room for a character."""
        return len(matrix.keys) <= screen.width - label_width(matrix, screen) - rest_width(matrix, _PERCENTS)

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

    def lines(self) -> Iterator[StyledLine]:
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
        yield from self.received_list()

    def _percents(self, i: int) -> str:
        """What the rows of a line gave to keys that are left out, in percent."""
        rest = self.matrix.rest
        return "" if rest is None else "/".join(str(whole_percent(x)) for x in rest[i : i + (2 if self.halves else 1)])

    def _header(self, keys: range, cell: int) -> Iterator[StyledLine]:
        """The keys' numbers, every fifth or tenth of them, and a tick under each."""
        step = 5 if cell == 2 else 10
        line = ""
        numbers = token_numbers(self.matrix.keys)
        for j in keys:
            if numbers[j] % step == 0 and len(line) <= (j - keys[0]) * cell:
                number = str(numbers[j])
                if (j - keys[0]) * cell + len(number) <= len(keys) * cell:
                    line = line.ljust((j - keys[0]) * cell) + number + " "
        corner = fit(corner_words(self.matrix), self.label_width - 1, ascii=self.screen.ascii) + " "
        line = line.rstrip().ljust(len(keys) * cell if self.rest(keys, "") else 0)
        yield [
            ((corner + line).rstrip() if not self.rest_width else corner + line, DIM),
            *self.rest(keys, self.rest_word),
        ]

    def _cell(self, i: int, j: int) -> tuple[str, Style]:
        width = 2 if self.wide else 1
        if self.masked[i, j]:
            return masked_sign(self.screen) * width, DIM
        place = self.places[i, j]
        is_best = self.best[i] == j
        if self.percent:
            text = percent(float(self.matrix.numbers[i, j]))
        elif self.wide:
            sign = shade(place, self.screen)
            text = (self.mark if is_best else sign) + sign
        else:
            text = shade(place, self.screen)
        if self.looks.cmap in GROUNDLESS and not self.coloured:
            return text, BOLD if is_best else PLAIN  # a reversed glyph would be as light as it should be dark
        return text, cell_style(place, self.looks.cmap, self.screen.color, bold=is_best)

    def _half(self, i: int, j: int) -> tuple[str, Style]:
        both = [None if row >= len(self.places) or self.masked[row, j] else self.places[row, j] for row in (i, i + 1)]
        return half_block_style(*both, self.looks.cmap, self.screen.color)

    def _pair_label(self, i: int) -> str:
        pair = self.matrix.queries[i : i + 2]
        labels = plain_labels(pair, self.screen)
        text = f"{token_numbers(self.matrix.queries)[i]} {' '.join(isolated(cut(label, 5)) for label in labels)}"
        return fit(text, self.label_width - 1) + " "
