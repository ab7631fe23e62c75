"""Outcomes of conditions printed: every condition whole, what was measured, marks that need no colour."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from attnviz.output.check_view import CheckView, measured
from attnviz.output.color import Screen
from tests.output.printing import printed

CONDITIONS = [
    {"condition": "L0H1.previous >= 0.8", "holds": True, "value": 0.912345},
    {"condition": "max(entropy) < 2.5", "holds": False, "value": 2.6},
    {"condition": "any(L2.label == previous)", "holds": True, "value": 3.0, "of": 12},
    {"condition": "not max(self) > 0.5 and (min(L1.first) < 0.1 or mean(span) < 7)", "holds": True, "value": None},
    {"condition": "L0H0.same > 0", "holds": False, "value": None, "undefined": True},
]


def shown(width, color=None, *, is_ascii=False, conditions=CONDITIONS, title=("texts.txt, line 3", "The cat sat")):
    screen = Screen(width, color, is_ascii)
    return printed(CheckView(conditions, screen, title), screen)


@pytest.mark.parametrize("width", [30, 80])
def test_it_looks_as_it_was_approved(width, assert_approved):
    assert_approved(shown(width), f"check-{width}")


def test_marks_are_words_without_colour_and_where_the_screen_has_only_ascii():
    assert "✓" in shown(80, "standard")
    assert "✗" in shown(80, "standard")
    for text in (shown(80), shown(80, is_ascii=True), shown(80, "standard", is_ascii=True)):
        assert text.count("ok ") == 3
        assert text.count("FAILS ") == 2


@given(
    st.integers(20, 120),
    st.booleans(),
    st.lists(st.sampled_from(CONDITIONS), min_size=1),
    st.text(max_size=40),
    st.sampled_from(["", "日本語/texts.txt, line 3", "x" * 200]),
)
def test_it_fits_any_width(width, is_ascii, conditions, text, where):
    out = shown(width, is_ascii=is_ascii, conditions=conditions, title=(where, text))
    assert max(cell_len(line) for line in out.split("\n")) <= width
    assert not is_ascii or out.isascii()
    assert not any(ord(c) < 32 and c != "\n" for c in out)


@given(st.integers(40, 120))
def test_no_word_of_a_condition_is_cut(width):
    words = shown(width).split()
    for outcome in CONDITIONS:
        assert set(outcome["condition"].split()) <= set(words)


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ({"value": 0.000123456}, "0.0001235"),
        ({"value": 1.0}, "1"),
        ({"value": "broad"}, "broad"),
        ({"value": 1.0, "of": 1}, "1 of 1 head"),
        ({"value": 0.0, "of": 144}, "0 of 144 heads"),
        ({"value": None}, ""),
        ({"value": None, "undefined": True}, "undefined"),
    ],
)
def test_what_was_measured_is_said_in_few_digits(outcome, said):
    assert measured(outcome) == said
