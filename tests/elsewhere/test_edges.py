"""Sparse attention is read as matrices, and what is not listed counts as the rest of its row."""

import json

import numpy as np
import pytest

import attnviz
from attnviz.errors import InputError
from attnviz.output.documents.results import dump, result_document
from tests.elsewhere.arrays import labels, npz, read, text

THREE = [[0, 0, 0.5], [0, 1, 0.25], [1, 2, 1.0]]


@pytest.mark.parametrize("encode", [lambda edges: text({"edges": edges}), lambda edges: npz(edges=np.array(edges))])
def test_edges_of_a_query_a_key_and_a_weight(encode):
    noted = []
    view = read(encode(THREE), name="f", note=noted.append).views["encoder"]
    np.testing.assert_array_equal(view.matrices[0, 0], [[0.5, 0.25, 0], [0, 0, 1], [0, 0, 0]])
    np.testing.assert_array_equal(view.rest[0, 0], [0.25, 0, 1])
    assert noted == ["f: edges leave out what else each query looks at; it is shown as rest"]


def test_edges_of_layers_and_heads_as_lists_or_objects():
    lists = [[1, 0, 0, 1, 0.5], [1, 2, 1, 1, 1], [3, 0, 0, 0, 0.25]]
    names = ("layer", "head", "query", "key", "weight")
    for edges in (lists, [dict(zip(names, edge, strict=True)) for edge in lists]):
        view = read(text({"edges": edges, "tokens": ["a", "b"]})).views["encoder"]
        assert (view.layers, view.heads, view.matrices.shape) == ((1, 3), (0, 2), (2, 2, 2, 2))
        assert view.matrices[0, 1, 1, 1] == 1
        assert view.matrices[1, 0, 0, 0] == 0.25


def test_edges_from_a_target_are_cross_attention():
    view = read(text({"edges": THREE, "tokens": list("abcd"), "target_tokens": ["x", "y"]})).views["cross"]
    assert view.matrices.shape == (1, 1, 2, 4)
    assert (labels(view.queries), labels(view.keys)) == (["x", "y"], list("abcd"))
    assert list(read(text({"edges": THREE}), kind="cross").views) == ["cross"]


@pytest.mark.parametrize(
    ("sentence", "options"),
    [
        ("a b c d", {}),
        ("a b c", {"target": "d e"}),
        ("a b c", {"mask": "causal"}),
        ("a b c", {"reduce": "mean-heads"}),
        ("a b c", {"reduce": "mean"}),
        ("a b c", {"reduce": "max"}),
        ("a b c", {"heads": "L1H2,L0H1"}),
        ("a b c", {"values": "zeroing"}),
    ],
    ids=str,
)
def test_what_show_prints_with_top_is_read_back(sentence, options):
    ran = attnviz.run(sentence, seed=0, **options)
    again = read(dump(result_document(ran, top=2)))
    for kind, view in ran.views.items():
        other = again.views[kind]
        assert (other.layers, other.heads, other.by_name, other.reduce) == (
            view.layers,
            view.heads,
            view.by_name,
            view.reduce,
        )
        listed = other.matrices > 0
        np.testing.assert_allclose(other.matrices[listed], view.matrices[listed], rtol=1e-6)
        best = np.sort(view.matrices, axis=-1)[..., -2:].sum(axis=-1)
        np.testing.assert_allclose(other.matrices.sum(axis=-1), best, atol=1e-6)
        if view.reduce != "max":
            np.testing.assert_allclose(other.rest, 1 - best, atol=1e-5)


@pytest.mark.parametrize(
    ("edges", "message"),
    [
        ([[0, 1]], "edges[0] is [0, 1]; expected (query, key, weight) or (layer, head, query, key, weight)"),
        ([[0, 1, 0.5], [0, -1, 0.5]], "edges[1]: its key is -1; expected a whole number from 0"),
        ([[0, 1.5, 0.5]], "edges[0]: its key is 1.5; expected a whole number from 0"),
        ([[0, 1, "x"]], "edges[0]: its weight is x; expected a number"),
        ([[0, 1, 0.5], [0, 1, 0.25]], "edges[1] has the place of an edge before it; expected one weight for each"),
        ([[0, 7, 0.5]], "edges[0]: its key is 7, of 3 tokens; expected 0-2"),
        ([[0, 0, 0.75], [0, 1, 0.75]], "L0H0, row 0 sums to 1.5; expected 1"),
        ([[0, 1, None]], "edges[0] has no weight; expected (query, key, weight) or (layer, head, query, key, weight)"),
        (
            [{"query": 0, "weight": 1}],
            "edges[0] has no key; expected (query, key, weight) or (layer, head, query, key, weight)",
        ),
    ],
)
def test_edges_that_cannot_be_are_refused_with_their_place(edges, message):
    with pytest.raises(InputError) as caught:
        read(text({"edges": edges, "tokens": ["a", "b", "c"]}), name="f")
    assert str(caught.value) == f"f: {message}"
    assert caught.value.hint is None  # edges are neither what dropout leaves nor scores


def test_edges_between_tokens_that_nobody_can_have_are_refused_before_their_matrix_is_made():
    with pytest.raises(InputError) as caught:
        read(text({"edges": [[0, 10**9, 0.5]]}), name="f")
    assert str(caught.value) == (
        "f: its edges reach query 1000000000 and key 1000000000, which makes matrices of 1000000002000000001 numbers; "
        "expected at most 1073741824"
    )


def test_edges_of_scores_are_refused_as_nothing_is_known_of_the_others():
    printed = json.loads(dump(result_document(attnviz.run("a b c", seed=0, values="scores"), top=2)))
    with pytest.raises(InputError) as caught:
        read(text(printed), name="f")
    assert str(caught.value) == (
        "f: its edges are scores, and those of other keys are not known; expected edges of weights"
    )
    assert caught.value.hint == "write it without --top"
