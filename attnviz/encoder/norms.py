"""The norm that a configuration names."""

import numpy as np

from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.ops import layer_norm, rms_norm
from attnviz.encoder.parameters.params import Params


def normalize(x: np.ndarray, params: Params, config: EncoderConfig) -> np.ndarray:
    """Layer norm or RMS norm over the last axis of x, with ``gain`` and perhaps ``bias``."""
    if config.norm == "rms":
        return rms_norm(x, params["gain"], config.norm_eps)
    return layer_norm(x, params["gain"], params["bias"] if config.norm_bias else None, config.norm_eps)
