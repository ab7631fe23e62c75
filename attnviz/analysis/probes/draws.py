"""Random draws that are the same on every platform and with every NumPy version, as those of seeded weights are."""

import numpy as np

from attnviz.encoder.parameters.seeded import random_bits

_HALF = np.uint64(32)


def random_order(key: str, n: int) -> np.ndarray:
    """The numbers 0 to n - 1 in a random order, (n,)."""
    return np.argsort(_first_bits(key, n), kind="stable")


def random_numbers(key: str, n: int, below: int) -> np.ndarray:
    """(n,) numbers from 0 to ``below`` - 1, each drawn by itself."""
    numbers: np.ndarray = ((_first_bits(key, n) >> _HALF) * np.uint64(below)) >> _HALF
    return numbers.astype(np.int64)


def _first_bits(key: str, n: int) -> np.ndarray:
    """The first n numbers of a stream, (n,) uint64."""
    return random_bits(key, np.arange(n, dtype=np.uint64))
