"""The blocks of a model on batches of vectors, next to bare matrix products: ``forward.py MODEL ROUNDS``.

Prints JSON: rates in Gflop/s, of each round. All in one process, in turn; the number of BLAS threads is the
environment's.
"""

import json
import sys
import time

import numpy as np
from products import flops
from products import seconds as products_seconds

import attnviz
from attnviz.encoder.block import encoder_block
from attnviz.encoder.embedding import Sequence
from attnviz.encoder.stack import self_geometry

CASES = ((1, 24), (1, 512), (32, 24), (32, 64), (8, 256))  # texts, tokens of each
SQUARE = 1024
LEAST = 0.3  # seconds that a timing lasts


def forward(model: attnviz.Model, x: np.ndarray) -> np.ndarray:
    """Every block of the encoder on x (..., n, d_model), which is already embedded."""
    config, params = model.config, model.params
    for layer in range(config.n_layers):
        one = Sequence(vectors=x.reshape(-1, *x.shape[-2:])[0])
        geometry = self_geometry(config, params, one, x.dtype, layer, causal=False)
        steps = encoder_block(x, params.at(f"layers.{layer}"), config, geometry)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                x = end.value
                break
    return x


def seconds(work) -> float:
    """Of one call, from as many as last long enough to be timed."""
    start, calls = time.perf_counter(), 0
    while (spent := time.perf_counter() - start) < LEAST or not calls:
        work()
        calls += 1
    return spent / calls


def main() -> None:
    """Alternates square products, each case, and each case's own products."""
    model = attnviz.load(model=sys.argv[1])
    config = model.config
    make = np.random.default_rng(0).standard_normal
    a, b, c = make((3, SQUARE, SQUARE), np.float32)
    batches = {case: make((*case, config.d_model), np.float32) for case in CASES}
    cases = {case: {"texts": case[0], "tokens": case[1], "forward": [], "products": []} for case in CASES}
    sgemm = []
    for number in range(int(sys.argv[2]) + 1):
        square = 2 * SQUARE**3 / seconds(lambda: np.matmul(a, b, out=c)) / 1e9
        if number:  # the first round reads the weights
            sgemm.append(square)
        for (texts, n), x in batches.items():
            work = flops(texts * n, n, config.n_layers, config.d_model, config.d_ff) / 1e9
            whole = seconds(lambda x=x: forward(model, x[0] if len(x) == 1 else x))
            bare = products_seconds(texts, n, config.n_layers, config.n_heads, config.d_model, config.d_ff)
            if number:
                cases[texts, n]["forward"].append(work / whole)
                cases[texts, n]["products"].append(work / bare)
    json.dump({"sgemm": sgemm, "cases": list(cases.values())}, sys.stdout)


if __name__ == "__main__":
    main()
