"""Means over texts, one at a time, in memory that does not grow with them."""

from collections.abc import Mapping

import numpy as np

from attnviz.analysis.heads.definitions import all_metrics
from attnviz.analysis.heads.labels import PATTERN_METRICS
from attnviz.analysis.heads.metrics import HeadMetrics
from attnviz.analysis.resting import Remainder
from attnviz.errors import InputError, UsageError
from attnviz.records import dataclass


class RunningMean:
    """A mean over texts, each weighed as its rows; a text in which a number is undefined does not count for it."""

    def __init__(self) -> None:
        self.texts, self.rows = 0, 0
        self._sum = self._weight = np.zeros(())

    def add(self, values: np.ndarray, rows: int) -> None:
        """One text's numbers (NaN where undefined), and how many rows it has.

        Raises:
            UsageError: the text before had another number of them.
        """
        known = np.isfinite(values)
        if not self.texts:
            self._sum, self._weight = np.zeros(values.shape), np.zeros(values.shape)
        if values.shape != self._sum.shape:
            raise UsageError(f"text {self.texts + 1} has other layers and heads; expected those of the texts before")
        self._sum += np.where(known, values, 0.0) * rows
        self._weight += known * rows
        self.texts, self.rows = self.texts + 1, self.rows + rows

    def merge(self, other: "RunningMean") -> None:
        """The texts of another mean after these.

        Raises:
            UsageError: they have another number of numbers.
        """
        if not other.texts:
            return
        if self.texts and other._sum.shape != self._sum.shape:
            raise UsageError(f"text {self.texts + 1} has other layers and heads; expected those of the texts before")
        self._sum, self._weight = self._sum + other._sum, self._weight + other._weight
        self.texts, self.rows = self.texts + other.texts, self.rows + other.rows

    def mean(self) -> np.ndarray:
        """As one text's; NaN where no text has a number."""
        return np.where(self._weight > 0, self._sum / np.maximum(self._weight, 1), np.nan)


@dataclass(frozen=True, eq=False)
class TextMetrics(HeadMetrics):
    """The metrics of every head over several texts: ``values`` are means in which each text weighs as its rows.

    Attributes:
        spread: by metric, (n_layers, n_heads): the standard deviation between the texts' values, weighted by rows.
        least: by metric, (n_layers, n_heads): the least of the texts' values.
        most: by metric, (n_layers, n_heads): the greatest of the texts' values.
        texts: how many there were; ``counts`` has their rows.
    """

    spread: Mapping[str, np.ndarray]
    least: Mapping[str, np.ndarray]
    most: Mapping[str, np.ndarray]
    texts: int


class Running:
    """Metrics over many texts, one at a time, in memory that does not grow with them.

    Means and spreads are updated as by West 1979 (weighted Welford), which loses no digits to cancellation. Two
    parts are joined as by Chan, Golub and LeVeque 1979.
    """

    def __init__(self) -> None:
        self.texts = 0
        self._names = tuple(all_metrics())
        self._first: HeadMetrics | None = None
        self._moments = Moments(())
        self._there: set[str] = set()
        self._missing: dict[str, str] = {}
        self._remainders = Remainders()

    def add(self, metrics: HeadMetrics) -> None:
        """One more text.

        Raises:
            UsageError: it has other layers or heads than the texts before.
        """
        shape = (len(self._names), *metrics.head_shape)
        self._check_axes(metrics)
        if self._first is None:
            self._first, self._moments = metrics, Moments(shape)
        self.texts += 1
        self._missing = dict(metrics.missing) | self._missing
        self._there |= metrics.values.keys()
        self._moments.add(*_stacked(self._names, metrics, shape))
        if metrics.remainder is not None:
            self._remainders.add(metrics.remainder, metrics.counts["first"])

    def merge(self, other: "Running") -> None:
        """The texts of another part after these.

        Raises:
            UsageError: they have other layers or heads.
        """
        if other._first is None:
            return
        self._check_axes(other._first)
        if self._first is None:
            self._first = other._first
        self.texts += other.texts
        self._missing = other._missing | self._missing
        self._there |= other._there
        self._moments.merge(other._moments)
        self._remainders.merge(other._remainders)

    def _check_axes(self, metrics: HeadMetrics) -> None:
        if self._first is None or _axes(metrics) == _axes(self._first):
            return
        told, expected = ("x".join(map(str, one.head_shape)) for one in (metrics, self._first))
        raise UsageError(
            f"metrics: text {self.texts + 1} has other layers and heads ({told}); "
            f"expected those of the texts before ({expected})"
        )

    def result(self) -> TextMetrics:
        """What the texts so far give; only a metric that none of them has is missing.

        Raises:
            InputError: there was none.
        """
        if self._first is None:
            raise InputError("metrics: there is no text; expected at least one")
        moments, first = self._moments, self._first

        def by_name(numbers: np.ndarray) -> dict[str, np.ndarray]:
            return {name: numbers[i] for i, name in enumerate(self._names) if name in self._there}

        return TextMetrics(
            values=by_name(moments.known(moments.mean)),
            counts=by_name(moments.rows.copy()),
            missing={name: why for name, why in self._missing.items() if name not in self._there},
            layers=first.layers,
            heads=first.heads,
            by_name=first.by_name,
            spread=by_name(moments.known(moments.spread())),
            least=by_name(moments.known(moments.least)),
            most=by_name(moments.known(moments.most)),
            texts=self.texts,
            remainder=self._remainders.mean(),
        )


def _stacked(
    names: tuple[str, ...], metrics: HeadMetrics | Remainder, shape: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray]:
    """The values and counts of some metrics, both of a shape (n_names, n_layers, n_heads); NaN and 0 where unknown."""
    values, counts = np.full(shape, np.nan), np.zeros(shape, dtype=np.int64)
    known = [i for i, name in enumerate(names) if name in metrics.values]
    if known:
        values[known] = np.array([metrics.values[names[i]] for i in known])
        counts[known] = np.array([metrics.counts[names[i]] for i in known])
    return values, counts


def _axes(metrics: HeadMetrics) -> tuple[tuple[int, ...], tuple[int, ...], bool]:
    return metrics.layers, metrics.heads, metrics.by_name


class Remainders:
    """Means over texts of what heads do with the attention that does not rest; each text weighs as its rows."""

    def __init__(self) -> None:
        self._moments = Moments(())
        self._missing: dict[str, str] = {}
        self._there: set[str] = set()
        self._share = self._rows = np.zeros(())
        self._places: dict[str, np.ndarray] = {}

    def add(self, remainder: Remainder, rows: np.ndarray) -> None:
        """One more text, and how many rows each of its heads has, (n_layers, n_heads)."""
        if not self._there:
            self._moments = Moments((len(PATTERN_METRICS), *rows.shape))
        self._there |= remainder.values.keys()
        self._missing = dict(remainder.missing) | self._missing
        self._moments.add(*_stacked(PATTERN_METRICS, remainder, self._moments.mean.shape))
        self._rows = self._rows + rows
        share, *places = np.where(rows > 0, [remainder.share, *remainder.places.values()], 0.0) * rows
        self._share = self._share + share
        for name, place in zip(remainder.places, places, strict=True):
            self._places[name] = self._places.get(name, 0.0) + place

    def merge(self, other: "Remainders") -> None:
        """The texts of another part after these."""
        if not other._there:
            return
        self._there |= other._there
        self._missing = other._missing | self._missing
        self._moments.merge(other._moments)
        self._rows, self._share = self._rows + other._rows, self._share + other._share
        for name, place in other._places.items():
            self._places[name] = self._places.get(name, 0.0) + place

    def mean(self) -> Remainder | None:
        """As one text's; None where no text has any."""
        if not self._there:
            return None
        moments, rows = self._moments, np.maximum(self._rows, 1)
        names = [(i, name) for i, name in enumerate(PATTERN_METRICS) if name in self._there]
        values = moments.known(moments.mean)
        return Remainder(
            values={name: values[i] for i, name in names},
            counts={name: moments.rows[i].copy() for i, name in names},
            missing={name: why for name, why in self._missing.items() if name not in self._there},
            share=np.where(self._rows > 0, self._share / rows, np.nan),
            places={name: place / rows for name, place in self._places.items()},
        )


class Moments:
    """Running moments of many numbers: rows so far, mean, squares about it, least and greatest value."""

    def __init__(self, shape: tuple[int, ...]):
        self.rows = np.zeros(shape, dtype=np.int64)
        self.mean, self.squares = np.zeros(shape), np.zeros(shape)
        self.least, self.most = np.full(shape, np.inf), np.full(shape, -np.inf)

    def add(self, values: np.ndarray, rows: np.ndarray) -> None:
        """One text's numbers, and how many rows each is the mean of."""
        self.rows += rows
        change = np.where(rows > 0, values - self.mean, 0)
        share = rows / np.maximum(self.rows, 1)  # of all rows so far
        self.mean += change * share
        self.squares += change**2 * (self.rows - rows) * share
        self.least, self.most = np.fmin(self.least, values), np.fmax(self.most, values)

    def merge(self, other: "Moments") -> None:
        """The texts of another part after these."""
        self.rows = rows = self.rows + other.rows
        change = other.mean - self.mean
        share = other.rows / np.maximum(rows, 1)
        self.mean = self.mean + change * share
        self.squares = self.squares + other.squares + change**2 * (rows - other.rows) * share
        self.least, self.most = np.fmin(self.least, other.least), np.fmax(self.most, other.most)

    def spread(self) -> np.ndarray:
        """The standard deviations."""
        return np.sqrt(self.squares / np.maximum(self.rows, 1))

    def known(self, values: np.ndarray) -> np.ndarray:
        """The values; NaN where no text has a number."""
        return np.where(self.rows > 0, values, np.nan)
