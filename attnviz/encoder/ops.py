"""Softmax, norms, activations: pure functions over the last axis, in the float type of their input."""

import math

import numpy as np

_ERF = np.frompyfunc(math.erf, 1, 1)
# The rational approximation of XLA and Eigen for float32: x P(x^2) / Q(x^2), within 3e-7 everywhere.
_ERF_P = (
    2.2905065861350646e-4,
    3.4082910107109506e-3,
    5.0955695062380861e-2,
    1.8520832239976145e-1,
    1.128379143519084,
)
_ERF_Q = (
    *(-1.1791602954361697e-7, 2.3547966471313185e-5, 1.0179625278914885e-3, 1.4070470171167667e-2),
    *(1.1098505178285362e-1, 4.9746925110067538e-1, 1.0),
)
_ERF_END = 3.832506856900711


def softmax(scores: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Softmax over the last axis; a row that is all -inf becomes all 0 (Vaswani et al. 2017, equation 1).

    Args:
        scores: any shape.
        out: where to put it: the scores themselves, which are then lost, or another array of their shape.
    """
    top = scores.max(axis=-1, keepdims=True, initial=-np.inf)
    weights = np.subtract(scores, np.where(top == -np.inf, 0, top), out=out)
    np.exp(weights, out=weights)
    total = weights.sum(axis=-1, keepdims=True)
    weights /= np.where(total == 0, 1, total)
    return weights


def layer_norm(x: np.ndarray, gain: np.ndarray, bias: np.ndarray | None, eps: float) -> np.ndarray:
    """Layer norm with the biased variance (Ba et al. 2016); x is (..., d_model), gain and bias (d_model,)."""
    centred = x - x.mean(axis=-1, keepdims=True)
    variance = np.square(centred).mean(axis=-1, keepdims=True)
    normed = centred / np.sqrt(variance + x.dtype.type(eps)) * gain
    return normed if bias is None else normed + bias


def rms_norm(x: np.ndarray, gain: np.ndarray, eps: float) -> np.ndarray:
    """Root-mean-square norm (Zhang & Sennrich 2019); x is (..., d_model), gain (d_model,)."""
    return x / np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + x.dtype.type(eps)) * gain


def erf(x: np.ndarray) -> np.ndarray:
    """The error function: exact to the last digits in float64, within 3e-7 in float32."""
    if x.dtype == np.float64:
        return _ERF(x).astype(np.float64)
    x = np.clip(x, -_ERF_END, _ERF_END)
    square = x * x
    return x * _polynomial(_ERF_P, square) / _polynomial(_ERF_Q, square)


def relu(x: np.ndarray) -> np.ndarray:
    """max(x, 0)."""
    return np.maximum(x, 0)


def gelu(x: np.ndarray) -> np.ndarray:
    """x Phi(x) with the exact normal distribution (Hendrycks & Gimpel 2016), as BERT has it."""
    return 0.5 * x * (1 + erf(x * x.dtype.type(0.5**0.5)))


def gelu_tanh(x: np.ndarray) -> np.ndarray:
    """The tanh approximation of gelu, as GPT-2 has it; it differs from gelu by up to 4.7e-4."""
    return 0.5 * x * (1 + np.tanh(x.dtype.type((2 / math.pi) ** 0.5) * (x + 0.044715 * x**3)))


def silu(x: np.ndarray) -> np.ndarray:
    """x sigmoid(x), written with tanh so that no exponential overflows (Elfwing et al. 2018)."""
    return x * (0.5 * (1 + np.tanh(0.5 * x)))


ACTIVATION_FUNCTIONS = {"relu": relu, "gelu": gelu, "gelu_tanh": gelu_tanh, "silu": silu}


def _polynomial(coefficients: tuple[float, ...], x: np.ndarray) -> np.ndarray:
    """Horner's rule, the highest power first."""
    total = np.full_like(x, coefficients[0])
    for coefficient in coefficients[1:]:
        total *= x
        total += coefficient
    return total
