"""Means over the rows of matrices that come a block at a time."""

from collections.abc import Mapping, Sequence

import numpy as np

from attnviz.analysis.heads.sums.blocks import BlockPlaces


class Means:
    """The sums of numbers of rows, and of how many rows, of every head of a part; in float64.

    Args:
        names: of the numbers.
        shape: (n_layers, n_heads) of the part.
    """

    def __init__(self, names: Sequence[str], shape: tuple[int, ...]) -> None:
        self._at = {name: i for i, name in enumerate(names)}
        self._sums = np.zeros((len(names), *shape))
        self._counts = np.zeros((len(names), *shape), dtype=np.int64)

    def add(self, places: BlockPlaces, counts: np.ndarray, sums: Mapping[str, np.ndarray]) -> None:
        """The rows of a block.

        Args:
            places: of the block.
            counts: (n_names, n_layers, n_heads), of how many rows each sum is.
            sums: by name, (n_layers, n_heads).
        """
        layers, heads, _ = places
        self._counts[:, layers, heads] += counts
        if sums:
            self._sums[[self._at[name] for name in sums], layers, heads] += np.array(list(sums.values()))

    def result(self) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """By name the means, NaN where no row counts, and how many rows they are of."""
        means = np.divide(self._sums, self._counts, where=self._counts > 0, out=np.full(self._sums.shape, np.nan))
        return {name: means[i] for name, i in self._at.items()}, {name: self._counts[i] for name, i in self._at.items()}


def row_sums(numbers: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """The sums of the numbers of rows that count, both (n_layers, n_heads, n_rows), in float64."""
    sums: np.ndarray = np.where(counted, numbers, 0.0).sum(axis=-1, dtype=np.float64)
    return sums


def row_counts(counted: np.ndarray, about: np.ndarray) -> np.ndarray:
    """How many of the rows that count each number is about, (n_names, n_layers, n_heads).

    Args:
        counted: (n_layers, n_heads, n_rows).
        about: (n_names, n_rows), 1 for the rows that a number is about.
    """
    n_layers, n_heads, n_rows = counted.shape
    counts: np.ndarray = about @ counted.reshape(-1, n_rows).T.astype(about.dtype)
    return counts.astype(np.int64).reshape(-1, n_layers, n_heads)
