"""The one block: attention, perhaps cross-attention, feed-forward, each with its residual sum and norm."""

import numpy as np

from attnviz.encoder.attention import Geometry, Steps, attention, linear
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.norms import normalize
from attnviz.encoder.ops import ACTIVATION_FUNCTIONS
from attnviz.encoder.parameters.params import Params


def encoder_block(x: np.ndarray, params: Params, config: EncoderConfig, geometry: Geometry) -> Steps:
    """Self-attention and feed-forward on x (n, d_model); yields the names of ``LayerTrace``, returns (n, d_model)."""
    yield "resid_pre", x
    attended = yield from self_attention_part(x, params, config, geometry)
    x = yield from feed_forward_part(attended, params, config, norm="norm2", layer_input=x)
    yield "out", x
    return x


def self_attention_part(x: np.ndarray, params: Params, config: EncoderConfig, geometry: Geometry) -> Steps:
    """x plus its attention to itself, normed."""
    normed = yield from norm_before(x, params, config, "norm1", there=geometry.normed)
    attn_out = yield from attention(normed, normed, params.at("attn"), config, geometry)
    return (yield from add_and_norm(x, attn_out, params, config, "resid_mid", "norm1"))


def cross_attention_part(
    x: np.ndarray, memory: np.ndarray, params: Params, config: EncoderConfig, geometry: Geometry
) -> Steps:
    """x (n_target, d_model) plus its attention to the encoder's output, memory (n_source, d_model), normed."""
    yield "resid_pre", x
    normed = yield from norm_before(x, params, config, "norm2")
    attn_out = yield from attention(normed, memory, params.at("cross"), config, geometry)
    x = yield from add_and_norm(x, attn_out, params, config, "resid_mid", "norm2")
    yield "out", x
    return x


def feed_forward_part(
    x: np.ndarray, params: Params, config: EncoderConfig, *, norm: str, layer_input: np.ndarray
) -> Steps:
    """x plus the feed-forward of x, or of the layer's input (parallel); x itself where ``d_ff`` is 0."""
    if not config.d_ff:
        return x
    normed = yield from norm_before(layer_input if config.parallel else x, params, config, norm)
    ffn_out = yield from feed_forward(normed, params.at("ffn"), config)
    return (yield from add_and_norm(x, ffn_out, params, config, "resid_post", norm))


def feed_forward(x: np.ndarray, params: Params, config: EncoderConfig) -> Steps:
    """act(x W_1 + b_1) W_2 + b_2; gated: (act(x W_g + b_g) * (x W_1 + b_1)) W_2 + b_2 (Shazeer 2020)."""
    activation = ACTIVATION_FUNCTIONS[config.activation]
    hidden = linear(x, params, "1", bias=config.ffn_bias)
    if config.gated:
        gate = linear(x, params, "g", bias=config.gate_bias)
        hidden *= activation(gate, out=gate)
    else:
        hidden = activation(hidden, out=hidden)
    yield "ffn_hidden", hidden
    ffn_out = linear(hidden, params, "2", bias=config.ffn_bias)
    yield "ffn_out", ffn_out
    return ffn_out


def norm_before(x: np.ndarray, params: Params, config: EncoderConfig, name: str, *, there: bool = True) -> Steps:
    """What a part reads: x itself (post, or where the norm is not there), or x normed (pre)."""
    if config.norm_placement == "post" or not there:
        return x
    normed = normalize(x, params.at(name), config)
    yield name, normed
    return normed


def add_and_norm(
    x: np.ndarray, part: np.ndarray, params: Params, config: EncoderConfig, resid: str, name: str
) -> Steps:
    """The residual sum x + part, and its norm where norms come after (post)."""
    x = x + part
    yield resid, x
    if config.norm_placement == "pre":
        return x
    normed = normalize(x, params.at(name), config)
    yield name, normed
    return normed
