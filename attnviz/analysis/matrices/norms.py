"""How much of a key's content a head really moves: attention weights times the size of what they weigh."""

from collections.abc import Sequence

import numpy as np


def norms(weights: np.ndarray, v: np.ndarray, wo: np.ndarray, heads: Sequence[int] | None = None) -> np.ndarray:
    """A[h,i,j] · ‖f_h(x_j)‖, (n_heads, n_q, n_k), in the float type of the weights (Kobayashi et al. 2020, section 3).

    f_h(x) = (x W_V + b_V) W_O restricted to head h, without b_O. Rows need not sum to anything. What a head moves for
    a pair is never built: ‖A f‖ = A ‖f‖, because weights are not negative.

    Args:
        weights: (n_heads, n_q, n_k).
        v: (n_kv_heads, n_k, d_head), with b_V in it, as ``LayerTrace`` keeps it.
        wo: (n_heads * d_head, d_model), head by head.
        heads: which heads the weights are of, where they are not of all.
    """
    lengths = moved_lengths(v, wo)
    return weighed(weights, lengths if heads is None else lengths[list(heads)])


def weighed(weights: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Weights (n_heads, n_q, n_k) times the lengths (n_heads, n_k) of what they weigh, in the weights' float type."""
    return np.asarray(weights * lengths[:, None, :].astype(weights.dtype))


def moved_lengths(v: np.ndarray, wo: np.ndarray) -> np.ndarray:
    """‖f_h(x_j)‖ of every head and key, (n_heads, n_k) float64.

    Args:
        v: (n_kv_heads, n_k, d_head); each serves n_heads / n_kv_heads heads in a row.
        wo: (n_heads * d_head, d_model).
    """
    n_kv_heads, n_k, d_head = v.shape
    n_heads = len(wo) // d_head
    lengths = np.empty((n_heads, n_k))
    for head, projection in enumerate(wo.reshape(n_heads, d_head, -1)):
        moved = v[head * n_kv_heads // n_heads] @ projection  # (n_k, d_model)
        lengths[head] = np.sqrt(np.einsum("kd,kd->k", moved, moved, dtype=np.float64))
    return lengths
