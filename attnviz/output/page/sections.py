"""What the chunk of a head holds: its codes between tokens, then what these do not say of words and of special tokens.

Sums of a few codes nearly are the codes of words and of rests. So these are stored as what they exceed the sums by: it
is 0, 1 or 2 nearly everywhere and takes little space.
"""

import numpy as np

from attnviz.analysis.matrices.levels import Level
from attnviz.analysis.matrices.words import word_starts
from attnviz.output.page.codes import Codes
from attnviz.records import dataclass
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

    @property
    def single(self) -> np.ndarray:
        """The tokens that are words."""
        tokens: np.ndarray = self.starts[self.counts == 1]
        return tokens

    def words(self, *, several: bool) -> tuple[np.ndarray, np.ndarray]:
        """Tokens, and the places among them at which their words begin.

        Args:
            several: only words of several tokens.
        """
        is_part = self.counts > 1 if several else self.counts > 0
        counts = self.counts[is_part]
        tokens = np.flatnonzero(np.repeat(is_part, self.counts))
        return tokens, np.cumsum(counts) - counts

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
        merged, hidden = matrix_at(level.words, place)
        places = [np.ix_(queries.counts > 1, keys.counts > 0), np.ix_(queries.counts == 1, keys.counts > 1)]
        rows, columns = (codes.encode(merged[some], None if hidden is None else hidden[some]) for some in places)
        if codes.steps is not None:
            several = _row_sums(between, queries, several=True)
            rows = _beyond(rows, _row_sums(several.T, keys).T // queries.counts[queries.counts > 1][:, None])
            columns = _beyond(columns, _row_sums(between[queries.single].T, keys, several=True).T)
        arrays += [rows, columns.T]
    sums = between[:, keys.special].sum(axis=1, dtype=np.int64) if codes.steps is not None else None
    for one in level:
        if one is not None and one.rest is not None:
            rest = codes.encode(one.rest[place])
            if sums is not None:
                is_words = one is not level.tokens
                rest = _beyond(rest, _row_sums(sums, queries) // queries.counts if is_words else sums)
            arrays.append(rest)
    return arrays


def matrix_at(attention: Attention, place: tuple[int, int]) -> tuple[np.ndarray, np.ndarray | None]:
    """The numbers of one head, and which of them are masked."""
    return attention.matrices[place], None if attention.masked is None else attention.masked[place[0]]


def _row_sums(numbers: np.ndarray, side: TokenSide, *, several: bool = False) -> np.ndarray:
    """The sums of rows over the tokens of words.

    Args:
        numbers: (n_tokens, ...).
        side: of the rows.
        several: only words of several tokens.
    """
    rows, starts = side.words(several=several)
    sums: np.ndarray = np.add.reduceat(numbers[rows], starts, axis=0, dtype=np.int64)
    return sums


def _beyond(codes: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """The codes less what is predicted, modulo the number of codes."""
    beyond: np.ndarray = (codes - prediction).astype(codes.dtype)
    return beyond
