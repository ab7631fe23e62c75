"""Which heads say most, by attention that no resting place and no distance explains: against loops."""

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from attnviz.analysis.telling import (
    head_summaries,
    overview,
    strongest_telling,
    telling_links,
    telling_part,
    telling_scores,
)
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token


def tokens(n, special=()):
    return tuple(Token(f"t{i}", f"t{i}", special=i in special) for i in range(n))


def attention(matrices, special=(), kind="encoder", masked=None):
    """Matrices (n_heads, n_queries, n_keys) of one layer."""
    matrices = np.asarray(matrices, np.float64)
    n_heads, n_queries, n_keys = matrices.shape
    queries, keys = tokens(n_queries, special), tokens(n_keys, special)
    masks = None if masked is None else np.asarray(masked)[None]
    return Attention(
        matrices[None], queries, keys, (3,), tuple(range(n_heads)), ModelInfo("toy", "seed:0"), kind=kind, masked=masks
    )


def random_rows(seed, n_heads, n, causal=False):
    weights = np.random.default_rng(seed).gamma(0.3, size=(n_heads, n, n)) + 1e-9
    weights = np.tril(weights) if causal else weights
    return weights / weights.sum(axis=-1, keepdims=True)


def by_loops(weights, special, causal):
    """The definition, a pair of tokens after the other."""
    n = len(weights)
    pairs = [
        (i, j)
        for i in range(n)
        for j in range(n)
        if i != j and not {i, j} & set(special) and not (causal and (j > i or j == 0))
    ]
    part = np.zeros((n, n))
    for i, j in pairs:
        alike = [weights[a, b] for a, b in pairs if b - a == j - i]
        part[i, j] = max(0.0, weights[i, j] - sum(alike) / len(alike))
    rows = [i for i in range(n) if i not in special]
    return part, part[rows].sum() / len(rows)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("special", [(), (0, 6), (2,)])
def test_the_part_and_the_score_are_those_of_the_definition(special, causal):
    weights = random_rows(5, 3, 7, causal)
    masked = np.triu(np.ones((7, 7), bool), 1) if causal else None
    view = attention(weights, special, masked=masked)
    for head in range(3):
        part, score = by_loops(weights[head], special, causal)
        np.testing.assert_allclose(telling_part(view)[0, head], part, atol=1e-12)
        np.testing.assert_allclose(telling_scores(view)[0, head], score, atol=1e-12)


def shifted(n, offset):
    """Every row looks at one distance, and at itself where that leads out of the text."""
    matrix = np.eye(n)
    for i in range(n):
        if 0 <= i + offset < n:
            matrix[i] = np.eye(n)[i + offset]
    return matrix


def test_resting_and_fixed_distances_say_nothing():
    n = 6
    to_special = np.tile(np.eye(n)[0], (n, 1))
    heads = [np.full((n, n), 1 / n), np.eye(n), shifted(n, -1), shifted(n, 2), to_special]
    np.testing.assert_allclose(telling_scores(attention(heads, special=(0,)))[0], 0, atol=1e-12)


def test_one_link_that_no_distance_explains_makes_its_head_the_first():
    n = 6
    peculiar = shifted(n, -1)
    peculiar[1] = np.eye(n)[5]
    view = overview([attention([np.full((n, n), 1 / n), shifted(n, 1), peculiar])])
    assert view.matrix.name == "L3H2"
    assert view.heads[0].links[0] == (1, 5, 1.0)
    assert [head.name for head in view.heads] == ["L3H2", "L3H1", "L3H0"]  # of equal ones that with the strongest link


def test_parts_give_what_the_whole_gives():
    whole = attention(random_rows(8, 4, 5))
    parts = [replace(whole, matrices=whole.matrices[:, h : h + 1], heads=(h,)) for h in range(4)]
    assert overview(parts).heads == overview([whole]).heads
    assert overview(parts).matrix.name == overview([whole]).matrix.name


@pytest.mark.parametrize("most", [1, 5 * 23 * 23])  # a head at a time, a layer at a time
@pytest.mark.parametrize("by_name", [False, True])
def test_many_numbers_are_looked_at_some_at_a_time_which_changes_nothing(monkeypatch, most, by_name):
    one = attention(random_rows(4, 35, 23, causal=True), masked=np.triu(np.ones((23, 23), bool), 1))
    whole = replace(
        one,
        matrices=one.matrices.reshape(7, 5, 23, 23) if not by_name else one.matrices.reshape(35, 1, 23, 23),
        layers=tuple(range(35 if by_name else 7)),
        heads=tuple(range(35 if by_name else 5)),
        masked=np.repeat(one.masked, 35 if by_name else 7, axis=0),
        by_name=by_name,
    )
    expected = head_summaries(whole), telling_scores(whole), overview([whole]).heads
    monkeypatch.setattr("attnviz.analysis.matrices.parts._MOST_TOGETHER", most)
    tracemalloc.start()
    scores = telling_scores(whole)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < whole.matrices.nbytes
    links = [[(head.name, head.links) for head in heads] for heads in (head_summaries(whole), overview([whole]).heads)]
    assert links == [[(head.name, head.links) for head in heads] for heads in (expected[0], expected[2])]
    assert scores == pytest.approx(expected[1], rel=1e-14)


def by_sorting(part, weights):
    """The links of one head: of all cells, sorted."""
    sizes = np.where(part > 0, np.minimum(weights, 2 * part), 0).ravel()
    places = [place for place in np.argsort(-sizes, kind="stable") if sizes[place] > 1e-3][:4]
    return [divmod(int(place), weights.shape[1]) for place in places]


@pytest.mark.parametrize("n_rows", [1, 2, 3, 4, 5, 7])
def test_links_of_few_rows_may_all_be_of_one(n_rows):
    rng = np.random.default_rng(n_rows)
    for _ in range(20):
        weights = rng.dirichlet(np.full(9, 0.3), n_rows)
        part = np.maximum(weights - rng.uniform(0, 0.3, 9), 0)
        assert [link[:2] for link in telling_links(part, weights)] == by_sorting(part, weights)


@pytest.mark.parametrize("at_once", [1, 23, 2 * 23, 3 * 23, 5 * 23, 1 << 17])
@pytest.mark.parametrize("fallback", [False, True])
def test_blocks_of_any_number_of_rows_give_the_links_of_the_whole(monkeypatch, at_once, fallback):
    monkeypatch.setattr("attnviz.analysis.usual._AT_ONCE", at_once)
    weights = attention(random_rows(4, 6, 23), special=(0, 22))
    weights.matrices[0, :, 22, 3:6] = weights.matrices[0, :, 20, 3:6] = 0.3  # several links in the last rows
    parts = telling_part(weights)
    for i, head in enumerate(head_summaries(weights, fallback=fallback)):
        matrix = weights.matrices[0, i]
        expected = by_sorting(parts[0, i], matrix)
        if fallback and not any(matrix[cell] >= 0.1 for cell in expected):
            usable = np.ones((23, 23), bool) & ~np.eye(23, dtype=bool)
            usable[[0, 22]] = usable[:, [0, 22]] = False
            rounded = np.where(usable, matrix, 0).round(2)
            expected = by_sorting(rounded, rounded)
        assert [link[:2] for link in head.links] == expected
        assert head.score == pytest.approx(parts[0, i].sum() / 21, abs=1e-9)


def test_of_whole_numbers_the_part_has_fractions():
    weights = replace(attention(random_rows(0, 1, 5)), matrices=np.eye(5, dtype=np.int64)[None, None][..., ::-1])
    assert telling_part(weights).dtype == np.float64
    np.testing.assert_allclose(telling_part(weights), telling_part(replace(weights, matrices=weights.matrices * 1.0)))


def test_of_cross_attention_a_key_that_all_rows_look_at_says_nothing():
    same = np.tile([0.7, 0.2, 0.1], (4, 1))
    different = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 0]])
    scores = telling_scores(attention([same, different], kind="cross"))
    np.testing.assert_allclose(scores[0, 0], 0, atol=1e-12)
    assert scores[0, 1] > 0.5


def test_nothing_telling_has_no_link():
    assert telling_links(np.zeros((3, 3)), np.full((3, 3), 1 / 3)) == ()


def test_where_the_distance_explains_all_links_the_strongest_are_examples_and_equal_ones_come_in_their_order():
    n = 6
    noise = 1e-7 * np.random.default_rng(1).random((n, n))
    rows = np.eye(n, k=-1) * (1 - noise)
    rows[0, 0] = 1
    weights = attention([rows], special=(0,))
    (plain,) = head_summaries(weights)
    assert plain.links == ()
    (head,) = head_summaries(weights, fallback=True)
    assert [(link.query, link.key, link.weight) for link in head.links] == [(i, i - 1, 1.0) for i in (2, 3, 4, 5)]


def test_heads_that_a_distance_explains_are_in_the_order_of_their_strongest_links():
    causal = np.triu(np.ones((3, 3), dtype=bool), 1)
    faint, strong = np.tril(np.ones((3, 3))), np.array([[1.0, 0, 0], [1, 0, 0], [0, 1, 0]])
    whole = attention([faint / faint.sum(axis=1, keepdims=True), strong], masked=causal)
    assert overview([whole]).matrix.name == "L3H1"


def test_the_first_token_of_a_causal_model_is_named_where_nothing_else_is_looked_at():
    causal = np.triu(np.ones((3, 3), dtype=bool), 1)
    (matrix,) = attention([np.eye(3)[[0, 0, 0]]], masked=causal)
    assert strongest_telling(matrix)[:2] == (1, 0)
