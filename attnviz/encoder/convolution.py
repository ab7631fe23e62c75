"""A convolution over neighbouring tokens beside the first layer (DeBERTa v2 xlarge, He et al. 2021)."""

import numpy as np

from attnviz.encoder.attention import Geometry, Steps
from attnviz.encoder.config.block import Block
from attnviz.encoder.norms import normalize
from attnviz.encoder.ops import ACTIVATION_FUNCTIONS
from attnviz.encoder.parameters.params import Array, Params
from attnviz.encoder.products import of_rows


def convolution_part(x: Array, entered: Array, params: Params, config: Block, geometry: Geometry) -> Steps:
    """norm(x + act(conv(entered))), where the layer has a convolution; x itself elsewhere.

    Args:
        x: (..., n, d_model), what the layer's other parts made.
        entered: (..., n, d_model), what entered the layer.
        params: the layer's, with ``conv.w`` (kernel * d_model, d_model), ``conv.b`` and ``conv_norm``.
        config: the layer's fields.
        geometry: which tokens only fill the length; their vectors count as 0.
    """
    kernel = config.convolution.kernel
    if not kernel:
        return x
    if geometry.padding is not None:
        entered = np.where(geometry.padding[..., None], entered.dtype.type(0), entered)
    out = of_rows(neighbours(entered, kernel), params["conv.w"])
    if config.biases.default:
        out += params["conv.b"]
    kind = config.convolution.activation
    out = np.tanh(out, out=out) if kind == "tanh" else ACTIVATION_FUNCTIONS[kind](out, out=out)
    yield "conv_out", out
    return normalize(x + out, params.at("conv_norm"), config)


def neighbours(x: Array, kernel: int) -> Array:
    """Each token's vector with those around it, zeros beyond the ends: (..., n, d) to (..., n, kernel * d)."""
    n, side = x.shape[-2], kernel // 2
    around = np.pad(x, [(0, 0)] * (x.ndim - 2) + [(side, side), (0, 0)])
    return np.concatenate([around[..., i : i + n, :] for i in range(kernel)], axis=-1)
