"""The comparison of queries and keys: scores before bias, mask and softmax."""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from attnviz.encoder.config.block import Block
from attnviz.encoder.parameters.params import Array
from attnviz.encoder.products import of_pairs

# Gives the scores of some rows of some heads, (..., some, n_rows, n_k), -inf where masked.
Scoring: TypeAlias = Callable[[slice, slice], Array]

_CHUNK = 1 << 22  # elements of q + k held at once


def attention_scores(q: Array, k: Array, config: Block, score_w: Array | None) -> Array:
    """Raw scores times ``config.score_factor``, before bias and mask: (..., n_heads, n_q, n_k).

    ``scaled_dot`` and ``dot`` are q.k (Vaswani et al. 2017; Luong et al. 2015), ``cosine`` is q.k / (|q| |k|)
    (Graves et al. 2014), and 0 where one of them is the zero vector, ``additive`` is w.tanh(q + k)
    (Bahdanau et al. 2015, with W_Q and W_K applied already).

    Args:
        q: (..., n_heads, n_q, d_head).
        k: (..., n_heads, n_k, d_head).
        config: ``score`` and ``score_scale``.
        score_w: (n_heads, d_head) for ``additive``; None for the other scores.
    """
    factor = q.dtype.type(config.score_factor)
    if score_w is not None:
        return _additive(q, k, score_w * factor)
    if config.attention.score == "cosine":
        q, k = _unit(q), _unit(k)
    if factor != 1:
        q = q * factor  # not the scores: there are more of them
    return of_pairs(q, k)


def capped(scores: Array, cap: float) -> Array:
    """Scores softly kept between -cap and cap: cap tanh(scores / cap) (Gemma 2, 2024); written in place."""
    scores *= scores.dtype.type(1 / cap)
    np.tanh(scores, out=scores)
    scores *= scores.dtype.type(cap)
    return scores


def _unit(x: Array) -> Array:
    """Vectors of length 1; the zero vector stays zero."""
    length = np.sqrt(np.einsum("...i,...i->...", x, x))[..., None]  # (..., n, 1)
    return x / np.where(length == 0, 1, length)


def _additive(q: Array, k: Array, score_w: Array) -> Array:
    """w.tanh(q + k) a few queries at a time: the sum of every pair would not fit for long texts."""
    rows = max(1, _CHUNK // max(1, k.size))
    parts: list[Array] = []
    for i in range(0, q.shape[-2], rows):
        pairs = q[..., i : i + rows, None, :] + k[..., None, :, :]  # (..., n_heads, rows, n_k, d_head)
        parts.append((np.tanh(pairs, out=pairs) @ score_w[:, None, :, None])[..., 0])  # (..., n_heads, rows, n_k)
    return np.concatenate(parts, axis=-2)  # (..., n_heads, n_q, n_k)
