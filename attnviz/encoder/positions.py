"""Positions: added to the embedding, rotated into q and k, or added to the scores."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from attnviz.encoder.config.groups import PositionConfig
from attnviz.encoder.parameters.params import Array, DType, Params


def position_vectors(
    config: PositionConfig, params: Params, n: int, width: int, positions: Array | None = None
) -> Array | None:
    """The vectors added to the token vectors, (n, width); None unless positions are sinusoidal or learned.

    Args:
        config: the kind of positions.
        params: with the table ``embed.positions`` where they are learned.
        n: the number of tokens.
        width: the length of a vector.
        positions: (..., n), from ``counted_positions``, for vectors (..., n, width); None for 0, 1, 2, ...
    """
    if config.kind == "sinusoidal":
        return sinusoids(n, width)
    if config.kind != "learned":
        return None
    if positions is None:
        return params.rows("embed.positions", np.arange(n))  # (n, width)
    rows = params.rows("embed.positions", positions.ravel() + 1)  # (texts * n, width)
    return rows.reshape(*positions.shape, width)  # (..., n, width)


def counted_positions(config: PositionConfig, ids: Array | None, n: int) -> Array | None:
    """Positions where some tokens have none: (..., n) for ids (..., n), -1 for the tokens that are ``pad_id``.

    The other tokens are counted from 0, as in fairseq and the models trained with it (Ott et al. 2019,
    ``make_positions``). Row 0 of the table is for -1. None where each token's position is its index.

    Args:
        config: ``pad_id``.
        ids: the tokens' ids; None for vectors in place of tokens, which all have a position.
        n: the number of tokens.
    """
    if config.pad_id is None:
        return None
    if ids is None:
        return np.arange(n)
    counted = ids != config.pad_id  # (..., n)
    positions: Array = np.cumsum(counted, axis=-1) * counted - 1
    return positions


def sinusoids(n: int, d_model: int) -> Array:
    """PE[p, 2i] = sin(p / 10000^(2i/d)), PE[p, 2i+1] = cos of it (Vaswani et al. 2017, section 3.5): (n, d_model)."""
    even = np.arange(0, d_model, 2)  # (ceil(d_model / 2),)
    angles = np.arange(n)[:, None] * 10000.0 ** (-even / d_model)  # (n, ceil(d_model / 2))
    table = np.empty((n, d_model))
    table[:, 0::2] = np.sin(angles)
    table[:, 1::2] = np.cos(angles[:, : d_model // 2])  # an odd d_model has one cosine less
    return table


def rotary_angles(config: PositionConfig, n: int, *, windowed: bool = False) -> Array | None:
    """p f_i for each position p and pair i, (n, rotary_dims / 2); None unless positions are rotary.

    f_i = base^(-2i/rotary_dims) (RoFormer, Su et al. 2021), stretched as ``rotary_scaling`` says.

    Args:
        config: the rotary fields.
        n: the number of tokens.
        windowed: whether the layer sees only the window; such layers can have a base of their own.
    """
    if config.kind != "rotary":
        return None
    window_base = config.window_rotary_base if windowed else None
    base = config.rotary_base if window_base is None else window_base
    frequencies = base ** (-np.arange(0, config.rotary_dims, 2) / config.rotary_dims)  # (rotary_dims / 2,)
    if window_base is None:
        frequencies = stretched(frequencies, config)
    return np.arange(n)[:, None] * frequencies  # (n, rotary_dims / 2)


def stretched(frequencies: Array, config: PositionConfig) -> Array:
    """Rotary frequencies for texts longer than a model was first trained on.

    ``linear`` divides all of them (Chen et al. 2023); ``llama3`` keeps short wavelengths, divides long ones, and goes
    from one to the other between (Llama 3.1's published code).
    """
    if config.rotary_scaling == "none":
        return frequencies
    divided = frequencies / config.rotary_factor
    if config.rotary_scaling == "linear":
        return divided
    turns = config.rotary_ctx * frequencies / (2 * math.pi)  # (rotary_dims / 2,), over the original length
    kept = np.clip((turns - config.rotary_low) / (config.rotary_high - config.rotary_low), 0, 1)
    return kept * frequencies + (1 - kept) * divided


def rotate(x: Array, angles: Array) -> Array:
    """Rotates each pair (x_i, x_{i + r/2}) of the first r dimensions by its angle (RoFormer, half-split pairing).

    A pair is a complex number, multiplied by e^(i angle).

    Args:
        x: (..., n, d_head).
        angles: (n, r / 2).
    """
    half = angles.shape[-1]
    pairs = np.empty((*x.shape[:-1], half), np.result_type(x, np.complex64))  # (..., n, r / 2)
    pairs.real, pairs.imag = x[..., :half], x[..., half : 2 * half]
    pairs *= np.exp(1j * angles).astype(pairs.dtype)  # (n, r / 2), the same for every head
    return np.concatenate([pairs.real, pairs.imag, x[..., 2 * half :]], axis=-1)  # (..., n, d_head)


def score_bias(
    config: PositionConfig, n_heads: int, params: Params, n: int, dtype: DType, *, causal: bool
) -> Array | None:
    """The bias that positions add to the scaled scores, (n_heads, n, n); None unless they are ALiBi or relative.

    Each number follows from its offset key - query alone: the result is a view of one row per head.
    """
    offsets = np.arange(1 - n, n)  # (2n - 1,)
    bias = None
    if config.kind == "alibi":
        bias = -alibi_slopes(n_heads)[:, None] * np.abs(offsets)  # (n_heads, 2n - 1)
    if config.has_relative_bias:
        buckets = relative_buckets(
            offsets, config.relative_buckets, config.relative_max_distance, bidirectional=not causal
        )
        relative = params["embed.relative"][buckets].T  # (n_heads, 2n - 1)
        bias = relative if bias is None else bias + relative
    if bias is None:
        return None
    windows = sliding_window_view(bias.astype(dtype, copy=False), n, axis=-1)  # (n_heads, n, n), the last query first
    return windows[:, ::-1]  # (n_heads, n_q, n_k), query i: offsets -i to n - 1 - i


def alibi_slopes(n_heads: int) -> Array:
    """Slopes (n_heads,): 2^(-8h/n) for a power of two; else every second slope of the next power is appended.

    Press et al. 2022, section 3, and their published code.
    """
    power = 2 ** math.floor(math.log2(n_heads))
    slopes = 2.0 ** (-8 / power * np.arange(1, power + 1))  # (power,)
    between = 2.0 ** (-4 / power * np.arange(1, 2 * (n_heads - power), 2))  # (n_heads - power,)
    return np.concatenate([slopes, between])


def relative_buckets(offsets: Array, n_buckets: int, max_distance: int, *, bidirectional: bool) -> Array:
    """The bucket of each offset key - query: one each for near ones, logarithmic for far ones (T5, Raffel et al. 2020).

    Args:
        offsets: any shape.
        n_buckets: half of them for each direction where attention looks both ways.
        max_distance: from which on all offsets share the last bucket.
        bidirectional: whether a query sees later keys.
    """
    buckets = np.zeros(offsets.shape, dtype=np.int64)
    if bidirectional:
        n_buckets //= 2
        buckets += (offsets > 0) * n_buckets
        distance = np.abs(offsets)
    else:
        distance = np.maximum(-offsets, 0)
    exact = n_buckets // 2
    ratio = np.log(np.maximum(distance, 1) / exact) / math.log(max_distance / exact)
    far = np.minimum(exact + (ratio * (n_buckets - exact)).astype(np.int64), n_buckets - 1)
    return buckets + np.where(distance < exact, distance, far)
