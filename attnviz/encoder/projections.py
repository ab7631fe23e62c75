"""The q, k and v of each head, from a token's vector or from a narrower one, normed and clipped where that is asked."""

import numpy as np

from attnviz.encoder.config.block import Block
from attnviz.encoder.masks import Packing
from attnviz.encoder.norms import normalize
from attnviz.encoder.parameters.params import Array, Params
from attnviz.encoder.products import with_matrix


def linear(x: Array, params: Params, name: str, *, bias: bool) -> Array:
    """x W + b, with ``w{name}`` and ``b{name}``: one matrix product for all rows of x (..., width)."""
    y = with_matrix(x, params, f"w{name}")  # (..., n, width) @ (width, m) -> (..., n, m)
    if bias:
        y += params[f"b{name}"]
    return y


def split_heads(x: Array, n_heads: int) -> Array:
    """(..., n, n_heads * d_head) to (..., n_heads, n, d_head)."""
    x = x.reshape(*x.shape[:-1], n_heads, -1)  # (..., n, n_heads, d_head)
    return np.swapaxes(x, -2, -3)  # (..., n_heads, n, d_head)


def project_heads(
    x: Array, params: Params, name: str, n_heads: int, config: Block, packing: Packing | None = None
) -> Array:
    """The q, k or v of each head, (..., n_heads, n, width), before any rotation.

    Args:
        x: (..., n, d_model).
        params: ``wq wk wv`` and their biases, ``q_norm`` and ``k_norm``; with latent vectors ``wql wkvl``, their norms,
            and ``wkr``.
        name: ``q``, ``k`` or ``v``.
        n_heads: of q, or of k and v.
        config: the block's fields.
        packing: of a batch whose vectors x are those of its texts alone, (n_rows, d_model).
    """
    y = linear(_latent(x, params, name, config), params, name, bias=config.biases.qkv)  # (..., n, n_heads * width)
    if name == "k" and config.shared_dims:
        y = _with_shared(y, linear(x, params, "kr", bias=config.biases.latent), n_heads)
    y = y if packing is None else packing.unpacked(y)
    width = config.attention.qk_norm_width if config.attention.qk_norm and name != "v" else None
    if width == "all":
        y = normalize(y, params.at(f"{name}_norm"), config)
    y = split_heads(y, n_heads)
    if width in ("head", "each"):
        y = normalize(y, params.at(f"{name}_norm"), config, n_heads=n_heads if width == "each" else None)
    clip = config.attention.clip_qkv
    return y if clip is None else np.clip(y, -clip, clip)


def _latent(x: Array, params: Params, name: str, config: Block) -> Array:
    """The vector that q, or k and v, are made of: x itself, or a narrower one, normed (DeepSeek-V2, 2024)."""
    which = "q" if name == "q" else "kv"
    width = config.attention.q_latent if which == "q" else config.attention.kv_latent
    if width is None:
        return x
    narrow = linear(x, params, f"{which}l", bias=config.biases.latent)  # (..., n, width)
    return normalize(narrow, params.at(f"{which}_latent_norm"), config, eps=config.attention.latent_eps)


def _with_shared(k: Array, shared: Array, n_heads: int) -> Array:
    """Each head's k (..., n, n_heads * m) after the part that all share, (..., n, r): (..., n, n_heads * (r + m))."""
    own = k.reshape(*k.shape[:-1], n_heads, -1)  # (..., n, n_heads, m)
    repeated = np.broadcast_to(shared[..., None, :], (*own.shape[:-1], shared.shape[-1]))
    both = np.concatenate([repeated, own], axis=-1)
    return both.reshape(*k.shape[:-1], -1)
