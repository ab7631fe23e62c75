"""Softmax, norms and activations against the standard library's scalar functions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attnviz.encoder.ops import ACTIVATION_FUNCTIONS, erf, gelu, gelu_tanh, layer_norm, rms_norm, silu, softmax

GRID = np.linspace(-12, 12, 4801)


def test_erf_is_exact_in_float64_and_within_3e_7_in_float32():
    exact = np.array([math.erf(x) for x in GRID])
    np.testing.assert_array_equal(erf(GRID), exact)
    assert np.abs(erf(GRID.astype(np.float32)) - exact).max() < 3e-7


@pytest.mark.parametrize("name", sorted(ACTIVATION_FUNCTIONS))
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-14), (np.float32, 2e-6)])
def test_activations_are_what_their_papers_say(name, dtype, tolerance):
    by_hand = {
        "relu": lambda x: max(x, 0.0),
        "gelu": lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))),
        "gelu_tanh": lambda x: 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
        "silu": lambda x: x / (1 + math.exp(-x)),
    }[name]
    values = ACTIVATION_FUNCTIONS[name](GRID.astype(dtype))
    assert values.dtype == dtype
    np.testing.assert_allclose(values, [by_hand(x) for x in GRID], atol=tolerance, rtol=tolerance)


def test_the_two_gelus_differ_by_4_7e_4():
    assert np.abs(gelu(GRID) - gelu_tanh(GRID)).max() == pytest.approx(4.7e-4, abs=1e-5)


def test_silu_does_not_overflow():
    assert silu(np.array([-1e4, 1e4], dtype=np.float32)).tolist() == [0, 1e4]


@given(arrays(np.float64, (3, 5), elements=st.floats(-700, 700) | st.just(-math.inf)))
def test_a_softmax_row_sums_to_one_or_is_all_zero_and_keeps_the_order(scores):
    weights = softmax(scores)
    for row, out in zip(scores, weights, strict=True):
        if np.isneginf(row).all():
            assert (out == 0).all()
            continue
        assert out.sum() == pytest.approx(1, abs=1e-12)
        assert (np.diff(out[np.argsort(row, kind="stable")]) >= 0).all()
        assert (out[np.isneginf(row)] == 0).all()


@given(arrays(np.float64, 7, elements=st.floats(-50, 50)), st.floats(-100, 100))
def test_softmax_is_the_same_when_all_scores_grow_alike(scores, more):
    np.testing.assert_allclose(softmax(scores + more), softmax(scores), atol=1e-12)


def test_inputs_are_not_changed():
    x = np.random.default_rng(0).normal(size=(3, 5))
    before, gain = x.copy(), np.ones(5)
    softmax(x), gelu(x), erf(x), layer_norm(x, gain, gain, 1e-5), rms_norm(x, gain, 1e-5)
    np.testing.assert_array_equal(x, before)


def test_layer_norm_divides_by_the_biased_deviation():
    x = np.array([[1.0, 2.0, 3.0, 6.0]])
    expected = (x - 3) / math.sqrt(14 / 4 + 0.5)
    np.testing.assert_allclose(layer_norm(x, np.full(4, 2.0), np.full(4, 5.0), 0.5), 2 * expected + 5, atol=1e-14)


def test_rms_norm_divides_by_the_root_of_the_mean_square():
    x = np.array([[1.0, 2.0, 3.0, 6.0]])
    np.testing.assert_allclose(rms_norm(x, np.full(4, 2.0), 0.5), 2 * x / math.sqrt(50 / 4 + 0.5), atol=1e-14)
