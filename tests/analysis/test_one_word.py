"""One word in every head: its row or its column, against the matrices and against loops."""

from dataclasses import replace

import numpy as np
import pytest

from attnviz.analysis.matrices.reduce import reduce_attention
from attnviz.analysis.one_word import WordQuestion, word_attention
from attnviz.analysis.telling import telling_part
from attnviz.errors import UsageError
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token

LABELS = ("[CLS]", "a", "b", "a", "c", "[SEP]")


def tokens(labels=LABELS):
    return tuple(Token(label.strip("[]") and label, label, special=label.startswith("[")) for label in labels)


def attention(seed=0, queries=LABELS, keys=LABELS, **more):
    """Two layers of three heads, every row of which sums to 1."""
    weights = np.random.default_rng(seed).gamma(0.3, size=(2, 3, len(queries), len(keys))) + 1e-6
    weights /= weights.sum(axis=-1, keepdims=True)
    return Attention(weights, tokens(queries), tokens(keys), (0, 1), (0, 1, 2), ModelInfo("toy", "seed:0"), **more)


def heads_of(word):
    return {(head.layer, head.head): head for head in word.heads}


@pytest.mark.parametrize(("side", "index"), [("from", 2), ("to", 2), ("from", 0), ("to", 5)])
def test_numbers_are_those_of_the_matrices(side, index):
    whole = attention()
    word = word_attention([whole], WordQuestion(str(index), side))
    assert (word.number, word.side, word.place, [t.label for t in word.others]) == (index, side, index, list(LABELS))
    for (layer, head), one in heads_of(word).items():
        matrix = whole.matrices[layer, head]
        np.testing.assert_array_equal(one.values, matrix[index] if side == "from" else matrix[:, index])
        assert one.name == f"L{layer}H{head}"
        assert one.rest is None


@pytest.mark.parametrize("side", ["from", "to"])
def test_heads_are_in_the_order_of_what_they_say_of_the_word(side):
    whole = attention(seed=3)
    word = word_attention([whole], WordQuestion("b", side))
    order = [(-round(head.telling, 2), -head.values[~head.masked].max()) for head in word.heads]
    assert order == sorted(order)  # a difference below a percent is none
    for (layer, head), one in heads_of(word).items():
        part, matrix = telling_part(whole)[layer, head], whole.matrices[layer, head]
        pairs = [(2, j) if side == "from" else (j, 2) for j in range(6)]
        assert one.telling == max(min(matrix[pair], 2 * part[pair]) for pair in pairs)


def test_special_tokens_are_left_out_and_a_row_says_what_they_got():
    whole = attention()
    row = word_attention([whole], WordQuestion("c", "from", hide_special=True))
    column = word_attention([whole], WordQuestion("c", "to", hide_special=True))
    assert [t.label for t in row.others] == [t.label for t in column.others] == list(LABELS[1:5])
    assert (row.number, row.place, column.number, column.place) == (4, 3, 4, 3)
    for (layer, head), one in heads_of(row).items():
        matrix = whole.matrices[layer, head]
        np.testing.assert_array_equal(one.values, matrix[4, 1:5])
        assert one.rest == pytest.approx(matrix[4, [0, 5]].sum())
        other = heads_of(column)[layer, head]
        np.testing.assert_array_equal(other.values, matrix[1:5, 4])
        assert other.rest is None


@pytest.mark.parametrize("side", ["from", "to"])
def test_a_special_token_can_be_asked_about_though_they_are_left_out(side):
    word = word_attention([attention()], WordQuestion("[CLS]", side, hide_special=True))
    assert (word.number, word.place, len(word.others)) == (0, None, 4)
    assert all(head.telling == 0 for head in word.heads)
    largest = [head.values.max() for head in word.heads]
    assert largest == sorted(largest, reverse=True)  # where none says anything


def test_a_word_that_occurs_twice_is_its_first_and_says_so():
    word = word_attention([attention()], WordQuestion("a", "from"))
    assert (word.number, word.is_repeated) == (1, True)
    assert word_attention([attention()], WordQuestion("a:2", "from")).number == 3
    assert not word_attention([attention()], WordQuestion("b", "from")).is_repeated


def test_parts_of_one_kind_are_one_word():
    whole = attention()
    parts = [
        replace(whole, matrices=whole.matrices[[i]][:, [j]], layers=(i,), heads=(j,))
        for i in range(2)
        for j in range(3)
    ]
    word, expected = (word_attention(some, WordQuestion("b", "from")) for some in (parts, [whole]))
    assert [head.name for head in word.heads] == [head.name for head in expected.heads]
    assert (word.about.layers, word.about.heads) == ((0, 1), (0, 1, 2))


def test_of_several_kinds_it_is_the_last_that_has_the_word():
    cross = attention(1, ("x", "y"), LABELS, kind="cross")
    word = word_attention([attention(), cross], WordQuestion("y", "from"))
    assert (word.about.kind, word.place, len(word.others)) == ("cross", None, 6)
    assert word_attention([attention(), cross], WordQuestion("c", "from")).about.kind == "encoder"
    assert word_attention([attention(), cross], WordQuestion("c", "to")).about.kind == "cross"
    with pytest.raises(UsageError, match=r"^to: no word is 'x'"):
        word_attention([attention(), cross], WordQuestion("x", "to"))


@pytest.mark.parametrize(("reduce", "names"), [("mean-heads", {"L0mean", "L1mean"}), ("mean", {"mean"})])
def test_reductions_have_a_line_for_each_matrix(reduce, names):
    reduced = reduce_attention(attention(), reduce)
    word = word_attention([reduced], WordQuestion("b", "from"))
    assert {head.name for head in word.heads} == names
    assert all(head.head is None for head in word.heads)


def test_masked_keys_are_never_the_strongest():
    scores = attention().matrices.copy()
    mask = np.triu(np.ones((6, 6), bool), 1)
    scores[:, :, mask] = -np.inf
    causal = replace(attention(values="scores"), matrices=scores, masked=np.stack([mask, mask]))
    for head in word_attention([causal], WordQuestion("b", "from")).heads:
        assert sorted(head.strongest(9)) == [0, 1, 2]
        assert list(head.masked) == [False] * 3 + [True] * 3


def test_labels_in_the_tokenizers_spelling():
    whole = attention()
    pieces = tuple(replace(token, piece=f"_{token.label}") for token in whole.keys)
    word = word_attention([replace(whole, queries=pieces, keys=pieces)], WordQuestion("b", "from", raw=True))
    assert [token.label for token in word.others] == [f"_{label}" for label in LABELS]
