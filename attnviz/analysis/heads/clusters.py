"""Which heads look alike: distances between all of them, and their clusters."""

import numpy as np

from attnviz.analysis.compare import Clusters, Merge, average_linkage, jsd_matrix
from attnviz.errors import UsageError
from attnviz.trace.attention import Attention

_CUT = 0.5


def head_distances(attention: Attention) -> np.ndarray:
    """``jsd`` of each pair of heads, layer by layer, (n_layers * n_heads,) squared (Clark et al. 2019, section 6).

    What rows gave to hidden keys is one key more. Rows of padding, and rows without any visible key, do not count.

    Raises:
        UsageError: the weights are not one matrix per head.
    """
    if attention.values != "weights" or attention.reduce != "none":
        held = attention.values if attention.reduce == "none" else attention.reduce
        raise UsageError(f"heads by similarity: these matrices are {held}; expected the weights of each head")
    matrices = attention.matrices
    if attention.rest is not None:
        matrices = np.concatenate([matrices, attention.rest[..., None]], axis=-1)
    real = ~np.array([token.padding for token in attention.queries], dtype=bool)
    return jsd_matrix(matrices.reshape(-1, *matrices.shape[2:])[:, real])


def head_clusters(distances: np.ndarray) -> Clusters:
    """The clusters of heads, whose merges name the places in ``order``, not heads, by 0 to n - 1.

    So each of them joins neighbours: the k-th merge is n + k, as ``average_linkage`` has it.
    """
    found = average_linkage(distances)
    places = {item: place for place, item in enumerate(found.order)}
    merges = (Merge(places.get(m.left, m.left), places.get(m.right, m.right), m.distance, m.size) for m in found.merges)
    return Clusters(found.order, tuple(merges))


def cluster_spans(clusters: Clusters) -> list[range]:
    """The places of each cluster in the order of heads: of each head alone, then of each merge."""
    spans = [range(place, place + 1) for place in range(len(clusters.order))]
    for merge in clusters.merges:
        both = spans[merge.left], spans[merge.right]
        spans.append(range(min(span.start for span in both), max(span.stop for span in both)))
    return spans


def cut_distance(clusters: Clusters) -> float:
    """The distance at which the hierarchy is cut: half the mean distance of all pairs of heads.

    A single head far from all others does not move it, unlike a share of the last merge's distance. The mean is of the
    merges' distances, each of which is that of the pairs that it joins.
    """
    sizes = [1] * len(clusters.order) + [merge.size for merge in clusters.merges]
    n_pairs = [sizes[merge.left] * sizes[merge.right] for merge in clusters.merges]
    total = sum(n * merge.distance for n, merge in zip(n_pairs, clusters.merges, strict=True))
    return _CUT * total / sum(n_pairs) if n_pairs else 0.0


def cut_clusters(clusters: Clusters) -> list[range]:
    """The places of the largest clusters whose heads were merged below the cut, from the first place to the last.

    A head that was merged at a larger distance is in none.
    """
    cut, spans, n = cut_distance(clusters), cluster_spans(clusters), len(clusters.order)
    kept = [n + k for k, merge in enumerate(clusters.merges) if merge.distance < cut]
    inner = {part for k in kept for part in (clusters.merges[k - n].left, clusters.merges[k - n].right)}
    return sorted((spans[k] for k in kept if k not in inner), key=lambda span: span.start)
