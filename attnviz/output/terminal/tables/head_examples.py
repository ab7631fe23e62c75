"""The column of examples: of each head the links that say most, ``it -> tired 72%``."""

from collections.abc import Sequence

from attnviz.analysis.heads.report import Examples
from attnviz.analysis.telling import LEAST_LINK, Link
from attnviz.output.decimals import whole_percent
from attnviz.output.labels import cell_width, cut, isolated
from attnviz.output.terminal.cells import cell_style
from attnviz.output.terminal.lines import unique_labels
from attnviz.output.terminal.screen import PLAIN, Screen, StyledLine

LEAST_EXAMPLE = 22  # columns
_ARROW, _GAP = " -> ", 2
_MOST_TOKEN = 14  # columns
_MOST_LINK = 2 * _MOST_TOKEN + len(_ARROW)


class ExampleColumn:
    """One cell per head: as many of its links as fit.

    Args:
        examples: links of every head.
        places: the heads of the rows, as the model numbers them.
        cmap: the map of colours.
        screen: where it is printed.
    """

    def __init__(self, examples: Examples, places: Sequence[tuple[int, int]], cmap: str, screen: Screen):
        self._screen, self._cmap = screen, cmap
        self._queries, self._keys = (unique_labels(side, screen) for side in (examples.queries, examples.keys))
        links = (examples.links.get(place, ()) for place in places)
        self._rows = [[link for link in some if link.weight >= LEAST_LINK] for some in links]

    def width(self, room: int) -> int:
        """How many of so many columns the cells need."""
        cells = [self._cell(row, room) for row in range(len(self._rows))]
        return max(len("example"), *(sum(cell_width(text) for text, _ in cell) for cell in cells))

    def row(self, row: int, width: int) -> StyledLine:
        """The links of a row, in exactly so many columns."""
        cell = self._cell(row, width)
        return [*cell, (" " * (width - sum(cell_width(text) for text, _ in cell)), PLAIN)]

    def _cell(self, row: int, width: int) -> StyledLine:
        cell: StyledLine = []
        for link in self._rows[row]:
            number = f"{whole_percent(link.weight)}%"
            names = self._names(link, _MOST_LINK if cell else width - len(number) - 1)
            size = cell_width(names) + 1 + len(number) + _GAP * bool(cell)
            if cell and size > width:
                break  # only the first one is cut
            width -= size
            style = cell_style(round(link.weight, 2), self._cmap, self._screen.color)
            cell += [(" " * _GAP, PLAIN)] * bool(cell) + [(f"{names} ", PLAIN), (number, style)]
        return cell

    def _names(self, link: Link, width: int) -> str:
        """The link's two tokens; where they are too wide, the longer one is cut first."""
        query, key = self._queries[link.query], self._keys[link.key]
        room = width - cell_width(_ARROW)
        half = room // 2
        for_query = max(half, room - cell_width(key))
        names = [
            isolated(cut(name, max(1, min(most, _MOST_TOKEN)), ascii=self._screen.ascii))
            for name, most in ((query, for_query), (key, max(room - half, room - cell_width(query))))
        ]
        return _ARROW.join(names)
