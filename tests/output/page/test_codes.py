"""Codes from which a browser prints the digits that Python prints."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attnviz.errors import InputError
from attnviz.output.page.codes import COARSE, FINE, Codes, display_floats, interval_codes, rounded_up
from tests.page_reader import to_fixed

DECIMALS = {FINE: (2, 3), COARSE: (2,)}


def grid(n: int) -> np.ndarray:
    return np.arange(n + 1) / n


# Where floor and rounding have something to decide: exact ties, and the floats next to them.
EDGES = np.concatenate(
    [
        *map(grid, (16, 128, 200, 1000, 2000)),
        np.nextafter(grid(2000), 2),
        np.nextafter(grid(2000)[1:], -1),
        [1 + 1e-6, 5e-324, 1e-9],
    ]
)
RANDOM = np.random.default_rng(0).random(4000) ** 3


def texts_of(codes: Codes, stored: np.ndarray, decimals: int) -> list[str]:
    return [to_fixed(Fraction(2 * (code - codes.zero) + 1, 2 * codes.steps), decimals) for code in stored.tolist()]


@pytest.mark.parametrize("steps", [FINE, COARSE])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("values", [EDGES, RANDOM], ids=["edges", "random"])
def test_every_number_reads_as_python_formats_it(values, dtype, steps):
    values = values.astype(dtype)
    codes = Codes.of(bounded=True, signed=False, steps=steps)
    stored = codes.encode(values)
    for decimals in DECIMALS[steps]:
        assert texts_of(codes, stored, decimals) == [f"{float(value):.{decimals}f}" for value in values]


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_hundredths_are_the_whole_percent_of_the_terminal(dtype):
    values = np.concatenate([EDGES, RANDOM]).astype(dtype)
    codes = Codes.of(bounded=True, signed=False, steps=COARSE)
    texts = texts_of(codes, codes.encode(values), 2)
    assert [round(100 * float(text)) for text in texts] == [round(100 * float(value)) for value in values]


@pytest.mark.parametrize("steps", [FINE, COARSE])
def test_signed_numbers_read_as_python_formats_them(steps):
    values = np.concatenate([EDGES[EDGES <= 1], -EDGES[(EDGES <= 1) & (EDGES > 0)]])
    codes = Codes.of(bounded=True, signed=True, steps=steps)
    assert codes.fields == {"bytes": 2, "steps": steps, "zero": steps}
    stored = codes.encode(values)
    for decimals in DECIMALS[steps]:
        assert texts_of(codes, stored, decimals) == [f"{value:.{decimals}f}" for value in values]


@given(st.floats(0, 1), st.sampled_from([FINE, COARSE]))
@example(0.285, COARSE)  # its product with 200 rounds up to 57
@example(0.0005, FINE)
def test_a_code_is_the_floor_or_the_tie_below_it(value, steps):
    exact = Fraction(value) * steps
    (code,) = interval_codes(np.array([value]), steps).tolist()
    assert code == exact.numerator // exact.denominator or (exact.denominator == 1 and code == exact - 1)
    for decimals in DECIMALS[steps]:
        assert to_fixed(Fraction(2 * code + 1, 2 * steps), decimals) == f"{value:.{decimals}f}"


def test_masked_numbers_have_all_bits_set_and_no_other_number_has():
    values, masked = np.array([0.0, 1.0, 0.25], np.float32), np.array([True, False, False])
    assert Codes.of(bounded=True, signed=False, steps=COARSE).encode(values, masked).tolist() == [255, 200, 50]
    fine = Codes.of(bounded=True, signed=False, steps=FINE).encode(values, masked)
    assert (fine.dtype, fine.tolist()) == (np.uint16, [65535, 2000, 500])
    floats = Codes.of(bounded=False, signed=False, steps=FINE).encode(np.array([-np.inf, 2.5, -1.0]))
    assert (floats.dtype, np.isnan(floats).tolist(), floats[1:].tolist()) == (
        np.float32,
        [True, False, False],
        [2.5, -1],
    )


@pytest.mark.parametrize("value", [-0.5, 1.3, 40.0])
def test_a_share_outside_the_bounds_is_an_error_with_its_number(value):
    codes = Codes.of(bounded=True, signed=False, steps=COARSE)
    with pytest.raises(InputError, match=f"html: one of the weights is {value:.6g}; expected numbers from 0 to 1"):
        codes.encode(np.array([0.5, value, 1.0]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_read_as_python_formats_the_numbers_themselves(dtype):
    ties = np.arange(-2001, 2001) / 2000
    values = np.concatenate([RANDOM * 40 - 20, ties, ties + 3, np.arange(-300, 300) / 16 + 500]).astype(dtype)
    floats = display_floats(values)
    assert floats.dtype == np.float32
    np.testing.assert_allclose(floats, values, rtol=3e-7)
    for decimals in (2, 3):
        expected = [f"{float(value):.{decimals}f}" for value in values]
        assert [to_fixed(Fraction(one), decimals) for one in floats.tolist()] == expected


@given(st.floats(-1e6, 1e6).filter(bool), st.sampled_from([2, 3]))
def test_rounding_up_is_that_of_the_reader(value, decimals):
    assert rounded_up(value, decimals) == to_fixed(Fraction(value), decimals)
