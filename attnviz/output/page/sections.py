"""What the chunk of a head holds: its codes between tokens, then what these do not say of words and of special tokens.

Sums of a few codes nearly are the codes of words and of rests. So these are stored as what they exceed the sums by: it
is 0, 1 or 2 nearly everywhere and takes little space.
"""

from dataclasses import dataclass

import numpy as np

from attnviz.analysis.matrices.levels import Level
from attnviz.analysis.matrices.words import word_starts
from attnviz.output.page.codes import Codes
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import Tokens


@dataclass(frozen=True, eq=False)
class TokenSide:
    """The tokens of a side.

    Attributes:
        starts: the first token of each word.
        counts: the tokens of each word.
        special: (n_tokens,), True where hiding leaves a token out.
    """

    starts: np.ndarray
    counts: np.ndarray
    special: np.ndarray

    @classmethod
    def of(cls, tokens: Tokens) -> "TokenSide":
        """The side of some tokens; where none is ordinary, nothing is hidden."""
        special = np.array([token.special or token.padding for token in tokens])
        starts = np.array(word_starts(tokens))
        return cls(starts, np.diff([*starts, len(tokens)]), special & (not special.all()))


def head_sections(
    level: Level, place: tuple[int, int], codes: Codes, sides: tuple[TokenSide, TokenSide]
) -> list[np.ndarray]:
    """The codes of one head, in their order in its chunk.

    1. Between tokens, key by key: what one key gets is alike, which deflates better.
    2. Between words: the row of each query word of several tokens, then the column of each key word of several tokens
       over the query words of one.
    3. What each query token gives to special tokens, then each query word.

    Args:
        level: with the head.
        place: its row and column.
        codes: how numbers are stored.
        sides: the queries and the keys.
    """
    numbers, masked = matrix_at(level.tokens, place)
    between = codes.encode(numbers, masked)
    queries, keys = sides
    arrays = [between.T]
    if level.words is not None:
        words = codes.encode(*matrix_at(level.words, place))
        if codes.steps is not None:
            words = _beyond(words, _means(np.add.reduceat(between, keys.starts, axis=1, dtype=np.int64), queries))
        arrays += [words[queries.counts > 1], words[queries.counts == 1][:, keys.counts > 1].T]
    sums = between[:, keys.special].sum(axis=1, keepdims=True, dtype=np.int64) if codes.steps is not None else None
    for one in level:
        if one is not None and one.rest is not None:
            rest = codes.encode(one.rest[place])
            if sums is not None:
                rest = _beyond(rest, (sums if one is level.tokens else _means(sums, queries))[:, 0])
            arrays.append(rest)
    return arrays


def matrix_at(attention: Attention, place: tuple[int, int]) -> tuple[np.ndarray, np.ndarray | None]:
    """The numbers of one head, and which of them are masked."""
    return attention.matrices[place], None if attention.masked is None else attention.masked[place[0]]


def _means(sums: np.ndarray, queries: TokenSide) -> np.ndarray:
    """The means of rows over the tokens of words, rounded down; (n_query_words, ...)."""
    means: np.ndarray = np.add.reduceat(sums, queries.starts, axis=0) // queries.counts[:, None]
    return means


def _beyond(codes: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """The codes less what is predicted, modulo the number of codes."""
    beyond: np.ndarray = (codes - prediction).astype(codes.dtype)
    return beyond
