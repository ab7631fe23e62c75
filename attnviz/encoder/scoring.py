"""How a query and a key are compared."""

import numpy as np

from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.products import of_pairs

_CHUNK = 1 << 22  # elements of q + k held at once


def attention_scores(q: np.ndarray, k: np.ndarray, config: EncoderConfig, score_w: np.ndarray | None) -> np.ndarray:
    """Raw scores times ``config.score_factor``, before bias and mask: (..., n_heads, n_q, n_k).

    ``scaled_dot`` and ``dot`` are q.k (Vaswani et al. 2017; Luong et al. 2015), ``cosine`` is q.k / (|q| |k|)
    (Graves et al. 2014), and 0 where one of them is the zero vector, ``additive`` is w.tanh(q + k)
    (Bahdanau et al. 2015, with W_Q and W_K applied already).

    Args:
        q: (..., n_heads, n_q, d_head).
        k: (..., n_heads, n_k, d_head).
        config: ``score`` and ``score_scale``.
        score_w: (n_heads, d_head), only for ``additive``.
    """
    factor = q.dtype.type(config.score_factor)
    if config.score == "additive":
        return _additive(q, k, score_w * factor)
    if config.score == "cosine":
        q, k = _unit(q), _unit(k)
    if factor != 1:
        q = q * factor  # not the scores: there are more of them
    return of_pairs(q, k)


def _unit(x: np.ndarray) -> np.ndarray:
    length = np.sqrt(np.einsum("...i,...i->...", x, x))[..., None]
    return x / np.where(length == 0, 1, length)


def _additive(q: np.ndarray, k: np.ndarray, score_w: np.ndarray) -> np.ndarray:
    """w.tanh(q + k) a few queries at a time: the sum of every pair would not fit for long texts."""
    rows = max(1, _CHUNK // max(1, k.size))
    parts = []
    for i in range(0, q.shape[-2], rows):
        pairs = q[..., i : i + rows, None, :] + k[..., None, :, :]
        parts.append((np.tanh(pairs, out=pairs) @ score_w[:, None, :, None])[..., 0])
    return np.concatenate(parts, axis=-2)
