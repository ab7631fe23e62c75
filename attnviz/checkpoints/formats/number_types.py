"""The number types of parameters: one table with each type's name, how a file stores it, and how it is widened."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np


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


_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
NUMBER_TYPES = {
    kind.name: kind
    for kind in (
        NumberType("F64", np.dtype("<f8"), _to_float64, _FLOAT64, _FLOAT64),
        NumberType("F32", np.dtype("<f4"), _to_float32, _FLOAT32, _FLOAT32),
        NumberType("F16", np.dtype("<f2"), _to_float32, _FLOAT32, np.dtype(np.float16)),
        NumberType("BF16", np.dtype("<u2"), _from_bfloat16, _FLOAT32, None),
    )
}
_NAMES = {kind.numpy: kind.name for kind in NUMBER_TYPES.values() if kind.numpy is not None}


def number_type_name(dtype: np.dtype) -> str:
    """The name of one of NumPy's types, of either byte order; NumPy's own where it is not one of the table."""
    return _NAMES.get(dtype.newbyteorder("="), str(dtype))


def widest(names: Iterable[str]) -> np.dtype:
    """The type that holds the widened numbers of all these types; float32 without any."""
    return np.result_type(_FLOAT32, *(NUMBER_TYPES[name].wide for name in set(names) if name in NUMBER_TYPES))
