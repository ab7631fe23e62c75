"""What rows give to keys that are left out, as a key of its own."""

from dataclasses import replace

import numpy as np

from attnviz.output.words import rest_word
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import Token


def with_rest_key(attention: Attention) -> tuple[Attention, bool]:
    """The attention with what rows give to hidden keys as a last key, and whether it has such a key."""
    if attention.rest is None:
        return attention, False
    word = rest_word(attention)
    numbers = np.concatenate([attention.matrices, attention.rest[..., None]], axis=-1)
    masked = attention.masked
    return replace(
        attention,
        matrices=numbers,
        keys=(*attention.keys, Token(text="", label=word, piece=word, special=True)),
        masked=None if masked is None else np.pad(masked, ((0, 0), (0, 0), (0, 1))),
    ), True
