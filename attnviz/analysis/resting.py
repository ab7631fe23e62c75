"""Where heads rest when they find nothing to do, and the attention that is left, which says what they do.

Heads rest on special tokens (Clark et al. 2019), and those of a causal model on the first token (Xiao et al. 2023).
Such weights move little (Kobayashi et al. 2020), so a head is judged by the others.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from attnviz.records import dataclass
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import token_numbers

LEAST_LEFT = 0.1  # of a row: what is left of less says nothing
FIRST, SPECIAL, OTHERS, SINK = "first", "special", "others", "sink"  # places of rest that no token of the view names


@dataclass(frozen=True, eq=False)
class Rest:
    """How much each head rests, and where.

    Attributes:
        keys: (n_keys,), True for the keys on which heads rest, and for padding.
        places: by the label of a special token, or ``first``: (n_layers, n_heads), the mean share of a row.
            ``special``: what special tokens got that are left out of the matrices; ``others``: what other keys got;
            ``sink``: what no key got, of a model whose heads have a sink.
        share: (n_layers, n_heads), the mean share of a row that goes to other tokens; NaN where no row counts.
    """

    keys: np.ndarray
    places: Mapping[str, np.ndarray]
    share: np.ndarray


@dataclass(frozen=True, eq=False)
class Remainder:
    """What heads do with the attention that does not rest on special tokens or a sink.

    Attributes:
        values: by metric of a pattern, float64 (n_layers, n_heads), on rows divided by what is left of them.
        counts: by metric of a pattern, int64 (n_layers, n_heads): how many rows it is the mean of.
        missing: by metric that cannot be computed here, why.
        share: (n_layers, n_heads), the share of all attention that does not rest.
        places: by name of the token that a head rests on, (n_layers, n_heads): the share of all attention.
    """

    values: Mapping[str, np.ndarray]
    counts: Mapping[str, np.ndarray]
    missing: Mapping[str, str]
    share: np.ndarray
    places: Mapping[str, np.ndarray]


def head_rest(attention: Attention, *, first: bool = False) -> Rest:
    """How much each head rests, and where: on special tokens, and in a causal model on the first token.

    Args:
        attention: weights, one matrix per head.
        first: whether heads rest on the first token too, causal or not.
    """
    special = np.array([token.special and not token.padding for token in attention.keys])
    padding = np.array([token.padding for token in attention.keys])
    sink = np.zeros(len(special), dtype=bool)
    start = int((~padding).argmax())
    is_first = token_numbers(attention.keys)[start] == start  # nothing before it is left out
    sink[start] = (first or _is_causal(attention)) and is_first and not special[start]
    weights, hidden = attention.matrices, attention.rest
    real = ~np.array([token.padding for token in attention.queries])
    rows = real & (weights.any(axis=-1) if hidden is None else weights.any(axis=-1) | (hidden > 0))
    n_rows = rows.sum(axis=-1)  # (n_layers, n_heads)

    def mean(numbers: np.ndarray) -> np.ndarray:
        means = np.full(n_rows.shape, np.nan)
        np.divide(numbers.sum(axis=-1, dtype=np.float64, where=rows), n_rows, where=n_rows > 0, out=means)
        return means

    places: dict[str, np.ndarray] = {}
    if hidden is not None:
        places[_place_of_hidden(attention)] = mean(hidden)
    for key in np.flatnonzero(special | sink):
        name = FIRST if sink[key] else attention.keys[key].label
        places[name] = places.get(name, 0.0) + mean(weights[..., key])
    keys = special | sink | padding
    return Rest(keys, places, mean(weights[..., ~keys].sum(axis=-1)))


def _place_of_hidden(attention: Attention) -> str:
    """The name of what got the part of each row that is not in the matrices."""
    if attention.keys_chosen:
        return OTHERS
    if attention.hidden:
        return SPECIAL
    return SINK if attention.model.config.get("sink") else OTHERS


def without_rest(attention: Attention, keys: np.ndarray) -> Attention:
    """The attention between the other tokens; rows are divided by what is left of them.

    A row of which less than ``LEAST_LEFT`` is left is all zeros: it does not count.

    Args:
        attention: weights, one matrix per head.
        keys: (n_keys,), the keys to leave out, as ``Rest`` has them; also left out as queries.
    """
    queries = keys if is_square(attention) else np.array([t.special or t.padding for t in attention.queries])
    weights = attention.matrices[:, :, ~queries][..., ~keys]
    left = weights.sum(axis=-1, keepdims=True)
    masked = attention.masked
    return replace(
        attention,
        matrices=np.divide(weights, left, where=left >= LEAST_LEFT, out=np.zeros_like(weights)),
        queries=tuple(token for token, out in zip(attention.queries, queries, strict=True) if not out),
        keys=tuple(token for token, out in zip(attention.keys, keys, strict=True) if not out),
        masked=None if masked is None else masked[:, ~queries][..., ~keys],
        hidden=False,
        renormalized=True,
        rest=None,
    )


def _is_causal(attention: Attention) -> bool:
    """Whether no token can look at a later one."""
    n, masked = len(attention.keys), attention.masked
    if masked is None or n < 2 or not is_square(attention):
        return False
    return all(masked[:, i, i + 1 :].all() for i in range(n - 1))


def is_square(attention: Attention) -> bool:
    """Whether the queries are the keys: a target as long as its source is still another text."""
    queries, keys = attention.queries, attention.keys
    return attention.kind != "cross" and len(queries) == len(keys) and token_numbers(queries) == token_numbers(keys)
