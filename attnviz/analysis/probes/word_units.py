"""Attention between the words of a corpus, whatever pieces a tokenizer makes of them."""

from collections.abc import Sequence

import numpy as np

from attnviz.trace.tokens import Tokens

NO_UNIT = -1


def token_units(tokens: Tokens, spans: Sequence[tuple[int, int]]) -> np.ndarray:
    """Each token's unit, (n_tokens,): the one with which it shares most characters, the first of equals.

    ``NO_UNIT`` where it shares none: special tokens, padding, characters that belong to no unit.

    Args:
        tokens: of one text.
        spans: the characters of each unit, from and to, in order and without overlaps.
    """
    units = np.full(len(tokens), NO_UNIT)
    first = 0
    for i, token in enumerate(tokens):
        if token.special or token.padding:
            continue
        while first < len(spans) and spans[first][1] <= token.start:
            first += 1
        most = 0
        for unit in range(first, len(spans)):
            start, end = spans[unit]
            if start >= token.end:
                break
            shared = min(end, token.end) - max(start, token.start)
            if shared > most:
                most, units[i] = shared, unit
    return units


def between_units(matrices: np.ndarray, queries: np.ndarray, keys: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Attention between units, (..., *shape) float64 (Clark et al. 2019, section 4.1).

    Attention *to* a unit is the sum over its tokens, attention *from* it the mean over its tokens. A unit without
    tokens gets 0 and gives 0, and so do tokens without a unit.

    Args:
        matrices: (..., n_queries, n_keys).
        queries: (n_queries,), each query's unit.
        keys: (n_keys,), each key's unit.
        shape: the number of units of the queries and of the keys.
    """
    rows, columns = (_members(units, n) for units, n in zip((queries, keys), shape, strict=True))
    counts = np.maximum(rows.sum(axis=0), 1)
    between: np.ndarray = (rows / counts).T @ (matrices.astype(np.float64) @ columns)
    return between


def strongest_units(matrices: np.ndarray, *, to_itself: bool) -> np.ndarray:
    """Each row's strongest key, the first of equals, (..., n_rows); ``NO_UNIT`` where nothing is attended to.

    Args:
        matrices: (..., n_rows, n_keys), no number below 0.
        to_itself: whether a row's own unit may be its strongest key; queries are the keys where it may not.
    """
    if not to_itself:
        matrices = np.where(np.eye(matrices.shape[-1], dtype=bool), 0.0, matrices)
    best = matrices.argmax(axis=-1)
    found: np.ndarray = np.where(matrices.max(axis=-1) > 0, best, NO_UNIT)
    return found


def _members(units: np.ndarray, n: int) -> np.ndarray:
    """(n_tokens, n) float64: 1 where a token belongs to a unit."""
    members: np.ndarray = (units[:, None] == np.arange(n)).astype(np.float64)
    return members
