"""Rollout and flow of an ``Attention``: order of layers, what no path connects, what is refused."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis.matrices.paths import MOST_FLOW_TOKENS, follow
from attnviz.analysis.matrices.rollout import flow, rollout
from attnviz.errors import InputError, UsageError
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token


def attention(allowed, seed=0, n_heads=2):
    """Random weights where (n_layers, n, n) allows them, rows that sum to 1 or are all 0."""
    n_layers, n, _ = allowed.shape
    raw = np.random.default_rng(seed).random((n_layers, n_heads, n, n)) * allowed[:, None]
    total = raw.sum(axis=-1, keepdims=True)
    tokens = tuple(Token(f"t{i}", f"t{i}") for i in range(n))
    return Attention(
        raw / np.where(total > 0, total, 1),
        tokens,
        tokens,
        tuple(range(n_layers)),
        tuple(range(n_heads)),
        ModelInfo("m", "seed:0"),
        masked=None if allowed.all() else ~allowed,
    )


def connected(allowed):
    """Which pairs a path connects, by walking every layer downwards."""
    n_layers, n, _ = allowed.shape
    found = np.zeros((n, n), dtype=bool)
    for start in range(n):
        here = {start}
        for layer in reversed(range(n_layers)):
            here |= {key for query in here for key in range(n) if allowed[layer, query, key]}
        found[start, sorted(here)] = True
    return found


@settings(max_examples=60)
@given(st.integers(0, 9999), st.integers(1, 4), st.integers(1, 5), st.sampled_from(["rollout", "flow"]))
def test_what_no_path_connects_is_masked_and_nothing_else(seed, n_layers, n, how):
    allowed = np.random.default_rng(seed).random((n_layers, n, n)) < 0.3
    result = follow(attention(allowed, seed), how)
    masked = np.zeros((n, n), dtype=bool) if result.masked is None else result.masked[0]
    np.testing.assert_array_equal(masked, ~connected(allowed))
    np.testing.assert_array_equal(result.matrices[0, 0] > 0, connected(allowed))
    np.testing.assert_allclose(result.matrices.sum(axis=-1), 1, atol=1e-12)
    assert (result.masked is None) == (not masked.any())


@pytest.mark.parametrize(("how", "function"), [("rollout", rollout), ("flow", flow)])
def test_layers_are_put_in_their_order(how, function):
    inorder = attention(np.ones((3, 4, 4), dtype=bool))
    shuffled = replace(inorder, matrices=inorder.matrices[[2, 0, 1]], layers=(2, 0, 1))
    result = follow(shuffled, how)
    np.testing.assert_allclose(result.matrices[0, 0], function(inorder.matrices), atol=1e-15)
    assert (result.layers, result.reduce) == ((0, 1, 2), how)
    assert not np.allclose(function(inorder.matrices), function(shuffled.matrices))


def test_masks_are_put_in_the_layers_order_too():
    allowed = np.random.default_rng(0).random((3, 5, 5)) < 0.3
    inorder = attention(allowed)
    shuffled = replace(
        inorder, matrices=inorder.matrices[[2, 0, 1]], masked=inorder.masked[[2, 0, 1]], layers=(2, 0, 1)
    )
    np.testing.assert_array_equal(follow(shuffled, "rollout").masked, follow(inorder, "rollout").masked)
    assert not np.array_equal(connected(allowed), connected(allowed[[2, 0, 1]]))


def test_flow_ends_at_its_limit():
    n = MOST_FLOW_TOKENS + 1
    with pytest.raises(InputError, match=f"^reduce: flow of {n} tokens takes too long"):
        follow(attention(np.eye(n, dtype=bool)[None]), "flow")
    follow(attention(np.eye(n, dtype=bool)[None]), "rollout")
    at_most = follow(attention(np.eye(n - 1, dtype=bool)[None]), "flow")
    np.testing.assert_array_equal(at_most.matrices[0, 0], np.eye(n - 1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"kind": "cross"}, "kind, reduce: rollout follows tokens through layers of attention to their own text"),
        ({"words": True}, "words, reduce: rollout comes before it"),
        ({"hidden": True}, "hide-special, reduce: rollout comes before it"),
        ({"layers": (1, 2)}, "layer, reduce: rollout goes through every layer from 0 on; expected 0-2, not 1-2"),
    ],
)
def test_what_has_no_rollout_says_so(change, message):
    whole = attention(np.ones((2, 3, 3), dtype=bool))
    with pytest.raises(UsageError) as caught:
        follow(replace(whole, **change), "rollout")
    assert str(caught.value).startswith(message)
