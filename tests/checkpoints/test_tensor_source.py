"""What is done to a stored tensor, against loops over its numbers."""

import numpy as np
import pytest

from attnviz.checkpoints import file_params
from attnviz.checkpoints.file_params import FileParams, TensorSource

RNG = np.random.default_rng(0)


class OneFile:
    """A file of one tensor, in memory."""

    format, metadata = "arrays", {}

    def __init__(self, array):
        self.stored = array
        self.shapes, self.dtypes = {"stored": array.shape}, {"stored": {8: "F64", 4: "F32", 2: "F16"}[array.itemsize]}

    def array(self, name, part):
        assert name == "stored"
        return part(self.stored)


def native(stored, shape, **source):
    """The native tensor of a stored one, after a check of the stored one's shape."""
    source = TensorSource("stored", **source)
    assert source.stored_shape(shape) == stored.shape
    array = FileParams(OneFile(stored), "FILE", {"native": shape}, {"native": source})["native"]
    assert array.shape == shape
    return array


@pytest.mark.parametrize("transposed", [True, False])
@pytest.mark.parametrize(("widths", "groups"), [((6, 2, 2), 1), ((6, 2, 2), 3), ((1, 1), 5), ((4,), 2)])
def test_parts_of_unequal_width_in_groups(widths, groups, transposed):
    group, n_in = sum(widths), 7
    stored = RNG.standard_normal((group * groups, n_in) if transposed else (n_in, group * groups))
    for number, width in enumerate(widths):
        start = sum(widths[:number])
        taken = [g * group + start + i for g in range(groups) for i in range(width)]
        matrix = native(
            stored, (n_in, len(taken)), transposed=transposed, part=(start, start + width), group=group, groups=groups
        )
        for place, output in enumerate(taken):
            assert (matrix[:, place] == (stored[output] if transposed else stored[:, output])).all()
        bias = RNG.standard_normal(group * groups)
        vector = native(bias, (len(taken),), part=(start, start + width), group=group, groups=groups)
        assert vector.tolist() == bias[taken].tolist()


def test_outputs_change_places_within_each_head():
    stored, order = RNG.standard_normal((8, 3)), (0, 2, 1, 3)
    matrix = native(stored, (3, 8), transposed=True, order=order)
    assert (matrix == stored[[0, 2, 1, 3, 4, 6, 5, 7]].T).all()
    assert native(stored[:, 0], (8,), order=order).tolist() == stored[[0, 2, 1, 3, 4, 6, 5, 7], 0].tolist()


def test_a_part_changes_places_after_it_is_taken():
    stored = RNG.standard_normal((12, 3))
    matrix = native(stored, (3, 8), transposed=True, part=(0, 4), group=6, groups=2, order=(3, 2, 1, 0))
    assert (matrix == stored[[3, 2, 1, 0, 9, 8, 7, 6]].T).all()


def test_a_convolution_in_groups_is_a_matrix_with_blocks_on_its_diagonal():
    stored, groups, x = RNG.standard_normal((6, 4, 1)), 2, RNG.standard_normal(8)
    matrix = native(stored, (8, 6), transposed=True, blocks=groups)
    expected = np.zeros(6)
    for output in range(6):
        first = output // 3 * 4  # the inputs of an output's group
        for i in range(4):
            expected[output] += stored[output, i, 0] * x[first + i]
    np.testing.assert_allclose(x @ matrix, expected, atol=1e-14)


def test_a_vector_in_rows_and_numbers_that_are_multiplied_and_added_to():
    stored = RNG.standard_normal((2, 3)).astype(np.float16)
    vector = native(stored, (6,), folded=2, times=3.0, plus=1.0)
    assert vector.dtype == np.float32
    assert vector.tolist() == (stored.ravel().astype(np.float32) * np.float32(3) + np.float32(1)).tolist()


def test_tensors_that_the_file_does_not_have():
    shapes = {"zeros": (2,), "counted": (2, 3)}
    sources = {"zeros": TensorSource(None), "counted": TensorSource(None, computed=lambda s: np.arange(6).reshape(s))}
    params = FileParams(OneFile(np.ones(1, np.float32)), "FILE", shapes, sources)
    assert params["zeros"].tolist() == [0, 0]
    assert params["counted"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert params["counted"].dtype == np.float32
    assert params.rows("counted", np.array([1])).tolist() == [[3, 4, 5]]


@pytest.mark.parametrize(("most", "in_order"), [(2**28, True), (0, False)])
def test_rows_are_in_order_for_many_texts_unless_the_model_is_large(monkeypatch, most, in_order):
    monkeypatch.setattr(file_params, "_MOST_COPIED", most)
    stored = RNG.standard_normal((5, 4)).astype(np.float32)
    params = FileParams(OneFile(stored), "FILE", {"w": (4, 5)}, {"w": TensorSource("stored", transposed=True)})
    matrix = params.row_major()["w"]
    assert (matrix.flags.c_contiguous, matrix.tolist()) == (in_order, stored.T.tolist())
    assert params["w"].flags.f_contiguous


def test_rows_that_are_in_order_already_are_not_copied():
    params = FileParams(OneFile(np.ones((2, 2), np.float32)), "FILE", {"w": (2, 2)}, {"w": TensorSource("stored")})
    assert params.row_major() is params
