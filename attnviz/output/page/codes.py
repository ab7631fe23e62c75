"""Numbers as whole codes, from which a browser prints the digits that Python prints.

A number x is stored as q = floor(steps x) and read as (q + 1/2) / steps: the middle of an interval in which all numbers
have the same digits. Only at its lower end may x be a tie between two roundings. Python rounds ties to the even digit,
so that a tie that Python rounds down is stored as q - 1.
"""

from fractions import Fraction

import numpy as np

from attnviz.errors import InputError
from attnviz.records import dataclass

FINE, COARSE = 2000, 200  # steps in 1: for three decimals, and for two
_DECIMALS = {FINE: (2, 3), COARSE: (2,)}
_FLOAT_DECIMALS = (2, 3)


@dataclass(frozen=True)
class Codes:
    """How the numbers of a set are stored.

    Attributes:
        n_bytes: the bytes of one code.
        steps: the codes between 0 and 1; None of numbers without bounds, which are stored as float32.
        zero: the code of 0.
    """

    n_bytes: int
    steps: int | None
    zero: int = 0

    @classmethod
    def of(cls, *, bounded: bool, signed: bool, steps: int) -> "Codes":
        """The codes of numbers from 0 to 1, of signed ones from -1 to 1, or of numbers without bounds.

        Args:
            bounded: whether they have these bounds.
            signed: whether they may be negative.
            steps: the codes between 0 and 1.
        """
        if not bounded:
            return cls(4, None)
        return cls(1 if steps == COARSE and not signed else 2, steps, steps if signed else 0)

    @property
    def fields(self) -> dict[str, object]:
        """As the page has it."""
        if self.steps is None:
            return {"bytes": self.n_bytes, "float": True}
        return {"bytes": self.n_bytes, "steps": self.steps, "zero": self.zero}

    def encode(self, values: np.ndarray, masked: np.ndarray | None = None) -> np.ndarray:
        """The codes of an array; masked entries have all bits set, or are NaN.

        Args:
            values: of any shape; what is not finite counts as masked.
            masked: True where there is no number; broadcast to the values.

        Raises:
            InputError: a number outside the bounds.
        """
        hidden = ~np.isfinite(values)
        if masked is not None:
            hidden |= masked
        shown = np.where(hidden, 0.0, values)
        if self.steps is None:
            return np.where(hidden, np.float32(np.nan), display_floats(shown))
        most = (1 << 8 * self.n_bytes) - 1
        codes = interval_codes(shown, self.steps) + self.zero
        if codes.size and (codes.min() < 0 or codes.max() >= most):
            worst = shown.ravel()[int(np.abs(codes - most // 2).argmax())]
            raise InputError(f"html: one of the weights is {worst:.6g}; expected numbers from 0 to 1")
        codes[hidden] = most
        return codes.astype(np.uint8 if self.n_bytes == 1 else np.uint16)


def interval_codes(values: np.ndarray, steps: int) -> np.ndarray:
    """floor(steps x), int32, and one less where x is a tie of a decimal that is rounded down to an even digit.

    Args:
        values: finite, of any float type and shape.
        steps: ``FINE`` or ``COARSE``.
    """
    exact = values.astype(np.float64)
    products = exact * steps
    floors = np.floor(products)
    codes: np.ndarray = floors.astype(np.int32)
    whole = (products == floors) & (exact != 0)  # elsewhere the product's rounding cannot pass a whole number
    if whole.any():
        beyond = _beyond(exact[whole], floors[whole], steps)
        lowered = (beyond < 0) | (beyond == 0) & _is_rounded_down(codes[whole], steps)
        codes[whole] -= lowered
    return codes


def _beyond(values: np.ndarray, products: np.ndarray, steps: int) -> np.ndarray:
    """By how much the exact products of values and steps are larger than the rounded ones; 0 only where they are equal.

    The values' halves of 26 bits (Dekker 1971) have exact products.
    """
    scaled = values * 134217729.0  # 2**27 + 1
    upper = scaled - (scaled - values)
    difference: np.ndarray = (upper * steps - products) + (values - upper) * steps
    return difference


def _is_rounded_down(codes: np.ndarray, steps: int) -> np.ndarray:
    """Which codes / steps are ties of two or three decimals whose lower neighbour is even."""
    down = np.zeros(codes.shape, bool)
    for decimals in _DECIMALS[steps]:
        unit = steps // 10**decimals  # codes in one digit, an even number
        down |= codes % (2 * unit) == unit // 2
    return down


def display_floats(values: np.ndarray) -> np.ndarray:
    """float32 that a browser prints with two and three decimals as Python prints the numbers themselves.

    A browser rounds ties up. So a tie that Python rounds down moves by the least step of float32, as does a float64
    whose float32 has other digits.
    """
    floats = values.astype(np.float32)
    exact = values.astype(np.float64)
    products = exact * FINE
    error = 0.0 if values.dtype in (np.float16, np.float32) else 2.0**-23  # of float32, which is rounded twice
    near = np.abs(products - np.round(products)) <= np.abs(products) * error
    near &= (exact != 0) & (np.abs(products) < 2**24)  # larger ones have no third decimal in float32
    for place in zip(*np.nonzero(near), strict=True):
        floats[place] = _display_float(float(exact[place]), floats[place])
    return floats


def _display_float(value: float, rounded: np.float32) -> np.float32:
    candidates = (rounded, np.nextafter(rounded, np.float32(-np.inf)), np.nextafter(rounded, np.float32(np.inf)))
    texts = [f"{value:.{decimals}f}" for decimals in _FLOAT_DECIMALS]
    for candidate in candidates:
        if [rounded_up(float(candidate), decimals) for decimals in _FLOAT_DECIMALS] == texts:
            return candidate
    return rounded


def rounded_up(value: float, decimals: int) -> str:
    """The number as JavaScript's ``toFixed`` prints it, which rounds ties away from 0."""
    size = Fraction(abs(value)) * 10**decimals
    digits = (2 * size.numerator + size.denominator) // (2 * size.denominator)
    text = f"{digits // 10**decimals}.{digits % 10**decimals:0{decimals}d}"
    return f"-{text}" if value < 0 else text
