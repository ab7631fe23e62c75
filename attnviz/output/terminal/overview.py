"""The head that says most about a text, in full, and the next ones in a line each."""

from collections.abc import Iterator

from attnviz.analysis.telling import HeadSummary, Overview
from attnviz.output.decimals import whole_percent
from attnviz.output.labels import cell_width
from attnviz.output.terminal.cells import cell_style
from attnviz.output.terminal.lines import short_labels, unique_labels
from attnviz.output.terminal.matrix_view import view
from attnviz.output.terminal.screen import DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.output.terminal.styles.base import Looks

_OTHERS = 3  # heads that have a line each
_MOST_LABEL = 14


class OverviewView(LinesView):
    """A Rich renderable.

    Args:
        overview: the matrix of the head that says most, and what every head says.
        screen: where it is printed.
        looks: what the user chose for matrices.
    """

    def __init__(self, overview: Overview, screen: Screen, looks: Looks | None = None):
        super().__init__(screen)
        self._looks, self._matrix, self._others = looks or Looks(), overview.matrix, overview.heads[1:]
        self._name = overview.heads[-1].name
        sides = (overview.matrix.queries, overview.matrix.keys)
        self._queries, self._keys = (short_labels(unique_labels(side, screen), _MOST_LABEL, screen) for side in sides)

    def lines(self) -> Iterator[StyledLine]:
        """The matrix below its sentence, other heads, and how to see more."""
        yield from view(self._matrix, self.screen, self._looks).lines()
        others = [head for head in self._others[:_OTHERS] if head.links]
        for head in others:
            yield self._line(head, max(len(other.name) for other in others))
        yield from self.text(self._more(len(self._others) - len(others)), DIM)

    def _line(self, head: HeadSummary, name_width: int) -> StyledLine:
        """The head's name and as many of its links as fit."""
        line: StyledLine = [(f"{head.name:<{name_width}} ", DIM)]
        used = name_width + 1
        for query, key, weight in head.links:
            names = f" {self._queries[query]} -> {self._keys[key]} "
            used += cell_width(names) + 5
            if used > self.screen.width and len(line) > 1:
                break
            style = cell_style(round(weight, 2), self._looks.cmap, self.screen.color)
            names = self.cut(names, self.screen.width - name_width - 6)
            line += [(" " * (len(line) > 1) + names, PLAIN), (f"{whole_percent(weight)}%", style)]
        return line

    def _more(self, n: int) -> str:
        start = f"{n} more head{'s' * (n > 1)}: " if n else ""
        return f"{start}--grid shows all, -H {self._name} one, `attnviz heads` describes each"
