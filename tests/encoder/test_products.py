"""Products of rows and of pairs: right for any shape, and of a text the same whatever stands beside it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.encoder import products
from attnviz.encoder.products import of_pairs, of_rows

sizes = st.integers(1, 40) | st.sampled_from([63, 64, 65, 130])


def drawn(seed, *shape, dtype=np.float64):
    return np.random.default_rng(seed).normal(size=shape).astype(dtype)


@given(n=sizes, m=sizes, width=st.integers(1, 9), transposed=st.booleans())
def test_each_row_times_the_matrix(n, m, width, transposed):
    x, w = drawn(0, n, width), drawn(1, width, m)
    w = np.asfortranarray(w) if transposed else w
    found = of_rows(x, w)
    assert found.flags.c_contiguous
    np.testing.assert_allclose(found, np.einsum("ni,im->nm", x, w), atol=1e-12)


@given(n_q=sizes, n_k=sizes | st.sampled_from([255, 256, 300]), width=st.integers(1, 9))
def test_each_query_with_each_key(n_q, n_k, width):
    q, k = drawn(0, 2, 3, n_q, width), drawn(1, 2, 3, n_k, width)
    found = of_pairs(q, k)
    in_memory = found if n_k > products._FEW_KEYS else np.moveaxis(found, -1, 0)
    assert in_memory.flags.c_contiguous
    np.testing.assert_allclose(found, np.einsum("abqi,abki->abqk", q, k), atol=1e-12)


@pytest.mark.parametrize("width", [16, 32, 64, 80])
def test_what_stands_beside_it_changes_a_number_by_no_more_than_its_last_digits(width):
    q, k, w = (drawn(seed, 300, width, dtype=np.float32) for seed in range(3))
    w = w[:width]
    pairs, rows = of_pairs(q, k), of_rows(q, w)
    for n in (1, 2, 3, 5, 17, 33, 70, 255):
        np.testing.assert_allclose(of_pairs(q[:n], k[:n]), pairs[:n, :n], atol=1e-4)
        np.testing.assert_allclose(of_rows(q[:n], w), rows[:n], atol=1e-4)


def test_no_row_and_no_key_gives_no_number():
    assert of_rows(np.ones((0, 3)), np.ones((3, 2))).shape == (0, 2)
    assert of_pairs(np.ones((2, 3)), np.ones((0, 3))).shape == (2, 0)
