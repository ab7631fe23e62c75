"""Where the words of a coloured text are: in lines as wide as the picture."""

import math
from collections.abc import Sequence
from operator import attrgetter, itemgetter

import numpy as np

from attnviz.analysis.telling import strongest_telling
from attnviz.output.labels import cut_middle, isolated
from attnviz.output.pictures.fonts import drawable
from attnviz.output.pictures.heading import MARGIN
from attnviz.output.pictures.kinds.links import LinkChoice
from attnviz.output.pictures.kinds.words import WORD_EMS, no_room
from attnviz.output.pictures.look import Look
from attnviz.output.pictures.rest import with_rest_key
from attnviz.output.pictures.scene import LINE_HEIGHT, Measure
from attnviz.output.scale import hidden_cells, strongest_choice
from attnviz.output.words import escaped
from attnviz.records import dataclass
from attnviz.trace.attention import Attention, Matrix
from attnviz.trace.tokens import Token, Tokens, token_numbers

TEXT_PITCH = 1.6  # from one line to the next, in sizes of the type
WORD_PADDING = 0.16  # of a word's colour, at both sides
_SPACE = 0.15  # between two words
_SEAM = 0.06  # between two words without a space
_REST_SPACE = 1.2  # before the rest
_NAME_SPACE = 1.0  # after a head's name
HEAD_SPACE = 0.5  # between two heads
_GROWTH = 3.0  # the largest type, in sizes of the smallest
_PAGE, _LEAST_WIDTH = 6.9 * 72, 3.3 * 72
_LEAST_NUMBER = 0.01  # that is written
_LEAST_LINE = 4.0  # of words, in sizes of the type


@dataclass(frozen=True)
class ChosenWord:
    """The word whose row or column is drawn: a query, or a key."""

    is_query: bool
    index: int

    def token(self, attention: Attention) -> Token:
        """The word."""
        return (attention.queries if self.is_query else attention.keys)[self.index]

    def number(self, attention: Attention) -> int:
        """Its position."""
        return token_numbers(attention.queries if self.is_query else attention.keys)[self.index]

    def of(self, numbers: np.ndarray) -> np.ndarray:
        """Its row or its column of a matrix."""
        row: np.ndarray = numbers[self.index] if self.is_query else numbers[:, self.index]
        return row


@dataclass(frozen=True, eq=False)
class TextRow:
    """The words that are drawn once for each head.

    Attributes:
        tokens: the words; the rest is the last one.
        labels: as they are drawn.
        outlined: the index of the chosen word among them; None where it is not one of them.
        has_rest: whether the last word is the rest.
        numbers: of each matrix the words' values, (n_matrices, n_words).
        hidden: which are masked, (n_matrices, n_words).
        look: the resolved style.
        measure: the width of a text.
        has_names: whether each head's name is at its left, or above it.
    """

    tokens: Tokens
    labels: tuple[str, ...]
    outlined: int | None
    has_rest: bool
    numbers: np.ndarray
    hidden: np.ndarray
    look: Look
    measure: Measure
    has_names: bool


@dataclass(frozen=True)
class TextPlan:
    """Where words are in the lines of a head.

    Attributes:
        size: of the type.
        left: where the words begin.
        names_above: whether the heads' names have lines of their own.
        labels: of each word, cut where it is very long.
        places: (line, x, width) of each word.
    """

    size: float
    left: float
    names_above: bool
    labels: tuple[str, ...]
    places: tuple[tuple[int, float, float], ...]

    @property
    def head(self) -> float:
        """The height of one head."""
        return (self.places[-1][0] + 1 + self.names_above) * TEXT_PITCH * self.size

    def height(self, n_heads: int) -> float:
        """The height of all heads and of the colour bar."""
        heads = n_heads * self.head + (n_heads - 1) * HEAD_SPACE * self.size
        return heads + (HEAD_SPACE + 1 + LINE_HEIGHT) * self.size


def chosen_word(attention: Attention, choice: LinkChoice) -> ChosenWord:
    """The word that was chosen, else the query of the link that says most, of weights, or that is the strongest."""
    if choice.query is not None:
        return ChosenWord(True, choice.query)
    if choice.key is not None:
        return ChosenWord(False, choice.key)
    matrices = list(attention)
    if attention.values == "weights":
        links = [link for link in map(strongest_telling, matrices) if link is not None]
        if links:
            return ChosenWord(True, max(links, key=attrgetter("weight")).query)
    return ChosenWord(True, max((strongest_choice(matrix) for matrix in matrices), key=itemgetter(0))[1])


def text_row(attention: Attention, look: Look, measure: Measure, word: ChosenWord, *, has_names: bool) -> TextRow:
    """The words of the chosen row or column, and their values."""
    shown, has_rest = with_rest_key(attention) if word.is_query else (attention, False)
    tokens = shown.keys if word.is_query else shown.queries
    numbers = token_numbers(tokens)
    labels = tuple(
        drawable(escaped(token.label), look.instead, number) for token, number in zip(tokens, numbers, strict=True)
    )
    label, place = word.token(attention).label, word.number(attention)
    same = [
        i
        for i, (token, number) in enumerate(zip(tokens[: len(tokens) - has_rest], numbers, strict=False))
        if number == place and token.label == label and attention.kind != "cross"
    ]
    return TextRow(
        tokens=tokens,
        labels=labels,
        outlined=same[0] if same else None,
        has_rest=has_rest,
        numbers=np.array([word.of(matrix.numbers) for matrix in shown]),
        hidden=np.array([word.of(hidden_cells(matrix.numbers, matrix.masked)) for matrix in shown]),
        look=look,
        measure=measure,
        has_names=has_names,
    )


def _names_width(row: TextRow, matrices: Sequence[Matrix], size: float) -> float:
    """The width of the heads' names, with the space after them."""
    if not row.has_names:
        return 0.0
    return max(row.measure(matrix.title, size, True) for matrix in matrices) + _NAME_SPACE * size


def natural_text(row: TextRow, matrices: Sequence[Matrix]) -> float:
    """The width of a picture whose size is not given: one line of words, or that of a page."""
    size = row.look.font_size
    places = _places(row, _cut_labels(row, size, math.inf), size, math.inf, 0.0)
    line = places[-1][1] + places[-1][2] + _names_width(row, matrices, size) + 2 * MARGIN
    return min(_PAGE, max(_LEAST_WIDTH, line + 0.1))


def planned_text(row: TextRow, matrices: Sequence[Matrix], width: float, room: float | None, around: float) -> TextPlan:
    """The largest type, up to three times the smallest, in which all lines have room."""
    font = row.look.font_size
    sizes = [font * tenths / 10 for tenths in range(int(_GROWTH * 10), 9, -1)] if room is not None else [font]
    for size in sizes:
        names = _names_width(row, matrices, size)
        names_above = names > 0.3 * (width - 2 * MARGIN)
        left = MARGIN if names_above else MARGIN + names
        if width - MARGIN - left < _LEAST_LINE * size:
            if size > font:
                continue
            raise no_room(row.look, f"at least {(2 * MARGIN + _LEAST_LINE * 2 * font) / 72:.2g}in wide")
        labels = _cut_labels(row, size, width - MARGIN - left)
        plan = TextPlan(size, left, names_above, labels, _places(row, labels, size, width - MARGIN, left))
        if room is None or plan.height(len(matrices)) <= room:
            return plan
    needed = math.ceil((plan.height(len(matrices)) + around) / 7.2) / 10
    raise no_room(row.look, f"at least {width / 72:.3g}in x {needed:.1f}in for {len(row.tokens)} words")


def _places(
    row: TextRow, labels: Sequence[str], size: float, right: float, left: float
) -> tuple[tuple[int, float, float], ...]:
    """(line, x, width) of each word, of lines between two distances from the left."""
    places: list[tuple[int, float, float]] = []
    line, x = 0, left
    for i, label in enumerate(labels):
        wide = row.measure(with_number(row, i, label), size, False) + 2 * WORD_PADDING * size
        if places:
            x += size * _space(row, i)
        if places and x + wide > right + 1e-6:
            line, x = line + 1, left
        places.append((line, x, wide))
        x += wide
    return tuple(places)


def _cut_labels(row: TextRow, size: float, room: float) -> tuple[str, ...]:
    """The labels, of which none is wider than a line."""
    number = 0.0
    if row.look.numbers:
        values = row.numbers[~row.hidden]
        number = max((row.measure(f" {_number_words(value)}", size, False) for value in values.tolist()), default=0.0)
    most = min(WORD_EMS * size, room - number - 2 * WORD_PADDING * size)
    return tuple(cut_middle(label, most, lambda part: row.measure(part, size, False)) for label in row.labels)


def _number_words(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def with_number(row: TextRow, index: int, label: str, number: float | None = None) -> str:
    """The label, with its value where values are written; room for the widest where it is not known."""
    if not row.look.numbers:
        return label
    values = row.numbers[~row.hidden[:, index], index] if number is None else [number]
    numbers = [_number_words(value) for value in values if abs(value) >= _LEAST_NUMBER]
    return f"{isolated(label)} {max(numbers, key=len)}" if numbers else label


def _space(row: TextRow, index: int) -> float:
    """The space before a word: next to none where the text has none."""
    before, after = row.tokens[index - 1], row.tokens[index]
    if row.has_rest and index == len(row.tokens) - 1:
        return _REST_SPACE
    return _SEAM if _adjoins(before, after) else _SPACE


def _adjoins(before: Token, after: Token) -> bool:
    """Whether the text has nothing between two words."""
    return before.end > before.start and before.segment == after.segment and before.end == after.start < after.end
