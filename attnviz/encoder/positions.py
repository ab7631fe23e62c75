"""How positions enter: added to the embedding, turned into q and k, or added to the scores."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.parameters.params import Params


def position_vectors(
    config: EncoderConfig, params: Params, n: int, width: int, positions: np.ndarray | None = None
) -> np.ndarray | None:
    """What is added to the token vectors, (n, width); None unless positions are sinusoidal or learned.

    Args:
        config: which kind they are.
        params: the table of learned ones.
        n: the number of tokens.
        width: of a vector.
        positions: (..., n), as ``counted_positions`` gives them, for vectors (..., n, width); None for 0, 1, 2, ...
    """
    if config.position == "sinusoidal":
        return sinusoids(n, width)
    if config.position != "learned":
        return None
    if positions is None:
        return params.rows("embed.positions", np.arange(n))
    return params.rows("embed.positions", positions.ravel() + 1).reshape(*positions.shape, width)


def counted_positions(config: EncoderConfig, ids: np.ndarray | None, n: int) -> np.ndarray | None:
    """Positions where some tokens have none: (..., n) for ids (..., n), -1 for the tokens that are ``pad_id``.

    The others are counted from 0 as if those were not there, as fairseq and the models trained with it do (Ott et al.
    2019, ``make_positions``). Row 0 of the table is for -1. None where each token's position is its place.

    Args:
        config: ``pad_id``.
        ids: the tokens'; None for vectors in place of tokens, which all have a position.
        n: the number of tokens.
    """
    if config.pad_id is None:
        return None
    if ids is None:
        return np.arange(n)
    counted = ids != config.pad_id
    return np.cumsum(counted, axis=-1) * counted - 1


def sinusoids(n: int, d_model: int) -> np.ndarray:
    """PE[p, 2i] = sin(p / 10000^(2i/d)), PE[p, 2i+1] = cos of it (Vaswani et al. 2017, section 3.5): (n, d_model)."""
    even = np.arange(0, d_model, 2)
    angles = np.arange(n)[:, None] * 10000.0 ** (-even / d_model)
    table = np.empty((n, d_model))
    table[:, 0::2] = np.sin(angles)
    table[:, 1::2] = np.cos(angles[:, : d_model // 2])
    return table


def rotary_angles(config: EncoderConfig, n: int, *, windowed: bool = False) -> np.ndarray | None:
    """p f_i for each position p and pair i, (n, rotary_dims / 2); None unless positions are rotary.

    f_i = base^(-2i/rotary_dims) (RoFormer, Su et al. 2021), stretched as ``rotary_scaling`` says.

    Args:
        config: the rotary fields.
        n: the number of tokens.
        windowed: whether the layer sees only the window; such layers can have a base of their own.
    """
    if config.position != "rotary":
        return None
    own_base = windowed and config.window_rotary_base is not None
    base = config.window_rotary_base if own_base else config.rotary_base
    frequencies = base ** (-np.arange(0, config.rotary_dims, 2) / config.rotary_dims)
    if not own_base:
        frequencies = stretched(frequencies, config)
    return np.arange(n)[:, None] * frequencies


def stretched(frequencies: np.ndarray, config: EncoderConfig) -> np.ndarray:
    """Rotary frequencies for texts longer than a model was first trained on.

    ``linear`` divides all of them (Chen et al. 2023); ``llama3`` keeps short wavelengths, divides long ones, and goes
    from one to the other between (Llama 3.1's published code).
    """
    if config.rotary_scaling == "none":
        return frequencies
    divided = frequencies / config.rotary_factor
    if config.rotary_scaling == "linear":
        return divided
    turns = config.rotary_ctx * frequencies / (2 * math.pi)  # over the original length
    kept = np.clip((turns - config.rotary_low) / (config.rotary_high - config.rotary_low), 0, 1)
    return kept * frequencies + (1 - kept) * divided


def rotate(x: np.ndarray, angles: np.ndarray) -> np.ndarray:
    """Turns each pair (x_i, x_{i + r/2}) of the first r dimensions by its angle (RoFormer, in the half-split pairing).

    A pair is a complex number, and turning it a product with e^(i angle).

    Args:
        x: (..., n, d_head).
        angles: (n, r / 2).
    """
    half = angles.shape[-1]
    pairs = np.empty((*x.shape[:-1], half), np.result_type(x, np.complex64))
    pairs.real, pairs.imag = x[..., :half], x[..., half : 2 * half]
    pairs *= np.exp(1j * angles).astype(pairs.dtype)
    return np.concatenate([pairs.real, pairs.imag, x[..., 2 * half :]], axis=-1)


def score_bias(config: EncoderConfig, params: Params, n: int, dtype: np.dtype, *, causal: bool) -> np.ndarray | None:
    """What positions add to the scaled scores, (n_heads, n, n); None unless they are ALiBi or relative.

    Each number follows from its offset key - query alone, so that a view of those of all offsets takes no memory.
    """
    offsets = np.arange(1 - n, n)
    bias = None
    if config.position == "alibi":
        bias = -alibi_slopes(config.n_heads)[:, None] * np.abs(offsets)
    if config.has_relative_bias:
        buckets = relative_buckets(
            offsets, config.relative_buckets, config.relative_max_distance, bidirectional=not causal
        )
        relative = params["embed.relative"][buckets].T
        bias = relative if bias is None else bias + relative
    if bias is None:
        return None
    return sliding_window_view(bias.astype(dtype, copy=False), n, axis=-1)[:, ::-1]  # query i: offsets -i to n - 1 - i


def alibi_slopes(n_heads: int) -> np.ndarray:
    """Slopes (n_heads,): 2^(-8h/n) for a power of two; for others, every second slope of the next one fills up.

    Press et al. 2022, section 3, and their published code.
    """
    power = 2 ** math.floor(math.log2(n_heads))
    slopes = 2.0 ** (-8 / power * np.arange(1, power + 1))
    between = 2.0 ** (-4 / power * np.arange(1, 2 * (n_heads - power), 2))
    return np.concatenate([slopes, between])


def relative_buckets(offsets: np.ndarray, n_buckets: int, max_distance: int, *, bidirectional: bool) -> np.ndarray:
    """The bucket of each offset key - query: near ones alone, far ones by logarithm (T5, Raffel et al. 2020)."""
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
