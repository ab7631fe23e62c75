"""Rotary positions: q and k are rotated by angles that grow with the position (RoFormer, Su et al. 2021)."""

import math

import numpy as np

from attnviz.encoder.config.groups import PositionConfig
from attnviz.encoder.parameters.params import Array


def rotations(
    config: PositionConfig, d_head: int, n: int, *, windowed: bool = False, lengths: Array | None = None
) -> Array | None:
    """m e^(i p f_j) for each position p and pair j, (n, pairs); None unless positions are rotary.

    f_j is ``rotary_frequencies``, and m ``config.attention_factor``. Where frequencies depend on a text's length and a
    batch has texts of several lengths, the result is (n_texts, 1, n, pairs).

    Args:
        config: the rotary fields.
        d_head: a head's width.
        n: the number of places.
        windowed: whether the layer sees only the window; a base of such layers is neither stretched nor scaled.
        lengths: the number of tokens of each text without padding, (n_texts,) or (); None for n.
    """
    if config.kind != "rotary":
        return None
    positions = np.arange(n)[:, None]
    if windowed and config.window_rotary_base is not None:
        own: Array = np.exp(1j * positions * _frequencies(config.window_rotary_base, config.rotary_dims))
        return own
    each = np.asarray(n if lengths is None or not config.follows_length else lengths)
    frequencies = [rotary_frequencies(config, d_head, int(length)) for length in each.flat]
    rows = np.stack(frequencies).reshape(*each.shape, *(1, 1) * each.ndim, -1)  # (pairs,) or (n_texts, 1, 1, pairs)
    turned: Array = config.attention_factor * np.exp(1j * positions * rows)
    return turned


def _frequencies(base: float, dims: int) -> Array:
    """base^(-2j/dims) for each pair j, (dims / 2,)."""
    frequencies: Array = base ** (-np.arange(0, dims, 2) / dims)
    return frequencies


def rotary_frequencies(config: PositionConfig, d_head: int, n: int) -> Array:
    """The angle between two neighbouring positions, of each pair: (rotary_dims / 2,), or (d_head / 2,) proportional.

    ``rotary_scaling`` says how they differ from base^(-2j/rotary_dims), for texts that are longer than those which a
    model was first trained on:

    - ``linear`` divides all of them by ``rotary_factor`` (Chen et al. 2023);
    - ``dynamic`` raises the base where a text is longer than ``rotary_ctx`` ("NTK-aware", as transformers computes it);
    - ``llama3`` keeps short wavelengths, divides long ones, and goes from one to the other between (Llama 3.1);
    - ``yarn`` does so by the number of the pair (Peng et al. 2023, "NTK-by-parts");
    - ``longrope`` divides each by a number of its own, from ``rotary_long`` for texts longer than ``rotary_ctx``, else
      from ``rotary_short`` (Ding et al. 2024);
    - ``proportional`` has base^(-2j/d_head), divided by the factor, and does not turn pairs beyond ``rotary_dims``.

    Args:
        config: the rotary fields.
        d_head: a head's width.
        n: the number of tokens of the text.
    """
    kind, dims, factor = config.rotary_scaling, config.rotary_dims, config.rotary_factor
    if kind == "proportional":
        turned = _frequencies(config.rotary_base, d_head)[: dims // 2] / factor
        padded: Array = np.pad(turned, (0, d_head // 2 - len(turned)))
        return padded
    if kind == "dynamic" and n > config.rotary_ctx:
        stretch = factor * n / config.rotary_ctx - (factor - 1)
        return _frequencies(config.rotary_base * stretch ** (dims / (dims - 2)), dims)
    frequencies = _frequencies(config.rotary_base, dims)
    if kind == "linear":
        frequencies /= factor
    if kind == "longrope":
        frequencies /= np.array(config.rotary_long if n > config.rotary_ctx else config.rotary_short)
    if kind in ("llama3", "yarn"):
        kept = _kept_by_wavelength(frequencies, config) if kind == "llama3" else _kept_by_pair(config)
        frequencies = kept * frequencies + (1 - kept) * frequencies / factor
    return frequencies


def _kept_by_wavelength(frequencies: Array, config: PositionConfig) -> Array:
    """How much of each frequency stays as it is, from 0 to 1: by its turns over the length of the first training."""
    turns = config.rotary_ctx * frequencies / (2 * math.pi)  # (rotary_dims / 2,)
    kept: Array = np.clip((turns - config.rotary_low) / (config.rotary_high - config.rotary_low), 0, 1)
    return kept


def _kept_by_pair(config: PositionConfig) -> Array:
    """How much of each frequency stays as it is, from 0 to 1: linear between two pairs (Peng et al. 2023, section 3.2).

    They are the pairs that turn ``rotary_high`` and ``rotary_low`` times over the length of the first training; the
    bounds and the rounding are those of the published code.
    """

    def pair_with(turns: float) -> float:
        return config.rotary_dims * math.log(config.rotary_ctx / (turns * 2 * math.pi)) / (2 * math.log(base))

    base = config.rotary_base
    first, last = pair_with(config.rotary_high), pair_with(config.rotary_low)
    if config.rotary_truncate:
        first, last = math.floor(first), math.ceil(last)
    first, last = max(first, 0), min(last, config.rotary_dims - 1)
    width = last - first or 0.001
    kept: Array = 1 - np.clip((np.arange(config.rotary_dims // 2) - first) / width, 0, 1)
    return kept


def rotate(x: Array, turns: Array) -> Array:
    """Rotates each pair (x_j, x_{j + r/2}) of the first r dimensions by its angle (half-split pairing).

    A pair is a complex number, multiplied by one of ``rotations``.

    Args:
        x: (..., n, d_head).
        turns: (n, r / 2), or of a batch (n_texts, 1, n, r / 2).
    """
    half = turns.shape[-1]
    pairs = np.empty((*x.shape[:-1], half), np.result_type(x, np.complex64))  # (..., n, r / 2)
    pairs.real, pairs.imag = x[..., :half], x[..., half : 2 * half]
    pairs *= turns.astype(pairs.dtype, copy=False)  # the same for every head
    return np.concatenate([pairs.real, pairs.imag, x[..., 2 * half :]], axis=-1)  # (..., n, d_head)
