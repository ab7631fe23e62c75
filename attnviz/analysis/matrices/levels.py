"""Matrices between tokens and between words at once, with what each row gives to special tokens.

A view that lets its reader merge words and hide special tokens needs all of this. The numbers are those that
``arrange`` gives for each of the choices.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from attnviz.analysis.matrices.reduce import reduced_parts
from attnviz.analysis.matrices.selection import Request
from attnviz.analysis.matrices.words import attention_to, hide_special, merge_words, merged
from attnviz.names import PATHS, SHARES
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import Tokens


class Level(NamedTuple):
    """Some matrices between tokens, and the same between words.

    Attributes:
        tokens: all tokens; ``rest`` is what each row gives to special tokens, and what was left out before.
        words: all words, with their rest; None where words are tokens, or their sums mean nothing.
    """

    tokens: Attention
    words: Attention | None


def levels(parts: Callable[[], Iterator[Attention]], request: Request) -> Iterator[Level]:
    """The levels of matrices of one kind that come a part at a time, between all tokens.

    Args:
        parts: gives the matrices; called several times where they are reduced.
        request: a mean or a maximum is taken unless the matrices are reduced already, as by rollout and flow. Where it
            renormalizes rows, special tokens are left out of both levels. Its words and hiding are not looked at.
    """
    first = next(parts()) if request.reduce not in ("none", *PATHS) else None
    if first is None or first.reduce != "none":
        return (_level(part, request) for part in parts())

    def arranged(merge: bool) -> Iterator[Attention]:
        """Words are merged and rows renormalized before a mean or a maximum."""
        return (_ended(merge_words(part) if merge else part, request) for part in parts())

    tokens = reduced_parts(arranged(False), request.reduce)
    if not merges_words(first):
        return (Level(part, None) for part in tokens)
    words = reduced_parts(arranged(True), request.reduce)
    return (Level(*pair) for pair in zip(tokens, words, strict=True))


def with_rest(attention: Attention) -> Attention:
    """The attention with what each row gives to special tokens as its ``rest``, where that is known."""
    special = np.array([token.special for token in attention.keys])
    if not special.any() or special.all():
        return attention
    if attention.rest is None and all(token.padding for token in attention.keys if token.special):
        return attention  # padding gets nothing
    if attention.values not in SHARES or attention.reduce == "max" or attention.renormalized:
        return replace(attention, rest=None)
    rest = attention_to(attention.matrices, special)
    return replace(attention, rest=rest if attention.rest is None else rest + attention.rest)


def merges_words(attention: Attention) -> bool:
    """Whether some word has several tokens, or another label than its token, and its numbers can be added."""
    can_merge = attention.values != "scores" and attention.reduce != "max" and not attention.words
    return can_merge and any(has_other_words(side) for side in (attention.queries, attention.keys))


def has_other_words(tokens: Tokens) -> bool:
    """Whether some word has several tokens, or another label than its token: ``The`` of the token ``the``."""
    if all(token.word is None for token in tokens):
        return False
    words = merged(tokens)
    return len(words) < len(tokens) or any(word.label != token.label for word, token in zip(words, tokens, strict=True))


def _level(part: Attention, request: Request) -> Level:
    words = merge_words(part) if merges_words(part) else None
    return Level(_ended(part, request), None if words is None else _ended(words, request))


def _ended(attention: Attention, request: Request) -> Attention:
    """With its rest, or without special tokens where rows are renormalized."""
    if request.renormalize and _has_ordinary(attention.queries) and _has_ordinary(attention.keys):
        return hide_special(attention, renormalize=True)
    return with_rest(attention)


def _has_ordinary(tokens: Tokens) -> bool:
    return any(not token.special for token in tokens)


def arranged_level(level: Level, request: Request) -> Attention:
    """The matrices of a level between the tokens that a request asks for; what it cannot do it leaves undone."""
    attention = level.words if request.words and level.words is not None else level.tokens
    ordinary = [not token.special for token in attention.queries]
    if not (request.hide_special and _has_ordinary(attention.queries) and _has_ordinary(attention.keys)):
        return replace(attention, rest=None) if any(token.special for token in attention.keys) else attention
    seen = hide_special(replace(attention, rest=None))
    return replace(seen, rest=None if attention.rest is None else attention.rest[:, :, ordinary])
