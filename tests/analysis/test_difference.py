"""Two attentions compared: against loops, by hand, and what must hold of any two."""

from dataclasses import replace
from math import log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis.difference import as_attention, compared, compared_words, largest_changes
from attnviz.errors import UsageError
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token

MODEL = ModelInfo("toy", "seed:0")


def attention(matrices, tokens, queries=None, **more):
    matrices = np.asarray(matrices, np.float32)
    n_layers, n_heads = matrices.shape[:2]
    named = [tuple(Token(text=t, label=t, piece=t) for t in side) for side in (queries or tokens, tokens)]
    return Attention(matrices, *named, tuple(range(n_layers)), tuple(range(n_heads)), MODEL, **more)


def random_attention(seed, tokens, n_layers=2, n_heads=3):
    generator = np.random.default_rng(seed)
    weights = generator.exponential(size=(n_layers, n_heads, len(tokens), len(tokens)))
    return attention(weights / weights.sum(axis=-1, keepdims=True), tokens)


def js_by_hand(p, q):
    """Jensen-Shannon divergence over ln 2, term by term."""
    total = 0.0
    for x, y in zip(p, q, strict=True):
        m = (x + y) / 2
        total += (x * log(x / m) / 2 if x > 0 else 0) + (y * log(y / m) / 2 if y > 0 else 0)
    return total / log(2)


def test_jsd_of_different_texts_is_of_the_aligned_keys_and_the_rest():
    a, b = random_attention(1, ["a", "b", "c", "d"]), random_attention(2, ["x", "a", "c", "d", "y"])
    found = compared(a, b)
    assert found.queries == found.keys == ((0, 1), (2, 2), (3, 3))
    for layer, head in np.ndindex(2, 3):
        rows = []
        for i, j in found.queries:
            p = [float(a.matrices[layer, head, i, k]) for k, _ in found.keys]
            q = [float(b.matrices[layer, head, j, k]) for _, k in found.keys]
            rest_p = float(a.matrices[layer, head, i, 1])
            rest_q = sum(float(b.matrices[layer, head, j, k]) for k in (0, 4))
            rows.append(js_by_hand([*p, rest_p], [*q, rest_q]))
        assert found.jsd[layer, head] == pytest.approx(sum(rows) / len(rows), abs=1e-6)


def test_one_token_put_in_anothers_place_is_compared_with_it():
    matrix = [[[[0.2, 0.5, 0.3], [0.1, 0.8, 0.1], [0, 0, 1]]]]
    found = compared(attention(matrix, ["a", "b", "c"]), attention(matrix, ["a", "B2", "c"]))
    assert found.queries == found.keys == ((0, 0), (1, 1), (2, 2))
    assert found.replaced_queries == found.replaced_keys == {(1, 1)}
    assert [token.label for token in found.compared_tokens[1]] == ["a", "b | B2", "c"]
    assert found.jsd.tolist() == [[0.0]]
    assert not found.has_rest
    assert largest_changes(found, 5) == []


@pytest.mark.parametrize(
    ("a", "b", "replaced", "left_out"),
    [
        (["a", "b", "c", "d"], ["a", "x", "y", "d"], {(1, 1), (2, 2)}, 0),
        (["a", "b", "d"], ["a", "x", "y", "d"], set(), 1),  # one word for two: which of them took its place?
        (["a", "d"], ["a", "x", "d"], set(), 0),
        (["x", "a", "b", "c"], ["y", "a", "c", "d"], {(0, 0)}, 1),
    ],
)
def test_only_as_many_tokens_of_both_replace_each_other(a, b, replaced, left_out):
    found = compared(random_attention(1, a), random_attention(2, b))
    assert found.replaced_keys == replaced
    assert len(a) - len(found.keys) == left_out


def test_a_special_token_replaces_no_other():
    word, special = Token("b", "b", piece="b"), Token("", "[SEP]", piece="[SEP]", special=True)
    first = Token("a", "a", piece="a")
    one, other = (Attention(np.eye(2)[None, None], t, t, (0,), (0,), MODEL) for t in ((first, word), (first, special)))
    assert compared(one, other).keys == ((0, 0),)


def test_changes_of_special_tokens_can_be_left_out():
    tokens = (Token("", "[CLS]", piece="[CLS]", special=True), *(Token(t, t, piece=t) for t in "ab"))
    one, other = (replace(random_attention(seed, "xab"), queries=tokens, keys=tokens) for seed in (1, 2))
    found = compared(one, other)
    every, words = largest_changes(found, 99), largest_changes(found, 99, special=False)
    assert words == [change for change in every if change.query != 0 and change.key != 0]


def test_of_words_a_replaced_one_is_compared_however_many_pieces_it_has():
    def pieces(*spellings):
        return tuple(Token(text=t, label=t, piece=t, word=i) for t, i in spellings)

    ours, theirs = pieces(("the", 0), ("ma", 1), ("t", 1)), pieces(("the", 0), ("rug", 1))
    one, other = (
        replace(random_attention(seed, side), queries=side, keys=side) for seed, side in ((1, ours), (2, theirs))
    )
    assert compared(one, other).keys == ((0, 0),)
    words = compared_words(compared(one, other))
    assert words.keys == ((0, 0), (1, 1))
    assert words.compared_tokens[1][1].label == "mat | rug"
    assert compared_words(words) is words


def test_the_rest_changes_like_any_key():
    a = [[[[0.2, 0.5, 0.3], [0.1, 0.8, 0.1], [0, 0, 1]]]]
    b = [[[[0.1, 0.8, 0.04, 0.06], [0, 0, 0.5, 0.5], [0.1, 0.8, 0.1, 0], [0.25, 0.125, 0.0, 0.625]]]]
    found = largest_changes(compared(attention(a, ["a", "b", "c"]), attention(b, ["a", "x", "y", "c"])), 9)
    by_hand = [(1, 1, -0.375), (0, None, 0.34), (1, 0, 0.25), (0, 1, -0.24), (1, None, 0.125), (0, 0, -0.1)]
    assert [(c.query, c.key) for c in found] == [(query, key) for query, key, _ in by_hand]
    np.testing.assert_allclose([c.change for c in found], [change for *_, change in by_hand], atol=1e-6)


def test_what_is_drawn_names_the_heads_of_both_sides():
    tokens = ["a", "b"]
    a, b = random_attention(1, tokens), random_attention(2, tokens)
    same = as_attention(compared(a, b))
    assert [matrix.title for matrix in same][1] == "B less A, L0H1"
    drawn = as_attention(compared(a, replace(b, layers=(1, 5), heads=(0, 1, 2))))
    assert [matrix.title for matrix in drawn][:2] == ["B less A, L0H0 -> L1H0", "B less A, L0H1 -> L1H1"]
    assert (drawn.layer_names, drawn.head_names) == (("0 -> 1", "1 -> 5"), ("0", "1", "2"))
    assert (drawn.layers_in_words, drawn.heads_in_words) == ("layers 0-1 -> 1,5", "heads 0-2")


def test_opposite_heads_have_nothing_in_common():
    found = compared(attention([[np.eye(3)]], "abc"), attention([[np.roll(np.eye(3), 1, axis=1)]], "abc"))
    assert found.jsd.tolist() == [[1.0]]
    assert not found.has_rest


def test_the_largest_changes_come_first_with_both_values():
    a = attention([[[[0.875, 0.125], [0.5, 0.5]]]], "ab")
    b = attention([[[[0.125, 0.875], [0.625, 0.375]]]], "ab")
    found = largest_changes(compared(a, b), 3)
    assert [(c.query, c.key) for c in found] == [(0, 0), (0, 1), (1, 0)]
    np.testing.assert_allclose([c.change for c in found], [-0.75, 0.75, 0.125], rtol=0)
    np.testing.assert_allclose([found[0].before, found[0].after], [0.875, 0.125], rtol=0)


def test_tokens_are_aligned_without_regard_to_capitals_and_special_ones_by_their_names():
    a = attention([[np.eye(2)]], "xx")
    queries = (Token("The", "The", piece="the"), Token("", "[SEP]", piece="[SEP]", special=True))
    theirs = (Token("the", "the", piece="Ġthe"), Token("", "[CLS]", piece="[CLS]", special=True))
    one, other = (Attention(a.matrices, t, t, (0,), (0,), MODEL) for t in (queries, theirs))
    assert compared(one, other).keys == ((0, 0),)


def test_fully_masked_rows_are_left_out_and_without_any_other_there_is_no_jsd():
    a, b = attention([[[[0, 0], [0.5, 0.5]]]], "ab"), attention([[[[1, 0], [0.5, 0.5]]]], "ab")
    assert compared(a, b).jsd.tolist() == [[0.0]]
    assert np.isnan(compared(attention([[np.zeros((2, 2))]], "ab"), b).jsd).all()


def test_rectangular_matrices_align_each_side_by_itself():
    a = attention(np.full((1, 1, 2, 3), 1 / 3), "abc", queries="xy")
    b = attention(np.full((1, 1, 3, 2), 1 / 2), "ac", queries="xyz")
    found = compared(a, b)
    assert (found.queries, found.keys) == (((0, 0), (1, 1)), ((0, 0), (2, 1)))
    assert found.after.shape == (1, 1, 2, 2)


@settings(max_examples=50)
@given(
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=6),
    st.lists(st.sampled_from("abcd"), min_size=1, max_size=6),
    st.integers(0, 99),
)
def test_of_any_two_texts_jsd_is_symmetric_between_0_and_1_and_rows_stay_whole(one, other, seed):
    if not set(one) & set(other):
        other = [*other, one[0]]
    a, b = random_attention(seed, one), random_attention(seed + 1, other)
    found, back = compared(a, b), compared(b, a)
    assert ((found.jsd >= 0) & (found.jsd <= 1)).all()
    if [p[::-1] for p in found.keys] == list(back.keys):  # of several longest subsequences another may be taken
        np.testing.assert_allclose(found.jsd, back.jsd, atol=1e-12)
    np.testing.assert_allclose(found.before.sum(axis=-1) + found.rest_before, 1, atol=1e-5)
    assert (compared(a, a).jsd == 0).all()


def test_what_is_drawn_is_b_less_a_with_both_origins():
    a, b = random_attention(1, "abc"), random_attention(2, "bcd")
    drawn = as_attention(compared(a, b))
    assert drawn.values == "changes"
    np.testing.assert_allclose(drawn.matrices[1, 2, 0, 1], b.matrices[1, 2, 0, 1] - a.matrices[1, 2, 1, 2], atol=1e-7)
    np.testing.assert_allclose(drawn.matrices.sum(axis=-1) + drawn.rest, 0, atol=1e-6)
    assert [token.text for token in drawn.keys] == ["b", "c"]
    assert drawn.model.provenance == MODEL.provenance


def test_a_change_is_masked_where_both_sides_are():
    causal, later = ~np.tri(4, dtype=bool), ~np.tri(4, k=1, dtype=bool)
    early = np.tri(4, k=-2, dtype=bool)
    a, b = (
        replace(random_attention(seed, "abcd"), masked=np.stack([masked, masked]))
        for seed, masked in enumerate([causal, later | early])
    )
    np.testing.assert_array_equal(as_attention(compared(a, b)).masked, [later, later])
    assert as_attention(compared(a, random_attention(2, "abcd"))).masked is None


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (random_attention(0, "ab"), random_attention(0, "ab", n_heads=2), "diff, heads: A has 3 and B has 2"),
        (random_attention(0, "ab"), random_attention(0, "ab", n_layers=1), "diff, layers: A has 2 and B has 1"),
        (random_attention(0, "ab"), random_attention(0, "xy"), "no query token of A is in B"),
        (random_attention(0, "ab"), attention([[np.eye(2)]], "ab", values="scores"), "these matrices are scores"),
        (
            random_attention(0, "ab"),
            attention([[np.eye(2)]], "ab", kind="cross"),
            "A is encoder attention and B is cross",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(a, b, said):
    with pytest.raises(UsageError, match=said):
        compared(a, b)


@settings(max_examples=60)
@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_what_is_compared_does_not_depend_on_which_side_is_called_a(a, b):
    ours, theirs = random_attention(1, [*a, "same"]), random_attention(2, [*b, "same"])
    one, other = compared(ours, theirs), compared(theirs, ours)
    assert one.keys == tuple((j, i) for i, j in other.keys)
    np.testing.assert_array_equal(one.jsd, other.jsd)
    np.testing.assert_array_equal(one.before, other.after)
