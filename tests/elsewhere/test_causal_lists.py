"""Rows of 1, 2, 3, ... numbers are causal matrices without their masked half."""

import numpy as np
import pytest

from attnviz.errors import InputError
from tests.elsewhere.arrays import read, text

N = 4
ROWS = [[1.0], [0.5, 0.5], [0.25, 0.25, 0.5], [0.125, 0.125, 0.25, 0.5]]
OTHERS = [[1.0], [0.25, 0.75], [0.5, 0.25, 0.25], [0.5, 0.125, 0.125, 0.25]]


def whole(rows):
    return np.array([row + [0] * (N - len(row)) for row in rows], np.float32)


@pytest.mark.parametrize(
    ("lists", "heads"),
    [(ROWS, [ROWS]), ([ROWS, OTHERS], [ROWS, OTHERS]), ([[ROWS, OTHERS]], [ROWS, OTHERS])],
    ids=["one head", "heads", "layers of heads"],
)
def test_rows_that_grow_by_one_number_are_causal(lists, heads):
    noted = []
    view = read(text(lists), note=noted.append).views["encoder"]
    np.testing.assert_array_equal(view.matrices[0], [whole(rows) for rows in heads])
    np.testing.assert_array_equal(view.masked[0], np.triu(np.ones((N, N), bool), 1))
    assert noted == [
        "standard input: attention: 4 steps of a generation are read as one matrix a head, with later tokens masked"
    ]


@pytest.mark.parametrize("rows", [ROWS[1:], [*ROWS, [0.5, 0.5]], [ROWS[0], ROWS[2]], [ROWS, OTHERS[:3]]], ids=str)
def test_rows_that_grow_otherwise_are_ragged(rows):
    with pytest.raises(InputError, match="expected lists of equal length"):
        read(text(rows))
