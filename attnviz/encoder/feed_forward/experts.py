"""A mixture of experts: many feed-forwards, of which a router chooses a few for each token (Shazeer et al. 2017)."""

import numpy as np

from attnviz.encoder.attention import Steps
from attnviz.encoder.config.block import Block
from attnviz.encoder.feed_forward.dense import hidden_layer
from attnviz.encoder.ops import sigmoid, softmax
from attnviz.encoder.parameters.params import Array, Params
from attnviz.encoder.projections import linear

_FOR_A_GROUP = 2  # experts whose scores speak for their group (DeepSeek-V3, 2024)


def mixture(x: Array, params: Params, config: Block) -> Steps:
    """The experts' outputs, each times the share that the router gives it, and those of the shared expert.

    Only the experts that some token is sent to are read and computed.

    Args:
        x: (..., n, d_model).
        params: ``wr`` and ``br`` of the router, ``bc``, ``experts.{e}.*``, ``shared.*`` and its gate ``ws``.
        config: the block's fields.

    Yields:
        ``routing`` (..., n, n_experts), then ``ffn_out`` (..., n, d_model).
    """
    shares = routing(x, params, config)
    yield "routing", shares
    rows, flat = x.reshape(-1, x.shape[-1]), shares.reshape(-1, shares.shape[-1])  # one row per token
    ffn_out = np.zeros_like(rows)
    for expert in np.flatnonzero(flat.any(axis=0)):
        sent = np.flatnonzero(flat[:, expert])
        made = _expert(rows[sent], params.at(f"experts.{expert}"), config)
        ffn_out[sent] += flat[sent, expert, None] * made  # each token is there once
    if config.feed_forward.d_shared:
        shared = _expert(rows, params.at("shared"), config)
        if config.feed_forward.shared_gate:
            shared *= sigmoid(linear(rows, params, "s", bias=False))
        ffn_out += shared
    ffn_out = ffn_out.reshape(x.shape)
    yield "ffn_out", ffn_out
    return ffn_out


def routing(x: Array, params: Params, config: Block) -> Array:
    """Each token's shares of the experts, (..., n, n_experts): 0 for all but ``experts_per_token`` of them."""
    part = config.feed_forward
    logits = linear(x, params, "r", bias=part.router_bias)
    scores = softmax(logits, out=logits) if part.router == "softmax" else sigmoid(logits)
    preferences = scores + params["bc"] if part.router_choice_bias else scores
    if part.groups_per_token < part.router_groups:
        preferences = _of_the_best_groups(preferences, part.router_groups, part.groups_per_token)
    chosen = _largest(preferences, part.experts_per_token)
    kept = np.take_along_axis(scores, chosen, axis=-1)
    if part.router_norm:
        kept = kept / np.maximum(kept.sum(axis=-1, keepdims=True), np.finfo(kept.dtype).tiny)
    shares = np.zeros_like(scores)
    np.put_along_axis(shares, chosen, kept * kept.dtype.type(part.router_scale), axis=-1)
    return shares


def _expert(x: Array, params: Params, config: Block) -> Array:
    return linear(hidden_layer(x, params, config), params, "2", bias=config.biases.ffn)


def _of_the_best_groups(preferences: Array, n_groups: int, most: int) -> Array:
    """Preferences with -inf outside the groups of neighbouring experts whose two best have the largest sum."""
    groups = preferences.reshape(*preferences.shape[:-1], n_groups, -1)  # (..., n, n_groups, experts of a group)
    best = np.sort(groups, axis=-1)[..., -_FOR_A_GROUP:].sum(axis=-1)  # (..., n, n_groups)
    allowed = np.zeros(best.shape, dtype=bool)
    np.put_along_axis(allowed, _largest(best, most), True, axis=-1)
    return np.where(allowed[..., None], groups, -np.inf).reshape(preferences.shape)


def _largest(values: Array, most: int) -> Array:
    """Indices of the largest values of each row, (..., most), the first of equal ones first."""
    return np.argsort(-values, axis=-1, kind="stable")[..., :most]
