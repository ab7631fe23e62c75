"""Softmax, norms, activations: pure functions over the last axis, in the float type of their input.

They work on blocks of rows that fit a core's cache, and write into the array they return. With ``out`` that array is
the caller's, which may be the input itself.
"""

import math
from collections.abc import Iterator

import numpy as np

from attnviz.encoder.long.parallel import each
from attnviz.encoder.parameters.params import Array

_BLOCK = 1 << 16  # numbers of one array that are worked on at once: a function's few arrays fit in 1 MiB
_ERF = np.frompyfunc(math.erf, 1, 1)

# Polynomials P of x^2, the highest power first, by which an activation is x sigmoid(x P(x^2)).
_SILU = (1.0,)
_QUICK_GELU = (1.702,)
# 0.5 (1 + tanh(t)) = sigmoid(2t)
_GELU_TANH = tuple(2 * math.sqrt(2 / math.pi) * c for c in (0.044715, 1.0))
# log(Phi(x) / Phi(-x)) / x, weighted by what it does to x Phi(x), which comes out within 7e-8: our own minimax fit by
# reweighted least squares (Lawson 1961). It grows everywhere, so that beyond the fit Phi goes to 0 and 1.
_GELU = (
    *(3.611232837789e-9, -2.668928190185e-7, 7.938218917733e-6, -1.104803168930e-4),
    *(-6.625998797840e-5, 7.266856702988e-2, 1.595768432230),
)


def softmax(scores: Array, out: Array | None = None) -> Array:
    """Softmax over the last axis; a row that is all -inf becomes all 0 (Vaswani et al. 2017, equation 1).

    Args:
        scores: any shape.
        out: the array to write to: the scores themselves, which are then lost, or another array of their shape.
    """
    weights = np.empty_like(scores) if out is None else out
    axis, blocks = _rows_or_keys(scores, weights)
    for block, written in blocks:
        # Not -inf for a row without a key: -inf less this is -inf.
        np.subtract(block, block.max(axis=axis, keepdims=True, initial=np.finfo(scores.dtype).min), out=written)
        np.exp(written, out=written)
        total = written.sum(axis=axis, keepdims=True, dtype=np.float64).astype(written.dtype)
        np.divide(written, np.maximum(total, 1), out=written)  # the top gives 1; only a row of -inf has a sum of 0
    return weights


def softmax_with_sink(scores: Array, sink: Array) -> Array:
    """Softmax over the last axis and one more score, whose share no key gets (GPT-OSS, 2025); written to the scores.

    Args:
        scores: (..., n_heads, n_q, n_k).
        sink: (n_heads,), each head's further score.
    """
    sink = sink[:, None, None]  # (n_heads, 1, 1)
    top = np.maximum(scores.max(axis=-1, keepdims=True), sink)  # (..., n_heads, n_q, 1)
    np.exp(np.subtract(scores, top, out=scores), out=scores)
    total = scores.sum(axis=-1, keepdims=True, dtype=np.float64) + np.exp(sink - top)  # as in softmax
    scores /= total.astype(scores.dtype)
    return scores


def layer_norm(x: Array, gain: Array | None, bias: Array | None, eps: float) -> Array:
    """Layer norm with the biased variance (Ba et al. 2016); x is (..., d_model), gain and bias (d_model,)."""
    normed = np.empty(x.shape, x.dtype if gain is None else np.result_type(x, gain))
    for rows, block in _blocks(x, normed):
        np.subtract(rows, _mean(rows), out=block)
        np.divide(block, np.sqrt(_mean(block, block) + x.dtype.type(eps)), out=block)
        if gain is not None:
            np.multiply(block, gain, out=block)
        if bias is not None:
            np.add(block, bias, out=block)
    return normed


def rms_norm(x: Array, gain: Array | None, eps: float) -> Array:
    """Root-mean-square norm (Zhang & Sennrich 2019); x is (..., d_model), gain (d_model,)."""
    normed = np.empty(x.shape, x.dtype if gain is None else np.result_type(x, gain))
    for rows, block in _blocks(x, normed):
        np.divide(rows, np.sqrt(_mean(rows, rows) + x.dtype.type(eps)), out=block)
        if gain is not None:
            np.multiply(block, gain, out=block)
    return normed


def relu(x: Array, out: Array | None = None) -> Array:
    """max(x, 0)."""
    rectified: Array = np.maximum(x, 0, out=out)
    return rectified


def relu2(x: Array, out: Array | None = None) -> Array:
    """max(x, 0) squared (So et al. 2021), as Nemotron has it."""
    rectified = relu(x, out)
    with np.errstate(over="ignore"):
        return np.square(rectified, out=rectified)


def gelu(x: Array, out: Array | None = None) -> Array:
    """x Phi(x) with the exact normal distribution (Hendrycks & Gimpel 2016), as BERT has it.

    It is exact to the last digits in float64, and within 3e-7 in float32 (of the result, where that is above 1).
    """
    if x.dtype == np.float64:
        exact: Array = np.multiply(x, 0.5 + 0.5 * _ERF(x * 0.5**0.5).astype(np.float64), out=out)
        return exact
    return _sigmoid_gated(x, _GELU, out)


def gelu_tanh(x: Array, out: Array | None = None) -> Array:
    """The tanh approximation of gelu, as GPT-2 has it; it differs from gelu by up to 4.7e-4."""
    return _sigmoid_gated(x, _GELU_TANH, out)


def quick_gelu(x: Array, out: Array | None = None) -> Array:
    """x sigmoid(1.702 x) (Hendrycks & Gimpel 2016), as CLIP has it; it differs from gelu by up to 0.02."""
    return _sigmoid_gated(x, _QUICK_GELU, out)


def silu(x: Array, out: Array | None = None) -> Array:
    """x sigmoid(x) (Elfwing et al. 2018)."""
    return _sigmoid_gated(x, _SILU, out)


def sigmoid(x: Array) -> Array:
    """1 / (1 + e^-x)."""
    with np.errstate(over="ignore"):
        share: Array = 1 / (1 + np.exp(-x))
    return share


ACTIVATION_FUNCTIONS = {
    "relu": relu,
    "relu2": relu2,
    "gelu": gelu,
    "gelu_tanh": gelu_tanh,
    "quick_gelu": quick_gelu,
    "silu": silu,
}


def _sigmoid_gated(x: Array, coefficients: tuple[float, ...], out: Array | None) -> Array:
    """x sigmoid(x P(x^2)), as x / (1 + exp(-x P(x^2))): where the exponential overflows, the result is 0."""
    gated = np.empty_like(x, order="C") if out is None else out
    highest, *others = coefficients

    def gate(rows_and_block: tuple[Array, Array]) -> None:
        rows, block = rows_and_block
        first, *factors = [rows * rows] * len(others) + [rows]
        exponent = first * -highest
        for coefficient, factor in zip(others, factors, strict=True):  # Horner's rule
            exponent -= coefficient
            exponent *= factor
        np.exp(exponent, out=exponent)
        exponent += 1
        np.divide(rows, exponent, out=block)

    with np.errstate(over="ignore"):
        each(gate, _blocks(x, gated))
    return gated


def _mean(*factors: Array) -> Array:
    """The mean over the last axis of one array (n, width), or of the product of two: (n, 1), without the product."""
    total = np.einsum("ij->i" if len(factors) == 1 else "ij,ij->i", *factors)
    mean: Array = total[:, None] / total.dtype.type(factors[0].shape[-1])
    return mean


def _rows_or_keys(scores: Array, weights: Array) -> tuple[int, Iterator[tuple[Array, Array]]]:
    """The axis of the keys, and blocks of scores and weights: some rows (rows, n_k), or as columns (n_k, rows).

    Columns where keys are on the first axis in memory, as ``of_pairs`` has them where they are few.
    """
    keys_first = np.moveaxis(scores, -1, 0), np.moveaxis(weights, -1, 0)
    if scores.ndim == 1 or not all(array.flags.c_contiguous for array in keys_first):
        return -1, _blocks(scores, weights)
    columns, written = (array.reshape(len(array), -1) for array in keys_first)
    step = max(1, _BLOCK // max(1, len(columns)))
    return 0, ((columns[:, i : i + step], written[:, i : i + step]) for i in range(0, columns.shape[1], step))


def _blocks(x: Array, out: Array) -> Iterator[tuple[Array, Array]]:
    """Some rows of x at a time, and the same rows of out to write to: both (n, width)."""
    if out.ndim > 1 and not out.flags.c_contiguous:  # reshaped, it would be a copy
        for one, block in zip(x, out, strict=True):
            yield from _blocks(one, block)
        return
    *leading, width = x.shape
    flat = (math.prod(leading), width)
    x, out = x.reshape(flat), out.reshape(flat)
    step = max(1, _BLOCK // max(1, width))
    for i in range(0, len(x), step):
        yield x[i : i + step], out[i : i + step]
