"""How far numbers may differ that ought to be the same, and are sums of float32 in another order.

A matrix product adds up its terms in an order that depends on the shape and on the kernel that OpenBLAS chooses for
the processor. So a text has the same numbers by itself and in a batch to the last bit on some kernels, and elsewhere to
a few units of the seventh digit, which a softmax makes larger.
"""

import ctypes
import re
import sys

import numpy as np  # noqa: F401 (which loads the module that _openblas asks)

# Measured: at most 2e-6, in the attention of trained models on Haswell and Katmai. A wrong mask changes far more.
ROUNDING = 1e-5
# Kernels, and the OpenBLAS, of which it was measured that the attention of trained models does not differ in a bit.
_EXACT = {("0.3.31", kernel) for kernel in ("SkylakeX", "Sandybridge", "Nehalem")}
_TELLERS = tuple(f"{prefix}openblas_get_config{suffix}" for prefix in ("scipy_", "") for suffix in ("64_", ""))


def between_batches() -> float:
    """How far the attention of a trained model may differ between a text alone and in a batch, on this machine."""
    return 0.0 if _version_and_kernel(_openblas()) in _EXACT else ROUNDING


def _version_and_kernel(told: str) -> tuple[str, str] | None:
    """Those in what OpenBLAS tells of itself, such as "OpenBLAS 0.3.31.dev DYNAMIC_ARCH Haswell MAX_THREADS=64"."""
    found = re.fullmatch(r"OpenBLAS (\d+\.\d+\.\d+)\b.* (\w+) MAX_THREADS=\d+", told.strip())
    return found and (found[1], found[2])


def _openblas() -> str:
    """What the OpenBLAS of this NumPy tells of itself; nothing where it has another library, or it cannot be asked."""
    names = ("numpy._core._multiarray_umath", "numpy.core._multiarray_umath")
    try:
        library = ctypes.CDLL(next(sys.modules[name].__file__ for name in names if name in sys.modules))
    except (StopIteration, OSError):
        return ""
    for name in _TELLERS:
        if hasattr(library, name):
            teller = getattr(library, name)
            teller.restype = ctypes.c_char_p
            return teller().decode()
    return ""


def equal_but_for_noise(ours: object, theirs: object) -> bool:
    """The same JSON, whose fractions may differ by what rounding does."""
    if isinstance(ours, float) and isinstance(theirs, float):
        return abs(ours - theirs) <= ROUNDING * max(1, abs(theirs))
    if type(ours) is not type(theirs):
        return False
    if isinstance(ours, dict):
        return list(ours) == list(theirs) and all(equal_but_for_noise(ours[k], theirs[k]) for k in ours)
    if isinstance(ours, list):
        return len(ours) == len(theirs) and all(map(equal_but_for_noise, ours, theirs))
    return ours == theirs
