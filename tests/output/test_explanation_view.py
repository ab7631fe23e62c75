"""What a learner reads: every step with its numbers, in any width."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

import attnviz
from attnviz.output.terminal.explanation import ExplanationView
from attnviz.output.terminal.screen import Screen
from attnviz.trace.model_info import ModelInfo
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


@settings(max_examples=40)
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


def rows_shown(text, n):
    return [i for i in range(n) if re.search(rf"^    {i:>2} w{i} ", text, re.MULTILINE)]


@pytest.mark.parametrize("query", ["w0", "w4", "w29"])
def test_of_many_keys_the_weaker_ones_are_left_out_with_their_sum(query):
    explanation = explained(" ".join(f"w{i}" for i in range(30)), query=query)
    text = printed(explanation, Screen(80))
    shown = rows_shown(text, 30)
    assert {*np.argsort(-explanation.weights)[:10], explanation.place.query} == set(shown)
    rest = np.delete(explanation.weights, shown).sum()
    about = f"{30 - len(shown)} weaker keys are left out (their weights sum to {rest:.3f}); --full shows all."
    assert " ".join(text.split()).endswith(about)
    whole = printed(explanation, Screen(80), full=True)
    assert "left out" not in whole
    assert rows_shown(whole, 30) == list(range(30))


@pytest.mark.parametrize(("n", "all_shown"), [(12, True), (13, False)])
def test_up_to_twelve_keys_are_all_shown(n, all_shown):
    text = printed(explained(" ".join(f"w{i}" for i in range(n)), query=0), Screen(80))
    assert (rows_shown(text, n) == list(range(n))) is all_shown
    assert ("left out" in text) is not all_shown


@pytest.mark.parametrize("precision", range(6))
@pytest.mark.parametrize("size", [1e6, -3e7])
def test_numbers_too_long_for_their_place_have_exponents_and_stay_apart(size, precision):
    model = attnviz.load(**SMALL, position="none")
    vectors = np.full((2, 6), size, dtype=np.float32)
    explanation = attnviz.explain(model, attnviz.prepare_vectors(model, vectors), query=0)
    first = next(line for line in printed(explanation, Screen(120), precision=precision).split("\n") if "e+" in line)
    numbers = re.search(r"\)\s+(-?\d.*?) …", first).group(1).split()
    assert [float(number) for number in numbers] == [size] * 4


def test_a_foreign_file_name_is_printed_escaped():
    model = ModelInfo("\x1b[31m日本.npz", "sha256:" + "0" * 64)
    explanation = replace(explained(query="cat"), model=model)
    assert "model: \\x1b[31m日本.npz\n" in printed(explanation, Screen(80))
    assert "\\x1b[31m\\u65e5\\u672c.npz" in printed(explanation, Screen(80, ascii=True))


def test_zero_has_no_sign():
    assert "-0.000" not in printed(explained(query="cat", mask="causal", position="alibi"), Screen(80), full=True)
