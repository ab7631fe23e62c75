"""The number types of parameters: one table with each type's name, how a file stores it, and how it is widened."""

from collections.abc import Callable, Iterable

import numpy as np

from attnviz.checkpoints.formats.gguf.block_types import QUANTISED_TYPES
from attnviz.records import dataclass


def _to_float32(stored: np.ndarray) -> np.ndarray:
    return stored.astype(np.float32, copy=False)


def _to_float64(stored: np.ndarray) -> np.ndarray:
    return stored.astype(np.float64, copy=False)


def _from_bfloat16(stored: np.ndarray) -> np.ndarray:
    """Two bytes become the upper half of a float32."""
    widened: np.ndarray = np.left_shift(stored, np.uint32(16), dtype=np.uint32).view(np.float32)
    return widened


@dataclass(frozen=True)
class NumberType:
    """A number type that a parameter can have.

    Attributes:
        name: in safetensors' spelling, which messages and ``weights info`` use for every format.
        stored: NumPy's type of the bytes in a file.
        widen: turns stored numbers into ones to compute with, without a copy where they are so already.
        wide: NumPy's type after that.
        numpy: NumPy's own type of these numbers; None where it has none.
    """

    name: str
    stored: np.dtype
    widen: Callable[[np.ndarray], np.ndarray]
    wide: np.dtype
    numpy: np.dtype | None


def _float8_values(mantissa: int, bias: int, *, has_infinity: bool) -> np.ndarray:
    """The numbers of all 256 bytes: a sign, an exponent, and ``mantissa`` bits (Micikevicius et al. 2022)."""
    codes = np.arange(256)
    exponent, fraction = (codes & 127) >> mantissa, (codes & (2**mantissa - 1)) / 2**mantissa
    size = np.where(exponent == 0, fraction * 2.0 ** (1 - bias), (1 + fraction) * 2.0 ** (exponent - bias))
    last = 127 >> mantissa
    special = (exponent == last) & (fraction > 0) if has_infinity else (codes & 127) == 127
    size = np.where(special, np.nan, size)
    if has_infinity:
        size = np.where((exponent == last) & (fraction == 0), np.inf, size)
    return np.where(codes < 128, size, -size).astype(np.float32)


def _looked_up(values: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Widens bytes by a table of 256 numbers."""

    def widen(stored: np.ndarray) -> np.ndarray:
        widened: np.ndarray = values[stored]
        return widened

    return widen


_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
_BYTE = np.dtype(np.uint8)
_POWERS = np.append(2.0 ** (np.arange(255) - 127), np.nan).astype(np.float32)  # an exponent alone, as scales have it
NUMBER_TYPES = {
    kind.name: kind
    for kind in (
        NumberType("F64", np.dtype("<f8"), _to_float64, _FLOAT64, _FLOAT64),
        NumberType("F32", np.dtype("<f4"), _to_float32, _FLOAT32, _FLOAT32),
        NumberType("F16", np.dtype("<f2"), _to_float32, _FLOAT32, np.dtype(np.float16)),
        NumberType("BF16", np.dtype("<u2"), _from_bfloat16, _FLOAT32, None),
        NumberType("F8_E4M3", _BYTE, _looked_up(_float8_values(3, 7, has_infinity=False)), _FLOAT32, None),
        NumberType("F8_E5M2", _BYTE, _looked_up(_float8_values(2, 15, has_infinity=True)), _FLOAT32, None),
        NumberType("F8_E8M0", _BYTE, _looked_up(_POWERS), _FLOAT32, None),
    )
}
# Whole numbers that stand for others by a scale: no parameters by themselves.
SCALED_TYPES = {"I8": NumberType("I8", np.dtype("i1"), _to_float32, _FLOAT32, np.dtype("i1"))}
READ_TYPES = NUMBER_TYPES | SCALED_TYPES
FLOAT_NAMES = {*NUMBER_TYPES, *QUANTISED_TYPES}  # blocks of bits of GGUF files are read as float32
_NAMES = {kind.numpy: kind.name for kind in NUMBER_TYPES.values() if kind.numpy is not None}


def number_type_name(dtype: np.dtype) -> str:
    """The name of one of NumPy's types, of either byte order; NumPy's own where it is not one of the table."""
    return _NAMES.get(dtype.newbyteorder("="), str(dtype))


def widest(names: Iterable[str]) -> np.dtype:
    """The type that holds the widened numbers of all these types; float32 without any."""
    return np.result_type(_FLOAT32, *(NUMBER_TYPES[name].wide for name in set(names) if name in NUMBER_TYPES))
