"""Which keys an explanation compares, and which tokens share a row."""

import numpy as np
import pytest

from attnviz.analysis.key_groups import compared_keys, key_groups, spelled, word_of, word_shares
from attnviz.trace.tokens import Token


def tokens():
    """``[CLS] he jug ##gled well [SEP]``; the text has a large H."""
    names = [("[CLS]", None), ("he", 0), ("jug", 1), ("##gled", 1), ("well", 2), ("[SEP]", None)]
    text = "He juggled well"
    spans = {"he": (0, 2), "jug": (3, 6), "##gled": (6, 10), "well": (11, 15)}
    made = []
    for name, word in names:
        start, end = spans.get(name, (0, 0))
        made.append(
            Token(
                text=text[start:end],
                label=name.removeprefix("##"),
                start=start,
                end=end,
                piece=name,
                special=word is None,
                word=word,
            )
        )
    return tuple(made)


CLS, HE, JUG, GLED, WELL, SEP = range(6)


def test_a_word_is_all_its_pieces_and_a_special_token_is_alone():
    assert [word_of(tokens(), i) for i in range(6)] == [(0,), (1,), (2, 3), (2, 3), (4,), (5,)]


def test_the_share_of_a_word_is_the_sum_over_its_pieces():
    weights = np.array([0.1, 0.2, 0.15, 0.3, 0.05, 0.2])
    np.testing.assert_allclose(word_shares(tokens(), weights), [0.1, 0.2, 0.45, 0.45, 0.05, 0.2])


@pytest.mark.parametrize(
    ("weights", "first", "expected"),
    [
        ([0.1, 0.3, 0.2, 0.25, 0.05, 0.1], (), (GLED, HE)),  # the word gets most, and of it the second piece
        ([0.6, 0.1, 0.0, 0.05, 0.05, 0.2], (), (CLS, HE)),  # the second is a word, although [SEP] gets more
        ([0.2, 0.0, 0.7, 0.1, 0.0, 0.0], (), (JUG,)),  # no other word gets anything
        ([0.0] * 6, (), ()),
        ([0.1, 0.3, 0.2, 0.25, 0.05, 0.1], (WELL,), (WELL, GLED)),
        ([0.1, 0.3, 0.2, 0.25, 0.05, 0.1], (JUG,), (JUG, HE)),
        ([0.0, 1.0, 0.0, 0.0, 0.0, 0.0], (WELL, SEP, CLS), (WELL, SEP, CLS)),
        ([0.2, 0.2, 0.2, 0.0, 0.2, 0.2], (HE, HE), (HE, JUG)),
    ],
)
def test_the_word_that_gets_most_is_compared_with_the_next_one(weights, first, expected):
    assert compared_keys(tokens(), np.array(weights), first) == expected


def test_words_and_special_tokens_share_rows_unless_they_are_compared():
    def rows(*alone, **flags):
        return [group.keys for group in key_groups(tokens(), alone, **flags)]

    assert rows() == [(HE,), (JUG, GLED), (WELL,), (CLS, SEP)]
    assert [group.kind for group in key_groups(tokens())] == ["token", "word", "token", "special"]
    assert rows(GLED) == [(HE,), (JUG,), (GLED,), (WELL,), (CLS, SEP)]
    assert rows(SEP) == [(CLS,), (HE,), (JUG, GLED), (WELL,), (SEP,)]
    assert rows(words=False) == [(HE,), (JUG,), (GLED,), (WELL,), (CLS, SEP)]
    assert rows(hide_special=False) == [(CLS,), (HE,), (JUG, GLED), (WELL,), (SEP,)]
    assert rows(words=False, hide_special=False) == [(i,) for i in range(6)]


def test_a_token_that_is_a_whole_word_is_spelled_as_in_the_text():
    assert [token.label for token in spelled(tokens())] == ["[CLS]", "He", "jug", "gled", "well", "[SEP]"]
    assert [token.position for token in spelled(tokens())] == list(range(6))
