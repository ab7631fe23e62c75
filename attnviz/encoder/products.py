"""Matrix products that give a text the same numbers by itself and in any batch.

OpenBLAS adds up the terms of a number in one order in the middle of a large matrix, and in others at the edges and in
small matrices. A text has its edges elsewhere when it stands in a batch. So what is small is filled up: that costs
next to nothing, and what comes out of the fill is dropped. With OpenBLAS 0.3 on AVX-512 the attention of
all-MiniLM-L6-v2 and of the bundled model is then the same to the last bit. Models of a few dimensions may still differ
in it, and so may other libraries.
"""

import numpy as np

# Up to here OpenBLAS is quicker, up to twice, at (W^T x^T)^T than at x W: W lies transposed in most files.
_FEW_ROWS = 64
_SMALL = 1280  # numbers of a product that still counts as small
_VECTOR, _MANY = 16, 256  # numbers that are computed at once; keys, from which on edges do not matter


def of_rows(x: np.ndarray, w: np.ndarray) -> np.ndarray:
    """x W for x (..., width) and W (width, m), all rows of x in one product: (..., m)."""
    rows = x.reshape(-1, x.shape[-1])
    n, least = len(rows), max(2, _SMALL // w.shape[-1] + 1)
    if n < least:
        rows = np.concatenate([rows, np.zeros((least - n, rows.shape[-1]), rows.dtype)])
    y = rows @ w if n > _FEW_ROWS else np.ascontiguousarray((w.T @ rows.T).T)
    return y[:n].reshape(*x.shape[:-1], w.shape[-1])


def of_pairs(q: np.ndarray, k: np.ndarray) -> np.ndarray:
    """q k^T: each query (..., n_q, width) with each key (..., n_k, width), (..., n_q, n_k)."""
    n_keys = k.shape[-2]
    if n_keys >= _MANY:
        return q @ np.swapaxes(k, -1, -2)
    turned = np.zeros((*k.shape[:-2], k.shape[-1], -(-n_keys // _VECTOR) * _VECTOR), k.dtype)
    turned[..., :n_keys] = np.swapaxes(k, -1, -2)
    return np.ascontiguousarray((q @ turned)[..., :n_keys])
