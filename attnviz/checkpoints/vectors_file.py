"""Vectors instead of a text: ``.npy``, ``.npz``, ``.csv`` or ``.json``, a row a token."""

import re
from pathlib import Path

import numpy as np

from attnviz.checkpoints.arrays import NPY_MAGIC, ZIP_MAGIC, binary_array, listed_array, parse_json, read_file
from attnviz.errors import InputError, one_line

_EXPECTED = "expected vectors as .npy, .csv or .json"


def read_vectors(path: Path) -> np.ndarray:
    """The vectors of a file, (n_tokens, d_model); its content says which format it has.

    A text file has a row a line, numbers apart by commas, semicolons or white space; ``#`` begins a comment.

    Raises:
        InputError: it cannot be read, is ragged or empty, or has something that is no finite number.
    """
    where, data = one_line(path), read_file(path, _EXPECTED)
    if data.startswith((NPY_MAGIC, ZIP_MAGIC)):
        vectors = binary_array(data, where, "vectors")
    elif data.lstrip()[:1] in (b"[", b"{"):
        value = parse_json(data, where)
        value = value.get("vectors") if isinstance(value, dict) else value
        vectors = listed_array(value, where, "vectors")
    else:
        vectors = _csv(data, where)
    if vectors.ndim != 2 or not vectors.size:
        raise InputError(f"{where}: its shape is {vectors.shape}; expected (tokens, d_model)")
    if not np.isfinite(vectors).all():
        row, column = np.argwhere(~np.isfinite(vectors))[0]
        raise InputError(f"{where}: row {row}, column {column} is {vectors[row, column]}; expected finite numbers")
    return vectors


def _csv(data: bytes, where: str) -> np.ndarray:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{where}: byte {error.start + 1} is not UTF-8; {_EXPECTED}") from error
    rows: list[list[float]] = []
    for number, line in enumerate(text.split("\n"), start=1):
        words = [word for word in re.split(r"[,;\s]+", line.split("#", 1)[0].strip()) if word]
        if not words:
            continue
        rows.append([_number(word, f"{where}, line {number}, column {i}") for i, word in enumerate(words, start=1)])
        if len(rows[-1]) != len(rows[0]):
            raise InputError(f"{where}, line {number}: {len(rows[-1])} numbers; expected {len(rows[0])}, as before it")
    return np.array(rows, dtype=np.float64)


def _number(word: str, where: str) -> float:
    try:
        return float(word)
    except ValueError as error:
        raise InputError(f"{where}: {one_line(word)[:40]!r} is no number; {_EXPECTED}") from error
