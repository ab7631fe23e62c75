"""Which keys a query may attend to."""

import numpy as np

from attnviz.encoder.config import EncoderConfig


def allowed_keys(config: EncoderConfig, n: int, *, causal: bool, windowed: bool) -> np.ndarray | None:
    """Self-attention's mask, (n, n): True where a query (row) may attend to a key; None where it may to all.

    Args:
        config: ``mask`` and ``window``: ``window`` keys either side; with a causal mask, ``window`` keys back.
        n: the number of tokens.
        causal: whether later keys are hidden, whatever ``mask`` says (a decoder).
        windowed: whether the layer is one of those that see only the window.
    """
    causal = causal or config.mask == "causal"
    if not causal and not windowed:
        return None
    offsets = np.arange(n) - np.arange(n)[:, None]  # key - query
    allowed = np.ones((n, n), dtype=bool)
    if causal:
        allowed &= offsets <= 0
    if windowed:
        allowed &= np.abs(offsets) <= config.window
    return allowed


def without_padding(allowed: np.ndarray | None, padding: np.ndarray | None, n_queries: int) -> np.ndarray | None:
    """The mask (n_queries, n_keys) with the keys that only fill the length, ``padding`` (n_keys,), hidden too."""
    if padding is None or not padding.any():
        return allowed
    real = np.broadcast_to(~padding, (n_queries, len(padding)))
    return real if allowed is None else allowed & real
