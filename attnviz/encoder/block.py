"""The one block: attention, cross-attention in a decoder, feed-forward, each with its residual sum and norm."""

from attnviz.encoder.attention import Geometry, Steps, attention
from attnviz.encoder.config.block import Block
from attnviz.encoder.convolution import convolution_part
from attnviz.encoder.feed_forward.dense import feed_forward
from attnviz.encoder.feed_forward.experts import mixture
from attnviz.encoder.norms import normalize
from attnviz.encoder.parameters.params import Array, Params


def encoder_block(x: Array, params: Params, config: Block, geometry: Geometry) -> Steps:
    """Self-attention and feed-forward on x (n, d_model); yields the names of ``LayerTrace``, returns (n, d_model)."""
    yield "resid_pre", x
    attended = yield from self_attention_part(x, params, config, geometry)
    made = yield from feed_forward_part(attended, params, config, norm="norm2", layer_input=x)
    x = yield from convolution_part(made, x, params, config, geometry)
    yield "out", x
    return x


def self_attention_part(x: Array, params: Params, config: Block, geometry: Geometry) -> Steps:
    """x plus its attention to itself, normed."""
    normed = yield from norm_before(x, params, config, "norm1", exists=geometry.normed)
    attn_out = yield from attention(normed, normed, params.at("attn"), config, geometry)
    return (yield from add_and_norm(x, attn_out, params, config, "resid_mid", "norm1"))


def cross_attention_part(x: Array, memory: Array, params: Params, config: Block, geometry: Geometry) -> Steps:
    """x (n_target, d_model) plus its attention to the encoder's output, memory (n_source, d_model), normed."""
    yield "resid_pre", x
    normed = yield from norm_before(x, params, config, "norm2")
    attn_out = yield from attention(normed, memory, params.at("cross"), config, geometry)
    x = yield from add_and_norm(x, attn_out, params, config, "resid_mid", "norm2")
    yield "out", x
    return x


def feed_forward_part(x: Array, params: Params, config: Block, *, norm: str, layer_input: Array) -> Steps:
    """x plus the feed-forward of x, or of the layer's input (parallel); x itself where ``d_ff`` is 0."""
    if not config.d_ff:
        return x
    normed = yield from norm_before(layer_input if config.feed_forward.parallel else x, params, config, norm)
    run = mixture if config.feed_forward.n_experts else feed_forward
    ffn_out = yield from run(normed, params.at("ffn"), config)
    return (yield from add_and_norm(x, ffn_out, params, config, "resid_post", norm))


def norm_before(x: Array, params: Params, config: Block, name: str, *, exists: bool = True) -> Steps:
    """The input of a part: x normed where norms come first, else x itself."""
    if not (config.norm.before and exists):
        return x
    normed = normalize(x, params.at(name), config)
    yield name, normed
    return normed


def add_and_norm(x: Array, part: Array, params: Params, config: Block, resid: str, name: str) -> Steps:
    """The residual sum of x and a part's output, which may be normed before; and the sum's norm (post)."""
    if config.norm.on_output:
        output_norm = config.norm.output_norm(name)
        part = normalize(part, params.at(output_norm), config)
        yield output_norm, part
    x = x + part
    yield resid, x
    if not config.norm.on_sum:
        return x
    normed = normalize(x, params.at(name), config)
    yield name, normed
    return normed
