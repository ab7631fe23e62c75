"""What is measured of all heads of a run, whose matrices may come a part at a time."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from attnviz.sweeps.run import Run
from attnviz.trace.attention import Attention


def measured_heads(
    run: Run, kind: str, measure: Callable[[np.ndarray], np.ndarray], *, axis: int = 0
) -> tuple[Attention, np.ndarray]:
    """What the matrices of all heads have in common, without tokens, and what is measured of each head.

    Args:
        run: of one kind of attention, with every layer and head.
        kind: which kind.
        measure: gives an array with an axis of heads, from matrices (n_heads, n_queries, n_keys) of some of them.
        axis: that axis.
    """
    parts = [(part.bare, measure(part.matrices.reshape(-1, *part.matrices.shape[2:]))) for part in run.parts()]
    config = run.model_and_text()[0].config
    layers, heads = tuple(range(config.layers_of(kind))), tuple(range(config.heads_of(kind)))
    common = replace(parts[0][0], layers=layers, heads=heads, queries=(), keys=())
    return common, np.concatenate([values for _, values in parts], axis=axis)
