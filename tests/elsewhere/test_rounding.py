"""Rows may miss 1 by what the rounding can do that all their numbers show."""

import numpy as np
import pytest

from attnviz.elsewhere.values.rounding import roundings_of
from attnviz.errors import InputError
from tests.elsewhere.arrays import npy, read, softmax, text


def bfloat16(array):
    bits = array.astype(np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).view(np.float32)


BFLOAT16_ROWS = [[0.25, 0.25, 0.25, 0.2470703125], [0.251953125] * 3 + [0.2470703125], [0.25] * 4, [1, 0, 0, 0]]
DECIMAL_ROWS = [[0.33, 0.33, 0.33], [0.5, 0.25, 0.25], [0.2, 0.3, 0.5]]


@pytest.mark.parametrize("encode", [text, lambda rows: npy(np.float32(rows)), lambda r: npy(np.array(r))])
@pytest.mark.parametrize(
    ("rows", "note"),
    [
        (BFLOAT16_ROWS, "weights are bfloat16: rows sum to 0.9971 to 1.003"),
        (DECIMAL_ROWS, "weights are rounded to 2 decimals: rows sum to 0.99 to 1"),
    ],
)
def test_rows_of_rounded_numbers_are_read_with_a_note(encode, rows, note):
    noted = []
    (view,) = read(encode(rows), name="a", note=noted.append).views.values()
    assert noted[0] == f"a: {note}"
    np.testing.assert_allclose(view.matrices[0, 0], rows, rtol=1e-6)


@pytest.mark.parametrize(
    ("rounded", "name"),
    [
        (bfloat16, "bfloat16"),
        (lambda a: a.astype(np.float16), "float16"),
        *((lambda a, k=k: np.round(a, k), f"rounded to {k} decimal{'s' * (k > 1)}") for k in (1, 2, 3, 4)),
        (lambda a: np.round(a, 2).astype(np.float16), "rounded to 2 decimals, in float16"),
        (lambda a: bfloat16(np.round(a, 1)), "rounded to 1 decimal, in bfloat16"),
        *((lambda a, k=k: np.round(bfloat16(a), k), f"bfloat16, printed with {k} decimals") for k in (4, 5, 6)),
    ],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_any_weights_are_read_after_rounding(rounded, name, dtype):
    array = rounded(softmax(2, 3, 9, 9)).astype(dtype)
    noted = []
    read(npy(array), note=noted.append)
    (note,) = noted
    assert f"weights are {name}: rows sum to" in note


def test_uniform_rows_of_which_each_number_is_rounded_down_are_read():
    assert read(npy(np.full((8, 8), 0.12))).attention[0, 0, 0, 0] == 0.12


@pytest.mark.parametrize(
    "rows",
    [
        [[0.33, 0.33, 0.3], [0.5, 0.25, 0.25]],  # more than half a unit of each number
        [[1.03, 0, 0], [0.5, 0.25, 0.25]],  # zeros cannot have been rounded up
        [[0.25, 0.25, 0.2421875]],  # bfloat16 bits alone
        [[0.3331234, 0.3331234, 0.3301234]],  # of a longer type
    ],
)
def test_rows_that_no_rounding_explains_are_refused(rows):
    with pytest.raises(InputError, match="expected"):
        read(text(rows))


def test_numbers_of_a_longer_type_show_no_rounding():
    assert roundings_of([softmax(9, 9)]) == []
    assert roundings_of([softmax(9, 9, dtype=np.float64)]) == []


def test_every_block_must_show_it():
    assert roundings_of([np.round(softmax(5, 5), 2), softmax(5, 5)]) == []


def test_a_weight_may_be_above_one_by_as_much_as_its_row():
    noted = []
    (view,) = read(text([[1.0001, 0], [0.5001, 0.5]]), note=noted.append).views.values()
    assert view.matrices[0, 0, 0, 0] == np.float32(1.0001)
    with pytest.raises(InputError, match="column 0 is 1\\.01; expected a number from 0 to 1"):
        read(npy(np.float32([[1.01, 0], [0.3, 0.7]]) + np.float32(1e-7)))
