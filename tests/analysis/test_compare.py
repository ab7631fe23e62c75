"""How alike matrices, texts, rankings and vectors are."""

import math
from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis import compare
from attnviz.analysis.compare import Merge, align, average_linkage, cosine_distance, jsd, jsd_matrix, spearman
from attnviz.errors import UsageError


def random_weights(seed, *shape):
    raw = np.random.default_rng(seed).random(shape) ** 6
    return raw / raw.sum(axis=-1, keepdims=True)


def jsd_by_loops(a, b):
    """Mean over rows of the divergences to the mean of both (Lin 1991), in units of ln 2."""
    rows = []
    for p, q in zip(a.tolist(), b.tolist(), strict=True):
        if sum(p) == 0 or sum(q) == 0:
            continue
        total = 0.0
        for x, y in zip(p, q, strict=True):
            m = (x + y) / 2
            total += 0.5 * (x * math.log(x / m) if x else 0) + 0.5 * (y * math.log(y / m) if y else 0)
        rows.append(total / math.log(2))
    return sum(rows) / len(rows) if rows else math.nan


@settings(max_examples=60)
@given(st.integers(0, 999), st.integers(1, 5), st.integers(1, 7), st.sets(st.integers(0, 4)), st.booleans())
def test_jsd_is_the_mean_of_the_rows_that_both_have(seed, n_queries, n_keys, empty, causal):
    a, b = random_weights(seed, 2, n_queries, n_keys)
    if causal:
        a, b = np.tril(a), np.tril(b)
    for row in empty & set(range(n_queries)):
        a[row] = 0
    result = jsd(a, b)
    np.testing.assert_allclose(result, jsd_by_loops(a, b), atol=1e-12)
    assert result == pytest.approx(jsd(b, a), abs=0, nan_ok=True)
    assert math.isnan(result) == (len(empty & set(range(n_queries))) == n_queries)
    assert math.isnan(result) or 0 <= result <= 1


def test_jsd_is_0_for_equal_and_1_for_disjoint_rows_whatever_their_number():
    for n in (1, 2, 7):
        uniform, self_only = np.full((n, n), 1 / n), np.eye(n)
        assert jsd(uniform, uniform) == 0
        if n > 1:
            assert jsd(self_only, np.roll(self_only, 1, axis=1)) == 1
    # p = (1, 0), q = (1/2, 1/2): H(3/4, 1/4) - H(1/2, 1/2) / 2 = 2 ln 2 - 3/4 ln 3 - ln 2 / 2
    by_hand = (1.5 * math.log(2) - 0.75 * math.log(3)) / math.log(2)
    assert jsd(np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])) == pytest.approx(by_hand, abs=1e-15)


def test_jsd_of_float32_is_summed_in_float64():
    a, b = random_weights(0, 2, 5, 7).astype(np.float32)
    assert jsd(a, b) == pytest.approx(jsd_by_loops(a, b), abs=1e-12)
    tiny = np.array([[1.0, 5e-324]])
    assert jsd(tiny, tiny[:, ::-1]) == 1


def test_matrices_of_other_tokens_are_refused():
    with pytest.raises(UsageError) as caught:
        jsd(np.ones((2, 3)), np.ones((3, 3)))
    assert str(caught.value) == "jsd: the matrices are 2 x 3 and 3 x 3; expected the same tokens"


@pytest.mark.parametrize("chunk", [1, 100, 1 << 22])
def test_the_matrix_holds_the_jsd_of_each_pair(monkeypatch, chunk):
    monkeypatch.setattr(compare, "_CHUNK", chunk)
    heads = random_weights(3, 7, 3, 5)
    heads[2, 1], heads[4] = 0, 0
    distances = jsd_matrix(heads)
    for i in range(7):
        for j in range(7):
            expected = 0 if i == j else jsd_by_loops(heads[i], heads[j])
            np.testing.assert_allclose(distances[i, j], expected, atol=1e-12)


def linkage_by_definition(distances):
    """The mean over all pairs of items is computed anew for every two clusters, at every step."""
    clusters = {i: [i] for i in range(len(distances))}
    merges = []
    for step in range(len(distances) - 1):
        best = None
        by_first = sorted(clusters, key=lambda name: min(clusters[name]))
        for x, y in combinations(by_first, 2):
            pairs = [distances[i][j] for i in clusters[x] for j in clusters[y]]
            mean = sum(pairs) / len(pairs)
            if best is None or mean < best[0] - 1e-9:
                best = mean, x, y
        mean, x, y = best
        clusters[len(distances) + step] = clusters.pop(x) + clusters.pop(y)
        merges.append((x, y, mean, len(clusters[len(distances) + step])))
    return merges, [i for cluster in clusters.values() for i in cluster]


@settings(max_examples=50)
@given(st.integers(0, 999), st.integers(1, 9))
def test_clusters_are_merged_by_the_mean_of_all_pairs(seed, n):
    distances = np.random.default_rng(seed).random((n, n))
    distances += distances.T
    clusters = average_linkage(distances)
    merges, order = linkage_by_definition(distances.tolist())
    assert [(m.left, m.right, m.size) for m in clusters.merges] == [(x, y, size) for x, y, _, size in merges]
    np.testing.assert_allclose([m.distance for m in clusters.merges], [m[2] for m in merges], atol=1e-12)
    assert list(clusters.order) == order
    assert sorted(order) == list(range(n))


def test_clusters_by_hand_and_ties_by_the_smallest_items():
    # Places on a line: 0, 10, 1, 11, 5
    places = np.array([0.0, 10.0, 1.0, 11.0, 5.0])
    clusters = average_linkage(np.abs(places[:, None] - places))
    assert clusters.merges == (Merge(0, 2, 1.0, 2), Merge(1, 3, 1.0, 2), Merge(5, 4, 4.5, 3), Merge(7, 6, 8.5, 5))
    assert clusters.order == (0, 2, 4, 1, 3)
    same = average_linkage(np.zeros((4, 4)))
    assert same.order == (0, 1, 2, 3)
    assert average_linkage(np.zeros((0, 0))).order == ()


def test_heads_without_a_row_in_common_have_no_clusters():
    heads = random_weights(0, 3, 2, 5)
    heads[1] = 0
    with pytest.raises(UsageError) as caught:
        average_linkage(jsd_matrix(heads))
    assert str(caught.value) == "clusters: some heads have no row in common; expected a distance of every pair"


def longest_by_trying(a, b):
    for size in range(min(len(a), len(b)), 0, -1):
        if {tuple(x) for x in combinations(a, size)} & {tuple(x) for x in combinations(b, size)}:
            return size
    return 0


@settings(max_examples=100)
@given(st.text("abc", max_size=8), st.text("abc", max_size=8))
def test_aligned_tokens_are_equal_in_order_and_as_many_as_can_be(a, b):
    pairs = align(a, b)
    assert all(a[i] == b[j] for i, j in pairs)
    assert all(i < k and j < m for (i, j), (k, m) in pairwise(pairs))
    assert len(pairs) == longest_by_trying(a, b)


def test_align_finds_more_than_the_longest_block():
    assert align("xyzpaqbrcsd", "abcdxyz") == [(4, 0), (6, 1), (8, 2), (10, 3)]  # difflib finds xyz
    words = ["the", "cat", "sat", "on", "the", "mat"]
    other = ["the", "dog", "sat", "on", "the", "red", "mat"]
    assert align(words, other) == [(0, 0), (2, 2), (3, 3), (4, 4), (5, 6)]
    assert align(words, words) == [(i, i) for i in range(6)]
    assert align(words, []) == align([], words) == align([], []) == []


def test_texts_of_more_than_255_tokens_align():
    rng = np.random.default_rng(0)
    a = rng.integers(0, 1000, 700).tolist()
    b = [t for t in a if t % 3]
    assert [a[i] for i, _ in align(a, b)] == b


def ranks_by_loops(x):
    return [sum(y < v for y in x) + (sum(y == v for y in x) + 1) / 2 for v in x]


@settings(max_examples=100)
@given(st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=1, max_size=12))
def test_spearman_is_the_correlation_of_mean_ranks(pairs):
    a, b = (np.array(side, dtype=float) for side in zip(*pairs, strict=True))
    result = spearman(a, b)
    x, y = ranks_by_loops(a.tolist()), ranks_by_loops(b.tolist())
    mean = sum(x) / len(x)
    top = sum((p - mean) * (q - mean) for p, q in zip(x, y, strict=True))
    bottom = math.sqrt(sum((p - mean) ** 2 for p in x) * sum((q - mean) ** 2 for q in y))
    if bottom == 0:
        assert math.isnan(result)
    else:
        assert result == pytest.approx(top / bottom, abs=1e-12)
        assert -1 <= result <= 1


def test_spearman_by_hand_and_of_matrices():
    x = np.array([[1.0, 5.0, 2.0], [9.0, 3.0, 4.0]], dtype=np.float32)
    assert spearman(x, np.exp(x)) == 1
    assert spearman(x, -x) == -1
    # 1 - 6 Σd² / (n (n² - 1)) with d = 0, 1, 1, 0
    assert spearman(np.array([1, 2, 3, 4]), np.array([1, 3, 2, 4])) == pytest.approx(0.8, abs=1e-15)
    assert math.isnan(spearman(np.array([1.0]), np.array([2.0])))


def test_cosine_distance_keeps_the_digits_of_vectors_that_are_nearly_equal():
    a = np.array([1.0, 0.0])
    for angle in (1e-9, 1e-4, 1.0, math.pi):
        b = np.array([math.cos(angle), math.sin(angle)])
        assert cosine_distance(a, 3 * b) == pytest.approx(2 * math.sin(angle / 2) ** 2, rel=1e-6)
    zero = np.zeros(2)
    assert cosine_distance(np.stack([a, zero, a]), np.stack([zero, zero, -a])).tolist() == [1, 0, 2]
