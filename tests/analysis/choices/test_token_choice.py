"""Rows and columns that are chosen: which tokens a selection names, and what becomes of the others."""

from dataclasses import replace

import numpy as np
import pytest

from attnviz.analysis.choices.token_choice import TokenChoice, choose_tokens
from attnviz.analysis.matrices.selection import Request
from attnviz.analysis.matrices.spelling import token_places
from attnviz.analysis.matrices.words import merged
from attnviz.analysis.resting import is_square
from attnviz.analysis.telling import overview
from attnviz.errors import TokenChoiceError, UsageError
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token, numbered

INFO = ModelInfo("test", "seed:0")
PIECES = (
    ("[CLS]", "", None, 0),
    ("the", "The", 0, 0),
    ("scat", "scat", 1, 0),
    ("##tered", "tered", 1, 0),
    ("the", "the", 2, 0),
    ("[SEP]", "", None, 0),
    ("cat", "cat", 0, 1),
    (",", ",", 1, 1),
    ("[SEP]", "", None, 1),
)
TOKENS = tuple(
    Token(text, text or piece, piece=piece, special=word is None, word=word, segment=segment)
    for piece, text, word, segment in PIECES
)
WORDS = merged(TOKENS)


@pytest.mark.parametrize(
    ("selection", "places"),
    [
        ("the", [1, 4]),
        ("the:2", [4]),
        ("scattered", [2, 3]),
        ("tered", [3]),
        ("3", [3]),
        ("-1", [8]),
        ("1-3", [1, 2, 3]),
        ("-3--1", [6, 7, 8]),
        ("0,cat,1-2", [0, 1, 2, 6]),
        (" cat , 0 ", [0, 6]),
        ("special", [0, 5, 8]),
        ("pair", [6, 7]),
        ("text", [1, 2, 3, 4]),
        ("text,special", [0, 1, 2, 3, 4, 5, 8]),
        (",", [7]),
        ("[SEP]", [5, 8]),
    ],
)
def test_a_selection_names_tokens_in_the_order_of_the_text(selection, places):
    assert list(token_places(selection, TOKENS, "rows")) == places


def test_of_merged_words_numbers_are_those_of_the_input():
    found = [token_places(part, WORDS, "rows") for part in ("3", "scattered", "2-4")]
    assert found == [(2,), (2,), (2, 3)]


@pytest.mark.parametrize(
    ("selection", "error"),
    [
        ("dog", "rows: no word is 'dog'; expected a word of the text (word:2 is its second occurrence), or a number"),
        ("9", "rows: no word is '9'"),
        ("1-9", "rows: 1-9 is not a range of tokens; expected numbers from 0 to 8, the smaller one first"),
        ("3-1", "rows: 3-1 is not a range of tokens; expected numbers from 0 to 8, the smaller one first"),
        ("cat,", "rows: no word is ''"),
        ("the:3", "rows: 'the' occurs 2 times, not 3"),
    ],
)
def test_what_is_not_there_is_an_error_in_words(selection, error):
    with pytest.raises(TokenChoiceError) as caught:
        token_places(selection, TOKENS, "rows")
    assert str(caught.value).startswith(error)


def test_a_group_without_a_token_is_an_error_in_words():
    with pytest.raises(TokenChoiceError, match="columns: no token is of 'pair'; expected a second segment"):
        token_places("pair", TOKENS[:6], "columns")
    padding = replace(TOKENS[0], padding=True)
    with pytest.raises(TokenChoiceError, match="rows: no token is of 'special'; expected a word, a number or a range"):
        token_places("special", (*TOKENS[1:5], padding), "rows")


def attention(n_heads: int = 2, tokens=TOKENS, **more) -> Attention:
    n = len(tokens)
    matrices = np.random.default_rng(0).dirichlet(np.ones(n), size=(2, n_heads, n)).astype(np.float32)
    return Attention(matrices, tokens, tokens, (0, 1), tuple(range(n_heads)), INFO, **more)


@pytest.mark.parametrize("renormalize", [False, True])
@pytest.mark.parametrize(("rows", "columns"), [("1-2", "cat,0"), (None, "special"), ("pair", None)])
@pytest.mark.parametrize("hide_special", [False, True])
def test_what_is_left_out_of_a_row_is_its_rest(rows, columns, hide_special, renormalize):
    whole = attention()
    if renormalize and columns is None and not hide_special:
        return
    found = choose_tokens(whole, TokenChoice(rows, columns, hide_special, renormalize))
    plain = [i for i, token in enumerate(TOKENS) if not token.special]
    every = plain if hide_special else list(range(len(TOKENS)))
    queries = every if rows is None else list(token_places(rows, TOKENS, "rows"))
    keys = every if columns is None else list(token_places(columns, TOKENS, "columns"))
    expected = whole.matrices[:, :, queries][..., keys]
    left = 1 - expected.sum(axis=-1)
    if renormalize:
        expected = expected / expected.sum(axis=-1, keepdims=True)
        assert found.rest is None
    elif len(keys) < len(TOKENS):
        np.testing.assert_allclose(found.rest, left, atol=1e-6)
    else:
        assert found.rest is None
    np.testing.assert_allclose(found.matrices, expected, atol=1e-6)
    assert [token.position for token in found.queries] == queries
    assert [token.position for token in found.keys] == keys
    assert found.keys_chosen == (columns is not None)
    assert found.hidden == (columns is None and hide_special)
    assert not is_square(found)


def test_masked_keys_stay_masked():
    masked = np.triu(np.ones((9, 9), bool), 1)[None].repeat(2, axis=0)
    found = choose_tokens(attention(masked=masked), TokenChoice("1-3", "2,4"))
    np.testing.assert_array_equal(found.masked[0], [[True, True], [False, True], [False, True]])


def test_scores_have_no_rest():
    found = choose_tokens(attention(values="scores"), TokenChoice("1", "2"))
    assert (found.rest, found.matrices.shape) == (None, (2, 2, 1, 1))


def test_equal_numbers_of_rows_and_columns_are_not_square():
    assert not is_square(choose_tokens(attention(), TokenChoice("1-2", "2-3")))
    assert is_square(choose_tokens(attention(), TokenChoice("1-2", "1-2")))
    assert is_square(attention())


def test_heads_are_ranked_by_what_they_say_of_the_rows_and_columns_that_are_chosen():
    tokens = numbered(tuple(Token(word, word, piece=word, word=i) for i, word in enumerate("abcdefgh")))
    matrices = np.full((1, 3, 8, 8), 1 / 8, np.float32)
    matrices[0, 1, 2] = np.eye(8)[5]  # head 1: the third token looks at the sixth
    matrices[0, 2, [1, 4, 6]] = np.eye(8)[[6, 0, 3]]  # head 2 says more of the whole text
    whole = Attention(matrices, tokens, tokens, (0,), (0, 1, 2), INFO)
    assert overview([whole]).heads[0].name == "L0H2"
    said = overview([whole], TokenChoice("c", None))
    assert (said.heads[0].name, said.matrix.name, said.matrix.numbers.shape) == ("L0H1", "L0H1", (1, 8))
    link = said.heads[0].links[0]
    assert (link.query, link.key, link.weight) == (0, 5, 1.0)
    said = overview([whole], TokenChoice("b,e", "g"))
    assert (said.heads[0].name, said.heads[0].links[0]) == ("L0H2", (0, 0, 1.0))


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"blocks": True, "rows": "1"}, "blocks, rows, columns: blocks are of all tokens"),
        ({"blocks": True, "values": "scores"}, "blocks, values: sums of scores mean nothing"),
        ({"rows": "1", "renormalize": True}, "renormalize: nothing is left out of the rows"),
    ],
)
def test_options_that_exclude_each_other_are_refused(options, error):
    with pytest.raises(UsageError, match=error):
        Request(**options)
    assert Request(columns="1", renormalize=True).choice == TokenChoice(None, "1", False, True)
