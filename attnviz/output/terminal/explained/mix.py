"""How the head's output is mixed: the first compared key's value, its share, what all others add, and their sum z."""

from collections.abc import Iterator

import numpy as np

from attnviz.output.terminal.explained.numbers import MOST_NAME, number_text
from attnviz.output.terminal.explained.signed import SignedCells, VectorRow
from attnviz.output.terminal.lines import plain_labels, short_labels
from attnviz.output.terminal.screen import BOLD, LinesView, Screen, StyledLine
from attnviz.trace.steps import Explanation


class MixView(LinesView):
    """A Rich renderable.

    Args:
        explanation: the explanation.
        screen: where it is printed.
        precision: decimals of the weight.
    """

    def __init__(self, explanation: Explanation, screen: Screen, precision: int):
        super().__init__(screen)
        self._explanation, self._precision = explanation, precision

    def lines(self) -> Iterator[StyledLine]:
        """The cells: the second and the third row add up to the last."""
        yield from SignedCells(list(self._rows()), self.screen).lines()

    def _rows(self) -> Iterator[VectorRow]:
        v, moved, z = (self._explanation.values("weighted_sum", symbol) for symbol in ("v", "a v", "z"))
        scale = "v and z"
        for key in self._explanation.compared[:1]:
            (name,) = short_labels(plain_labels((self._explanation.keys[key],), self.screen), MOST_NAME, self.screen)
            weight = number_text(float(self._explanation.weights[key]), self._precision, self.screen)
            yield VectorRow(f"v {name}", v[key], scale)
            yield VectorRow(f"{weight} v", moved[key], scale)
            if len(moved) > 1:
                yield VectorRow("others", np.delete(moved, key, axis=0).sum(axis=0), scale)
        yield VectorRow("z", z, scale, BOLD)
