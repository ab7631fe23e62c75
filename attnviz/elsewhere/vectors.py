"""Vectors instead of a text: ``.npy``, ``.npz``, ``.csv`` or ``.json``, one row per token."""

from functools import partial
from pathlib import Path

import numpy as np

from attnviz.checkpoints.formats.magic import ZIP_MAGICS
from attnviz.checkpoints.formats.numpy_files import NPY_MAGIC, numbers_of
from attnviz.elsewhere.lists import listed_array, parse_json
from attnviz.errors import InputError, brief, one_line
from attnviz.files import read_file, utf8

_MOST_ROWS, _MOST_COLUMNS, _LARGEST = 2**17, 2**16, 1e15
_EXPECTED = "expected vectors as .npy, .npz, .csv or .json"


def read_vectors(path: Path) -> np.ndarray:
    """The vectors of a file, one row per token; its content says which format it has.

    A text file has one row per line, its numbers separated by semicolons, commas or white space; ``#`` begins a
    comment. JSON is a list of rows, or an object with ``vectors``.

    Returns:
        (n_tokens, d_model), float64, or float32 where an ``.npy`` or ``.npz`` has less.

    Raises:
        InputError: it cannot be read, is ragged, empty or too wide, or has numbers that are not finite or huge.
    """
    where, data = one_line(path), read_file(path, _EXPECTED)
    if data.startswith((NPY_MAGIC, *ZIP_MAGICS)):
        vectors = numbers_of(data, where, "vectors", _EXPECTED, partial(_check_shape, where))
    else:
        text = utf8(data, where, _EXPECTED)
        vectors = _json(text, where) if text.lstrip()[:1] in ("[", "{") else _table(text, where)
    _check_shape(where, vectors.shape)
    if not np.isfinite(vectors).all():
        row, column = np.argwhere(~np.isfinite(vectors))[0]
        raise InputError(f"{where}: row {row}, column {column} is {vectors[row, column]}; expected finite numbers")
    if vectors.max() > _LARGEST or vectors.min() < -_LARGEST:
        row, column = np.unravel_index(np.argmax(np.abs(vectors)), vectors.shape)
        raise InputError(
            f"{where}: row {row}, column {column} is {vectors[row, column]:g}; expected numbers up to {_LARGEST:g}, "
            "whose products a float32 holds"
        )
    return vectors


def _check_shape(where: str, shape: tuple[int, ...]) -> None:
    if len(shape) != 2 or 0 in shape:
        raise InputError(f"{where}: the shape is {brief(shape)}; expected (tokens, d_model)")
    if shape[0] > _MOST_ROWS or shape[1] > _MOST_COLUMNS:
        raise InputError(f"{where}: the shape is {shape}; expected at most {_MOST_ROWS} tokens of {_MOST_COLUMNS}")


def _json(text: str, where: str) -> np.ndarray:
    value = parse_json(text.encode(), where, _EXPECTED)
    if isinstance(value, dict):
        if "vectors" not in value:
            raise InputError(f"{where}: it has no 'vectors'; expected them, or a list of rows")
        return listed_array(value["vectors"], f"{where}: vectors", axes=2)
    return listed_array(value, f"{where}: vectors", axes=2)


def _table(text: str, where: str) -> np.ndarray:
    rows: list[list[float]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        words = _words(line.split("#", 1)[0])
        if not words:
            continue
        if len(words) > _MOST_COLUMNS:
            _check_shape(f"{where}, line {number}", (1, len(words)))
        rows.append([_number(word, f"{where}, line {number}, column {i}") for i, word in enumerate(words, start=1)])
        if len(rows[-1]) != len(rows[0]):
            raise InputError(
                f"{where}, line {number}: it has {len(rows[-1])} numbers; expected {len(rows[0])}, as the first row"
            )
    if not rows:
        raise InputError(f"{where}: it has no numbers; {_EXPECTED}")
    return np.array(rows, dtype=np.float64)


def _words(line: str) -> list[str]:
    """The cells of a line; an empty one stays, so that it is noticed."""
    for separator in (";", ","):
        if separator in line:
            return [word.strip() for word in line.split(separator)]
    return line.split()


def _number(word: str, where: str) -> float:
    try:
        value = float(word.replace("_", "no underscores"))
    except ValueError as error:
        said = brief(repr(word)) if word else "empty"
        hint = "a line of names is left out if it begins with #" if ", line 1," in where else None
        raise InputError(f"{where} is {said}; expected a number", hint) from error
    if not np.isfinite(value):
        raise InputError(f"{where} is {brief(word)}; expected a finite number")
    return value
