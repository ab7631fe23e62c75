"""How alike two matrices, many heads, two texts, two rankings or two vectors are."""

from collections.abc import Hashable, Sequence

import numpy as np

from attnviz.errors import UsageError
from attnviz.records import dataclass

_CHUNK = 1 << 22  # elements of all the pairs of heads that are compared at once


def jsd(a: np.ndarray, b: np.ndarray) -> float:
    """Mean over rows of JS(a_i ‖ b_i) / ln 2: in [0, 1], symmetric, 0 for equal matrices.

    JS(p ‖ q) = H((p + q) / 2) - (H(p) + H(q)) / 2 with the entropy H (Lin 1991). Clark et al. 2019 compare heads by its
    sum over rows, which grows with the text. Rows that are all 0 in either (every key masked) are left out.

    Args:
        a: (n_queries, n_keys), rows that sum to 1 or 0.
        b: the other matrix, of the same shape.

    Returns:
        NaN where no row is left.

    Raises:
        UsageError: the shapes differ.
    """
    if a.shape != b.shape:
        sizes = [" x ".join(map(str, m.shape)) for m in (a, b)]
        raise UsageError(f"jsd: the matrices are {sizes[0]} and {sizes[1]}; expected the same tokens")
    return float(jsd_matrix(np.stack([a, b]))[0, 1])


def jsd_matrix(heads: np.ndarray) -> np.ndarray:
    """``jsd`` of each pair of heads, (n_heads, n_heads) float64, symmetric, 0 on the diagonal.

    Args:
        heads: (n_heads, n_queries, n_keys); all layers' heads in a row, if they are to be compared.
    """
    heads = heads.astype(np.float64)
    n, size = len(heads), max(1, heads[0].size)
    entropies = _entropies(heads)
    alive = np.asarray(heads.any(axis=-1))
    distances = np.zeros((n, n))
    step = max(1, _CHUNK // size)
    for i in range(n):
        for start in range(i + 1, n, step):
            others = slice(start, start + step)
            rows = _entropies((heads[i] + heads[others]) / 2) - (entropies[i] + entropies[others]) / 2
            both = alive[i] & alive[others]
            counted = both.sum(axis=-1)
            mean = (rows * both).sum(axis=-1) / np.maximum(counted, 1) / np.log(2)
            # Rounding can leave the range by a few units of 1e-16.
            distances[i, others] = np.where(counted == 0, np.nan, np.clip(mean, 0, 1))
    return distances + distances.T


def _entropies(p: np.ndarray) -> np.ndarray:
    """Each row's entropy in nats, with 0 ln 0 = 0."""
    return np.asarray(-(p * np.log(np.where(p > 0, p, 1))).sum(axis=-1))


@dataclass(frozen=True)
class Merge:
    """Two clusters made one.

    Attributes:
        left: the cluster that holds the smallest item; items are clusters 0 to n - 1, the k-th merge makes n + k.
        right: the other.
        distance: the mean distance between an item of the one and an item of the other.
        size: how many items it holds.
    """

    left: int
    right: int
    distance: float
    size: int


@dataclass(frozen=True)
class Clusters:
    """A hierarchy of clusters.

    Attributes:
        order: the items, so that each cluster's stand side by side.
        merges: n - 1 of them, the nearest first.
    """

    order: tuple[int, ...]
    merges: tuple[Merge, ...]


def average_linkage(distances: np.ndarray) -> Clusters:
    """Hierarchical clusters by average linkage (Sokal & Michener 1958, UPGMA).

    The two nearest clusters are merged until one is left; of equally near ones those with the smallest items. Kept on
    measured grounds: it takes 10 ms for 144 heads, and importing SciPy (143 MB) for its ``linkage`` takes 0.5 s.

    Args:
        distances: (n, n), symmetric and finite; the diagonal is not read.

    Raises:
        UsageError: some distances are not finite: heads that have no row in common.
    """
    n = len(distances)
    off = ~np.eye(n, dtype=bool)
    if not np.isfinite(distances[off]).all():
        raise UsageError("clusters: some heads have no row in common; expected a distance of every pair")
    near = np.where(np.triu(off), distances, np.inf).astype(np.float64)  # only row < column
    members: dict[int, tuple[int, ...]] = {i: (i,) for i in range(n)}  # a cluster has the row of its smallest item
    names = list(range(n))
    merges = []
    for step in range(n - 1):
        i, j = (int(k) for k in np.unravel_index(np.argmin(near), near.shape))
        sizes = len(members[i]), len(members[j])
        merges.append(Merge(names[i], names[j], float(near[i, j]), sum(sizes)))
        full = np.minimum(near, near.T)  # each pair is there once, inf the other way round
        mean = (sizes[0] * full[i] + sizes[1] * full[j]) / sum(sizes)
        near[i, i + 1 :], near[:i, i] = mean[i + 1 :], mean[:i]
        near[j], near[:, j] = np.inf, np.inf
        members[i] += members.pop(j)
        names[i] = n + step
    return Clusters(order=members[0] if n else (), merges=tuple(merges))


def align(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    """The places (i, j) of a longest common subsequence of two texts' tokens, in order (Wagner & Fischer 1974).

    The choice among several longest ones is always the same. It takes n m steps and one or two times n m
    bytes (n, m < 65536).
    """
    known: dict[Hashable, int] = {}
    codes_a, codes_b = (np.array([known.setdefault(t, len(known)) for t in side], dtype=np.int64) for side in (a, b))
    n, m = len(a), len(b)
    # lengths[i, j]: of the longest common subsequence of a[i:] and b[j:]
    lengths = np.zeros((n + 1, m + 1), dtype=np.min_scalar_type(min(n, m)))
    for i in reversed(range(n)):
        below = lengths[i + 1]
        best = np.maximum(below[:-1], below[1:] + (codes_b == codes_a[i]))
        lengths[i, :-1] = np.maximum.accumulate(best[::-1])[::-1]
    pairs, i, j = [], 0, 0
    while i < n and j < m:
        if codes_a[i] == codes_b[j]:
            pairs.append((i, j))
            i, j = i + 1, j + 1
        elif lengths[i + 1, j] >= lengths[i, j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def spearman(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's rank correlation of two arrays of one shape, in [-1, 1]; equal numbers share the mean of their ranks.

    NaN where one of them is constant, or there are fewer than two numbers. What is masked in both should be left out
    before: it would count as agreement.
    """
    ranks = [_centred_ranks(x) for x in (a, b)]
    sizes = [float(np.sqrt(r @ r)) for r in ranks]
    if min(sizes) == 0:
        return float("nan")
    return float(np.clip(ranks[0] @ ranks[1] / (sizes[0] * sizes[1]), -1, 1))


def _centred_ranks(x: np.ndarray) -> np.ndarray:
    """Each number's rank less the mean rank, (x.size,) float64; both are halves of whole numbers, and exact."""
    _, which, counts = np.unique(x.ravel(), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return (ends - (counts - 1) / 2)[which.ravel()] - (x.size + 1) / 2


def cosine_distance(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """1 - cos(a, b) over the last axis, float64, in [0, 2]: half the square of the distance of the unit vectors.

    So written, vectors that are nearly equal keep their digits. Two zero vectors have the distance 0, one zero vector
    has the distance 1 from any other.
    """
    a, b = a.astype(np.float64), b.astype(np.float64)
    lengths = [np.linalg.norm(x, axis=-1, keepdims=True) for x in (a, b)]
    units = [x / np.where(size == 0, 1, size) for x, size in zip((a, b), lengths, strict=True)]
    one_is_zero = (lengths[0] == 0) ^ (lengths[1] == 0)
    return np.where(one_is_zero[..., 0], 1.0, np.square(units[0] - units[1]).sum(axis=-1) / 2)
