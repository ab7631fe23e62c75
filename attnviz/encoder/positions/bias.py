"""Positions that are added to the scores: ALiBi, and T5's relative ones."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from attnviz.encoder.config.groups import PositionConfig
from attnviz.encoder.parameters.params import Array, DType
from attnviz.encoder.positions.logarithms import logarithms


def score_bias(
    config: PositionConfig, n_heads: int, table: Array | None, n: int, dtype: DType, *, causal: bool
) -> Array | None:
    """The bias that positions add to the scaled scores, (n_heads, n, n); None unless they are ALiBi or relative.

    Each number follows from its offset key - query alone: the result is a view of one row per head.

    Args:
        config: the kind of positions.
        n_heads: the number of heads.
        table: (buckets, n_heads), the biases of relative positions; None where there are none.
        n: the number of tokens.
        dtype: of the scores.
        causal: whether each token sees only earlier ones.
    """
    offsets = np.arange(1 - n, n)  # (2n - 1,)
    bias = None
    if config.kind == "alibi":
        bias = -alibi_slopes(n_heads)[:, None] * np.abs(offsets)  # (n_heads, 2n - 1)
    if table is not None:
        buckets = relative_buckets(
            offsets, config.relative_buckets, config.relative_max_distance, bidirectional=not causal
        )
        relative = table[buckets].T  # (n_heads, 2n - 1)
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
    ratio = logarithms(np.maximum(distance, 1) / exact) / math.log(max_distance / exact)
    far = np.minimum(exact + (ratio * (n_buckets - exact)).astype(np.int64), n_buckets - 1)
    return buckets + np.where(distance < exact, distance, far)
