"""Plain lines: where numbers came from, which of several texts it is; tokens' labels as a screen carries them."""

from collections.abc import Iterator, Mapping, Sequence

from rich.style import Style

from attnviz.errors import one_line
from attnviz.output.labels import cut, isolated, unique
from attnviz.output.terminal.screen import BOLD, DIM, LinesView, Screen, StyledLine
from attnviz.output.words import kind_words, provenance_words
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.result import line_of
from attnviz.trace.tokens import Tokens, token_numbers

WRITTEN = "+"  # before the label of a token that the model wrote


def written_words(tokens: Tokens) -> str:
    """The part of a legend that says what the sign of tokens is that the model wrote; nothing where there are none."""
    return f", {WRITTEN} generated" if any(token.generated for token in tokens) else ""


def provenance_line(model: ModelInfo, screen: Screen) -> LinesView:
    """Where the numbers came from, on a line of its own."""
    return _TextView(provenance_words(model.provenance), DIM, screen)


def kind_line(kind: str, target: str | None, screen: Screen) -> LinesView:
    """Which attention it is, and the target text where that is known."""
    return _TextView(kind_words(kind, target), DIM, screen)


def text_line(
    number: int | None,
    where: str,
    text: str,
    screen: Screen,
    *,
    target: str | None = None,
    written: tuple[int | None, bool] = (None, False),
    labels: Sequence[str] = (),
) -> LinesView:
    """The text, cut to one line; of several which it is, and its line in the file where that has another number.

    A target that looks at the text has a line of its own, and so has what the model wrote after the text.

    Args:
        number: of the text among several; None for a text alone.
        where: its place in a file.
        text: the text.
        screen: where it is printed.
        target: the target text.
        written: the characters of the text before what the model wrote, None where it wrote nothing after it; and
            whether it wrote the target.
        labels: those of the tokens that it wrote, shown where they have no text.
    """
    n_given, writes_target = written
    given = text if n_given is None else text[:n_given]
    more = {} if n_given is None else {"generated: ": text[n_given:].strip() or " ".join(labels)}
    if target is not None:
        spelled = target if target.strip() or not writes_target else " ".join(labels)
        more |= {"generated target: " if writes_target else "target: ": spelled}
    return _NumberedText(number, line_of(where), given, more, "source: " if target is not None else "", screen)


def plain_labels(tokens: Tokens, screen: Screen) -> list[str]:
    """The tokens' labels in characters that the screen can carry."""
    return [screen.carried(token.label) for token in tokens]


def row_labels(tokens: Tokens, screen: Screen) -> list[str]:
    """``12 cat``: the token's position, then the label; ``12+cat`` where the model wrote it.

    The position tells equal labels apart.
    """
    numbers = token_numbers(tokens)
    digits = len(str(max(numbers)))
    signs = [WRITTEN if token.generated else " " for token in tokens]
    labels = plain_labels(tokens, screen)
    return [f"{i:>{digits}}{sign}{label}" for i, sign, label in zip(numbers, signs, labels, strict=True)]


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
    def __init__(
        self, number: int | None, line: int | None, text: str, more: Mapping[str, str], name: str, screen: Screen
    ):
        super().__init__(screen)
        self._number, self._line, self._text, self._more, self._name = number, line, text, more, name

    def lines(self) -> Iterator[StyledLine]:
        """One line; more where there is a target, or a text that the model wrote."""
        place = f" (line {self._line})" if self._line not in (None, self._number) else ""
        yield self._named(self._name if self._number is None else f"text {self._number}{place}: ", self._text)
        for name, text in self._more.items():
            yield self._named(name, text)

    def _named(self, name: str, text: str) -> StyledLine:
        return [(name, DIM), (isolated(self.cut(one_line(text), self.screen.width - len(name))), BOLD)]
