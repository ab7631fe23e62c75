"""Scales, hidden cells and strongest keys: one rule for every view."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.output.scale import (
    Scale,
    fixed_scale,
    hidden_cells,
    strongest_choice,
    strongest_keys,
    strongest_links,
    strongest_of_rows,
)
from tests.output.matrices import matrix


@given(st.integers(1, 40), st.integers(1, 9), st.integers(1, 4), st.integers(0, 99))
def test_strongest_keys_are_the_first_of_all_that_are_visible_sorted(n_keys, n, different, seed):
    rng = np.random.default_rng(seed)
    row, hidden = rng.integers(0, different, n_keys).astype(np.float32), rng.random(n_keys) < 0.3
    visible = [key for key in np.argsort(-row, kind="stable") if not hidden[key]]
    expected = visible[:n] if row[~hidden].any() else []
    assert strongest_keys(row, hidden, "weights", n) == expected
    assert strongest_keys(row, hidden, "scores", n) == visible[:n]


def test_a_row_of_zeros_has_a_strongest_key_only_where_the_values_are_no_shares():
    zeros = np.zeros((2, 3), np.float32)
    zeros[1, 2] = 0.5
    keys = ("a", "b", "c")
    for name, first in (("weights", None), ("zeroing", None), ("scores", 0), ("norms", 0)):
        assert strongest_of_rows(matrix(("x", "y"), keys, zeros, values=name)) == [first, 2], name


def test_a_row_without_a_visible_key_has_no_strongest():
    for name in ("weights", "scores"):
        values = np.full((1, 3), 0.5, np.float32)
        assert strongest_keys(values[0], np.ones(3, bool), name, 2) == []
    scores = np.full((1, 2), -np.inf, np.float32)
    assert strongest_of_rows(matrix(("x",), ("a", "b"), scores, values="scores")) == [None]


def test_hidden_cells_are_masked_or_not_finite():
    values = np.array([[0.0, -np.inf], [1.0, 2.0]])
    assert hidden_cells(values, None).tolist() == [[False, True], [False, False]]
    masked = np.array([[True, False], [False, False]])
    assert hidden_cells(values, masked).tolist() == [[True, True], [False, False]]


def test_links_leave_out_tokens_that_look_at_themselves_but_not_across_texts():
    values = np.array([[0.9, 0.1], [0.3, 0.7]], np.float32)
    assert [link[:2] for link in strongest_links(matrix(("a", "b"), numbers=values), 3)] == [(1, 0), (0, 1)]
    across = matrix(("a", "b"), numbers=values, kind="cross")
    assert [link[:2] for link in strongest_links(across, 2)] == [(0, 0), (1, 1)]


def test_the_strongest_choice_is_of_a_query_that_sees_two_keys():
    values = np.array([[1.0, 0.0], [0.6, 0.4]], np.float32)
    assert strongest_choice(matrix(("a", "b"), numbers=values, causal=True))[1:] == (1, 0)


@pytest.mark.parametrize(
    ("name", "values", "ends"),
    [
        ("weights", [[0.2, 0.3]], (0, 1)),
        ("zeroing", [[0.2, 0.3]], (0, 1)),
        ("norms", [[2.0, 3.0]], (0, 3)),
        ("scores", [[-2.0, 3.0]], (-2, 3)),
        ("scores", [[-np.inf, -np.inf]], (0, 1)),
    ],
)
def test_the_scale_of_a_terminal_has_fixed_ends_for_shares_and_those_of_the_values_for_others(name, values, ends):
    scale = fixed_scale(matrix(("x",), ("a", "b"), np.array(values, np.float32), values=name))
    assert (scale.low, scale.high) == ends


@given(st.floats(-9, 9), st.floats(-9, 9), st.floats(-20, 20))
def test_a_place_is_between_0_and_1_and_grows_with_the_value(low, high, value):
    scale = Scale(min(low, high), max(low, high))
    assert 0 <= scale.place(value) <= scale.place(value + 1) <= 1
