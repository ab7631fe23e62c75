"""Which keys a query may attend to."""

import numpy as np

from attnviz.encoder.config.block import EncoderConfig


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
    allowed = np.tri(n, dtype=bool) if causal else np.ones((n, n), dtype=bool)
    if windowed:
        allowed &= np.tri(n, k=config.window, dtype=bool)
        allowed &= ~np.tri(n, k=-config.window - 1, dtype=bool)
    return allowed


def without_padding(allowed: np.ndarray | None, padding: np.ndarray | None, n_queries: int) -> np.ndarray | None:
    """The mask (n_queries, n_keys) with the keys that only fill the length, ``padding`` (n_keys,), hidden too.

    Of a batch, ``padding`` is (n_texts, n_keys), and the mask (n_texts, 1, n_queries, n_keys), for all heads.
    """
    if padding is None or not padding.any():
        return allowed
    real = np.broadcast_to(~padding[..., None, :], (*padding.shape[:-1], n_queries, padding.shape[-1]))
    real = real if padding.ndim == 1 else real[:, None]
    return real if allowed is None else allowed & real
