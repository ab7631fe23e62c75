"""One number as tables and the page print it."""

from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np
import pytest

from attnviz.output.decimals import whole_percent

VALUES = [*(np.arange(2001) / 2000).tolist(), *np.random.default_rng(0).random(2000).tolist()]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_percents_are_two_decimals_of_the_exact_number(dtype):
    for number in np.array(VALUES, dtype):
        value = float(number)
        exact = Decimal(value).quantize(Decimal("0.01"), ROUND_HALF_EVEN)
        assert whole_percent(number) == whole_percent(value) == int(100 * exact) == round(100 * float(f"{value:.2f}"))


def test_a_product_with_100_would_round_these_the_other_way():
    assert (whole_percent(0.005), whole_percent(0.015), whole_percent(0.285)) == (1, 1, 28)
