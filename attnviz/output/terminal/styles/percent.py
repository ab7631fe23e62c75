"""An attention matrix in percent: blank below one, large cells in colour, the special tokens' share at the end."""

from collections.abc import Iterator

from rich.style import Style

from attnviz.analysis.choices.received import Received
from attnviz.names import SHARES
from attnviz.output.decimals import whole_percent
from attnviz.output.labels import cell_width, cut_apart, first_columns, fit
from attnviz.output.terminal.cells import cell_style, masked_sign
from attnviz.output.terminal.in_words import in_words
from attnviz.output.terminal.lines import plain_labels, row_labels, written_words
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, Screen, StyledLine
from attnviz.output.terminal.styles.base import RECEIVED, Looks, MatrixView
from attnviz.output.words import caption, rest_word
from attnviz.trace.attention import Matrix
from attnviz.trace.tokens import token_numbers

LEAST_CELL = 3  # two digits and the space before them
_MOST_CELL = 9
_LEAST_APART = 6  # columns in which a label and a number have room
_LEAST_LABEL, _MOST_LABEL = 6, 18


class PercentView(MatrixView):
    """A sentence, a line of keys, and a line per query.

    Args:
        matrix: weights; what the special tokens got is its ``rest``, where they are left out.
        screen: where it is printed.
        looks: what the user chose.
    """

    def __init__(self, matrix: Matrix, screen: Screen, looks: Looks):
        super().__init__(matrix, screen, looks)
        self.label_width, room = _layout(matrix, screen, looks)
        self._cell = min(_MOST_CELL, max(LEAST_CELL, room // len(matrix.keys)))
        self.rest_width = 0 if matrix.rest is None else 1 + len(self.rest_word)

    @classmethod
    def shows(cls, values: str) -> bool:
        """Whether they are shares of 1."""
        return values in SHARES

    @classmethod
    def fits(cls, matrix: Matrix, screen: Screen, looks: Looks) -> bool:
        """Whether they are shares, no decimals are asked for, and all keys have room for two digits."""
        is_plain = cls.shows(matrix.values) and looks.precision is None
        return is_plain and len(matrix.keys) * LEAST_CELL <= _layout(matrix, screen, looks)[1]

    def title(self) -> Iterator[StyledLine]:
        """The strongest link in words; whose matrix it is, and how to read it."""
        words = in_words(self.matrix, self.screen)
        if self.looks.brief:
            yield from self.text(f"{self.matrix.title}: {words}", BOLD)
            yield from self.relations()
            return
        yield from self.text(words, PLAIN)
        signs = f", {masked_sign(self.screen)} masked" if self.masked.any() else ""
        signs += written_words(self.matrix.queries)
        yield from self.text(caption(self.matrix) + signs, DIM)
        yield from self.relations()

    def lines(self) -> Iterator[StyledLine]:
        """The title; the keys, cut to their columns; the rows."""
        yield from self.title()
        heads = self._heads()
        for keys, note in self.pages(self._cell):
            if note:
                yield note
            line = "".join(" " + heads[j] for j in keys)
            yield [(" " * self.label_width + line, DIM), *self.rest(keys, self.rest_word)]
            for i in range(len(self.matrix.queries)):
                yield [(self.row_label(i), PLAIN), *(self._percent(i, j) for j in keys), *self._share(i, keys)]
            if self.received is not None:
                yield self._received_row(self.received, keys)

    def _heads(self) -> list[str]:
        """The labels' first characters: a column of three has room for two of them, and none for a sign of the cut."""
        width, labels = self._cell - 1, plain_labels(self.matrix.keys, self.screen)
        if width < _LEAST_APART:
            shown = [first_columns(label, width) for label in labels]
        else:
            shown = cut_apart(labels, token_numbers(self.matrix.keys), width, first_columns)
        return [fit(label, width, right=True) for label in shown]

    def _percent(self, i: int, j: int) -> tuple[str, Style]:
        if self.masked[i, j]:
            return f"{masked_sign(self.screen):>{self._cell}}", DIM
        percent = whole_percent(float(self.matrix.numbers[i, j]))
        best = self.best[i] == j and percent > 0 and self._beats_special(i, j)
        number = str(percent) if percent else ""
        mark = "*" if best and self.screen.color is None and len(number) < self._cell else ""
        style = cell_style(min(percent, 100) / 100, self.looks.cmap, self.screen.color, bold=best)
        return f"{mark + number:>{self._cell}}", style

    def _received_row(self, means: Received, keys: range) -> StyledLine:
        cells = [round(100 * float(means.shares[j])) or "" for j in keys]
        rest = "" if means.rest is None else str(round(100 * float(means.rest)) or "")
        row: StyledLine = [(f"{cell:>{self._cell}}", PLAIN) for cell in cells]
        return [(self.received_label(), DIM), *row, *self.rest(keys, rest)]

    def _beats_special(self, i: int, j: int) -> bool:
        rest = None if self.matrix.keys_chosen else self.matrix.rest
        return rest is None or float(self.matrix.numbers[i, j]) > float(rest[i])

    def _share(self, i: int, keys: range) -> StyledLine:
        if self.matrix.rest is None:
            return []
        return self.rest(keys, str(whole_percent(float(self.matrix.rest[i])) or ""))


def _layout(matrix: Matrix, screen: Screen, looks: Looks) -> tuple[int, int]:
    """Columns for the rows' labels, and for the cells."""
    rest = 0 if matrix.rest is None else 1 + len(rest_word(matrix))
    widest = max(cell_width(label) for label in row_labels(matrix.queries, screen))
    widest = max(widest, len(RECEIVED) * looks.received)
    label = max(2, min(max(widest, _LEAST_LABEL), _MOST_LABEL, screen.width - rest - LEAST_CELL - 1) + 1)
    return label, screen.width - label - rest
