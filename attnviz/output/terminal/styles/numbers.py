"""An attention matrix as numbers: one in every cell."""

from collections.abc import Iterable, Iterator

from rich.style import Style

from attnviz.analysis.choices.received import Received
from attnviz.names import SHARES
from attnviz.output.decimals import decimal
from attnviz.output.labels import cell_width, cut, fit, is_right_to_left
from attnviz.output.terminal.cells import cell_style, masked_sign
from attnviz.output.terminal.lines import plain_labels
from attnviz.output.terminal.screen import DIM, PLAIN, Screen, StyledLine
from attnviz.output.terminal.styles.base import Looks, MatrixView, label_width, number_width, rest_width
from attnviz.output.words import corner_words
from attnviz.trace.attention import Matrix
from attnviz.trace.tokens import token_numbers


class NumbersView(MatrixView):
    """A number and a colour in every cell, the strongest of a row marked."""

    @classmethod
    def fits(cls, matrix: Matrix, screen: Screen, looks: Looks) -> bool:
        """Whether every key has room for a number."""
        room = screen.width - label_width(matrix, screen) - rest_width(matrix, looks.decimals() + 3)
        return len(matrix.keys) * number_width(matrix, looks) <= room

    def legend(self) -> Iterable[str]:
        """The mark of a row's strongest key."""
        return (*super().legend(), "* strongest of its row", *self.colors())

    def lines(self) -> Iterator[StyledLine]:
        """Title, and a table for every page of columns."""
        yield from self.title()
        least = number_width(self.matrix, self.looks)
        decimals = self.looks.decimals()
        if 2 + least + rest_width(self.matrix, decimals + 3) > self.screen.width:
            decimals = min(2, decimals)  # a narrow screen has no room for two long numbers
        self.rest_width = rest_width(self.matrix, decimals + 3)
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
            if self.received is not None:
                yield self._received_row(self.received, keys, cell, decimals)

    def _received_row(self, means: Received, keys: range, width: int, decimals: int) -> StyledLine:
        short = self.matrix.values in SHARES and width < self.looks.decimals() + 4
        numbers = [decimal(float(means.shares[j]), self.looks.decimals(), short=short) for j in keys]
        row: StyledLine = [(f"{number:>{width}}", PLAIN) for number in numbers]
        rest = "" if means.rest is None else decimal(float(means.rest), decimals)
        return [(self.received_label(), DIM), *row, *self.rest(keys, rest)]

    def _header(self, keys: range, shown: list[str], cell: int) -> Iterator[StyledLine]:
        numbers = token_numbers(self.matrix.keys)
        corner = fit(corner_words(self.matrix), self.label_width - 1, ascii=self.screen.ascii) + " "
        yield [(corner + "".join(f"{numbers[j]:>{cell}}" for j in keys), DIM), *self.rest(keys, self.rest_word)]
        line = "".join(" " + fit(shown[j], cell - 1, right=True) for j in keys)
        yield [(" " * self.label_width + line, PLAIN)]

    def _cell(self, i: int, j: int, width: int) -> tuple[str, Style]:
        if self.masked[i, j]:
            return f"{masked_sign(self.screen):>{width}}", DIM
        value, is_best = float(self.matrix.numbers[i, j]), self.best[i] == j
        decimals = self.looks.decimals()
        short = self.matrix.values in SHARES and width < decimals + 4
        text = ("*" if is_best else "") + decimal(value, decimals, short=short)
        return f"{text:>{width}}", cell_style(self.places[i, j], self.looks.cmap, self.screen.color, bold=is_best)
