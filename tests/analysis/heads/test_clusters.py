"""Which heads look alike: what rows gave to hidden tokens counts, padding does not."""

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.heads.clusters import cluster_spans, cut_clusters, cut_distance, head_clusters, head_distances
from attnviz.analysis.matrices.words import hide_special
from attnviz.errors import UsageError
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token

TOKENS = (Token("", "[S]", piece="[S]", special=True), Token("a", "a", piece="a"), Token("b", "b", piece="b"))


def attention(*heads, tokens=TOKENS):
    """Heads whose rows are all equal."""
    n = len(tokens)
    matrices = np.array([[[row] * n for row in heads]], dtype=np.float32)
    return Attention(matrices, tokens, tokens, (0,), tuple(range(len(heads))), ModelInfo("test", "seed:0"))


def test_what_hidden_tokens_got_counts_as_one_key():
    # The first two heads differ only in what the hidden token got; the third looks at nothing else.
    hidden = hide_special(attention([0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [1.0, 0.0, 0.0]))
    expected = [[0.0, 0.5, 0.311278], [0.5, 0.0, 1.0], [0.311278, 1.0, 0.0]]
    np.testing.assert_allclose(head_distances(hidden), expected, atol=1e-6)


def test_rows_of_padding_do_not_count():
    padded = (*TOKENS[1:], replace(TOKENS[2], padding=True))
    heads = attention([1.0, 0.0, 0.0], [1.0, 0.0, 0.0], tokens=padded)
    matrices = heads.matrices.copy()
    matrices[0, 1, 2] = [0.0, 1.0, 0.0]
    assert head_distances(replace(heads, matrices=matrices)).tolist() == [[0.0, 0.0], [0.0, 0.0]]


@pytest.mark.parametrize(("fields", "held"), [({"values": "scores"}, "scores"), ({"reduce": "mean"}, "mean")])
def test_other_matrices_than_weights_of_each_head_are_refused(fields, held):
    with pytest.raises(UsageError, match=f"these matrices are {held}; expected the weights of each head"):
        head_distances(replace(attention([1.0, 0.0, 0.0]), **fields))


def on_a_line(*places):
    """Distances between points of a line."""
    return np.abs(np.subtract.outer(places, places)).astype(float)


def test_the_hierarchy_is_cut_at_half_the_mean_distance():
    distances = on_a_line(0, 10, 1, 11, 3)
    clusters = head_clusters(distances)
    # 0 with 1, 10 with 11, then 3 with the first two, then all: at distances 1, 1, 2.5 and 9.2.
    assert clusters.order == (0, 2, 4, 1, 3)
    assert cut_distance(clusters) == pytest.approx(0.5 * distances[~np.eye(5, dtype=bool)].mean())
    assert cut_clusters(clusters) == [range(3), range(3, 5)]


def test_a_head_that_is_far_from_all_others_is_in_no_cluster():
    assert cut_clusters(head_clusters(on_a_line(0, 1, 9))) == [range(2)]
    assert cut_clusters(head_clusters(on_a_line(0, 9))) == []


def test_one_head_and_equal_heads_are_not_cut():
    for n in (1, 3):
        clusters = head_clusters(np.zeros((n, n)))
        assert cut_clusters(clusters) == []
        assert cut_distance(clusters) == 0


@given(st.integers(1, 12), st.integers(0, 99))
def test_the_places_of_a_cluster_hold_its_heads(n, seed):
    distances = np.random.default_rng(seed).random((n, n))
    clusters = head_clusters(distances + distances.T)
    heads = [{place} for place in range(n)]
    for merge in clusters.merges:
        heads.append(heads[merge.left] | heads[merge.right])
    assert [set(span) for span in cluster_spans(clusters)] == heads
    if n > 1:
        mean = (distances + distances.T)[~np.eye(n, dtype=bool)].mean()
        assert cut_distance(clusters) == pytest.approx(mean / 2)
    cut = cut_clusters(clusters)
    assert all(a.stop <= b.start for a, b in itertools.pairwise(cut))
    below = {place for merge, span in zip(clusters.merges, cluster_spans(clusters)[n:], strict=True)
             if merge.distance < cut_distance(clusters) for place in span}  # fmt: skip
    assert {place for span in cut for place in span} == below
