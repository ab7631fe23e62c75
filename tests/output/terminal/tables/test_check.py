"""Outcomes of conditions printed: every condition whole, what was measured, marks that need no colour."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from attnviz.output.terminal.screen import Screen
from attnviz.output.terminal.tables.check import CheckView
from tests.output.printing import printed

CONDITIONS = [
    (True, "L0H1.previous >= 0.8", "0.9123"),
    (False, "max(entropy) < 2.5", "2.6"),
    (True, "any(L2.label == previous)", "3 of 12 heads"),
    (True, "not max(self) > 0.5 and (min(L1.first) < 0.1 or mean(span) < 7)", "0.4; 0.12; 6.5"),
    (False, "L0H0.same > 0", "undefined"),
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


@pytest.mark.parametrize("width", [20, 40, 80])
def test_everything_that_was_measured_is_shown(width):
    numbers = [f"0.{i}" for i in range(10, 99)]
    out = shown(width, conditions=[(False, "max(self) < 1 and " * 9 + "min(self) > 0", "; ".join(numbers))])
    assert set(numbers) <= set(out.replace(";", " ").split())


@given(st.integers(40, 120))
def test_no_word_of_a_condition_is_cut(width):
    words = shown(width).split()
    for _, condition, _ in CONDITIONS:
        assert set(condition.split()) <= set(words)
