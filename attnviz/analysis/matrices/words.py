"""Attention between words instead of tokens, and without special tokens.

Both change the tokens along with the matrices, so that whatever looks at them needs to know nothing of it.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from attnviz.errors import InputError, UsageError
from attnviz.names import SHARES
from attnviz.text.labels import printable
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import Token, Tokens, numbered, remembered


def merge_words(attention: Attention) -> Attention:
    """Attention between words (Clark et al. 2019, section 3).

    Attention *to* a split word is the sum over its pieces, then attention *from* it is the mean over its pieces, so
    that every row still sums to 1. Which pieces make a word is what the tokenizer said of them; special tokens stay
    tokens. A key is masked for a query if all its pieces are for all of the query's. Where nobody said which words
    there are (vectors, arrays from elsewhere) it is the same attention.

    Raises:
        UsageError: it holds scores, whose sum means nothing.
    """
    if attention.words:
        return attention
    if attention.values == "scores":
        raise UsageError("words, values: sums of scores mean nothing; expected weights")
    if all(token.word is None for token in (*attention.queries, *attention.keys)):
        return attention
    queries, keys = word_starts(attention.queries), word_starts(attention.keys)
    counts = np.diff([*queries, len(attention.queries)]).astype(attention.matrices.dtype)
    matrices = _by_word(np.add, _by_word(np.add, attention.matrices, keys), queries, axis=-2)
    if len(queries) < len(attention.queries):
        matrices /= counts[:, None]
    masked = attention.masked
    if masked is not None:
        masked = _by_word(np.logical_and, _by_word(np.logical_and, masked, keys), queries, axis=-2)
    rest = attention.rest
    return replace(
        attention,
        matrices=matrices,
        queries=merged(attention.queries),
        keys=merged(attention.keys),
        masked=masked,
        words=True,
        rest=None if rest is None else _by_word(np.add, rest, queries) / counts,
    )


def _by_word(combine: np.ufunc, values: np.ndarray, starts: list[int], axis: int = -1) -> np.ndarray:
    """The values along an axis, those of the pieces of a word combined into one: the first with the others in turn.

    Most words are one piece, so that this is quicker than ``reduceat``; the values themselves where all are.
    """
    sizes = np.diff([*starts, values.shape[axis]])
    if len(sizes) == values.shape[axis]:
        return values
    firsts = np.array(starts)
    combined = values.take(firsts, axis)
    words = np.moveaxis(combined, axis, 0)
    for piece in range(1, sizes.max()):
        longer = np.flatnonzero(sizes > piece)
        pieces = np.moveaxis(values.take(firsts[longer] + piece, axis), axis, 0)
        words[longer] = combine(words[longer], pieces)
    return combined


def hide_special(attention: Attention, *, renormalize: bool = False) -> Attention:
    """Attention without the rows and columns of special tokens.

    What is left of a row keeps its numbers, and ``rest`` says what the hidden keys got, unless ``renormalize`` divides
    each row by what is left of it (a row of which nothing is left stays 0). Where no token is known to be special it is
    the same attention.

    Raises:
        InputError: there is no other token.
    """
    queries, keys = (np.array([not token.special for token in side]) for side in (attention.queries, attention.keys))
    if queries.all() and keys.all() and (attention.rest is None or not renormalize):
        return attention
    if not queries.any() or not keys.any():
        raise InputError("hide-special: every token is special; expected some that are not")
    kept = kept_tokens(attention, queries, keys, renormalize=renormalize)
    has_others = attention.rest is not None and not attention.hidden  # keys that are left out and not special
    return replace(kept, hidden=True, keys_chosen=attention.keys_chosen or has_others)


def kept_tokens(attention: Attention, queries: np.ndarray, keys: np.ndarray, *, renormalize: bool = False) -> Attention:
    """Attention between some tokens.

    Args:
        attention: between all of them.
        queries: (n_queries,), True for those that are kept.
        keys: (n_keys,), True for those that are kept.
        renormalize: divide each row by what is left of it (a row of which nothing is left stays 0); else ``rest`` says
            what the others got.
    """
    rows, columns = _places(queries), _places(keys)
    seen = attention.matrices[:, :, rows]
    matrices, rest = seen[..., columns], None
    renormalized = attention.renormalized
    if attention.values in SHARES:
        left = matrices.sum(axis=-1, keepdims=True)
        if renormalize:
            matrices, renormalized = matrices / np.where(left > 0, left, 1), True
        elif attention.reduce != "max" and not renormalized:
            before = None if attention.rest is None else attention.rest[:, :, rows]
            left_out = [token for token, keep in zip(attention.keys, keys, strict=True) if not keep]
            only_padding = bool(left_out) and all(token.padding for token in left_out)
            if before is not None or not only_padding:  # padding gets nothing
                rest = attention_to(seen, ~keys)
                rest = rest if before is None else rest + before
    return replace(
        attention,
        matrices=matrices,
        queries=_where(attention.queries, queries),
        keys=_where(attention.keys, keys),
        masked=None if attention.masked is None else attention.masked[:, rows][:, :, columns],
        renormalized=renormalized,
        rest=rest,
    )


def _places(kept: np.ndarray) -> slice | np.ndarray:
    """The places that are kept; as a slice, which copies nothing, where there is no gap between them."""
    places = np.flatnonzero(kept)
    return slice(places[0], places[-1] + 1) if len(places) and places[-1] - places[0] < len(places) else places


def attention_to(matrices: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """What each row gives to some keys, (n_layers, n_heads, n_queries).

    Args:
        matrices: (n_layers, n_heads, n_queries, n_keys).
        keys: (n_keys,), True for these keys.
    """
    total: np.ndarray = matrices[..., keys].sum(axis=-1)
    return total


def _where(tokens: Tokens, kept: np.ndarray) -> Tokens:
    return tuple(token for token, keep in zip(numbered(tokens), kept, strict=True) if keep)


@remembered
def visible(tokens: Tokens) -> Tokens:
    """The tokens that are not special."""
    return tuple(token for token in numbered(tokens) if not token.special)


def word_starts(tokens: Tokens) -> list[int]:
    """The places at which words begin; a token that belongs to no word is one by itself."""
    words = [None if t.special or t.word is None else (t.segment, t.word) for t in tokens]
    return [i for i, word in enumerate(words) if i == 0 or word is None or word != words[i - 1]]


@remembered
def merged(tokens: Tokens) -> Tokens:
    """The tokens with those of a word made one, whose text is all that its pieces cover."""
    starts, tokens = word_starts(tokens), numbered(tokens)
    return tuple(_one(tokens[start:end]) for start, end in pairwise([*starts, len(tokens)]))


def _one(pieces: Tokens) -> Token:
    first = pieces[0]
    if first.special or first.word is None or first.pieces:
        return first
    text, end = "", first.start
    for piece in pieces:  # pieces of one character repeat its offsets
        text += piece.text[max(0, end - piece.start) :]
        end = max(end, piece.end)
    start = first.start
    if text.strip():  # byte-level pieces can begin with the space before the word
        start += len(text) - len(text.lstrip())
        end -= len(text) - len(text.rstrip())
        text = text.strip()
    return replace(
        first,
        text=text,
        label=printable(text) if text else "".join(piece.label for piece in pieces),  # parts of a character
        start=start,
        end=end,  # beyond the text's length where the tokenizer removed a character between two pieces
        id=None,
        piece=text,
        pieces=tuple(piece.piece for piece in pieces),
        generated=pieces[-1].generated,
    )
