"""Plain lines: texts broken at spaces, where numbers came from, which of several texts is shown."""

from collections.abc import Iterator

from attnviz.errors import one_line
from attnviz.names import PATHS
from attnviz.output.labels import carried, cell_width, cut, isolated
from attnviz.output.terminal.cells import BOLD, DIM
from attnviz.output.terminal.screen import Line, LinesView, Screen
from attnviz.trace.attention import Matrix
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.result import line_of

KIND_NAMES = {"encoder": "self-attention", "decoder": "decoder self-attention", "cross": "cross-attention"}

VALUE_NAMES = {
    "weights": "attention weights",
    "scores": "attention scores",
    "norms": "norms",
    "zeroing": "value zeroing",
}
_MEANINGS = {
    "norms": ("weight x length of what the head moves",),
    "zeroing": ("share of what a row changes by without a key's value",),
}


def reading(matrix: Matrix) -> tuple[str, ...]:
    """Which way to read a matrix, and what its values are where their name does not say it."""
    if matrix.name in PATHS:
        sides = f"rows: tokens of layer {matrix.last_layer}, columns: input tokens"
    else:
        sides = "rows: queries, columns: keys"
    if matrix.kind == "cross":
        sides = "rows: queries (target), columns: keys (source)"
    both = ", both of the target" * (matrix.kind == "decoder")
    return (sides + both, *_MEANINGS.get(matrix.what, ()))


def corner_words(matrix: Matrix) -> str:
    """What the rows' labels are, and what the columns'."""
    return f"L{matrix.last_layer}\\input" if matrix.name in PATHS else "query\\key"


def value_words(matrix: Matrix) -> str:
    """What the values are, in words: nothing of rollout and flow, whose title says it."""
    return "" if matrix.name in PATHS else f"{VALUE_NAMES[matrix.what]}, "


def renormalized_words(reduce: str) -> str:
    """What became of rows that were divided by what is left of them; those of a maximum do not sum to 1 again."""
    return ", rows renormalized" + " before the maximum" * (reduce == "max")


def provenance_line(model: ModelInfo, screen: Screen) -> LinesView:
    """Where the numbers came from, on a line of its own."""
    lines = wrapped(carried(f"weights: {one_line(model.provenance)}", screen), screen)
    return _TextView(screen, *([(line, DIM)] for line in lines))


def kind_line(kind: str, target: str | None, screen: Screen) -> LinesView:
    """Which attention it is, and the target text where that is known."""
    words = kind_words(kind, target)
    return _TextView(screen, *([(line, DIM)] for line in wrapped(carried(words, screen), screen)))


def kind_words(kind: str, target: str | None) -> str:
    """``cross-attention of the target: Le chat dort``."""
    return KIND_NAMES[kind] + ("" if target is None else f" of the target: {one_line(target)}")


def text_line(number: int, where: str, text: str, screen: Screen) -> LinesView:
    """Which of several texts it is, and its line where that has another number, cut to one line."""
    shown = carried(one_line(text), screen)
    line = line_of(where)
    start = f"text {number}{f' (line {line})' if line not in (None, number) else ''}: "
    cut_text = cut(shown, screen.width - len(start), ascii=screen.ascii)
    return _TextView(screen, [(start, DIM), (isolated(cut_text), BOLD)])


def wrapped(text: str, screen: Screen) -> Iterator[str]:
    """The text in lines that fit the screen, broken at spaces; a longer word is cut."""
    line = ""
    for word in text.split(" "):
        if line and cell_width(f"{line} {word}") > screen.width:
            yield line
            line = ""
        line = cut(f"{line} {word}" if line else word, screen.width, ascii=screen.ascii)
    yield line


class _TextView(LinesView):
    def __init__(self, screen: Screen, *lines: Line):
        super().__init__(screen)
        self._lines = lines

    def lines(self) -> Iterator[Line]:
        """The lines as they were given."""
        yield from self._lines
