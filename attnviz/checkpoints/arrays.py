"""Arrays that other programs wrote: ``.npy``, ``.npz``, JSON lists; read without pickles, refused with their place."""

import io
import zipfile
import zlib
from pathlib import Path

import numpy as np
import orjson

from attnviz.errors import InputError, one_line

_MOST_AXES = 8
NPY_MAGIC, ZIP_MAGIC = b"\x93NUMPY", b"PK\x03\x04"


def read_file(path: Path, expected: str) -> bytes:
    """A file's bytes.

    Raises:
        InputError: it is missing, a folder, empty, or cannot be read.
    """
    where = one_line(path)
    try:
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"{where}: there is no such file; {expected}") from error
    except IsADirectoryError as error:
        raise InputError(f"{where}: it is a folder; {expected}") from error
    except (OSError, ValueError) as error:
        reason = one_line(getattr(error, "strerror", None) or error)
        raise InputError(f"{where}: it cannot be read ({reason}); {expected}") from error
    if not data.strip():
        raise InputError(f"{where}: it is empty; {expected}")
    return data


def binary_array(data: bytes, where: str, name: str) -> np.ndarray:
    """The array of an ``.npy``, or of an ``.npz``: its only one, or the one called ``name``.

    Raises:
        InputError: truncated, damaged, pickled, several arrays of other names, or no numbers.
    """
    try:
        loaded = np.load(io.BytesIO(data), allow_pickle=False)
        if isinstance(loaded, np.ndarray):
            return real_numbers(loaded, where)
        with loaded:
            names = loaded.files
            chosen = name if name in names else names[0] if len(names) == 1 else None
            if chosen is None:
                held = ", ".join(map(one_line, names)) or "none"
                raise InputError(f"{where}: its arrays are {held}; expected one, or one called {name}")
            return real_numbers(loaded[chosen], where)
    except (ValueError, EOFError, OSError, MemoryError, zipfile.BadZipFile, zlib.error, NotImplementedError) as error:
        if "pickle" in str(error).lower():
            raise InputError(f"{where}: it is a pickle, which is never read; expected an array of numbers") from error
        reason = one_line(error) or "it claims more than there is"
        raise InputError(f"{where}: it is no whole array file ({reason}); expected .npy or .npz") from error


def parse_json(data: bytes, where: str) -> object:
    """One JSON value.

    Raises:
        InputError: it is no JSON, with the line and column.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InputError(f"{where}: it is no JSON ({one_line(error)}); expected .npy, .npz or JSON") from error


def listed_array(value: object, where: str, name: str, *, null: float | None = None) -> np.ndarray:
    """Nested lists of numbers as a float64 array.

    Args:
        value: the lists.
        where: for the messages.
        name: what the lists are called there.
        null: what null stands for; None refuses it.

    Raises:
        InputError: ragged lists, or something that is no number, with its place.
    """
    try:
        array = np.array(value)
        if array.dtype.kind in "fiu":
            return array.astype(np.float64)
    except ValueError:  # ragged: found below, with its place
        pass
    shape = _shape(value)
    if len(shape) > _MOST_AXES:
        raise InputError(f"{where}: {name} has {len(shape)} axes; expected at most 4")
    numbers: list[float] = []
    _collect(value, shape, numbers, f"{where}: {name}", null)
    return np.array(numbers, dtype=np.float64).reshape(shape)


def _shape(value: object) -> tuple[int, ...]:
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)


def _collect(value: object, shape: tuple[int, ...], numbers: list[float], where: str, null: float | None) -> None:
    if not shape:
        if value is None and null is not None:
            value = null
        if isinstance(value, bool) or not isinstance(value, int | float):
            said = "a list" if isinstance(value, list) else one_line(orjson.dumps(value).decode())[:40]
            raise InputError(f"{where} is {said}; expected a number")
        numbers.append(value)
        return
    if not isinstance(value, list):
        raise InputError(f"{where} is no list; expected {shape[0]} items, as before it")
    if len(value) != shape[0]:
        raise InputError(f"{where} has {len(value)} items; expected {shape[0]}, as before it")
    for i, item in enumerate(value):
        _collect(item, shape[1:], numbers, f"{where}[{i}]", null)


def real_numbers(array: np.ndarray, where: str) -> np.ndarray:
    """The array, if it holds real numbers; float64 stays, everything else becomes float32."""
    if array.dtype.kind not in "fiub":
        raise InputError(f"{where}: its type is {array.dtype}; expected real numbers")
    return array.astype(np.float64 if array.dtype == np.float64 else np.float32)
