"""x W + b: any number of rows, with any leading axes, in one product."""

import numpy as np
import pytest

from attnviz.encoder.parameters.params import ArrayParams
from attnviz.encoder.projections import linear


def made(transposed, dtype=np.float64):
    rng = np.random.default_rng(0)
    w, b = rng.normal(size=(5, 7)).astype(dtype), rng.normal(size=7).astype(dtype)
    return ArrayParams({"wx": np.asfortranarray(w) if transposed else w, "bx": b})


@pytest.mark.parametrize("transposed", [False, True])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("leading", [(1,), (3,), (2, 3), (67,), (11, 13), (2, 3, 4)])
def test_every_row_is_x_w_plus_b(leading, bias, transposed):
    params, x = made(transposed), np.random.default_rng(1).normal(size=(*leading, 5))
    before, arrays = x.copy(), {name: params[name].copy() for name in params}
    y = linear(x, params, "x", bias=bias)
    assert y.flags.c_contiguous
    np.testing.assert_allclose(y, np.einsum("...i,io->...o", x, params["wx"]) + bias * params["bx"], atol=1e-12)
    np.testing.assert_array_equal(x, before)
    for name, array in arrays.items():
        np.testing.assert_array_equal(params[name], array)


@pytest.mark.parametrize("rows", [3, 67])
def test_float32_stays_float32_and_the_product_is_new(rows):
    x, params = np.ones((rows, 5), np.float32), made(transposed=True, dtype=np.float32)
    y = linear(x, params, "x", bias=False)
    assert y.dtype == np.float32
    assert y.flags.writeable
    assert not any(np.shares_memory(y, other) for other in (x, *params.values()))


def test_rows_may_lie_anywhere_in_memory():
    x, params = np.random.default_rng(1).normal(size=(5, 3, 2)).T, made(transposed=False)
    np.testing.assert_allclose(
        linear(x, params, "x", bias=True), np.ascontiguousarray(x) @ params["wx"] + params["bx"], atol=1e-12
    )
