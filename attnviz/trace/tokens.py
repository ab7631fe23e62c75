"""The tokens of a text."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import TypeVar


@dataclass(frozen=True, slots=True)
class Token:
    """One token of a text.

    Attributes:
        text: exactly the characters of the input that it covers; empty for a special token.
        label: the printable form of the token: no control character, visible white space, never empty.
        start: offset of its first character in its segment's text.
        end: offset after its last character.
        id: its row of the embedding table; None where there is no table (``--vectors``, ``--attention``).
        piece: the tokenizer's own spelling (``##ing``, ``Ġthe``); the text itself for built-in tokenizers.
        special: whether the tokenizer added it (``[CLS]``, ``[SEP]``, ``[PAD]``).
        padding: whether it only fills the length; no query attends to it.
        word: index of the word it belongs to within its segment; None for special tokens.
        segment: 0 for the text, 1 for its ``--pair``.
        pieces: of a word that was merged from several tokens (``--words``), their spellings; else nothing.
        type_id: its row of the segment table, where the model has one; not every tokenizer tells segments apart.
        position: its position in the model's input where tokens were merged or left out (a word has that of its first
            piece); None where its place among the tokens says it.
        generated: whether the model wrote it (``--generate``); of a word of several tokens, whether it ended it.
    """

    text: str
    label: str
    start: int = 0
    end: int = 0
    id: int | None = None
    piece: str = ""
    special: bool = False
    padding: bool = False
    word: int | None = None
    segment: int = 0
    type_id: int = 0
    pieces: tuple[str, ...] = ()
    position: int | None = None
    generated: bool = False


Tokens = tuple[Token, ...]
ResultT = TypeVar("ResultT")


def n_real(tokens: Tokens) -> int:
    """How many do not only fill the length."""
    return sum(not token.padding for token in tokens)


def token_numbers(tokens: Tokens) -> list[int]:
    """Each token's position in the model's input: the one number that people and programs call it by."""
    return [i if token.position is None else token.position for i, token in enumerate(tokens)]


def remembered(function: Callable[[Tokens], ResultT]) -> Callable[[Tokens], ResultT]:
    """The function with its results of the last tokens, which the parts of a long text share.

    The tokens are known by being the same object: to compare or to hash thousands of them takes longer.
    """
    last: deque[tuple[Tokens, ResultT]] = deque(maxlen=8)

    @wraps(function)
    def known(tokens: Tokens) -> ResultT:
        for same, result in tuple(last):
            if same is tokens:
                return result
        result = function(tokens)
        last.append((tokens, result))
        return result

    return known


@remembered
def numbered(tokens: Tokens) -> Tokens:
    """The tokens with their positions, which they keep when some are merged or left out."""
    numbers = token_numbers(tokens)
    return tuple(replace(token, position=number) for token, number in zip(tokens, numbers, strict=True))
