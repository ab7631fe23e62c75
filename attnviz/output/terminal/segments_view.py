"""What segments give to segments, one line per head."""

from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np

from attnviz.names import SHARES
from attnviz.output.decimals import decimal
from attnviz.output.scale import fixed_scale
from attnviz.output.terminal.cells import cell_style
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.output.terminal.styles.base import Looks
from attnviz.output.words import KIND_NAMES, VALUE_NAMES, model_words
from attnviz.trace.attention import Attention, Matrix

_LEAST_CELL = 5


class SegmentsView(LinesView):
    """A Rich renderable.

    Args:
        parts: matrices between segments of one kind, a part at a time; at least one.
        screen: where they are printed.
        looks: the colours and decimals.
    """

    def __init__(self, parts: Iterable[Attention], screen: Screen, looks: Looks):
        super().__init__(screen)
        several = iter(parts)
        self._about = next(several)
        self._matrices = [matrix for part in chain([self._about], several) for matrix in part]
        self._looks = looks
        self._is_share = self._about.values in SHARES
        self._name_width = max(len(matrix.name) for matrix in self._matrices) + 1
        self._keys = [key.label for key in self._about.keys]
        self._cells = [max(_LEAST_CELL, 1 + len(key), 1 + self._longest()) for key in self._keys]

    def lines(self) -> Iterator[StyledLine]:
        """The title, and a column for each pair of segments; several tables where one is too wide."""
        n, about = len(self._matrices), self._about
        kind = "" if about.kind == "encoder" else f", {KIND_NAMES[about.kind]}"
        yield from self.text(f"{n} {'heads' if n > 1 else 'head'} of {model_words(about.model)}{kind}", BOLD)
        unit = ", in percent" if self._is_share else f": {VALUE_NAMES[about.values]}"
        yield from self.text(f"what each segment gives to each segment (mean over its tokens){unit}", DIM)
        each = max(1, (self.screen.width - self._name_width) // (sum(self._cells) + 1))
        for start in range(0, len(about.queries), each):
            yield from self._table(range(start, min(start + each, len(about.queries))))

    def _table(self, queries: range) -> Iterator[StyledLine]:
        """The rows of some segments, side by side."""
        room = sum(self._cells)
        names = "".join(f" {self._about.queries[i].label + ' gives to':<{room}}" for i in queries)
        keys = " " + "".join(f"{key:>{cell}}" for key, cell in zip(self._keys, self._cells, strict=True))
        for line in (names, keys * len(queries)):
            yield [(self.cut((" " * self._name_width + line).rstrip()), DIM)]
        for matrix in self._matrices:
            cells = [part for i in queries for part in self._row(matrix, i)]
            yield [(f"{matrix.name:<{self._name_width}}", PLAIN), *cells]

    def _row(self, matrix: Matrix, i: int) -> StyledLine:
        scale = fixed_scale(matrix)
        row: StyledLine = [(" ", PLAIN)]
        for value, cell in zip(matrix.numbers[i], self._cells, strict=True):
            place = int(scale.place(float(value)) * 256) / 256
            row.append(
                (f"{self._number(float(value)):>{cell}}", cell_style(place, self._looks.cmap, self.screen.color))
            )
        return row

    def _number(self, value: float) -> str:
        if self._is_share and self._looks.precision is None:
            return str(round(100 * value) or "")
        return decimal(value, self._looks.decimals())

    def _longest(self) -> int:
        return max(len(self._number(float(value))) for one in self._matrices for value in np.ravel(one.numbers))
