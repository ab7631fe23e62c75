"""How far rounding can take a row's sum from 1, by the number type that the values show.

Values keep the marks of their type when they are widened to float32: those of bfloat16 have 16 low bits of zero, those
of float16 convert to it and back unchanged, and decimals are multiples of 10^-k.
"""

from collections.abc import Iterable

import numpy as np

from attnviz.records import dataclass

EXACT = 2e-3  # what a row of a longer type may miss without a note: arithmetic, and decimals of many places

# More decimals in a 16-bit type could be chance, as its own steps are nearly as small.
_FEW_PLACES = 2
_SINGLE = 1e-7  # what float32 can do to a number, as a share
_NEAR = 1e-3  # of a unit in the last place, by which a decimal in binary may be off


@dataclass(frozen=True)
class Rounding:
    """A kind of rounding.

    Attributes:
        places: decimals; 0 for all that the type has.
        number_type: ``bfloat16``, ``float16``, or empty for one that adds no error.
    """

    places: int = 0
    number_type: str = ""

    @property
    def name(self) -> str:
        """The kind in words: ``bfloat16``, ``rounded to 2 decimals``."""
        if not self.places:
            return self.number_type
        if self.is_printed:
            return f"{self.number_type}, printed with {self.places} decimals"
        decimals = f"rounded to {self.places} decimal{'s' * (self.places > 1)}"
        return f"{decimals}, in {self.number_type}" if self.number_type else decimals

    @property
    def is_printed(self) -> bool:
        """Whether the numbers of the type were rounded to decimals, and not decimals to numbers of the type."""
        return bool(self.number_type) and self.places > _FEW_PLACES

    @property
    def share(self) -> float:
        """The largest error of a row's sum by the type, as a share of it."""
        return {"bfloat16": 2.0**-8, "float16": 2.0**-10}.get(self.number_type, 0.0)

    @property
    def unit(self) -> float:
        """The largest error of each value by the decimals, or by the least number of the type."""
        return 0.5 * 10.0**-self.places if self.places else 2.0**-25

    def fits(self, values: np.ndarray) -> bool:
        """Whether all of these values are rounded in this way."""
        if self.is_printed:
            printed = _nearest_bfloat16(values).astype(np.float64).round(self.places)
            return bool((np.abs(printed - values) <= _NEAR * 10.0**-self.places + _SINGLE * np.abs(values)).all())
        if self.number_type:
            with np.errstate(over="ignore"):
                narrow = values.astype(np.float32)
            if not np.array_equal(narrow, values) or not _IS_TYPE[self.number_type](narrow):
                return False
        if not self.places:
            return True
        scaled = values.astype(np.float64) * 10.0**self.places
        near = np.maximum(_NEAR, self.share * np.abs(scaled))
        return bool((np.abs(scaled - np.rint(scaled)) <= near).all())

    def allows(self, sums: np.ndarray, n_positive: np.ndarray, n_keys: int) -> np.ndarray:
        """Whether rows whose numbers were rounded in this way can have summed to 1.

        A value of 0 can have been rounded down, and not up, so that only positive ones can make a sum too large.

        Args:
            sums: the rows' sums.
            n_positive: how many numbers of each row are above 0, in the shape of the sums.
            n_keys: how many numbers a row has.
        """
        slack = self.share + EXACT / 10  # the arithmetic of the sum itself
        allowed: np.ndarray = (1 - sums <= slack + self.unit * n_keys) & (sums - 1 <= slack + self.unit * n_positive)
        return allowed


def roundings_of(blocks: Iterable[np.ndarray]) -> list[Rounding]:
    """The kinds of rounding that all of the values have in common, the least likely to be chance first.

    Args:
        blocks: weights, float32 or float64, of any shapes; each is looked at once.
    """
    kinds = list(_KINDS)
    for block in blocks:
        kinds = [kind for kind in kinds if kind.fits(block)]
        if not kinds:
            break
    return kinds


def _nearest_bfloat16(values: np.ndarray) -> np.ndarray:
    """The numbers rounded to bfloat16, half to even."""
    with np.errstate(over="ignore"):
        bits = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    return ((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def _is_bfloat16(values: np.ndarray) -> bool:
    return not (np.ascontiguousarray(values).view(np.uint32) & 0xFFFF).any()


def _is_float16(values: np.ndarray) -> bool:
    with np.errstate(over="ignore"):
        return bool((values.astype(np.float16).astype(np.float32) == values).all())


_IS_TYPE = {"bfloat16": _is_bfloat16, "float16": _is_float16}
_KINDS = (
    *(Rounding(places) for places in (1, 2, 3, 4)),
    *(Rounding(0, number_type) for number_type in _IS_TYPE),
    *(Rounding(places, number_type) for number_type in _IS_TYPE for places in (1, 2)),
    *(Rounding(places, "bfloat16") for places in (4, 5, 6)),
)
