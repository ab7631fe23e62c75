"""Rows of NaN and scores of large negative numbers are rows and keys that are masked."""

import numpy as np
import pytest

from attnviz.errors import InputError
from tests.elsewhere.arrays import npy, read, softmax

NAN_ROW = np.float32([[0.5, 0.5, 0], [0.25, 0.75, 0], [np.nan] * 3])
SCORES = np.float32([[0.3, -np.inf, -np.inf], [0.4, 0.2, -np.inf], [0.4, -0.9, 0.1]])
NOTE = "read as masked keys"


def test_a_row_of_nan_looks_at_nothing_with_a_note():
    noted = []
    (view,) = read(npy(NAN_ROW), name="a", note=noted.append).views.values()
    np.testing.assert_array_equal(view.matrices[0, 0], np.nan_to_num(NAN_ROW))
    assert noted[0] == "a: 1 row is NaN; read as a row that looks at nothing"


def test_rows_of_nan_are_counted_over_all_heads():
    noted = []
    array = softmax(2, 3, 4, 4)
    array[:, :, 1] = np.nan
    view = read(npy(array), note=noted.append).views["encoder"]
    assert not view.matrices[:, :, 1].any()
    assert "6 rows are NaN; read as rows that look at nothing" in noted[0]


def test_a_row_of_nan_in_part_is_named():
    array = softmax(2, 3, 4, 4)
    array[1, 2, 3, :2] = np.nan
    array[0, 0, 0] = np.nan
    with pytest.raises(InputError, match="L1H2, row 3, column 0 is nan; expected a number from 0 to 1"):
        read(npy(array))


@pytest.mark.parametrize("low", [-1e4, -1e9, -65504.0, np.finfo(np.float32).min, -np.inf, -9999.4])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_negative_scores_in_every_head_are_masked_keys(low, dtype):
    array = np.where(np.isneginf(SCORES), dtype(low), SCORES.astype(dtype))
    noted = []
    view = read(npy(np.stack([array, array + np.isfinite(SCORES)])), scores=True, note=noted.append).views["encoder"]
    np.testing.assert_array_equal(view.masked[0], np.isneginf(SCORES))
    np.testing.assert_array_equal(view.matrices[0, 0], SCORES)
    assert (NOTE in "".join(noted)) == np.isfinite(low)


def test_large_negative_scores_of_one_head_are_scores():
    array = np.stack([np.where(np.isneginf(SCORES), np.float32(-1e9), SCORES), np.nan_to_num(SCORES, neginf=-3)])
    noted = []
    view = read(npy(array), scores=True, note=noted.append).views["encoder"]
    assert (view.masked, noted) == (None, [])
    assert view.matrices.min() == -1e9


def test_scores_above_the_limit_are_scores():
    view = read(npy(np.where(np.isneginf(SCORES), np.float32(-5000), SCORES)), scores=True).views["encoder"]
    assert view.masked is None
