"""The norm of a configuration: layer norm or RMS norm."""

from attnviz.encoder.config.block import Block
from attnviz.encoder.ops import layer_norm, rms_norm
from attnviz.encoder.parameters.params import Array, Params


def normalize(
    x: Array, params: Params, config: Block, *, n_heads: int | None = None, eps: float | None = None
) -> Array:
    """Layer norm or RMS norm over the last axis of x, perhaps with ``gain`` and, in layer norm, with ``bias``.

    Args:
        x: (..., width); with ``n_heads`` (..., n_heads, n, width).
        params: ``gain`` and ``bias``, (width,); with ``n_heads`` (n_heads * width,), where each head has its own.
        config: the kind, its eps, and what is learned.
        n_heads: how many heads have their own; None where all rows share them.
        eps: in place of the config's.
    """
    gain = params["gain"] if config.norm.gain else None
    bias = params["bias"] if config.biases.norm and config.norm.kind == "layer" else None
    if n_heads is not None:
        normed = _norm(x, None, None, config, eps)
        normed = normed if gain is None else normed * gain.reshape(n_heads, 1, -1)
        return normed if bias is None else normed + bias.reshape(n_heads, 1, -1)
    return _norm(x, gain, bias, config, eps)


def _norm(x: Array, gain: Array | None, bias: Array | None, config: Block, eps: float | None) -> Array:
    eps = config.norm.eps if eps is None else eps
    return rms_norm(x, gain, eps) if config.norm.kind == "rms" else layer_norm(x, gain, bias, eps)
