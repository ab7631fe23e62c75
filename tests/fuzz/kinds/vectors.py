"""Vectors in place of a text: cells, rows and shapes that are not numbers, or too many of them."""

import io
import random

import numpy as np

from tests.fuzz.case import Case
from tests.fuzz.material import json_bytes, mutated, text

_CELLS = (
    "nan",
    "inf",
    "-inf",
    "1e30",
    "1e308",
    "1e999",
    "-1e38",
    "",
    "1_0",
    "0x1",
    "٣",
    "1e-320",
    "9" * 3000,
    "x" * 3000,
)


def draw(rng: random.Random) -> Case:
    """A file of vectors for a block whose width is that of the good ones."""
    rows = [[f"{rng.uniform(-2, 2):.3f}" for _ in range(4)] for _ in range(3)]
    form = rng.choice(("table", "table", "json", "npy", "npz", "wide"))
    if form == "table":
        for _ in range(rng.randint(1, 3)):
            row = rng.choice(rows)
            row[rng.randrange(len(row))] = rng.choice(_CELLS) if rng.random() < 0.7 else text(rng)
        if rng.random() < 0.2:
            rng.choice(rows).append("1")
        data = "\n".join(rng.choice((",", ";", "\t", " ")).join(row) for row in rows).encode("utf-8", "surrogatepass")
    elif form == "json":
        numbers = [[float(cell) for cell in row] for row in rows]
        data = json_bytes(rng, numbers if rng.random() < 0.5 else {"vectors": numbers})
    elif form == "wide":
        data = b"1," * rng.choice((100, 30_000)) + rng.choice((b"1", b"", b"x"))
    else:
        data = _arrays(rng, form)
    options = rng.choice(((), ("--json",), ("--n-layers", "1"), ("--d-model", "4", "--n-heads", "2")))
    return Case((rng.choice(("show", "heads")), "--vectors", "v", *options), {"v": data})


def _arrays(rng: random.Random, form: str) -> bytes:
    array = np.array([[1.0, 2.0, 3.0, 4.0]] * 3, dtype=rng.choice(("<f4", "<f8", "<f2", "<i8", "<c8", "<U3", "?")))
    if array.dtype.kind == "f":
        array[0, 0] = rng.choice((1e4, np.inf, np.nan, np.finfo(array.dtype).max))
    stream = io.BytesIO()
    if form == "npy":
        np.save(stream, rng.choice((array, array[0], array[:0], array[None])))
    else:
        np.savez(stream, **dict.fromkeys(rng.choice((["vectors"], ["a", "b"], ["n" * 3000, "m" * 3000], [])), array))
    return mutated(rng, stream.getvalue()) if rng.random() < 0.5 else stream.getvalue()
