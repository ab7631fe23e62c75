"""The numbers behind every view: the ends of a colour scale, hidden cells, a row's strongest keys.

A terminal, a picture and a page take these from here, so that they agree.
"""

import math

import numpy as np

from attnviz.names import PATHS, SHARES
from attnviz.records import dataclass
from attnviz.trace.attention import Attention, Matrix
from attnviz.trace.tokens import token_numbers

NORM_WORDS = {"linear": "", "sqrt": "square root", "log": "logarithmic"}
DECADES = 3  # below the upper end, which a logarithmic scale shows unless its lower end is given


@dataclass(frozen=True)
class Scale:
    """The values at the two ends of the colours, how colours follow values between, and how a picture says so.

    Attributes:
        low: the value of the first colour.
        high: the value of the last colour.
        words: the scale in words; empty where nothing says it.
        norm: how places follow values, of ``NORM_WORDS``; on a logarithmic scale what is not above ``low`` has the
            first colour, also 0.
        diverging: whether the scale goes from -high to high, and the norm counts from 0 to both sides.
        below: whether some value is less than ``low``, and has the first colour.
        above: whether some value is more than ``high``, and has the last colour.
        end_names: what to write at the ends instead of their values.
    """

    low: float
    high: float
    words: str = ""
    norm: str = "linear"
    diverging: bool = False
    below: bool = False
    above: bool = False
    end_names: tuple[str, str] | None = None

    def place(self, value: float) -> float:
        """The place of a value between the ends, from 0 to 1."""
        if self.norm != "linear":
            return float(self.places(np.array(value)))
        span = self.high - self.low
        return min(1.0, max(0.0, (value - self.low) / span)) if span > 0 else 0.0

    def places(self, values: np.ndarray) -> np.ndarray:
        """The places of finite values between the ends, from 0 to 1, of the same shape."""
        if self.norm == "linear" or not self.diverging:
            return self._parts(values, self.low, self.high)
        sides: np.ndarray = np.sign(values) * self._parts(np.abs(values), self.high / 10**DECADES, self.high)
        return 0.5 + sides / 2

    def _parts(self, values: np.ndarray, low: float, high: float) -> np.ndarray:
        if self.norm == "log":
            logarithms: np.ndarray = np.log(np.clip(values, low, high) / low)
            return logarithms / math.log(high / low)
        if self.diverging and self.norm == "sqrt":
            low = 0.0
        parts: np.ndarray = np.clip((values - low) / (high - low), 0, 1)
        return np.sqrt(parts) if self.norm == "sqrt" else parts

    @property
    def norm_words(self) -> str:
        """What a colour bar says about the norm; nothing where it is linear."""
        return NORM_WORDS[self.norm]

    @property
    def labels(self) -> list[str]:
        """The values at five equal distances on a linear colour bar, from its lower to its upper end, equally exact."""
        return [self._label(value) for value in np.linspace(self.low, self.high, 5).tolist()]

    def _label(self, value: float) -> str:
        """The value to half a hundredth of the span between the ends."""
        last = math.floor(math.log10(self.high - self.low)) - 2  # the place of the last digit
        n_digits = max(3, math.floor(math.log10(max(abs(self.low), abs(self.high)))) - last + 1)
        return f"{round(value, -last) + 0.0:.{n_digits}g}".replace("-", "−")

    @property
    def ticks(self) -> list[tuple[float, str]]:
        """The places and labels of a colour bar, from its lower to its upper end, which are the first and the last."""
        if self.end_names:
            middle = [(0.5, "0")] if self.diverging else []
            return [(0.0, self.end_names[0]), *middle, (1.0, self.end_names[1])]
        if self.norm == "linear":
            marks = list(zip((0.0, 0.25, 0.5, 0.75, 1.0), self.labels, strict=True))
        else:
            as_text = short_number if self.norm == "log" else self._label
            marks = [(self.place(value), as_text(value)) for value in self._round_values()]
        first, last = marks[0][1], marks[-1][1]
        marks[0] = (0.0, f"≤{first}" if self.below else first)
        marks[-1] = (1.0, f"≥{last}" if self.above else last)
        return marks

    def _round_values(self) -> list[float]:
        """The values that a bar of square roots or logarithms labels, from one end to the other."""
        if self.diverging:
            inner = self.high * (0.25 if self.norm == "sqrt" else 10 ** (-DECADES / 2))
            return [self.low, -inner, 0.0, inner, self.high]
        if self.norm == "sqrt":
            return [self.low + (self.high - self.low) * part for part in (0, 0.1, 0.25, 0.5, 1)]
        first, last = (math.floor(math.log10(end)) for end in (self.low, self.high))
        decades = [10.0**exponent for exponent in range(first, last + 1, max(1, (last - first) // 4))]
        return [self.low, *(value for value in decades if 0.06 < self.place(value) < 0.94), self.high]


def fixed_scale(matrix: Matrix) -> Scale:
    """The scale of a terminal's matrix: 0 to 1 for shares, so that all matrices have one; others go to their largest.

    Norms, rollout and flow start at 0, scores at their least.
    """
    visible = matrix.numbers[np.isfinite(matrix.numbers)]
    if matrix.name in PATHS and visible.size:
        return Scale(0.0, float(visible.max()))
    if matrix.values in SHARES or not visible.size:
        return Scale(0.0, 1.0)
    return Scale(0.0 if matrix.values == "norms" else float(visible.min()), float(visible.max()))


def scale_between(attention: Attention, low: float, high: float, n_matrices: int) -> Scale:
    """The scale of all matrices by their extremes: 0 to 1 for shares, wider if a value is outside.

    Norms, rollout and flow start at 0.

    Args:
        attention: what they have in common; its matrices are not looked at.
        low: their least visible value.
        high: their largest.
        n_matrices: how many they are.
    """
    sharing = f"shared by all {'heads' if 'head' in attention.axes else 'layers'}" if n_matrices > 1 else ""
    if attention.values == "changes":
        return scale_about_zero(max(-low, high), "scale", f"{sharing}; " if sharing else "")
    is_path = attention.reduce in PATHS
    if attention.values in SHARES and not is_path:  # a path's shares are small: what comes from one token of many
        high = max(high, 1.0)
    if attention.values != "scores":
        low = min(low, 0.0)
    low, high = ends_apart(low, high)
    more = "the largest" if is_path else sharing
    return Scale(low, high, f"scale {interval_in_words(low, high)}" + (f", {more}" if more else ""))


def hidden_cells(values: np.ndarray, masked: np.ndarray | None) -> np.ndarray:
    """Where there is nothing to show: masked keys, and scores of -inf; (n_queries, n_keys), bool."""
    absent = np.zeros(values.shape, dtype=np.bool_) if _are_finite(values) else ~np.isfinite(values)
    return absent if masked is None else absent | masked


def _are_finite(values: np.ndarray) -> bool:
    """Whether all are finite, without an array of answers."""
    return bool(values.size and np.isfinite(values.max()) and np.isfinite(values.min()))


def block_maxima(values: np.ndarray, hidden: np.ndarray, blocks: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The largest visible value of each block, and which blocks have none; the last blocks may be smaller.

    Args:
        values: (n_queries, n_keys).
        hidden: (n_queries, n_keys), True where there is nothing to show.
        blocks: how many rows and columns make one cell.
    """
    shown = np.where(hidden, -np.inf, values) if hidden.any() else values
    if blocks != (1, 1):
        shown = np.ascontiguousarray(_maxima(_maxima(shown, blocks[0]).T, blocks[1]).T)
    return shown, np.isneginf(shown)


def _maxima(values: np.ndarray, block: int) -> np.ndarray:
    """The largest values of so many rows each: row by row of all blocks at once, which runs over whole rows."""
    maxima = values[::block].copy()
    for first in range(1, min(block, len(values))):
        rows = values[first::block]
        np.maximum(maxima[: len(rows)], rows, out=maxima[: len(rows)])
    return maxima


def strongest_keys(row: np.ndarray, hidden: np.ndarray, values: str, n: int = 1) -> list[int]:
    """The n strongest keys of a row, the strongest first and of equal ones the first.

    Hidden keys are never among them, and a row of shares that are all 0 has none.

    Args:
        row: (n_keys,).
        hidden: (n_keys,), True where there is nothing to show.
        values: what the numbers are, one of ``VALUES``.
        n: how many at most.
    """
    shown = np.where(hidden, -np.inf, row)
    if values in SHARES and not shown.max() > 0:
        return []
    return [key for key in largest(shown, n) if not hidden[key]]


def strongest_of_rows(matrix: Matrix) -> list[int | None]:
    """The strongest key of each row; None where every key is hidden, or gets nothing."""
    hidden = hidden_cells(matrix.numbers, matrix.masked)
    found = (strongest_keys(row, absent, matrix.values) for row, absent in zip(matrix.numbers, hidden, strict=True))
    return [keys[0] if keys else None for keys in found]


def strongest_links(matrix: Matrix, n: int) -> list[tuple[int, int, float]]:
    """The n strongest links (query, key, value) of a matrix, without those of a token to itself."""
    values = np.where(hidden_cells(matrix.numbers, matrix.masked), -np.inf, matrix.numbers)
    if matrix.kind != "cross":
        queries, keys = (np.array(token_numbers(side)) for side in (matrix.queries, matrix.keys))
        values[queries[:, None] == keys] = -np.inf
    places = [divmod(place, values.shape[1]) for place in largest(values.ravel(), n)]
    links = [(query, key, float(values[query, key])) for query, key in places]
    return [link for link in links if link[2] != -np.inf]


def strongest_choice(matrix: Matrix, hidden: np.ndarray | None = None) -> tuple[float, int, int]:
    """The largest value (of changes: farthest from 0) of a query that has a choice, its query and its key.

    A query with one visible key has no choice: its number says nothing. ``hidden`` are ``hidden_cells``, if known.
    """
    hidden = hidden_cells(matrix.numbers, matrix.masked) if hidden is None else hidden
    if matrix.rest is not None:
        hidden = hidden.copy()
        hidden[:, -1] = True  # the rest is not a key
    shown = np.abs(matrix.numbers) if matrix.values == "changes" else matrix.numbers
    if hidden.any():
        free = (~hidden).sum(axis=1) > 1
        shown = np.where(hidden | ~free[:, None] & free.any(), -np.inf, shown)
    query = int(shown.max(axis=-1).argmax())  # a row's maximum is quicker to know than its place
    key = int(shown[query].argmax())
    return float(shown[query, key]), query, key


def largest(values: np.ndarray, n: int) -> list[int]:
    """The places of the n largest of many values, of equal ones the first, without sorting all of them."""
    n = min(n, values.size)
    least = np.partition(values, values.size - n)[values.size - n]
    above, equal = np.flatnonzero(values > least), np.flatnonzero(values == least)[:n]
    return sorted([*above.tolist(), *equal.tolist()], key=lambda place: (-values[place], place))[:n]


def short_number(value: float) -> str:
    """A value in three digits."""
    return f"{value:.3g}".replace("-", "−")


def ends_apart(low: float, high: float) -> tuple[float, float]:
    """Ends that differ, for values that do not."""
    return (low, high) if high > low else (low, low + max(1.0, 1e-6 * abs(low)))  # 1e30 + 1 is 1e30


def scale_about_zero(bound: float, name: str, sharing: str) -> Scale:
    """From -bound to bound, so that no change has the colour between."""
    bound = bound if bound > 0 else 1.0
    interval = interval_in_words(-bound, bound)
    return Scale(-bound, bound, diverging=True, words=f"{name} {interval}, {sharing}red: more in B, blue: more in A")


def interval_in_words(low: float, high: float) -> str:
    """The ends of a scale: ``0–1``, or ``−1 to 1``."""
    return f"{short_number(low)}–{short_number(high)}" if low >= 0 else f"{short_number(low)} to {short_number(high)}"
