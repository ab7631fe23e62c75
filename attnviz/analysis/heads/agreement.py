"""Whether attention weights rank keys as what they move, and what changes without them, does."""

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from attnviz.analysis.compare import spearman
from attnviz.trace.attention import Attention

COMPARED = ("weights", "norms", "zeroing")
PAIRS = tuple(combinations(COMPARED, 2))


def layer_agreement(views: Mapping[str, Attention]) -> np.ndarray:
    """Spearman's rank correlation of each of ``PAIRS`` in each layer, (n_layers, n_pairs) float64.

    Weights and norms are means over heads (as Kobayashi et al. 2020 and Mohebbi et al. 2023 compare them); ranked are
    all entries of a layer's matrix together, without masked ones and without the rows of padding. NaN where there are
    fewer than two, or one side is constant.

    Args:
        views: of one text, by what they hold, all of ``COMPARED``.
    """
    first = views["weights"]
    seen = np.ones((len(first.layers), len(first.queries), len(first.keys)), dtype=bool)
    if first.masked is not None:
        seen &= ~first.masked
    seen &= ~np.array([token.padding for token in first.queries])[:, None]
    means = {name: views[name].matrices.mean(axis=1, dtype=np.float64) for name in COMPARED}
    return np.array(
        [[spearman(means[a][i][seen[i]], means[b][i][seen[i]]) for a, b in PAIRS] for i in range(len(seen))]
    )
