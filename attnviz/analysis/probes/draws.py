"""Random draws that are the same on every platform and with every NumPy version, as those of seeded weights are."""

from hashlib import blake2b

import numpy as np

from attnviz.encoder.parameters.seeded import splitmix64

_HALF = np.uint64(32)


def random_bits(key: str, n: int) -> np.ndarray:
    """(n,) uint64: the stream of SplitMix64 that a text names."""
    start = np.frombuffer(blake2b(key.encode(), digest_size=8).digest(), dtype="<u8").astype(np.uint64)
    return splitmix64(start, np.arange(n, dtype=np.uint64))


def random_order(key: str, n: int) -> np.ndarray:
    """The numbers 0 to n - 1 in a random order, (n,)."""
    return np.argsort(random_bits(key, n), kind="stable")


def random_numbers(key: str, n: int, below: int) -> np.ndarray:
    """(n,) numbers from 0 to ``below`` - 1, each drawn by itself."""
    numbers: np.ndarray = ((random_bits(key, n) >> _HALF) * np.uint64(below)) >> _HALF
    return numbers.astype(np.int64)
