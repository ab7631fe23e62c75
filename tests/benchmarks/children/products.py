"""The matrix products of a forward pass, and nothing else: the least that any program has to do.

``products.py N LAYERS HEADS D_MODEL D_FF`` prints JSON: their CPU seconds, and their arithmetic. The number of BLAS
threads is the environment's.
"""

import json
import sys
import time

import numpy as np

LONG = 2048  # tokens


def flops(rows: int, n: int, n_layers: int, d_model: int, d_ff: int) -> int:
    """Multiplications and additions of a forward pass over so many rows (tokens of all texts), texts of n tokens."""
    return 2 * rows * n_layers * (4 * d_model**2 + 2 * d_model * d_ff + 2 * n * d_model)


def seconds(texts: int, n: int, n_layers: int, n_heads: int, d_model: int, d_ff: int, clock=time.perf_counter) -> float:
    """Of a batch's products: q, k, v, out; scores and weighted sum of each head; the feed-forward's two."""
    make = np.random.default_rng(0).standard_normal
    rows = texts * n
    x, y = make((rows, d_model), np.float32), np.ones((rows, d_model), np.float32)
    w, up, down = (make(shape, np.float32) for shape in ((d_model, d_model), (d_model, d_ff), (d_ff, d_model)))
    hidden = np.ones((rows, d_ff), np.float32)  # written: its pages are there before the clock starts
    q, k = make((2, n_heads, n, d_model // n_heads), np.float32)  # two arrays: of x and x.T NumPy computes only half
    scores, z = np.ones((n, n), np.float32), np.empty_like(q[0])
    start = clock()
    for _ in range(n_layers):
        for _ in range(4):
            np.matmul(x, w, out=y)
        for _ in range(texts):
            for head in range(n_heads):
                np.matmul(q[head], k[head].T, out=scores)
                np.matmul(scores, k[head], out=z)
        np.matmul(x, up, out=hidden)
        np.matmul(hidden, down, out=y)
    return clock() - start


def main() -> None:
    """CPU seconds, of short texts the quickest of three: it is a bound."""
    n, *sizes = (int(word) for word in sys.argv[1:])
    n_layers, _, d_model, d_ff = sizes
    quickest = min(seconds(1, n, *sizes, clock=time.process_time) for _ in range(1 if n > LONG else 3))
    json.dump({"seconds": quickest, "flops": flops(n, n, n_layers, d_model, d_ff)}, sys.stdout)


if __name__ == "__main__":
    main()
