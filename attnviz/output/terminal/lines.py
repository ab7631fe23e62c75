"""Plain lines: where numbers came from, which of several texts it is; tokens' labels as a screen carries them."""

from collections.abc import Iterator

from rich.style import Style

from attnviz.errors import one_line
from attnviz.output.labels import isolated
from attnviz.output.terminal.screen import BOLD, DIM, LinesView, Screen, StyledLine
from attnviz.output.words import kind_words, provenance_words
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.result import line_of
from attnviz.trace.tokens import Tokens


def provenance_line(model: ModelInfo, screen: Screen) -> LinesView:
    """Where the numbers came from, on a line of its own."""
    return _TextView(provenance_words(model.provenance), DIM, screen)


def kind_line(kind: str, target: str | None, screen: Screen) -> LinesView:
    """Which attention it is, and the target text where that is known."""
    return _TextView(kind_words(kind, target), DIM, screen)


def text_line(number: int, where: str, text: str, screen: Screen) -> LinesView:
    """Which of several texts it is, and its line where that has another number, cut to one line."""
    return _NumberedText(number, line_of(where), text, screen)


def plain_labels(tokens: Tokens, screen: Screen) -> list[str]:
    """The tokens' labels in characters that the screen can carry."""
    return [screen.carried(token.label) for token in tokens]


def row_labels(tokens: Tokens, screen: Screen) -> list[str]:
    """``12 cat``: the index, then the label. The index tells equal labels apart."""
    digits = len(str(len(tokens) - 1))
    return [f"{i:>{digits}} {label}" for i, label in enumerate(plain_labels(tokens, screen))]


class _TextView(LinesView):
    def __init__(self, text: str, style: Style, screen: Screen):
        super().__init__(screen)
        self._text, self._style = text, style

    def lines(self) -> Iterator[StyledLine]:
        """The text, as many lines as it needs."""
        yield from self.text(self._text, self._style)


class _NumberedText(LinesView):
    def __init__(self, number: int, line: int | None, text: str, screen: Screen):
        super().__init__(screen)
        self._number, self._line, self._text = number, line, text

    def lines(self) -> Iterator[StyledLine]:
        """One line."""
        place = f" (line {self._line})" if self._line not in (None, self._number) else ""
        start = f"text {self._number}{place}: "
        yield [(start, DIM), (isolated(self.cut(one_line(self._text), self.screen.width - len(start))), BOLD)]
