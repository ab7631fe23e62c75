"""How much of a key's content a head really moves: attention weights times the size of what they weigh."""

import numpy as np


def norms(weights: np.ndarray, v: np.ndarray, wo: np.ndarray) -> np.ndarray:
    """A[h,i,j] · ‖f_h(x_j)‖, (n_heads, n_q, n_k), in the float type of the weights (Kobayashi et al. 2020, section 3).

    f_h(x) = (x W_V + b_V) W_O restricted to head h, without b_O. Rows need not sum to anything. What a head moves for
    a pair is never built: ‖A f‖ = A ‖f‖, because weights are not negative.

    Args:
        weights: (n_heads, n_q, n_k).
        v: (n_kv_heads, n_k, d_head), with b_V in it, as ``LayerTrace`` keeps it.
        wo: (n_heads * d_head, d_model), head by head.
    """
    lengths = moved_lengths(v, wo, len(weights))
    return weights * lengths[:, None, :].astype(weights.dtype)


def moved_lengths(v: np.ndarray, wo: np.ndarray, n_heads: int) -> np.ndarray:
    """‖f_h(x_j)‖ of every head and key, (n_heads, n_k) float64.

    Args:
        v: (n_kv_heads, n_k, d_head); each serves n_heads / n_kv_heads heads in a row.
        wo: (n_heads * d_head, d_model).
        n_heads: the number of query heads.
    """
    n_kv_heads, n_k, d_head = v.shape
    lengths = np.empty((n_heads, n_k))
    for head, projection in enumerate(wo.reshape(n_heads, d_head, -1)):
        moved = v[head * n_kv_heads // n_heads] @ projection  # (n_k, d_model)
        lengths[head] = np.sqrt(np.einsum("kd,kd->k", moved, moved, dtype=np.float64))
    return lengths
