"""One word in every head: what it looks at (its row), or what looks at it (its column)."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain, groupby
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from attnviz.analysis.matrices.spelling import find_word, labelled
from attnviz.analysis.matrices.words import hide_special
from attnviz.analysis.telling import telling_part, telling_sizes
from attnviz.errors import UsageError, brief
from attnviz.records import dataclass
from attnviz.trace.attention import Attention, of_all
from attnviz.trace.tokens import Token, Tokens, numbered, token_numbers

SIDES = ("from", "to")


class WordQuestion(NamedTuple):
    """Which word is asked about.

    Attributes:
        word: what the user typed: a number, a word, ``word:2``.
        side: ``from``: its row, what it looks at; ``to``: its column, what looks at it.
        hide_special: leave out special tokens as the other words; the word itself may be one.
        raw: label tokens in the tokenizer's own spelling.
    """

    word: str
    side: str
    hide_special: bool = False
    raw: bool = False


class WordInHead(NamedTuple):
    """One row, or one column, of one head.

    Attributes:
        name: of the head or the reduction: ``L2H8``, ``L1mean``, ``rollout``.
        layer: its number; None where a reduction took it away.
        head: its number; None where a reduction took it away.
        values: (n_others,), the word's values with the other tokens.
        masked: (n_others,), True where the query could not look at the key.
        rest: of a row, what went to keys that are left out; None of a column, and where nothing is left out.
        telling: how much the strongest of the word's links says, of ``telling_sizes``: neither special tokens, nor the
            word itself, nor a distance explain it.
    """

    name: str
    layer: int | None
    head: int | None
    values: np.ndarray
    masked: np.ndarray
    rest: float | None
    telling: float

    @property
    def beats_rest(self) -> bool:
        """Whether a token gets more than all that are left out."""
        return bool(self.values.size) and (
            self.rest is None or float(self.values[~self.masked].max(initial=0)) > self.rest
        )

    def strongest(self, n: int) -> list[int]:
        """The n largest values' indices, the largest first and of equal ones the first; masked ones left out."""
        values = np.where(self.masked, -np.inf, self.values)
        return [int(i) for i in np.argsort(-values, kind="stable")[:n] if np.isfinite(values[i])]


@dataclass(frozen=True, eq=False)
class WordAttention:
    """One word in every head.

    Attributes:
        word: the word.
        number: its position in the model's input.
        side: ``from`` or ``to``.
        others: the tokens that it looks at, or that look at it.
        place: the word's own index among them; None where it is left out, or of the other text.
        is_repeated: whether another word has its label.
        heads: the heads that say most of it first; of equal ones the one with the largest value, then the first.
        about: what the heads have in common; an attention without matrices.
    """

    word: Token
    number: int
    side: str
    others: Tokens
    place: int | None
    is_repeated: bool
    heads: tuple[WordInHead, ...]
    about: Attention


def word_attention(parts: Iterable[Attention], question: WordQuestion) -> WordAttention:
    """One word in every head; of several kinds of attention, in the last that has the word.

    Args:
        parts: matrices, a part at a time; each is looked at before the next.
        question: which word, and whether its row or its column.

    Raises:
        UsageError: there is no such word.
    """
    answers: list[WordAttention] = []
    errors: list[UsageError] = []
    for _, of_kind in groupby(parts, key=attrgetter("kind")):
        named = (labelled(part, raw=question.raw) for part in of_kind)
        try:
            answers.append(_of_kind(next(named), named, question))
        except UsageError as error:
            errors.append(error)
    if not answers:
        raise errors[-1]
    return answers[-1]


def _of_kind(first: Attention, others: Iterator[Attention], question: WordQuestion) -> WordAttention:
    tokens = numbered(first.queries if question.side == "from" else first.keys)
    index = _index(first, tokens, question)
    taken: list[Attention] = []
    heads: list[WordInHead] = []
    sliced = first
    for part in chain([first], others):
        sliced = _sliced(part, index, question)
        heads += _heads(part, sliced, index, question.side)
        taken.append(sliced.bare)
    side = sliced.keys if question.side == "from" else sliced.queries
    numbers = token_numbers(side)
    number = token_numbers(tokens)[index]
    is_own = first.kind != "cross" and number in numbers
    return WordAttention(
        word=tokens[index],
        number=number,
        side=question.side,
        others=side,
        place=numbers.index(number) if is_own else None,
        is_repeated=sum(token.label == tokens[index].label for token in tokens) > 1,
        heads=tuple(sorted(heads, key=lambda head: (-round(head.telling, 2), -_largest(head)))),
        about=of_all(taken),
    )


def _index(first: Attention, tokens: Tokens, question: WordQuestion) -> int:
    """The word's index; where it is one of the other text, the error says which option takes that."""
    try:
        return find_word(question.word, tokens, question.side)
    except UsageError as error:
        if first.kind != "cross":
            raise
        is_row = question.side == "from"
        other, option, text = (first.keys, "to", "source") if is_row else (first.queries, "from", "target")
        try:
            find_word(question.word, other, option)
        except UsageError:
            raise error from None
        raise UsageError(str(error), f"{brief(question.word)!r} is a word of the {text}: --{option} takes it") from None


def _sliced(part: Attention, index: int, question: WordQuestion) -> Attention:
    """The row or the column alone, of all heads; special tokens left out of the other side."""
    is_row = question.side == "from"
    rows, columns = (slice(index, index + 1), slice(None)) if is_row else (slice(None), slice(index, index + 1))
    queries, keys = numbered(part.queries)[rows], numbered(part.keys)[columns]
    plain = tuple(replace(token, special=False) for token in (queries if is_row else keys))  # hiding spares the word
    sliced = replace(
        part,
        matrices=part.matrices[:, :, rows, columns],
        queries=plain if is_row else queries,
        keys=keys if is_row else plain,
        masked=None if part.masked is None else part.masked[:, rows, columns],
        rest=None if part.rest is None else part.rest[:, :, rows],
    )
    if not question.hide_special or all(token.special for token in (keys if is_row else queries)):
        return sliced
    return hide_special(sliced)


def _heads(part: Attention, sliced: Attention, index: int, side: str) -> Iterator[WordInHead]:
    """The word in each head of a part."""
    said, numbers = telling_part(part), part.matrices
    if side == "from":
        said, numbers = said[:, :, index], numbers[:, :, index]
    else:
        said, numbers = said[..., index], numbers[..., index]
    sizes = telling_sizes(said, numbers).max(axis=-1).ravel()
    addresses = (part.head_at(i, j) for i, j in np.ndindex(*part.matrices.shape[:2]))
    places = [
        (layer if "layer" in part.axes else None, head if "head" in part.axes else None) for layer, head in addresses
    ]
    for matrix, place, telling in zip(sliced, places, sizes, strict=True):
        values = matrix.numbers.ravel().copy()
        masked = ~np.isfinite(values) if matrix.masked is None else matrix.masked.ravel() | ~np.isfinite(values)
        rest = None if matrix.rest is None or side == "to" else float(matrix.rest[0])
        yield WordInHead(matrix.name, *place, values, masked, rest, float(telling))


def _largest(head: WordInHead) -> float:
    values = head.values[~head.masked]
    return float(values.max()) if values.size else -np.inf
