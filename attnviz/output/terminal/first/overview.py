"""The head that says most about a text, in full, and the next ones in a line each."""

from collections.abc import Iterator

from attnviz.analysis.heads.telling import HeadSummary, Overview
from attnviz.errors import one_line
from attnviz.output.labels import cell_width, cut, isolated, unique
from attnviz.output.terminal.first.amber import weight_style
from attnviz.output.terminal.first.percent import PercentView, fits
from attnviz.output.terminal.lines import plain_labels
from attnviz.output.terminal.matrix_base import Looks
from attnviz.output.terminal.matrix_view import view
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.output.words import KIND_NAMES, several

_OTHERS = 3  # heads that have a line each
_MOST_LABEL = 14


class OverviewView(LinesView):
    """A Rich renderable.

    Args:
        text: the text; None where there is none (vectors, attention from elsewhere).
        overview: the matrix of the head that says most, and what every head says.
        screen: where it is printed.
    """

    def __init__(self, text: str | None, overview: Overview, screen: Screen):
        super().__init__(screen)
        self._text, self._matrix = text, overview.matrix
        self._best, self._others = overview.heads[0], overview.heads[1:]
        matrix = self._matrix
        self._queries = [cut(q, _MOST_LABEL, ascii=screen.ascii) for q in unique(plain_labels(matrix.queries, screen))]
        self._keys = [cut(k, _MOST_LABEL, ascii=screen.ascii) for k in unique(plain_labels(matrix.keys, screen))]

    def lines(self) -> Iterator[StyledLine]:
        """The text, the strongest link in words, the matrix, other heads, and how to see more."""
        if self._text is not None:
            yield [(isolated(self.cut(one_line(self._text))), BOLD)]
        yield from self.text(self._in_words(), PLAIN)
        yield from self.text(self._caption(), DIM)
        drawn = PercentView(self._matrix, self.screen) if fits(self._matrix, self.screen) else None
        yield from (drawn or view(self._matrix, self.screen, Looks())).lines()
        for head in self._others[:_OTHERS]:
            yield self._line(head)
        yield from self.text(self._more(), DIM)

    def _in_words(self) -> str:
        if not self._best.links:
            return "Heads look at special tokens, at the token itself or at a fixed distance."
        query, key, weight = self._best.links[0]
        return f'"{isolated(self._queries[query])}" looks most at "{isolated(self._keys[key])}" ({weight:.0%})'

    def _caption(self) -> str:
        model, config = self._matrix.model, self._matrix.model.config
        sizes = [config.get(name) for name in ("n_layers", "n_heads")]
        known = [several(noun, n) for noun, n in zip(("layer", "head"), sizes, strict=True) if isinstance(n, int)]
        size = f" ({' x '.join(known)})" if known else ""
        origin = f"{one_line(model.name)}{size}"
        if model.is_random:
            seed = model.weights.removeprefix("seed:")
            origin = f"random weights (seed {seed}){size}, so patterns are meaningless"
        kind = "" if self._matrix.kind == "encoder" else f", {KIND_NAMES[self._matrix.kind]}"
        return f"{self._best.name} of {origin}{kind}: rows look at columns, in percent"

    def _line(self, head: HeadSummary) -> StyledLine:
        width = max(len(other.name) for other in self._others[:_OTHERS])
        line: StyledLine = [(f"{head.name:<{width}} ", DIM)]
        used = width + 1
        for query, key, weight in head.links:
            names = f" {isolated(self._queries[query])} -> {isolated(self._keys[key])} "
            used += cell_width(names) + 5
            if used > self.screen.width:
                break
            percent = round(100 * weight)
            line += [(names, PLAIN), (f"{percent}%", weight_style(percent, self.screen.color)), (" ", PLAIN)]
        return line

    def _more(self) -> str:
        n = max(0, len(self._others) - _OTHERS)
        more = f"{n} more heads: " if n else ""
        return f"{more}-L all prints every head, `attnviz heads` says what each does."
