"""Too many heads to print them all: one matrix, and a line a head with its strongest links."""

from collections.abc import Iterator

import numpy as np

from attnviz.output.cells import BOLD, DIM, PLAIN, cell_style, decimal, hidden, scale_of
from attnviz.output.color import Line, LinesView, Screen
from attnviz.output.labels import cell_width, cut, isolated, plain_labels, unique
from attnviz.output.lines import wrapped
from attnviz.output.matrix_view import Looks, view
from attnviz.trace import Attention, Matrix

_MOST_HEADS = 144  # as many as BERT base has
_LINKS = 3


class SummaryView(LinesView):
    """A Rich renderable.

    Args:
        attention: all the heads.
        matrix: what is printed in full: their mean, or one of them.
        screen: where it is printed.
        looks: what the user chose for matrices.
    """

    def __init__(self, attention: Attention, matrix: Matrix, screen: Screen, looks: Looks):
        super().__init__(screen)
        self._attention, self._matrix, self._looks = attention, matrix, looks

    def lines(self) -> Iterator[Line]:
        """The matrix, the heads' strongest links, and how to see more."""
        yield from view(self._matrix, self.screen, self._looks).lines()
        yield []
        others = "" if self._attention.kind == "cross" else ", leaving out tokens that look at themselves"
        one = "head" if "head" in self._attention.axes else "layer"
        about = f"Each {one}'s strongest links (query -> key){others}:"
        yield from ([(line, BOLD)] for line in wrapped(about, self.screen))
        heads = [] if self._attention.matrices[0, 0].size == 1 else list(self._attention)
        if not heads:
            yield [(cut("none: there is one token", self.screen.width), DIM)]
        for matrix in heads[:_MOST_HEADS]:
            yield from self._links(matrix)
        if len(heads) > _MOST_HEADS:
            yield [(cut(f"... and {len(heads) - _MOST_HEADS} more heads", self.screen.width), DIM)]
        layer, head = self._attention.layers[0], self._attention.heads[0]
        alike = " --words" * self._attention.words + " --hide-special" * self._attention.hidden
        values = f" --values {self._attention.what}" * (self._attention.what != "weights")
        chosen = f"--layer {layer}" + f" --head {head}" * (one == "head")
        more = f"One {one}: {chosen}{values}{alike}. All of them: --layer all{values}."
        yield from ([(line, DIM)] for line in wrapped(more, self.screen))

    def _links(self, matrix: Matrix) -> Iterator[Line]:
        """The head's name and its strongest links, as many as fit a line; a long number has a line of its own."""
        values = np.where(hidden(matrix), -np.inf, matrix.values)
        if matrix.kind != "cross":
            values = values + np.diag(np.full(len(values), -np.inf))
        queries, keys = (unique(plain_labels(tokens, self.screen)) for tokens in (matrix.queries, matrix.keys))
        scale = scale_of(matrix)
        used = name_width = max(len(one.name) for one in self._attention)
        longest = self._label_width(name_width)
        line: Line = [(f"{matrix.name:<{used}}", PLAIN)]
        for place in _largest(values.ravel(), _LINKS):
            query, key = divmod(place, values.shape[1])
            value = float(values[query, key])
            if value == -np.inf:
                break
            number = decimal(value, self._looks.precision)
            names = [cut(name, longest, ascii=self.screen.ascii) for name in (queries[query], keys[key])]
            used += sum(cell_width(name) for name in names) + len(number) + 7
            if used > self.screen.width and len(line) > 1:
                break
            line.append((f"  {isolated(names[0])} -> {isolated(names[1])} ", PLAIN))
            if used > self.screen.width:
                yield line
                line = [(" " * min(name_width + 2, self.screen.width - len(number)), PLAIN)]
            style = cell_style(int(scale.place(value) * 256) / 256, self._looks.cmap, self.screen.color)
            line.append((number, style))
        yield (
            line
            if len(line) > 1
            else [*line, (cut("  no other tokens", self.screen.width - 6, ascii=self.screen.ascii), DIM)]
        )

    def _label_width(self, used: int) -> int:
        """Columns for each of a link's two labels."""
        return max(2, min(max(6, self.screen.width // 8), (self.screen.width - used - 11) // 2))


def _largest(values: np.ndarray, n: int) -> list[int]:
    """The places of the n largest of many values, of equal ones the first, without sorting all of them."""
    n = min(n, values.size)
    least = np.partition(values, values.size - n)[values.size - n]
    above, equal = np.flatnonzero(values > least), np.flatnonzero(values == least)[:n]
    return sorted([*above.tolist(), *equal.tolist()], key=lambda place: (-values[place], place))[:n]
