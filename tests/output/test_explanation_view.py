"""What a learner reads: every step with its numbers, in any width."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

import attnviz
from attnviz.output.color import Screen
from attnviz.output.explanation import ExplanationView
from attnviz.trace import ModelInfo
from tests.output import printing

SMALL = {"n_layers": 1, "n_heads": 2, "d_model": 6, "d_ff": 4, "n_vocab": 64}


def explained(text="The cat didn't sleep", *, target=None, query=None, **fields):
    model = attnviz.load(seed=1, **(SMALL | fields))
    return attnviz.explain(model, attnviz.prepare(model, text, target=target), query=query)


def printed(explanation, screen, **looks):
    return printing.printed(ExplanationView(explanation, screen, **looks), screen)


CASES = {
    "self": lambda: explained(query="cat"),
    "masked": lambda: explained(query="cat", mask="causal", position="alibi"),
    "cross": lambda: explained(target="le chat", query="chat", norm_placement="pre", score="additive"),
}


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("width", [60, 100])
@pytest.mark.parametrize("case", CASES)
def test_explanations_look_as_they_were_approved(case, width, full, assert_approved):
    text = printed(CASES[case](), Screen(width), full=full)
    assert_approved(text, f"explain-{case}-{width}{'-full' if full else ''}")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.sampled_from(["cat", "日本", "[red]", "\x1b[1m", "\u202e", "x" * 300, "שלום", "👩‍👩‍👧"]),
        min_size=1,
        max_size=20,
    ),
    st.integers(40, 120),
    st.booleans(),
    st.booleans(),
)
def test_any_explanation_fits_any_width(words, width, full, is_ascii):
    explanation = explained(" ".join(words), position="alibi", mask="causal")
    text = printed(explanation, Screen(width, None, is_ascii), full=full)
    for line in text.split("\n"):
        assert cell_len(line) <= width, line
        assert not re.search(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e]", line)
    assert not is_ascii or text.isascii()


def test_the_numbers_are_the_explanations():
    explanation = explained(query="cat")
    text = printed(explanation, Screen(100), precision=4)
    for step in explanation.steps:
        for quantity in step.quantities:
            for value in np.atleast_2d(quantity.values)[0][:3]:
                assert f"{value:z.4f}" in text, (step.name, quantity.symbol)


def test_with_full_every_number_is_printed():
    explanation = explained(query="cat")
    text = printed(explanation, Screen(80), full=True)
    for step in explanation.steps:
        for quantity in step.quantities:
            for value in quantity.values.ravel():
                assert f"{value:z.3f}" in text, (step.name, quantity.symbol)


def test_of_many_keys_the_weaker_ones_are_left_out_and_that_is_said():
    explanation = explained(" ".join(f"w{i}" for i in range(30)), query="w4")
    text = printed(explanation, Screen(80))
    shown = [int(i) for i in re.findall(r"^    ([ \d]\d) w\1 .* 1?\d?\.\d", text, re.MULTILINE)]
    whole = printed(explanation, Screen(80), full=True)
    assert "left out" not in whole
    assert all(f"{i:>2} w{i}" in whole for i in range(30))


def test_numbers_too_long_for_their_place_have_exponents():
    model = attnviz.load(**SMALL, position="none")
    vectors = np.full((2, 6), 1e6, dtype=np.float32)
    explanation = attnviz.explain(model, attnviz.prepare_vectors(model, vectors), query=0)
    assert re.search(r"1e\+06", printed(explanation, Screen(80)))
