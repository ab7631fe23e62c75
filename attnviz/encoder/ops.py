"""Softmax, norms, activations: pure functions over the last axis, in the float type of their input.

They take a few passes over blocks of rows that stay in a core's cache, and write into the array they return. With
``out`` that array is the caller's, which may be the input itself.
"""

import math
from collections.abc import Iterator

import numpy as np

_BLOCK = 1 << 16  # numbers of one array that are worked on at once: a function's few arrays fit in 1 MiB
_ERF = np.frompyfunc(math.erf, 1, 1)

# Polynomials P of x^2, the highest power first, by which an activation is x sigmoid(x P(x^2)).
_SILU = (1.0,)
# 0.5 (1 + tanh(t)) = sigmoid(2t)
_GELU_TANH = tuple(2 * math.sqrt(2 / math.pi) * c for c in (0.044715, 1.0))
# log(Phi(x) / Phi(-x)) / x, weighted by what it does to x Phi(x), which comes out within 7e-8: our own minimax fit by
# reweighted least squares (Lawson 1961). It grows everywhere, so that beyond the fit Phi goes to 0 and 1.
_GELU = (
    *(3.611232837789e-9, -2.668928190185e-7, 7.938218917733e-6, -1.104803168930e-4),
    *(-6.625998797840e-5, 7.266856702988e-2, 1.595768432230),
)


def softmax(scores: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Softmax over the last axis; a row that is all -inf becomes all 0 (Vaswani et al. 2017, equation 1).

    Args:
        scores: any shape.
        out: where to put it: the scores themselves, which are then lost, or another array of their shape.
    """
    weights = np.empty_like(scores, order="C") if out is None else out
    lowest = np.finfo(scores.dtype).min  # instead of -inf: -inf less this is -inf
    for rows, own in _blocks(scores, weights):
        np.subtract(rows, rows.max(axis=-1, keepdims=True, initial=lowest), out=own)
        np.exp(own, out=own)
        # In float64, so that what padding adds to a row, which is 0, changes not even the rounding of its sum.
        total = own.sum(axis=-1, keepdims=True, dtype=np.float64).astype(own.dtype)
        np.divide(own, np.maximum(total, 1), out=own)  # the top alone gives 1, unless there is none
    return weights


def layer_norm(x: np.ndarray, gain: np.ndarray, bias: np.ndarray | None, eps: float) -> np.ndarray:
    """Layer norm with the biased variance (Ba et al. 2016); x is (..., d_model), gain and bias (d_model,)."""
    normed = np.empty(x.shape, np.result_type(x, gain))
    for rows, own in _blocks(x, normed):
        np.subtract(rows, _mean(rows), out=own)
        np.divide(own, np.sqrt(_mean(own, own) + x.dtype.type(eps)), out=own)
        np.multiply(own, gain, out=own)
        if bias is not None:
            np.add(own, bias, out=own)
    return normed


def rms_norm(x: np.ndarray, gain: np.ndarray, eps: float) -> np.ndarray:
    """Root-mean-square norm (Zhang & Sennrich 2019); x is (..., d_model), gain (d_model,)."""
    normed = np.empty(x.shape, np.result_type(x, gain))
    for rows, own in _blocks(x, normed):
        np.divide(rows, np.sqrt(_mean(rows, rows) + x.dtype.type(eps)), out=own)
        np.multiply(own, gain, out=own)
    return normed


def relu(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """max(x, 0)."""
    return np.maximum(x, 0, out=out)


def gelu(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """x Phi(x) with the exact normal distribution (Hendrycks & Gimpel 2016), as BERT has it.

    It is exact to the last digits in float64, and within 3e-7 in float32 (of the result, where that is above 1).
    """
    if x.dtype == np.float64:
        return np.multiply(x, 0.5 + 0.5 * _ERF(x * 0.5**0.5).astype(np.float64), out=out)
    return _sigmoid_gated(x, _GELU, out)


def gelu_tanh(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """The tanh approximation of gelu, as GPT-2 has it; it differs from gelu by up to 4.7e-4."""
    return _sigmoid_gated(x, _GELU_TANH, out)


def silu(x: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """x sigmoid(x) (Elfwing et al. 2018)."""
    return _sigmoid_gated(x, _SILU, out)


ACTIVATION_FUNCTIONS = {"relu": relu, "gelu": gelu, "gelu_tanh": gelu_tanh, "silu": silu}


def _sigmoid_gated(x: np.ndarray, coefficients: tuple[float, ...], out: np.ndarray | None) -> np.ndarray:
    """x sigmoid(x P(x^2)), as x / (1 + exp(-x P(x^2))): where the exponential overflows, the result is 0."""
    gated = np.empty_like(x, order="C") if out is None else out
    highest, *others = coefficients
    with np.errstate(over="ignore"):
        for rows, own in _blocks(x, gated):
            first, *factors = [rows * rows] * len(others) + [rows]
            exponent = first * -highest
            for coefficient, factor in zip(others, factors, strict=True):  # Horner's rule
                exponent -= coefficient
                exponent *= factor
            np.exp(exponent, out=exponent)
            exponent += 1
            np.divide(rows, exponent, out=own)
    return gated


def _mean(*factors: np.ndarray) -> np.ndarray:
    """The mean over the last axis of one array (n, width), or of the product of two: (n, 1), without the product."""
    total = np.einsum("ij->i" if len(factors) == 1 else "ij,ij->i", *factors)
    return total[:, None] / total.dtype.type(factors[0].shape[-1])


def _blocks(x: np.ndarray, out: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Some rows of x at a time, and the same rows of out to write to: both (n, width)."""
    if out.ndim > 1 and not out.flags.c_contiguous:  # reshaped, it would be a copy
        for one, own in zip(x, out, strict=True):
            yield from _blocks(one, own)
        return
    *leading, width = x.shape
    flat = (math.prod(leading), width)
    x, out = x.reshape(flat), out.reshape(flat)
    step = max(1, _BLOCK // max(1, width))
    for i in range(0, len(x), step):
        yield x[i : i + step], out[i : i + step]
