"""Which token a word or a number names."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.matrices.spelling import find_word
from attnviz.analysis.matrices.words import merged, visible
from attnviz.errors import UsageError
from attnviz.trace.tokens import Token

TEXT = "The cat scattered the Cat 7"
PIECES = (
    ("[CLS]", "", None, 0),
    ("the", "The", 0, 0),
    ("cat", "cat", 1, 4),
    ("scat", "scat", 2, 8),
    ("##tered", "tered", 2, 12),
    ("the", "the", 3, 18),
    ("cat", "Cat", 4, 22),
    ("7", "7", 5, 26),
    ("[SEP]", "", None, 27),
)
TOKENS = tuple(
    Token(text, text or piece, piece=piece, special=word is None, word=word, start=start, end=start + len(text))
    for piece, text, word, start in PIECES
)
WORDS = merged(TOKENS)


@pytest.mark.parametrize(
    ("word", "index"),
    [
        ("cat", 2),
        ("The", 1),
        ("the", 1),  # the piece of "The" is "the", and it comes first
        ("THE", 1),
        ("Cat", 6),
        ("CAT", 2),
        ("CAT:2", 6),
        ("Cat:2", 6),
        ("the:2", 5),
        ("scattered", 3),
        ("SCATTERED", 3),
        ("tered", 4),
        ("##tered", 4),
        ("[CLS]", 0),
        ("[sep]", 8),
        ("0", 0),
        ("4", 4),
        ("7", 7),
        ("7:1", 7),
        ("-1", 8),
        ("-9", 0),
    ],
)
def test_words_and_numbers_of_tokens(word, index):
    assert find_word(word, TOKENS, "query") == index


@pytest.mark.parametrize(
    ("word", "index"),
    [("scattered", 3), ("3", 3), ("4", 3), ("5", 4), ("Cat", 5), ("cat:2", 5), ("-1", 7), ("-6", 3), ("-5", 3)],
)
def test_words_keep_the_numbers_of_the_input(word, index):
    assert find_word(word, WORDS, "from") == index


def test_a_whole_word_comes_before_a_piece_of_an_earlier_one():
    tokens = (Token("cat", "cat", word=0), Token("s", "s", word=0, start=3, end=4), Token("cat", "cat", word=1))
    assert find_word("cat", tokens, "query") == 2


def test_left_out_tokens_have_no_number():
    shown = visible(TOKENS)
    assert find_word("1", shown, "from") == 0
    with pytest.raises(UsageError, match=r"no word is '0'; expected .* a number from 1 to 7"):
        find_word("0", shown, "from")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        (
            "scatered",
            "query: no word is 'scatered' (did you mean 'scattered'?); expected a word of the text "
            "(word:2 is its second occurrence), or a number from 0 to 8",
        ),
        ("CAT:3", "query: 'CAT' occurs 2 times, not 3; expected CAT:1 to CAT:2, or a number (2, 6)"),
        ("7:2", "query: '7' occurs 1 time, not 2; expected 7:1, or a number (7)"),
        (
            "9",
            "query: no word is '9'; expected a word of the text (word:2 is its second occurrence), "
            "or a number from 0 to 8",
        ),
        (
            "",
            "query: no word is ''; expected a word of the text (word:2 is its second occurrence), "
            "or a number from 0 to 8",
        ),
    ],
)
def test_what_is_not_there(word, message):
    with pytest.raises(UsageError) as error:
        find_word(word, TOKENS, "query")
    assert str(error.value) == message


def test_one_token_has_one_number():
    with pytest.raises(UsageError, match=r"or the number 0$"):
        find_word("x", (replace(TOKENS[1], word=None),), "query")


@given(st.text())
def test_any_text_names_a_token_or_is_an_error_of_use(word):
    try:
        index = find_word(word, WORDS, "from")
    except UsageError as error:
        message = str(error)
        index = 0
    else:
        message = "from: "
    assert 0 <= index < len(WORDS)
    assert message.startswith("from: ")
