"""Cells of signed numbers say what the numbers are, in any width and without colour."""

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.output.colormaps import AZURE, GROUNDLESS, luminance, palette_rgb, ramp_256, table
from attnviz.output.terminal.explained.signed import SignedCells, VectorRow, decimals_of, unit_of
from attnviz.output.terminal.screen import Screen

LETTERS = {letter: -i for i, letter in enumerate("abcdefghi", start=1)} | {" ": 0}


def read(cell, unit):
    """The number of a cell: a digit or a letter counts units."""
    if unit is None:
        return float(cell)
    return unit * (LETTERS[cell] if cell in LETTERS else float(cell.strip() or 0))


def cells_of(view):
    """The rows' cells as text, each row whole, by label."""
    rows = {}
    for line in view.lines():
        if len(line) > 1:
            label = re.sub(r" \d+-\d+$", "", line[0][0].strip())
            rows.setdefault(label, []).extend(text for text, _ in line[1:])
    return rows


VECTORS = st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=300).map(np.array)


@given(VECTORS, st.integers(40, 200), st.floats(1e-6, 1e3))
def test_a_cell_is_the_number_to_its_last_digit(values, width, size):
    values = values / max(1e-9, np.abs(values).max()) * size
    view = SignedCells([VectorRow("q", values, "q")], Screen(width))
    decimals, unit = decimals_of(values, view._cell), unit_of(values)
    exact = 0.5 * 10.0**-decimals if view.has_numbers else 0.5 * unit
    cells = cells_of(view)["q"]
    assert len(cells) == len(values)
    for cell, value in zip(cells, values, strict=True):
        assert len(cell) == view._cell
        assert abs(read(cell, None if view.has_numbers else unit) - value) <= exact * (1 + 1e-9) + 1e-12
        assert not view.has_numbers or cell.startswith((" ", "-"))


@pytest.mark.parametrize(
    ("n", "width", "cell", "n_lines"),
    [
        (3, 80, 6, 1),
        (16, 80, 4, 1),
        (32, 80, 4, 2),
        (64, 80, 2, 2),
        (128, 80, 1, 2),
        (256, 80, 1, 4),
        (32, 200, 5, 1),
        (64, 200, 5, 2),
        (128, 200, 2, 2),
        (256, 200, 1, 2),
        (32, 40, 1, 2),
    ],
)
def test_vectors_of_any_length_take_few_lines(n, width, cell, n_lines):
    view = SignedCells([VectorRow("q", np.linspace(-2, 3, n), "q")], Screen(width))
    lines = [line for line in view.lines() if len(line) > 1]
    assert (view._cell, len(lines)) == (cell, n_lines)
    assert len({len(line) for line in lines}) == 1


def test_a_note_says_what_digits_and_letters_mean():
    def note(n):
        rows = [VectorRow("q", np.linspace(-2, 3, n), "q and k"), VectorRow("p", np.linspace(-9, 9, n), "products")]
        return " ".join(line[0][0].strip() for line in SignedCells(rows, Screen(80)).lines() if len(line) == 1)

    assert note(32) == ""
    assert note(64) == "q and k in units of 0.5, products in units of 1; --full has the numbers"
    assert note(128) == "q and k in units of 0.5, products in units of 1; a-i are -1 to -9; --full has the numbers"


@pytest.mark.parametrize("largest", [0.0, 1e-30, 0.009, 0.95, 9.4, 9.6, 17, 44, 46, 1e30])
def test_units_are_round_and_leave_one_digit(largest):
    unit = unit_of([-largest, largest / 2])
    assert float(f"{unit:.0e}") == pytest.approx(unit)
    assert round(largest / unit) <= 9
    assert largest == 0 or largest / unit > 3.5


@pytest.mark.parametrize("system", ["truecolor", "256"])
def test_above_zero_is_amber_below_it_azure_and_small_numbers_have_no_colour(system):
    row = VectorRow("q", np.array([4.0, -4.0, 0.1, -0.1, 0.0]), "q")
    (line,) = SignedCells([row], Screen(80, system)).lines()
    above, below, *small = [style.bgcolor for _, style in line[1:]]
    red, _, blue = above.get_truecolor()
    assert red > 2 * blue
    red, _, blue = below.get_truecolor()
    assert blue > 2 * red
    assert small == [None, None, None]


def test_in_sixteen_colours_large_numbers_are_reversed_and_without_colour_none_is():
    row = VectorRow("q", np.array([4.0, -4.0, 0.1]), "q")
    for system, expected in (("standard", [True, True, False]), (None, [False, False, False])):
        (line,) = SignedCells([row], Screen(80, system)).lines()
        assert [bool(style.reverse) for _, style in line[1:]] == expected


@pytest.mark.parametrize("name", GROUNDLESS)
def test_maps_without_a_ground_get_brighter_and_are_never_black_or_white(name):
    for lights in ([*map(luminance, table(name))], [luminance(palette_rgb(number)) for number in ramp_256(name)]):
        assert lights == sorted(lights)
        assert 0.05 < lights[0] < lights[-1] < 0.7


def test_azure_is_no_map_that_a_user_chooses():
    from attnviz.output.colormaps import TERMINAL_COLORMAPS

    assert AZURE not in TERMINAL_COLORMAPS
