"""Tokens that only fill the length: no query attends to them, and they attend to nothing."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from attnviz.elsewhere.values.row_scan import edited
from attnviz.names import SHARES
from attnviz.trace.attention import Attention

_NOTED = 2e-3  # of a row: what goes to padding without it being worth a note


def padding_mask(attention: Attention) -> np.ndarray | None:
    """(n_queries, n_keys), True where the query or the key is padding; None without padding."""
    queries, keys = (np.array([token.padding for token in side]) for side in (attention.queries, attention.keys))
    return queries[:, None] | keys if queries.any() or keys.any() else None


def mask_padding(attention: Attention, note: Callable[[str], None]) -> Attention:
    """Attention whose padding is masked on both sides; what its rows gave to padding is their ``rest``."""
    masked = padding_mask(attention)
    if masked is None:
        return attention
    nothing = -np.inf if attention.values == "scores" else 0.0
    real = ~np.array([token.padding for token in attention.queries])
    padded_keys = np.array([token.padding for token in attention.keys])
    lost = np.zeros(attention.matrices.shape[:3])

    def edit(layer: int, heads: slice, block: np.ndarray) -> np.ndarray:
        lost[layer, heads] = np.where(real, block[..., padded_keys].sum(axis=-1, dtype=np.float64), 0)
        return np.where(masked, block.dtype.type(nothing), block)

    attention = replace(
        attention,
        matrices=edited(attention.matrices, edit),
        masked=np.broadcast_to(masked, (len(lost), *masked.shape))
        if attention.masked is None
        else attention.masked | masked,
    )
    if attention.values not in SHARES or attention.reduce == "max" or not lost.max() > _NOTED:
        return attention
    note(f"a row gives up to {100 * lost.max():.0f}% to padding; that is its rest")
    rest = lost if attention.rest is None else attention.rest + lost
    return replace(attention, rest=rest.astype(np.float32))
