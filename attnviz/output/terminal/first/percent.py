"""An attention matrix in percent: blank below one, large cells in colour, the special tokens' share at the end."""

from collections.abc import Iterator

from rich.style import Style

from attnviz.output.labels import cell_width, fit
from attnviz.output.scale import hidden_cells, strongest_of_rows
from attnviz.output.terminal.cells import masked_sign
from attnviz.output.terminal.first.amber import weight_style
from attnviz.output.terminal.lines import plain_labels
from attnviz.output.terminal.screen import DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.trace.attention import Matrix

LEAST_CELL = 3
_MOST_CELL = 9
_SPECIAL = " special"
_LEAST_LABEL, _MOST_LABEL = 6, 16


def fits(matrix: Matrix, screen: Screen) -> bool:
    """Whether all keys have room for two digits."""
    return len(matrix.keys) * LEAST_CELL <= _room(matrix, screen)


def _room(matrix: Matrix, screen: Screen) -> int:
    return screen.width - _label_width(matrix, screen) - (0 if matrix.rest is None else len(_SPECIAL))


def _label_width(matrix: Matrix, screen: Screen) -> int:
    widest = max(cell_width(label) for label in plain_labels(matrix.queries, screen))
    return min(max(widest, _LEAST_LABEL), _MOST_LABEL) + 1


class PercentView(LinesView):
    """A line of keys and a line per query.

    Args:
        matrix: weights; what the special tokens got is its ``rest``, where they are left out.
        screen: where it is printed.
    """

    def __init__(self, matrix: Matrix, screen: Screen):
        super().__init__(screen)
        self._matrix = matrix
        self._label_width = _label_width(matrix, screen)
        self._cell = min(_MOST_CELL, max(LEAST_CELL, _room(matrix, screen) // len(matrix.keys)))
        self._hidden = hidden_cells(matrix.values, matrix.masked)
        self._best = strongest_of_rows(matrix)

    def lines(self) -> Iterator[StyledLine]:
        """The keys, cut to their columns, then the rows."""
        keys = "".join(" " + self._head(label) for label in plain_labels(self._matrix.keys, self.screen))
        rest = "" if self._matrix.rest is None else _SPECIAL
        yield [(" " * self._label_width + keys + rest, DIM)]
        for i, label in enumerate(plain_labels(self._matrix.queries, self.screen)):
            start = fit(label, self._label_width - 1, ascii=self.screen.ascii) + " "
            yield [(start, PLAIN), *(self._percent(i, j) for j in range(len(self._matrix.keys))), *self._special(i)]

    def _head(self, label: str) -> str:
        """The label's first characters: a column of three has room for two of them, and none for a sign of the cut."""
        width = self._cell - 1
        kept = ""
        for character in label:
            if cell_width(kept + character) > width:
                break
            kept += character
        return " " * (width - cell_width(kept)) + kept

    def _percent(self, i: int, j: int) -> tuple[str, Style]:
        if self._hidden[i, j]:
            return f"{masked_sign(self.screen):>{self._cell}}", DIM
        percent = round(100 * float(self._matrix.values[i, j]))
        best = self._best[i] == j and percent > 0 and self._beats_special(i, j)
        number = str(percent) if percent else ""
        mark = "*" if best and self.screen.color is None and len(number) < self._cell else ""
        return f"{mark + number:>{self._cell}}", weight_style(min(percent, 100), self.screen.color, bold=best)

    def _beats_special(self, i: int, j: int) -> bool:
        rest = self._matrix.rest
        return rest is None or float(self._matrix.values[i, j]) > float(rest[i])

    def _special(self, i: int) -> StyledLine:
        if self._matrix.rest is None:
            return []
        percent = round(100 * float(self._matrix.rest[i]))
        return [(f"{percent or '':>{len(_SPECIAL)}}", DIM)]
