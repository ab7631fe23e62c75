"""Small pictures of all heads."""

import numpy as np

from attnviz.output.page.thumbnails import pooled_cells, thumbnail_bytes
from attnviz.output.scale import Scale

NONE = np.zeros((1, 1), bool)


def visible(values: np.ndarray) -> np.ndarray:
    return np.zeros(values.shape, bool)


def test_a_thumbnail_has_at_most_24_cells_a_side():
    for n, m in ((1, 1), (24, 24), (25, 24), (100, 33), (512, 512)):
        rows, columns = pooled_cells(np.zeros((n, m)), visible(np.zeros((n, m))), signed=False).shape
        assert rows <= 24 >= columns
        assert rows == -(-n // -(-n // 24))


def test_a_thin_diagonal_survives():
    values = np.eye(480, dtype=np.float32)
    cells = pooled_cells(values, visible(values), signed=False)
    assert cells.shape == (24, 24)
    np.testing.assert_array_equal(cells, np.eye(24))


def test_masked_numbers_do_not_count_and_a_block_of_them_is_empty():
    values = np.full((48, 48), 0.5, np.float32)
    hidden = np.triu(np.ones((48, 48), bool), 1)
    cells = pooled_cells(values, hidden, signed=False)
    assert np.isnan(cells[0, 1])
    assert cells[1, 0] == cells[0, 0] == 0.5


def test_of_signed_numbers_the_one_farthest_from_0_counts():
    values = np.zeros((48, 48))
    values[0, 0], values[1, 1], values[2, 2], values[3, 3] = 0.2, -0.3, 0.4, -0.1
    cells = pooled_cells(values, visible(values), signed=True)
    assert (cells[0, 0], cells[1, 1], cells[2, 2]) == (-0.3, 0.4, 0)


def test_bytes_are_the_square_root_of_the_place_in_32_levels():
    cells = np.array([[0.0, 1e-6, 0.25, 1.0, np.nan, 1.2]])
    assert list(thumbnail_bytes(cells, Scale(0, 1), signed=False)) == [0, 8, 132, 255, 0, 255]
    assert list(thumbnail_bytes(cells * 8 - 4, Scale(-4, 4), signed=False)) == [0, 8, 132, 255, 0, 255]


def test_bytes_of_signed_numbers_lie_about_127():
    cells = np.array([[0.0, 0.5, -0.5, 0.125, -0.125, np.nan]])
    assert list(thumbnail_bytes(cells, Scale(-0.5, 0.5), signed=True)) == [127, 254, 0, 193, 61, 127]
