"""Words and hidden tokens: METRICS' definitions in loops, and what must hold for any attention."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import attnviz
from attnviz.analysis.matrices.reduce import reduce_attention
from attnviz.analysis.matrices.selection import Request
from attnviz.analysis.matrices.words import hide_special, merge_words, merged
from attnviz.errors import InputError, UsageError
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token, numbered

INFO = ModelInfo("test", "seed:0")


@st.composite
def token_lists(draw, least=1):
    """Tokens of words of one to three pieces, with special tokens anywhere between."""
    tokens, word, segment, start = [], 0, 0, 0
    for kind in draw(
        st.lists(st.sampled_from(["special", "word", "word", "loose", "segment"]), min_size=least, max_size=6)
    ):
        if kind == "special":
            tokens.append(Token("", "[S]", piece="[S]", special=True, segment=segment))
        elif kind == "segment":
            segment, word = 1, 0
        elif kind == "loose":
            tokens.append(Token("x", "x", 0, 1, piece="x"))
        else:
            for piece in draw(st.lists(st.sampled_from(["a", "bc"]), min_size=1, max_size=3)):
                tokens.append(
                    Token(piece, piece, start, start + len(piece), 7, f"##{piece}", word=word, segment=segment)
                )
                start += len(piece)
            word += 1
    return tuple(tokens)


@st.composite
def attentions(draw, *, square=True):
    queries = draw(token_lists().filter(bool))
    keys = queries if square else draw(token_lists().filter(bool))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    allowed = rng.random((1, len(queries), len(keys))) < draw(st.sampled_from([0.6, 1.0]))
    raw = rng.random((1, 3, len(queries), len(keys))).astype(np.float32) * allowed[:, None]
    sums = raw.sum(axis=-1, keepdims=True)
    weights = raw / np.where(sums > 0, sums, 1)
    masked = None if allowed.all() else ~allowed
    return Attention(weights, queries, keys, (0,), (0, 1, 2), INFO, "encoder" if square else "cross", masked=masked)


def groups(tokens):
    """Which places belong together, by the definition: consecutive pieces of one word."""
    found = []
    for i, token in enumerate(tokens):
        before = tokens[i - 1] if i else None
        joins = (
            before is not None
            and not token.special
            and not before.special
            and token.word is not None
            and (token.segment, token.word) == (before.segment, before.word)
        )
        if joins:
            found[-1].append(i)
        else:
            found.append([i])
    return found


def merged_by_loops(matrix, queries, keys):
    """To a word: the sum over its pieces; then from a word: the mean over its pieces."""
    to = [[sum(float(row[j]) for j in group) for group in groups(keys)] for row in matrix]
    return [[sum(to[i][j] for i in group) / len(group) for j in range(len(groups(keys)))] for group in groups(queries)]


@settings(max_examples=80)
@given(attentions(square=False))
def test_words_are_summed_to_and_averaged_from(attention):
    found = merge_words(attention)
    assert found.words == any(t.word is not None for t in (*attention.queries, *attention.keys))
    assert [t.piece for t in found.keys] == [t.piece for t in merged(attention.keys)]
    for i in range(3):
        expected = merged_by_loops(attention.matrices[0, i], attention.queries, attention.keys)
        np.testing.assert_allclose(found.matrices[0, i], expected, atol=1e-6)
    if attention.masked is not None:
        for a, rows in enumerate(groups(attention.queries)):
            for b, columns in enumerate(groups(attention.keys)):
                assert found.masked[0, a, b] == attention.masked[0][np.ix_(rows, columns)].all()


@settings(max_examples=80)
@given(attentions())
def test_rows_keep_their_sums_and_masked_words_get_nothing(attention):
    found = merge_words(attention)
    before = attention.matrices.sum(axis=-1)
    expected = np.stack([before[..., group].mean(axis=-1) for group in groups(attention.queries)], axis=-1)
    np.testing.assert_allclose(found.matrices.sum(axis=-1), expected, atol=1e-5)
    if found.masked is not None:
        assert (found.matrices[:, :, found.masked[0]] == 0).all()


@settings(max_examples=80)
@given(attentions())
def test_words_and_means_over_heads_can_be_taken_in_either_order(attention):
    one = reduce_attention(merge_words(attention), "mean")
    other = merge_words(reduce_attention(attention, "mean"))
    np.testing.assert_allclose(one.matrices, other.matrices, atol=1e-6)


@settings(max_examples=80)
@given(attentions(square=False), st.booleans())
def test_what_is_hidden_and_what_is_left_make_the_row(attention, words):
    whole = merge_words(attention) if words else attention
    if all(t.special for t in whole.queries) or all(t.special for t in whole.keys):
        with pytest.raises(InputError, match="hide-special: every token is special"):
            hide_special(whole)
        return
    found = hide_special(whole)
    if not any(t.special for t in (*whole.queries, *whole.keys)):
        assert found is hide_special(whole, renormalize=True) is whole
        return
    rows = [i for i, t in enumerate(whole.queries) if not t.special]
    columns = [j for j, t in enumerate(whole.keys) if not t.special]
    queries, keys = numbered(whole.queries), numbered(whole.keys)
    assert found.queries == tuple(queries[i] for i in rows)
    assert found.keys == tuple(keys[j] for j in columns)
    np.testing.assert_array_equal(found.matrices, whole.matrices[:, :, rows][..., columns])
    np.testing.assert_allclose(
        found.matrices.sum(axis=-1) + found.rest, whole.matrices.sum(axis=-1)[..., rows], atol=1e-6
    )
    again = hide_special(whole, renormalize=True)
    left = found.matrices.sum(axis=-1)
    np.testing.assert_allclose(again.matrices.sum(axis=-1), left > 0, atol=1e-5)
    assert again.rest is None


@settings(max_examples=50)
@given(attentions())
def test_hiding_twice_changes_nothing(attention):
    assume(not all(token.special for token in attention.keys))
    once = hide_special(attention)
    again = hide_special(once)
    np.testing.assert_array_equal(again.matrices, once.matrices)
    assert again.rest is once.rest or again.rest.tolist() == once.rest.tolist()


def test_the_rest_of_tokens_hidden_one_after_another_is_what_all_of_them_got():
    tokens = (Token("", "[S]", piece="[S]", special=True), *plain(2).keys)
    weights = np.array([0.5, 0.25, 0.125], np.float32) * np.ones((1, 1, 3, 1), np.float32)
    first = hide_special(Attention(weights, tokens, tokens, (0,), (0,), INFO))
    last_special = tuple(replace(token, special=token.piece == "x1") for token in first.keys)
    both = hide_special(replace(first, queries=last_special, keys=last_special))
    assert (both.matrices.tolist(), both.rest.tolist()) == ([[[[0.25]]]], [[[0.625]]])


@settings(max_examples=50)
@given(attentions())
def test_merging_twice_changes_nothing(attention):
    once = merge_words(attention)
    assert merge_words(once) is once
    assert merged(once.keys) == numbered(once.keys)


def test_one_token_a_word_keeps_every_number():
    plain = attnviz.run("the cat sat", seed=0)
    words = attnviz.run("the cat sat", seed=0, words=True)
    np.testing.assert_array_equal(words.attention, plain.attention)
    assert [t.label for t in words.tokens] == ["the", "cat", "sat"]


def test_a_word_is_the_text_that_its_pieces_cover():
    # Two tokens share the bytes of one character, and a third begins with the space before its word.
    pieces = (
        Token("\u20ac", r"\xe2", 0, 1, 5, "\u00e2", word=0),
        Token("\u20ac", r"\x82\xac", 0, 1, 6, "\u0124\u00a4", word=0),
        Token("5", "5", 1, 2, 7, "5", word=0),
        Token(" un", "un", 2, 5, 8, "\u0120un", word=1),
        Token("do", "do", 5, 7, 9, "do", word=1),
    )
    first, second = merged(pieces)
    assert (first.text, first.label, first.start, first.end, first.id) == ("\u20ac5", "\u20ac5", 0, 2, None)
    assert (second.text, second.label, second.start, second.end) == ("undo", "undo", 3, 7)
    assert second.pieces == ("\u0120un", "do")


def test_a_word_covers_a_character_that_the_tokenizer_removed_inside_it():
    pieces = (Token("re", "re", 0, 2, 1, "re", word=0), Token("ad", "ad", 3, 5, 2, "##ad", word=0))
    (word,) = merged(pieces)
    assert (word.text, word.start, word.end) == ("read", 0, 5)


def test_a_hidden_row_of_which_nothing_is_left_stays_0_when_it_is_renormalized():
    tokens = (Token("", "[S]", piece="[S]", special=True), Token("a", "a", piece="a"))
    weights = np.array([[[[0.5, 0.5], [1.0, 0.0]]]], dtype=np.float32)
    attention = Attention(weights, tokens, tokens, (0,), (0,), INFO)
    assert hide_special(attention).rest.tolist() == [[[1.0]]]
    assert hide_special(attention, renormalize=True).matrices.tolist() == [[[[0.0]]]]


def test_rows_that_were_renormalized_say_so_and_stay_so():
    tokens = (Token("", "[S]", piece="[S]", special=True), Token("a", "a", piece="a"))
    attention = Attention(np.full((1, 1, 2, 2), 0.5, dtype=np.float32), tokens, tokens, (0,), (0,), INFO)
    once = hide_special(attention, renormalize=True)
    assert once.renormalized
    assert next(iter(once)).renormalized
    assert not hide_special(attention).renormalized
    again = hide_special(once)
    assert (again.renormalized, again.rest) == (True, None)


def test_the_largest_of_several_heads_has_no_rest():
    tokens = (Token("", "[S]", piece="[S]", special=True), Token("a", "a", piece="a"))
    weights = np.full((1, 2, 2, 2), 0.5, dtype=np.float32)
    attention = hide_special(Attention(weights, tokens, tokens, (0,), (0, 1), INFO))
    assert reduce_attention(attention, "max").rest is None
    assert reduce_attention(attention, "mean").rest.shape == (1, 1, 1)
    assert reduce_attention(attention, "mean-heads").rest.tolist() == [[[0.5]]]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"renormalize": True}, "renormalize: nothing is left out of the rows"),
        ({"words": True, "values": "scores"}, "words, values: sums of scores"),
        ({"renormalize": True, "hide_special": True, "values": "scores"}, "renormalize, values: rows of scores"),
    ],
)
def test_what_means_nothing_is_refused(fields, message):
    with pytest.raises(UsageError, match=message):
        Request(**fields)


def test_scores_can_be_shown_without_special_tokens():
    result = attnviz.run("a b", seed=0, pair="c", values="scores", hide_special=True)
    assert result.attention.shape == (2, 4, 3, 3)
    assert result.views["encoder"].rest is None


def plain(n=3, **more):
    tokens = tuple(Token(f"x{i}", f"x{i}", piece=f"x{i}", **more) for i in range(n))
    return Attention(np.full((1, 1, n, n), 1 / n, np.float32), tokens, tokens, (0,), (0,), INFO)


def test_where_no_word_and_no_special_token_is_known_nothing_changes_and_nothing_is_claimed():
    attention = plain()
    assert merge_words(attention) is attention
    assert hide_special(attention) is attention


def test_rows_whose_special_tokens_were_hidden_before_can_still_be_renormalized():
    tokens = (Token("", "[S]", piece="[S]", special=True), *plain(2).keys)
    whole = Attention(np.full((1, 1, 3, 3), 1 / 3, np.float32), tokens, tokens, (0,), (0,), INFO)
    found = hide_special(hide_special(whole), renormalize=True)
    assert (found.renormalized, found.rest) == (True, None)
    np.testing.assert_allclose(found.matrices, 1 / 2, atol=1e-6)
