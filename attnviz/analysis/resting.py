"""Where heads rest when they find nothing to do, and the attention that is left, which says what they do.

Heads rest on special tokens (Clark et al. 2019), and those of a causal model on the first token (Xiao et al. 2023).
Such weights move little (Kobayashi et al. 2020), so a head is judged by the others.
"""

from collections.abc import Mapping

import numpy as np

from attnviz.records import dataclass
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import token_numbers

FIRST, SPECIAL, OTHERS, SINK = "first", "special", "others", "sink"  # places of rest that no token of the view names


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


def resting_places(attention: Attention, *, first: bool) -> dict[str, np.ndarray]:
    """On which keys heads rest, by their label or ``first``: (n_keys,), True for those of a place.

    Args:
        attention: weights, one matrix per head.
        first: whether heads rest on the first token too, as those of a causal model do.
    """
    keys = attention.keys
    places: dict[str, np.ndarray] = {}
    start = next((i for i, token in enumerate(keys) if not token.padding), 0)
    # Nothing before the first token is left out, and it is not special.
    has_sink = first and token_numbers(keys)[start] == start and not keys[start].special
    for i, token in enumerate(keys):
        if (token.special and not token.padding) or (has_sink and i == start):
            name = token.label if token.special else FIRST
            places.setdefault(name, np.zeros(len(keys), dtype=np.bool_))[i] = True
    return places


def place_of_hidden(attention: Attention) -> str:
    """The name of what got the part of each row that is not in the matrices."""
    if attention.keys_chosen:
        return OTHERS
    if attention.hidden:
        return SPECIAL
    return SINK if attention.model.config.get("sink") else OTHERS


def looks_back_only(attention: Attention) -> bool:
    """Whether no token can look at a later one."""
    n, masked = len(attention.keys), attention.masked
    if masked is None or n < 2 or not is_square(attention):
        return False
    return all(masked[:, i, i + 1 :].all() for i in range(n - 1))


def is_square(attention: Attention) -> bool:
    """Whether the queries are the keys: a target as long as its source is still another text."""
    queries, keys = attention.queries, attention.keys
    return attention.kind != "cross" and len(queries) == len(keys) and token_numbers(queries) == token_numbers(keys)
