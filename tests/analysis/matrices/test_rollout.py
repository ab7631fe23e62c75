"""Attention through several layers."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis.matrices.rollout import flow, maximum_flow, rollout, with_residual
from attnviz.errors import InputError, UsageError


def random_weights(seed, n_layers, n_heads, n, *, causal=False, dtype=np.float64):
    raw = np.random.default_rng(seed).random((n_layers, n_heads, n, n)) ** 4
    raw = raw * np.tri(n) if causal else raw
    return (raw / raw.sum(axis=-1, keepdims=True)).astype(dtype)


def mixed_by_loops(attention, layer, i, j):
    heads = [float(attention[layer, head, i, j]) for head in range(attention.shape[1])]
    return 0.5 * sum(heads) / len(heads) + 0.5 * (i == j)


def rollout_by_loops(attention):
    """Â_L ··· Â_1, one layer after the other, from the paper's equation 1."""
    n_layers, _, n, _ = attention.shape
    result = [[float(i == j) for j in range(n)] for i in range(n)]
    for layer in range(n_layers):
        result = [
            [sum(mixed_by_loops(attention, layer, i, k) * result[k][j] for k in range(n)) for j in range(n)]
            for i in range(n)
        ]
    return np.array(result)


def flow_by_cuts(attention):
    """Maximum flow is minimum cut (Ford & Fulkerson 1956): the least of all cuts, every one of them tried."""
    n_layers, _, n, _ = attention.shape
    inner = (n_layers - 1) * n
    flows = np.empty((n, n))
    for i, j in product(range(n), range(n)):
        cuts = []
        for sides in product((False, True), repeat=inner):
            near = np.array([*(k != j for k in range(n)), *sides, *(k == i for k in range(n))]).reshape(n_layers + 1, n)
            cut = 0.0
            for layer in range(n_layers):
                for u, v in product(range(n), range(n)):
                    if near[layer + 1, u] and not near[layer, v]:
                        cut += mixed_by_loops(attention, layer, u, v)
            cuts.append(cut)
        flows[i, j] = min(cuts)
    return flows / flows.sum(axis=1, keepdims=True)


def test_the_later_layer_multiplies_from_the_left():
    first = [[0, 1], [0, 1]]  # every token looks at token 1
    second = [[1, 0], [1, 0]]  # then every token looks at token 0
    result = rollout(np.array([[first], [second]], dtype=float))
    # Â_1 = [[1/2, 1/2], [0, 1]], Â_2 = [[1, 0], [1/2, 1/2]]
    assert result.tolist() == [[0.5, 0.5], [0.25, 0.75]]
    other_way_round = rollout(np.array([[second], [first]], dtype=float))
    assert other_way_round.tolist() == [[0.75, 0.25], [0.5, 0.5]]


def test_rollout_is_the_product_of_the_papers_equation():
    attention = random_weights(0, 3, 2, 5)
    for layer in range(3):
        some = attention[: layer + 1]
        np.testing.assert_allclose(rollout(some), rollout_by_loops(some), atol=1e-12)
        np.testing.assert_array_equal(rollout(iter(map(iter, some))), rollout(some))  # one head after the other


@settings(max_examples=50)
@given(st.integers(0, 999), st.integers(1, 5), st.integers(1, 3), st.integers(1, 7), st.booleans())
def test_rows_sum_to_one_and_causal_stays_causal(seed, n_layers, n_heads, n, causal):
    attention = random_weights(seed, n_layers, n_heads, n, causal=causal, dtype=np.float32)
    for result in (rollout(attention), flow(attention)):
        np.testing.assert_allclose(result.sum(axis=-1), 1, atol=1e-12)
        assert (result >= 0).all()
        if causal:
            assert (np.triu(result, 1) == 0).all()


def test_a_token_that_sees_nothing_stays_itself():
    attention = random_weights(0, 2, 3, 4)
    attention[:, :, 1] = 0
    for result in (rollout(attention), flow(attention)):
        np.testing.assert_allclose(result[1], [0, 1, 0, 0], atol=1e-15)
        np.testing.assert_allclose(result.sum(axis=-1), 1, atol=1e-12)


def test_what_is_given_is_not_changed():
    attention = random_weights(0, 3, 2, 4)
    before = attention.copy()
    rollout(attention), flow(attention)
    np.testing.assert_array_equal(attention, before)


def test_flow_through_one_layer_is_its_capacities_and_through_two_what_both_let_through():
    attention = random_weights(1, 2, 3, 5)
    first, second = (with_residual(layer, "flow") for layer in attention)
    np.testing.assert_allclose(flow(attention[:1]), first, atol=1e-15)
    both = np.array([[sum(min(second[i, k], first[k, j]) for k in range(5)) for j in range(5)] for i in range(5)])
    np.testing.assert_allclose(flow(attention), both / both.sum(axis=1, keepdims=True), atol=1e-12)


def test_flow_by_hand():
    attention = np.array([[[[0, 1], [0, 1]]], [[[1, 0], [1, 0]]]], dtype=float)
    # Â_1 = [[1/2, 1/2], [0, 1]], Â_2 = [[1, 0], [1/2, 1/2]]: from 0 all goes through 0, which gives 1/2 to each;
    # from 1, 1/2 goes through 0 and can reach either, and 1/2 through 1, which leads only to 1: 1/2 and 1.
    np.testing.assert_allclose(flow(attention), [[1 / 2, 1 / 2], [1 / 3, 2 / 3]], atol=1e-15)


@pytest.mark.parametrize(("n_layers", "n", "causal"), [(3, 2, False), (3, 3, False), (4, 2, True), (3, 3, True)])
def test_flow_is_the_least_cut(n_layers, n, causal):
    for seed in range(3):
        attention = random_weights(seed, n_layers, 2, n, causal=causal)
        np.testing.assert_allclose(flow(attention), flow_by_cuts(attention), atol=1e-12)


def test_maximum_flow_takes_back_what_a_first_path_took():
    # The textbook case: the path s-a-b-t, if taken first, must be undone through b-a.
    s, a, b, t = range(4)
    capacities = {(s, a): 1.0, (s, b): 1.0, (a, b): 1.0, (a, t): 1.0, (b, t): 1.0}
    assert maximum_flow(both_ways(4, capacities), s, t) == 2.0
    # Cormen et al., Introduction to Algorithms, figure 26.1: 23
    edges = {(0, 1): 16, (0, 2): 13, (1, 3): 12, (2, 1): 4, (2, 4): 14, (3, 2): 9, (3, 5): 20, (4, 3): 7, (4, 5): 4}
    assert maximum_flow(both_ways(6, edges), 0, 5) == 23
    assert maximum_flow(both_ways(3, {(0, 1): 2.0}), 0, 2) == 0.0


def both_ways(n, capacities):
    graph = [{} for _ in range(n)]
    for (u, v), capacity in capacities.items():
        graph[u][v] = float(capacity)
        graph[v].setdefault(u, 0.0)
    return graph


@pytest.mark.parametrize(("through", "name"), [(rollout, "rollout"), (flow, "flow")])
def test_attention_to_other_tokens_or_of_odd_numbers_is_refused(through, name):
    with pytest.raises(UsageError) as caught:
        through(np.ones((2, 3, 5, 7)))
    assert str(caught.value) == (f"{name}: there are 5 queries and 7 keys; expected attention of tokens to themselves")
    for odd in (-0.1, np.nan, np.inf):
        attention = random_weights(0, 2, 3, 4)
        attention[1, 2, 3, 0] = odd
        with pytest.raises(InputError) as caught:
            through(attention)
        assert str(caught.value) == (f"{name}: some weights are negative or not finite; expected attention weights")
