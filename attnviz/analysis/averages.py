"""Means over texts, one at a time, in memory that does not grow with them."""

import numpy as np

from attnviz.errors import UsageError


class RunningMean:
    """A mean over texts, each weighed as its rows; a text in which a number is undefined does not count for it."""

    def __init__(self) -> None:
        self.texts, self.rows = 0, 0
        self._sum: np.ndarray | None = None
        self._weight: np.ndarray | None = None

    def add(self, values: np.ndarray, rows: int) -> None:
        """One text's numbers (NaN where undefined), and how many rows it has.

        Raises:
            UsageError: the text before had another number of them.
        """
        known = np.isfinite(values)
        if self._sum is None:
            self._sum, self._weight = np.zeros(values.shape), np.zeros(values.shape)
        if values.shape != self._sum.shape:
            raise UsageError(f"text {self.texts + 1} has other layers and heads; expected those of the texts before")
        self._sum += np.where(known, values, 0.0) * rows
        self._weight += known * rows
        self.texts, self.rows = self.texts + 1, self.rows + rows

    def mean(self) -> np.ndarray:
        """As one text's; NaN where no text has a number."""
        return np.where(self._weight > 0, self._sum / np.maximum(self._weight, 1), np.nan)
