"""Matrices a block of heads at a time, so that those of a mapped file are never in memory together."""

from collections.abc import Iterator

import numpy as np

from attnviz.elsewhere.files.file_array import floats, forget_pages

_MOST = 1 << 18  # numbers in a block of several heads


def head_blocks(matrices: np.ndarray) -> Iterator[tuple[int, int, np.ndarray]]:
    """Blocks of heads of (n_layers, n_heads, n_queries, n_keys), each with its layer and first head by index.

    A block is (heads, n_queries, n_keys) of float32 or float64: one head, or more where they are small. Of a mapped
    file it is a copy.
    """
    n_layers, n_heads, n_queries, n_keys = matrices.shape
    step = max(1, _MOST // max(1, n_queries * n_keys))
    for i in range(n_layers):
        for j in range(0, n_heads, step):
            yield i, j, floats(matrices[i, j : j + step])
            forget_pages(matrices)
