"""Numbers that are not weights get the hint that helps."""

import numpy as np
import pytest

from attnviz.errors import InputError
from tests.elsewhere.arrays import RNG, npy, read, softmax, text

SCORES = "scores, as they are before softmax, are read by show, heatmap and html, with --values scores"
LOGARITHMS = "these are logarithms of weights: save their exponentials"
DROPOUT = "its rows are scattered round 1, as dropout leaves them: save them in evaluation mode, model.eval()"
LAST_AXIS = "its heads are on the last axis: --axes {}query,key,head says so"
COLUMNS = "its columns sum to 1, and rows are queries: --axes head,key,query turns them"
SOFTMAXES = "its rows have negative numbers and sum to 0.6, as those of a difference of two softmaxes do"
NOISE = "its rows sum to 1, so small numbers below 0 are errors of arithmetic: numpy.maximum(a, 0) removes them"
PERCENT = "its rows sum to 100, as percent do: divide them by 100"
DIFFERENCE = "its rows sum to 0, as a difference does: see attnviz diff --attention A --vs-attention B"
TRAIN_MODE = [[2 / 3, 0, 2 / 9], [10 / 9, 0, 0], [0, 1 / 9, 8 / 9]]


def dropped(p, *shape):
    return softmax(*shape) * (RNG.random(shape) >= p) / (1 - p)


@pytest.mark.parametrize(
    ("array", "hint"),
    [
        (TRAIN_MODE, DROPOUT),
        (dropped(0.1, 2, 3, 8, 8), DROPOUT),
        (dropped(0.5, 8, 8), DROPOUT),
        ([[33.3, 33.3, 33.4], [50, 25, 25], [20, 30, 50]], PERCENT),
        (softmax(2, 2, 5, 5) * 100, PERCENT),
        (np.rint(softmax(3, 9, 9) * 100), PERCENT),
        (np.rint(softmax(3, 9, 9) * 255), None),
        (softmax(3, 5, 5) - softmax(3, 5, 5), DIFFERENCE),
        (softmax(1, 5, 5) - 0.4 * softmax(1, 5, 5), SOFTMAXES),
        (RNG.standard_normal((3, 5, 5)), SCORES),
        (RNG.uniform(0, 4, (3, 5, 5)), SCORES),
        (np.log(softmax(3, 5, 5)), LOGARITHMS),
        (np.log(np.eye(5) + 1e-9), LOGARITHMS),
        (np.where(np.eye(5) > 0, 0, -np.inf), LOGARITHMS),
        (np.where(np.eye(5) > 0, 0.7, -np.inf), SCORES),
        (np.eye(5) - 1e-9, NOISE),
        (np.full((2, 2), 3e38), "its rows all sum to 6e+38: divide them by it"),
        (softmax(3, 5, 5) * RNG.uniform(0.3, 0.9, (3, 5, 1)), None),
        (softmax(4, 5, 5).swapaxes(-1, -2), COLUMNS),
        (np.moveaxis(softmax(4, 5, 5), 0, -1), LAST_AXIS.format("")),
        (np.moveaxis(softmax(2, 4, 5, 5), 1, -1), LAST_AXIS.format("layer,")),
        (
            np.moveaxis(softmax(5, 5, 5), 0, -1),
            f"{COLUMNS}, or --axes query,key,head where heads are on the last axis",
        ),
    ],
)  # fmt: skip
def test_a_hint_names_what_numbers_probably_are(array, hint):
    with pytest.raises(InputError) as caught:
        read(npy(np.float32(array)))
    if hint is not None:
        assert caught.value.hint == hint


def test_rows_that_all_sum_to_one_number_are_to_be_divided_by_it():
    with pytest.raises(InputError) as caught:
        read(npy(np.rint(softmax(3, 9, 9) * 255)))
    assert "divide them by it" in caught.value.hint


def test_rows_below_one_by_a_changing_amount_may_have_a_sink():
    rows = text([[0.5, 0.123456], [0.25, 0.123457]])
    with pytest.raises(InputError) as caught:
        read(rows)
    assert caught.value.hint == "its rows sum to 0.37 to 0.62: if a sink takes the rest, --partial shows it as rest"
    (view,) = read(rows, partial=True).views.values()
    np.testing.assert_allclose(view.rest[0, 0], [0.376544, 0.626543], atol=1e-6)


def test_partial_rows_are_still_not_above_one():
    with pytest.raises(InputError, match="row 1 sums to 1"):
        read(text([[0.5, 0.3123], [0.7001, 0.5]]), partial=True)


def test_rows_that_miss_one_by_chance_have_no_factor():
    with pytest.raises(InputError) as caught:
        read(npy(softmax(2, 5, 5) * RNG.uniform(0.993, 0.999, (2, 5, 1))))
    assert "divide" not in (caught.value.hint or "")


def test_a_single_short_row_is_not_a_sink():
    array = softmax(2, 5, 5)
    array[0, 1] *= 0.713
    with pytest.raises(InputError) as caught:
        read(npy(array))
    assert caught.value.hint is None


def test_partial_says_where_it_changes_nothing():
    noted = []
    read(npy(RNG.standard_normal((5, 5))), scores=True, partial=True, name="a", note=noted.append)
    assert noted == ["a: --partial changes nothing: these are scores"]


def test_numbers_that_no_float32_has_are_refused_as_others():
    with pytest.raises(InputError) as caught:
        read(npy(np.full((2, 2), 1e300)), name="f")
    assert str(caught.value) == "f: L0H0, row 0, column 0 is 1e+300; expected a number from 0 to 1"
