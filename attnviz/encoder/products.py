"""Matrix products that give a text the same numbers by itself and in any batch, as far as the kernel allows.

OpenBLAS adds up the terms of a number in one order in the middle of a large matrix, and in others at the edges and in
small matrices. The edges of a text are elsewhere when it is part of a batch. So small matrices are padded: that costs
next to nothing, and what the padding gives is dropped. What is left depends on the kernel that OpenBLAS chooses for the
processor. Measured with OpenBLAS 0.3.31, one thread, on texts of 1 to 89 words alone and in batches, the attention of
all-MiniLM-L6-v2 and of the bundled model

- is the same to the last bit with the kernels SkylakeX (AVX-512), Sandybridge and Nehalem;
- differs by up to 2e-6 with Haswell (AVX2 without AVX-512, so also Zen 1 to 3) and Katmai (without SSE4.2).

Models of a few dimensions may differ by up to 4e-7 with SkylakeX too, and other libraries were not measured.
"""

import numpy as np

from attnviz.encoder.parameters.params import Array

# Up to here OpenBLAS is quicker, up to twice, at (W^T x^T)^T than at x W: W is stored transposed in most files.
_FEW_ROWS = 64
_SMALL = 1280  # numbers of a product that still counts as small
_FEW_KEYS = 64  # up to so many, sums over keys are quicker with the keys on the first axis in memory


def of_rows(x: Array, w: Array) -> Array:
    """x W for x (..., width) and W (width, m), all rows of x in one product: (..., m)."""
    rows = x.reshape(-1, x.shape[-1])
    n, least = len(rows), max(2, _SMALL // w.shape[-1] + 1)
    if n < least:
        rows = np.concatenate([rows, np.zeros((least - n, rows.shape[-1]), rows.dtype)])
    y = rows @ w if n > _FEW_ROWS else np.ascontiguousarray((w.T @ rows.T).T)
    return y[:n].reshape(*x.shape[:-1], w.shape[-1])


def of_pairs(q: Array, k: Array) -> Array:
    """q k^T: each query (..., n_q, width) with each key (..., n_k, width), (..., n_q, n_k).

    Of few keys it is a view of an array (n_k, ..., n_q): what is done to all keys of a row, such as softmax, is then
    done to many rows at once.
    """
    turned = np.swapaxes(k, -1, -2)
    if k.shape[-2] > _FEW_KEYS:
        return q @ turned
    keys_first = np.empty((k.shape[-2], *q.shape[:-1]), np.result_type(q, k))
    return np.matmul(q, turned, out=np.moveaxis(keys_first, 0, -1))
