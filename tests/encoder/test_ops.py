"""Softmax, norms and activations against the standard library's scalar functions."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attnviz.encoder import ops
from attnviz.encoder.ops import ACTIVATION_FUNCTIONS, gelu, gelu_tanh, layer_norm, quick_gelu, rms_norm, softmax

GRID = np.linspace(-12, 12, 4801)


def test_gelu_is_exact_in_float64_and_within_3e_7_in_float32():
    exact = np.array([x * 0.5 * (1 + math.erf(x / math.sqrt(2))) for x in GRID])
    np.testing.assert_allclose(gelu(GRID), exact, atol=1e-15, rtol=1e-15)
    x = np.linspace(-12, 12, 100_003, dtype=np.float32)
    exact = np.array([float(v) * 0.5 * math.erfc(-float(v) / math.sqrt(2)) for v in x])
    assert (np.abs(gelu(x) - exact) < 3e-7 * np.maximum(1, np.abs(exact))).all()


@pytest.mark.parametrize("name", sorted(ACTIVATION_FUNCTIONS))
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-14), (np.float32, 2e-6)])
def test_activations_are_what_their_papers_say(name, dtype, tolerance):
    by_hand = {
        "relu": lambda x: max(x, 0.0),
        "relu2": lambda x: x * x if x > 0 else 0.0,
        "gelu": lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))),
        "gelu_tanh": lambda x: 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))),
        "quick_gelu": lambda x: x / (1 + math.exp(-1.702 * x)),
        "silu": lambda x: x / (1 + math.exp(-x)),
    }[name]
    values = ACTIVATION_FUNCTIONS[name](GRID.astype(dtype))
    assert values.dtype == dtype
    np.testing.assert_allclose(values, [by_hand(x) for x in GRID], atol=tolerance, rtol=tolerance)


def test_the_two_gelus_differ_by_4_7e_4():
    assert np.abs(gelu(GRID) - gelu_tanh(GRID)).max() == pytest.approx(4.7e-4, abs=1e-5)


def test_the_quick_gelu_is_0_02_from_the_exact_one():
    assert np.abs(gelu(GRID) - quick_gelu(GRID)).max() == pytest.approx(0.0203, abs=1e-3)


@pytest.mark.parametrize("name", sorted(ACTIVATION_FUNCTIONS))
def test_activations_do_not_overflow(name):
    far = np.array([-1e38, -1e4, 0, 1e4, 1e38], dtype=np.float32)
    expected = [0, 0, 0, 1e8, np.inf] if name == "relu2" else np.maximum(far, 0).tolist()
    assert ACTIVATION_FUNCTIONS[name](far).tolist() == expected


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


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("function", [softmax, *ACTIVATION_FUNCTIONS.values()])
def test_in_place_is_the_same(function, dtype):
    whole = np.random.default_rng(0).normal(size=(2, 3, 5, 7)).astype(dtype)
    for x in (whole.copy(), np.swapaxes(whole.copy(), 1, 2), whole.copy().T, whole.copy()[:, :, 1:4], whole[..., ::2]):
        expected = function(x)
        assert expected.dtype == dtype
        assert function(x, out=x) is x
        np.testing.assert_allclose(x, expected, rtol=4 * np.finfo(dtype).eps, atol=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_blocks_of_rows_are_the_same_as_all_rows_at_once(monkeypatch, dtype, order):
    x = np.asarray(np.random.default_rng(0).normal(size=(5, 3, 7)), dtype, order=order)
    gain, bias = np.random.default_rng(1).normal(size=(2, 7)).astype(dtype)

    def results():
        normed = [layer_norm(x, gain, bias, 1e-5), layer_norm(x, gain, None, 1e-5), rms_norm(x, gain, 1e-5)]
        return [softmax(x), *normed, *(function(x) for function in ACTIVATION_FUNCTIONS.values())]

    at_once = results()
    for block in (1, 14, 30):  # less than a row, and what does not divide 15 rows
        monkeypatch.setattr(ops, "_BLOCK", block)
        for some, all_rows in zip(results(), at_once, strict=True):
            assert some.dtype == dtype
            np.testing.assert_allclose(some, all_rows, rtol=4 * np.finfo(dtype).eps, atol=0)


def test_masked_keys_get_exactly_nothing_and_hidden_rows_make_no_warning():
    scores = np.array([[1, -np.inf, 3e38], [-np.inf] * 3, [-3e38, -np.inf, -3e38]], dtype=np.float32)
    assert softmax(scores, out=scores).tolist() == [[0, 0, 1], [0, 0, 0], [0.5, 0, 0.5]]


def test_inputs_are_not_changed():
    x = np.random.default_rng(0).normal(size=(3, 5))
    before, gain = x.copy(), np.ones(5)
    (
        softmax(x),
        [function(x) for function in ACTIVATION_FUNCTIONS.values()],
        layer_norm(x, gain, gain, 1e-5),
        rms_norm(x, gain, 1e-5),
    )
    np.testing.assert_array_equal(x, before)


def test_layer_norm_divides_by_the_biased_deviation():
    x = np.array([[1.0, 2.0, 3.0, 6.0]])
    expected = (x - 3) / math.sqrt(14 / 4 + 0.5)
    np.testing.assert_allclose(layer_norm(x, np.full(4, 2.0), np.full(4, 5.0), 0.5), 2 * expected + 5, atol=1e-14)


def test_rms_norm_divides_by_the_root_of_the_mean_square():
    x = np.array([[1.0, 2.0, 3.0, 6.0]])
    np.testing.assert_allclose(rms_norm(x, np.full(4, 2.0), 0.5), 2 * x / math.sqrt(50 / 4 + 0.5), atol=1e-14)
