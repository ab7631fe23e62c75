"""Each row's strongest keys, as JSON has them in place of matrices."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.output.documents.results import _strongest_keys, edges_document, result_document
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.result import Result
from attnviz.trace.tokens import Token

MODEL = ModelInfo("toy", "seed:0")


@given(st.integers(1, 3), st.integers(1, 70), st.integers(1, 9), st.integers(1, 4), st.integers(0, 99))
def test_the_strongest_keys_are_the_first_of_all_sorted(n_queries, n_keys, top, different, seed):
    values = np.random.default_rng(seed).integers(0, different, (n_queries, n_keys)).astype(np.float32)
    values[values == 0] = -np.inf
    expected = np.argsort(-values, axis=-1, kind="stable")[:, :top]
    assert _strongest_keys(values, top).tolist() == expected.tolist()


@pytest.mark.parametrize("precision", [None, 2])
@pytest.mark.parametrize("rested", [False, True])
@pytest.mark.parametrize("masked", [False, True])
def test_edges_of_parts_are_those_of_the_whole(masked, rested, precision):
    n = 40
    rng = np.random.default_rng(0)
    hidden = np.broadcast_to(~np.tri(n, dtype=bool), (2, n, n)) if masked else None
    values = rng.random((2, 3, n, n)).astype(np.float32)
    tokens = tuple(Token(f"t{i}", f"t{i}", piece=f"t{i}") for i in range(n))
    rest = rng.random((2, 3, n)).astype(np.float32) if rested else None
    whole = Attention(values, tokens, tokens, (1, 4), (0, 2, 5), MODEL, masked=hidden, rest=rest)
    result = Result("text", {"encoder": whole}, MODEL, tokens)
    parts = (
        replace(
            whole,
            matrices=values[i : i + 1, some],
            layers=(whole.layers[i],),
            heads=whole.heads[some],
            masked=None if hidden is None else hidden[i : i + 1],
            rest=None if rest is None else rest[i : i + 1, some],
        )
        for i in (0, 1)
        for some in (slice(0, 2), slice(2, 3))
    )
    found = edges_document(replace(result, views={}), parts, precision=precision, top=3)
    expected = result_document(result, precision=precision, top=3)
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert np.array_equal(found[name], value) if isinstance(value, np.ndarray) else found[name] == value, name


def test_masks_that_differ_between_layers_are_written_layer_by_layer():
    tokens = tuple(Token(label, label, piece=label) for label in "abc")
    causal, window = ~np.tri(3, dtype=bool), ~(np.tri(3, dtype=bool) & ~np.tri(3, k=-2, dtype=bool))
    values = np.full((2, 1, 3, 3), 0.25, np.float32)

    def document(masked):
        whole = Attention(values, tokens, tokens, (0, 1), (0,), MODEL, masked=masked)
        return result_document(Result("text", {"encoder": whole}, MODEL, tokens))

    assert document(np.stack([causal, window]))["masked"].tolist() == [causal.tolist(), window.tolist()]
    assert document(np.stack([causal, causal]))["masked"].tolist() == causal.tolist()


def edges_of(numbers, masked, top, values="weights"):
    n = numbers.shape[-1]
    tokens = tuple(Token(f"t{i}", f"t{i}", piece=f"t{i}") for i in range(n))
    whole = Attention(numbers[None, None], tokens, tokens, (0,), (0,), MODEL, values=values, masked=masked)
    result = Result("text", {"encoder": whole}, MODEL, tokens)
    documents = (
        result_document(result, top=top),
        edges_document(replace(result, views={}), iter([whole]), top=top),
    )
    first, second = ([(edge["query"], edge["key"]) for edge in document["edges"]] for document in documents)
    assert first == second
    return first


@pytest.mark.parametrize("top", [1, 2, 4, 9])
@pytest.mark.parametrize("n", [4, 40])
def test_edges_never_go_to_masked_keys(n, top):
    visible = np.tri(n, dtype=bool)
    weights = np.where(visible, np.random.default_rng(0).random((n, n)), 0).astype(np.float32)
    edges = edges_of(weights, ~visible[None], top)
    assert len(edges) == sum(min(top, query + 1) for query in range(n))
    assert all(key <= query for query, key in edges)
    scores = np.where(visible, weights, -np.inf)
    assert edges_of(scores, None, top, "scores") == edges
    assert edges_of(scores, ~visible[None], top, "scores") == edges


def test_a_key_that_gets_nothing_but_could_has_an_edge():
    assert edges_of(np.array([[1, 0], [0, 1]], np.float32), None, 2) == [(0, 0), (0, 1), (1, 1), (1, 0)]
