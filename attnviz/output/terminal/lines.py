"""Plain lines: where numbers came from, which of several texts it is; tokens' labels as a screen carries them."""

from collections.abc import Iterator, Sequence

from rich.style import Style

from attnviz.errors import one_line
from attnviz.output.labels import cut, isolated, unique
from attnviz.output.terminal.screen import BOLD, DIM, LinesView, Screen, StyledLine
from attnviz.output.words import kind_words, provenance_words
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.result import line_of
from attnviz.trace.tokens import Tokens, token_numbers


def provenance_line(model: ModelInfo, screen: Screen) -> LinesView:
    """Where the numbers came from, on a line of its own."""
    return _TextView(provenance_words(model.provenance), DIM, screen)


def kind_line(kind: str, target: str | None, screen: Screen) -> LinesView:
    """Which attention it is, and the target text where that is known."""
    return _TextView(kind_words(kind, target), DIM, screen)


def text_line(number: int | None, where: str, text: str, screen: Screen, *, target: str | None = None) -> LinesView:
    """The text, cut to one line; of several which it is, and its line in the file where that has another number.

    A target that looks at the text has a line of its own.
    """
    return _NumberedText(number, line_of(where), text, target, screen)


def plain_labels(tokens: Tokens, screen: Screen) -> list[str]:
    """The tokens' labels in characters that the screen can carry."""
    return [screen.carried(token.label) for token in tokens]


def row_labels(tokens: Tokens, screen: Screen) -> list[str]:
    """``12 cat``: the token's position, then the label. The position tells equal labels apart."""
    numbers = token_numbers(tokens)
    digits = len(str(max(numbers)))
    return [f"{i:>{digits}} {label}" for i, label in zip(numbers, plain_labels(tokens, screen), strict=True)]


def short_labels(labels: Sequence[str], width: int, screen: Screen) -> list[str]:
    """Labels of at most so many columns, each kept from turning what is around it."""
    return [isolated(cut(label, width, ascii=screen.ascii)) for label in labels]


def unique_labels(tokens: Tokens, screen: Screen) -> list[str]:
    """The tokens' labels, with ``#position`` where two are equal."""
    return unique(plain_labels(tokens, screen), token_numbers(tokens))


class _TextView(LinesView):
    def __init__(self, text: str, style: Style, screen: Screen):
        super().__init__(screen)
        self._text, self._style = text, style

    def lines(self) -> Iterator[StyledLine]:
        """The text, as many lines as it needs."""
        yield from self.text(self._text, self._style)


class _NumberedText(LinesView):
    def __init__(self, number: int | None, line: int | None, text: str, target: str | None, screen: Screen):
        super().__init__(screen)
        self._number, self._line, self._text, self._target = number, line, text, target

    def lines(self) -> Iterator[StyledLine]:
        """One line; a second one where there is a target."""
        place = f" (line {self._line})" if self._line not in (None, self._number) else ""
        name = "" if self._target is None else "source: "
        yield self._named(name if self._number is None else f"text {self._number}{place}: ", self._text)
        if self._target is not None:
            yield self._named("target: ", self._target)

    def _named(self, name: str, text: str) -> StyledLine:
        return [(name, DIM), (isolated(self.cut(one_line(text), self.screen.width - len(name))), BOLD)]
