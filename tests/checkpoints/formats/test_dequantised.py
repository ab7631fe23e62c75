"""Blocks of GGUF files: the same numbers as the ``gguf`` package gives."""

import numpy as np
import pytest
from gguf import GGMLQuantizationType, dequantize

from attnviz.checkpoints.formats.gguf.block_types import QUANTISED_TYPES
from attnviz.checkpoints.formats.gguf.dequantised import DEQUANTISERS

SCALES = {"Q4_0": (0,), "Q4_1": (0, 2), "Q8_0": (0,), "Q4_K": (0, 2), "Q5_K": (0, 2), "Q6_K": (208,)}  # their bytes


@pytest.mark.parametrize("kind", DEQUANTISERS)
@pytest.mark.parametrize("any_bits", [False, True])
def test_numbers_are_those_of_the_package_to_the_last_bit(kind, any_bits):
    rng, block = np.random.default_rng(0), QUANTISED_TYPES[kind]
    blocks = rng.integers(0, 256, (37, block.bytes), dtype=np.uint8)
    if not any_bits:  # bits at random are often scales that are not finite
        for at in SCALES[kind]:
            blocks[:, at : at + 2] = rng.normal(0, 0.1, (37, 1)).astype("<f2").view(np.uint8)
    with np.errstate(all="ignore"):
        numbers = DEQUANTISERS[kind](blocks)
        expected = dequantize(blocks.reshape(1, -1), GGMLQuantizationType[kind])
    assert numbers.dtype == np.float32
    assert numbers.size == 37 * block.numbers
    np.testing.assert_array_equal(numbers.ravel(), expected.ravel())
    assert np.isfinite(numbers).all() or any_bits
