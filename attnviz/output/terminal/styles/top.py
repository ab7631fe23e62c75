"""An attention matrix as one line per query: its strongest keys, for any number of them."""

from collections.abc import Iterable, Iterator

import numpy as np

from attnviz.names import SHARES
from attnviz.output.decimals import decimal
from attnviz.output.labels import cell_width, fit
from attnviz.output.scale import strongest_keys
from attnviz.output.terminal.cells import cell_style
from attnviz.output.terminal.flow import flowed
from attnviz.output.terminal.lines import short_labels, unique_labels
from attnviz.output.terminal.screen import DIM, PLAIN, Screen, StyledLine
from attnviz.output.terminal.styles.base import Looks, MatrixView, longest_number
from attnviz.trace.attention import Matrix


class TopView(MatrixView):
    """One line per query: its strongest keys and what is left; needs neither colour nor width."""

    rest_words = "they are in the rest"
    signs_masked = False

    @classmethod
    def fits(cls, matrix: Matrix, screen: Screen, looks: Looks) -> bool:  # noqa: ARG003 (as every style)
        """True: lines are wrapped."""
        return True

    def legend(self) -> Iterable[str]:
        """What the arrow and the rest mean."""
        sums = self.matrix.values in SHARES and self.matrix.name != "max"  # scores and maxima do not sum to 1
        last = self.matrix.last_layer
        row, keys = ("query", "keys") if last is None else (f"token of layer {last}", "input tokens")
        return (f"{row} -> its strongest {keys}" + " and what is left for the rest" * sums, *self.colors())

    def lines(self) -> Iterator[StyledLine]:
        """Title, and the queries."""
        yield from self.title()
        longest = max(4, self.screen.width // 5)
        width = min(max(cell_width(label) for label in self.row_labels), longest + 2)
        longest = max(1, min(longest, self.screen.width - self._longest_number() - 2))
        names = short_labels(unique_labels(self.matrix.keys, self.screen), longest, self.screen)
        for i, label in enumerate(self.row_labels):
            start = fit(label, width, ascii=self.screen.ascii) + " -> "
            yield from flowed(start, list(self._links(i, names)), self.screen.width)
        yield from self.received_list()

    def _longest_number(self) -> int:
        """As ``longest_number``, with the decimals of the row that has most."""
        seen = np.where(self.masked, 0, self.matrix.numbers).max(axis=-1)
        decimals = self.looks.decimals(min(seen[seen > 0], default=1.0))
        return max(longest_number(self.matrix, self.looks), decimals + 2)

    def _links(self, i: int, names: list[str]) -> Iterator[StyledLine]:
        """The strongest keys with their weights, then the rest, each as a piece of a line."""
        values = self.matrix.numbers[i]
        order = strongest_keys(values, self.masked[i], self.matrix.values, self.looks.top)
        if not order and self.matrix.rest is None:
            yield [("every key is masked" if self.masked[i].all() else "nothing", DIM)]
            return
        decimals = self.looks.decimals(values[order[0]] if order else 1.0)
        for j in order:
            number = decimal(float(values[j]), decimals)
            style = cell_style(
                int(self.scale.place(values[j]) * 256) / 256, self.looks.cmap, self.screen.color, bold=j == order[0]
            )
            yield [(names[j] + " ", PLAIN), (number, style)]
        left = (~self.masked[i]).sum() - len(order) + (0 if self.matrix.rest is None else 1)
        if left > 0 and self.matrix.values in SHARES and self.matrix.name != "max":  # maxima do not sum to 1
            rest = max(0.0, float(self.matrix.numbers[i].sum() - values[order].sum()))
            rest += 0.0 if self.matrix.rest is None else float(self.matrix.rest[i])
            yield [("rest ", DIM), (decimal(rest, decimals), DIM)]
