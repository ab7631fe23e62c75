"""The feed-forward: two linear layers with an activation between them, perhaps gated."""

import numpy as np

from attnviz.encoder.attention import Steps
from attnviz.encoder.config.block import Block
from attnviz.encoder.ops import ACTIVATION_FUNCTIONS
from attnviz.encoder.parameters.params import Array, Params
from attnviz.encoder.projections import linear


def feed_forward(x: Array, params: Params, config: Block) -> Steps:
    """act(x W_1 + b_1) W_2 + b_2; gated: (act(x W_g + b_g) * (x W_1 + b_1)) W_2 + b_2 (Shazeer 2020).

    With ``gate_limit`` the gate is clipped from above and the other factor on both sides; ``gate_plus`` is then added
    to that factor (GPT-OSS, 2025).
    """
    hidden = hidden_layer(x, params, config)
    yield "ffn_hidden", hidden
    ffn_out = linear(hidden, params, "2", bias=config.biases.ffn)
    yield "ffn_out", ffn_out
    return ffn_out


def hidden_layer(x: Array, params: Params, config: Block) -> Array:
    """x (..., n, d_model) after the activation and the gate: (..., n, d_ff)."""
    part = config.feed_forward
    activation = ACTIVATION_FUNCTIONS[part.activation]
    hidden = linear(x, params, "1", bias=config.biases.ffn)
    if not part.gated:
        return activation(hidden, out=hidden)
    gate = linear(x, params, "g", bias=config.biases.gate)
    if part.gate_limit is not None:
        np.minimum(gate, part.gate_limit, out=gate)
        np.clip(hidden, -part.gate_limit, part.gate_limit, out=hidden)
    if part.gate_plus:
        hidden += hidden.dtype.type(part.gate_plus)
    hidden *= activation(gate, out=gate)
    return hidden
