"""A run repeated from the middle: what a layer, or the whole stack, gives where one attention's z is another.

Everything up to the attention is the run's own (its trace); every function takes any number of variants at once, as
leading axes. The parts are those of the encoder itself.
"""

import numpy as np

from attnviz.encoder.attention import Geometry, merge_heads
from attnviz.encoder.block import (
    add_and_norm,
    cross_attention_part,
    encoder_block,
    feed_forward_part,
    self_attention_part,
)
from attnviz.encoder.config.block import Block
from attnviz.encoder.convolution import convolution_part
from attnviz.encoder.embedding import Sequence
from attnviz.encoder.norms import normalize
from attnviz.encoder.parameters.params import Params
from attnviz.encoder.projections import linear
from attnviz.encoder.stack import Address, cross_geometry, output_of, self_geometry
from attnviz.records import dataclass
from attnviz.trace.trace import Trace

_CHUNK = 1 << 22  # elements of the widest array of all variants that are run at once


@dataclass(frozen=True, eq=False)
class Ran:
    """A run, and what it was made with.

    Attributes:
        params: the whole model's.
        config: the block's fields.
        trace: with what ``rerun_addresses`` names.
        source: what entered the encoder.
        target: what entered the decoder, if there is one.
    """

    params: Params
    config: Block
    trace: Trace
    source: Sequence
    target: Sequence | None = None

    def entering(self, kind: str) -> Sequence:
        """What entered the stack of a kind: the encoder, or the decoder (kinds ``decoder`` and ``cross``).

        Raises:
            ValueError: the run had no target.
        """
        if kind == "encoder":
            return self.source
        if self.target is None:
            raise ValueError(f"a run without a target has no {kind} attention; give the target too")
        return self.target


def stack_params(params: Params, kind: str) -> Params:
    """The parameters of the encoder, or of the decoder (kinds ``decoder`` and ``cross``)."""
    return params if kind == "encoder" else params.at("decoder")


def rerun_addresses(kind: str, layer: int) -> frozenset[Address]:
    """The arrays that a trace must hold for ``layer_output`` and ``stack_output``."""
    addresses = {Address(kind, layer, "resid_pre")}
    if kind != "encoder":
        addresses |= {Address("decoder", layer, "resid_pre"), Address("encoder", None, "output")}
    return frozenset(addresses)


def layer_output(ran: Ran, kind: str, layer: int, z: np.ndarray) -> np.ndarray:
    """What leaves a layer whose attention of this kind gives z (..., n_heads, n_q, d_head): (..., n_q, d_model)."""
    config = ran.config.of_kind(kind).at_layer(layer)
    at = stack_params(ran.params, kind).at(f"layers.{layer}")
    part, norm, last_norm = {
        "encoder": ("attn", "norm1", "norm2"),
        "decoder": ("attn", "norm1", "norm3"),
        "cross": ("cross", "norm2", "norm3"),
    }[kind]
    attn_out = linear(merge_heads(z), at.at(part), "o", bias=config.biases.out)
    x = output_of(add_and_norm(ran.trace[kind, layer].kept("resid_pre"), attn_out, at, config, "resid_mid", norm))
    if kind == "decoder":
        x = _cross_attended(ran, at, x)
    entered = ran.trace["encoder" if kind == "encoder" else "decoder", layer].kept("resid_pre")
    made = output_of(feed_forward_part(x, at, config, norm=last_norm, layer_input=entered))
    if kind != "encoder":
        return made
    return output_of(convolution_part(made, entered, at, config, Geometry(padding=ran.source.padding)))


def stack_output(ran: Ran, kind: str, layer: int, x: np.ndarray) -> np.ndarray:
    """What leaves the stack where x (..., n, d_model) leaves a layer: the later layers, and the final norm."""
    config, params = ran.config.of_kind(kind), stack_params(ran.params, kind)
    sequence = ran.entering(kind)
    for later in range(layer + 1, config.n_layers):
        at = params.at(f"layers.{later}")
        geometry = self_geometry(config, params, sequence, x.dtype, later, causal=kind != "encoder")
        if kind == "encoder":
            x = output_of(encoder_block(x, at, config.at_layer(later), geometry))
            continue
        entered = x
        x = output_of(self_attention_part(x, at, config, geometry))
        x = _cross_attended(ran, at, x)
        x = output_of(feed_forward_part(x, at, config.at_layer(later), norm="norm3", layer_input=entered))
    return normalize(x, params.at("final_norm"), config) if not config.norm.on_sum else x


def variants_at_once(ran: Ran, kind: str) -> int:
    """How many variants of a layer fit into a bounded memory."""
    config = ran.config.of_kind(kind)
    n_queries = len(ran.entering(kind))
    longest = max(len(ran.source), n_queries)
    width = max(config.d_model, config.d_ff, config.n_heads * max(config.d_head, config.d_v, longest))
    return max(1, _CHUNK // (n_queries * width))


def _cross_attended(ran: Ran, at: Params, x: np.ndarray) -> np.ndarray:
    view = cross_geometry(ran.source, x.shape[-2])
    return output_of(cross_attention_part(x, ran.trace.outputs["encoder"], at, ran.config.decoder_block, view))
