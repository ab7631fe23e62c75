"""The norm of a configuration: layer norm or RMS norm."""

from attnviz.encoder.config.block import Block
from attnviz.encoder.ops import layer_norm, rms_norm
from attnviz.encoder.parameters.params import Array, Params


def normalize(x: Array, params: Params, config: Block) -> Array:
    """Layer norm or RMS norm over the last axis of x, with ``gain`` and, in layer norm, perhaps ``bias``."""
    if config.norm.kind == "rms":
        return rms_norm(x, params["gain"], config.norm.eps)
    return layer_norm(x, params["gain"], params["bias"] if config.biases.norm else None, config.norm.eps)
