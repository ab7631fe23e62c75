"""The keys that a query may attend to, and the rows of a batch that are tokens."""

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from attnviz.encoder.config.block import Block
from attnviz.encoder.parameters.params import Array
from attnviz.records import dataclass

if TYPE_CHECKING:
    from attnviz.encoder.embedding import Sequence  # which imports what imports this


@dataclass(frozen=True, eq=False)
class Packing:
    """The tokens of a batch without what fills up its texts, for all that is computed of each token by itself.

    Attributes:
        rows: (n_rows,), the place of each token among the places of all texts.
        places: (n_texts, n), the row of each place; beyond a text's end, that of its last token.
    """

    rows: Array
    places: Array

    @classmethod
    def of(cls, lengths: Array) -> "Packing":
        """That of texts of these lengths, (n_texts,), at least 1 each."""
        there = np.arange(lengths.max()) < lengths[:, None]
        return cls(np.flatnonzero(there), (np.cumsum(there) - 1).reshape(there.shape))

    def packed(self, x: Array) -> Array:
        """(n_texts, n, width) to (n_rows, width)."""
        return x.reshape(-1, x.shape[-1])[self.rows]

    def unpacked(self, x: Array) -> Array:
        """(n_rows, width) to (n_texts, n, width); places beyond a text's end get the vector of its last token."""
        return x[self.places]


def allowed_keys(config: Block, n: int, *, causal: bool, windowed: bool, start: int = 0) -> Array | None:
    """Self-attention's mask, (n - start, n): True where a query (row) may attend to a key; None for everywhere.

    Args:
        config: ``mask`` and ``window``: ``window`` keys either side; with a causal mask, ``window`` keys back.
        n: the number of tokens.
        causal: whether later keys are hidden in any case (a decoder).
        windowed: whether the layer is one of those that see only the window.
        start: the first query; those before it have no row.
    """
    causal, window = causal or config.attention.mask == "causal", config.attention.window
    if not causal and not windowed:
        return None
    shape = (n - start, n)
    allowed = np.tri(*shape, start, dtype=bool) if causal else np.ones(shape, dtype=bool)
    if windowed and window is not None:
        allowed &= np.tri(*shape, start + window, dtype=bool)
        allowed &= ~np.tri(*shape, start - window - 1, dtype=bool)
    return allowed


def without_padding(allowed: Array | None, padding: Array | None, n_queries: int) -> Array | None:
    """The mask (n_queries, n_keys) that also hides the padding, ``padding`` (n_keys,).

    In a batch ``padding`` is (n_texts, n_keys), and the mask (n_texts, 1, n_queries, n_keys), for all heads.
    """
    if padding is None or not padding.any():
        return allowed
    real: Array = np.broadcast_to(~padding[..., None, :], (*padding.shape[:-1], n_queries, padding.shape[-1]))
    real = real if padding.ndim == 1 else real[:, None]
    return real if allowed is None else allowed & real


def masked_keys(
    config: Block, kind: str, layers: Iterable[int], source: "Sequence", target: "Sequence | None"
) -> Array | None:
    """True where a key is hidden from a query, (n_layers, n_queries, n_keys) for some layers; None for no mask."""
    sequence = source if target is None or kind != "decoder" else target
    n = len(source if target is None or kind == "encoder" else target)
    windowed = config.windowed_layers

    @cache
    def hidden(windowed: bool) -> Array:
        allowed = None if kind == "cross" else allowed_keys(config, n, causal=kind == "decoder", windowed=windowed)
        allowed = without_padding(allowed, sequence.padding, n)
        return np.zeros((n, len(sequence)), dtype=bool) if allowed is None else ~allowed

    masked = [hidden(layer in windowed) for layer in layers]
    if not any(mask.any() for mask in masked):
        return None
    same = all(mask is masked[0] for mask in masked)
    return np.broadcast_to(masked[0], (len(masked), *masked[0].shape)) if same else np.stack(masked)
