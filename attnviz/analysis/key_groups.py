"""The keys of an explanation as people see them: which two are compared, and which tokens share a row."""

from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from attnviz.analysis.matrices.words import merged, word_starts
from attnviz.trace.tokens import Tokens, numbered

N_COMPARED = 2


class KeyGroup(NamedTuple):
    """Keys that share a row: their indices, and why (``token``, ``word``, ``special``)."""

    keys: tuple[int, ...]
    kind: str


def word_of(tokens: Tokens, index: int) -> tuple[int, ...]:
    """The indices of the tokens of the word that has this token; a special token is alone."""
    starts = [*word_starts(tokens), len(tokens)]
    start, end = next((start, end) for start, end in pairwise(starts) if start <= index < end)
    return tuple(range(start, end))


def word_shares(keys: Tokens, weights: np.ndarray) -> np.ndarray:
    """(n_keys,), what the word of each key gets: the sum over its tokens."""
    starts = word_starts(keys)
    return np.repeat(np.add.reduceat(weights, starts), np.diff([*starts, len(keys)]))


def spelled(tokens: Tokens) -> Tokens:
    """The tokens, those that are a whole word as the text spells them (a model may know small letters only)."""
    tokens = numbered(tokens)
    words = (tokens[start:end] for start, end in pairwise([*word_starts(tokens), len(tokens)]))
    return tuple(token for word in words for token in (merged(word) if len(word) == 1 else word))


def compared_keys(keys: Tokens, weights: np.ndarray, first: Sequence[int] = ()) -> tuple[int, ...]:
    """The keys that an explanation compares: those that are asked for, and as many others as make two.

    The first is of the word that gets most, the second of the word that gets most besides it, and no special token:
    words are what a reader compares. Of a word of several tokens it is the one that gets most. Keys without weight are
    not compared, unless they are asked for.

    Args:
        keys: the tokens.
        weights: (n_keys,), what the query gives to each.
        first: indices that are asked for.
    """
    compared = list(dict.fromkeys(first))
    words = [word_of(keys, index) for index in compared]
    for index in np.lexsort((-weights, -word_shares(keys, weights))).tolist():
        if len(compared) >= N_COMPARED or weights[index] == 0:
            break
        if not any(index in word for word in words) and not (compared and keys[index].special):
            compared.append(index)
            words.append(word_of(keys, index))
    return tuple(compared)


def key_groups(
    keys: Tokens, alone: Collection[int] = (), *, words: bool = True, hide_special: bool = True
) -> tuple[KeyGroup, ...]:
    """The rows of a table of keys, in the order of the text; the special tokens' row is the last.

    A sum over a row's tokens is what they get together. Tokens that have to be seen one by one (``alone``) keep the
    tokens of their word, or all special tokens, apart.

    Args:
        keys: the tokens.
        alone: indices of keys that have a row each.
        words: whether the pieces of a word share a row.
        hide_special: whether the special tokens share one.
    """
    special = tuple(i for i, token in enumerate(keys) if token.special)
    shares_special = hide_special and len(special) > 1 and not set(special) & set(alone)
    groups: list[KeyGroup] = []
    for start, end in pairwise([*word_starts(keys), len(keys)]):
        word = tuple(range(start, end))
        if shares_special and keys[start].special:
            continue
        if len(word) > 1 and words and not set(word) & set(alone):
            groups.append(KeyGroup(word, "word"))
        else:
            groups += [KeyGroup((i,), "token") for i in word]
    return (*groups, KeyGroup(special, "special")) if shares_special else tuple(groups)
