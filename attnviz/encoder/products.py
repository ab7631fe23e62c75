"""Matrix products, in the form that is quickest for few rows, for many, and for few keys.

A text has the same numbers by itself and in any batch up to rounding: OpenBLAS adds up the terms of a number in one
order in the middle of a large matrix, and in others at the edges and in small matrices. Measured with OpenBLAS 0.3.31,
the weights of all-MiniLM-L6-v2 differ by up to 2e-6, with its kernels SkylakeX, Haswell and Nehalem. To make them equal
to the last bit would take copies of all queries and keys.
"""

import numpy as np

from attnviz.encoder.long.parallel import each, n_threads
from attnviz.encoder.parameters.params import Array, Params

# Up to here OpenBLAS is quicker, up to twice, at (W^T x^T)^T than at x W: W is stored transposed in most files.
_FEW_ROWS = 64
_SMALL = 1280  # numbers of a product that is padded to more: one row by itself would be computed in another order
_ROWS_OF_A_THREAD = 256  # which are enough to be quick, and few enough for threads to end at the same time
_FEW_KEYS = 64  # up to so many, sums over keys are quicker with the keys on the first axis in memory


def of_rows(x: Array, w: Array) -> Array:
    """x W for x (..., width) and W (width, m), all rows of x in one product: (..., m)."""
    rows = x.reshape(-1, x.shape[-1])
    n, least = len(rows), max(2, _SMALL // w.shape[-1] + 1)
    if n < least:
        rows = np.concatenate([rows, np.zeros((least - n, rows.shape[-1]), rows.dtype)])
    y = of_many_rows(rows, w) if n > _FEW_ROWS else np.ascontiguousarray((w.T @ rows.T).T)
    return y[:n].reshape(*x.shape[:-1], w.shape[-1])


def of_many_rows(rows: Array, w: Array) -> Array:
    """rows W for rows (n, width) and W (width, m), (n, m): the threads that are in use share the rows."""
    if n_threads() == 1:
        return np.asarray(rows @ w)
    y = np.empty((len(rows), w.shape[-1]), np.result_type(rows, w))

    def multiply(start: int) -> None:
        some = slice(start, start + _ROWS_OF_A_THREAD)
        np.matmul(rows[some], w, out=y[some])

    each(multiply, range(0, len(rows), _ROWS_OF_A_THREAD))
    return y


def with_matrix(x: Array, params: Params, name: str) -> Array:
    """x W as ``of_rows`` gives it, of a matrix by its name.

    The matrices of a large model in 16 bits or fewer become numbers anew at each use. Some columns at a time these stay
    in the processor's cache until they are multiplied: twice as quick, and no matrix is ever whole in memory.
    """
    blocks = params.column_blocks(name)
    if blocks is None:
        return of_rows(x, params[name])
    turned = np.ascontiguousarray(x.reshape(-1, x.shape[-1]).T)  # (width, n)
    products: dict[int, Array] = {}

    def multiply(numbered: tuple[int, Array]) -> None:
        at, block = numbered
        products[at] = block @ turned

    each(multiply, enumerate(blocks))
    y = np.concatenate([products[at] for at in range(len(products))])  # (m, n)
    return np.ascontiguousarray(y.T).reshape(*x.shape[:-1], len(y))


def of_pairs(q: Array, k: Array) -> Array:
    """q k^T: each query (..., n_q, width) with each key (..., n_k, width), (..., n_q, n_k).

    With few keys it is a view of an array (n_k, ..., n_q): what is done to all keys of a row, such as softmax, is then
    done to many rows at once.
    """
    turned = np.swapaxes(k, -1, -2)
    if k.shape[-2] > _FEW_KEYS:
        return q @ turned
    keys_first = np.empty((k.shape[-2], *q.shape[:-1]), np.result_type(q, k))
    return np.matmul(q, turned, out=np.moveaxis(keys_first, 0, -1))
