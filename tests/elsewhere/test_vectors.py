"""Vectors from files: the same numbers from every format, and each mistake with its line and column."""

import json
import pickle
import re
import struct

import numpy as np
import pytest

from attnviz.elsewhere.vectors import read_vectors
from attnviz.errors import InputError
from tests.elsewhere.arrays import npy, npz

THREE = [[0.1, 0.2, 0.3], [0.4, 0.5, 0.6], [0.7, 0.8, 0.9], [-1, 1e3, 2.5e-3], [0, -0.0, 7]]
EXPECTED = "expected vectors as .npy, .npz, .csv or .json"
WORDS = re.compile(r"(damaged|not JSON) \(.*\);")  # the libraries' own words


def lines(separator):
    return "\n".join(separator.join(map(str, row)) for row in THREE).encode()


@pytest.mark.parametrize(
    "data",
    [
        npy(np.array(THREE, np.float32)),
        npz(anything=np.array(THREE, np.float32)),
        npz(vectors=np.asfortranarray(np.array(THREE, np.float32)), other=np.eye(2)),
        json.dumps(THREE).encode(),
        json.dumps({"vectors": THREE, "tokens": ["a"]}, indent=2).encode(),
        lines(","),
        lines(" , "),
        lines(";") + b"\n",
        lines(" "),
        lines("\t"),
        b"# x, y, z\n\n" + lines(",").replace(b"\n", b" # a comment\r\n\r\n"),
        b"\xef\xbb\xbf" + lines(","),
    ],
)
def test_every_format_gives_the_same_numbers(tmp_path, data):
    (tmp_path / "vectors").write_bytes(data)
    vectors = read_vectors(tmp_path / "vectors")
    assert vectors.dtype == (np.float32 if data.startswith((b"PK", b"\x93")) else np.float64)
    np.testing.assert_array_equal(vectors, np.array(THREE, vectors.dtype))


@pytest.mark.parametrize(("stored", "kept"), [("f8", "f8"), (">f8", "f8"), ("f2", "f4"), ("i4", "f4")])
def test_double_precision_arrays_stay_double(tmp_path, stored, kept):
    array = np.array([[1, 2, 3], [4, 5, 7]]).astype(stored) / (1 if stored == "i4" else 3)
    array = array.astype(stored)
    (tmp_path / "vectors").write_bytes(npy(array))
    vectors = read_vectors(tmp_path / "vectors")
    assert vectors.dtype == np.dtype(kept)
    np.testing.assert_array_equal(vectors, array.astype(kept))


REFUSED = {
    "empty": (b"", f": it is empty; {EXPECTED}"),
    "blank": (b"\n \n", f": it has no numbers; {EXPECTED}"),
    "comments": (b"# x\n# y\n", f": it has no numbers; {EXPECTED}"),
    "random": (b"\x00\xff\xfe" + np.random.default_rng(0).bytes(99), f": byte 2 is not UTF-8; {EXPECTED}"),
    "pickle": (pickle.dumps(THREE), f": byte 1 is not UTF-8; {EXPECTED}"),
    "pickled array": (
        npy(np.array([None])),
        f": it is a pickle, which could run any program and is never read; {EXPECTED}",
    ),
    "header line": (b"x,y,z\n1,2,3\n", ", line 1, column 1 is 'x'; expected a number"),
    "text": (b"1 2\n3 four\n", ", line 2, column 2 is 'four'; expected a number"),
    "long text": (b"1 2\n3 " + b"\x1b" * 99, f", line 2, column 2 is '{chr(92)}x1b"),
    "quoted": (b'1,"2"\n', ", line 1, column 2 is '\"2\"'; expected a number"),
    "decimal commas": (b"0,5;0,7\n", ", line 1, column 1 is '0,5'; expected a number"),
    "an empty cell": (b"1,2,3\n1,,3\n", ", line 2, column 2 is empty; expected a number"),
    "a last comma": (b"1,2,\n", ", line 1, column 3 is empty; expected a number"),
    "underscores": (b"1_000\n", ", line 1, column 1 is '1_000'; expected a number"),
    "nan": (b"1,2\n\n3,nan\n", ", line 3, column 2 is nan; expected a finite number"),
    "inf": (b"-inf\n", ", line 1, column 1 is -inf; expected a finite number"),
    "ragged": (b"# x\n1,2,3\n4,5\n", ", line 3: it has 2 numbers; expected 3, as the first row"),
    "ragged JSON": (b"[[1,2],[3]]", ": vectors[1] has 1 number, and [0] has 2; expected lists of equal length"),
    "text in JSON": (b'[[1,2],[3,"4"]]', ': vectors[1][1] is "4"; expected a number'),
    "null in JSON": (b"[[1,null]]", ": vectors[0][1] is null; expected a number"),
    "deep JSON": (b"[" * 100_000, f": it is not JSON (...); {EXPECTED}"),
    "3 lists deep": (b"[[[1]]]", ": vectors has lists 3 deep; expected at most 2"),
    "cut JSON": (b"[[1,2],[3", f": it is not JSON (...); {EXPECTED}"),
    "no vectors": (b'{"rows": [[1]]}', ": it has no 'vectors'; expected them, or a list of rows"),
    "1 axis": (npy(np.arange(3.0)), ": the shape is (3,); expected (tokens, d_model)"),
    "1 axis in JSON": (b"[1, 2]", ": the shape is (2,); expected (tokens, d_model)"),
    "3 axes": (npy(np.ones((1, 2, 3))), ": the shape is (1, 2, 3); expected (tokens, d_model)"),
    "no rows": (npy(np.ones((0, 3))), ": the shape is (0, 3); expected (tokens, d_model)"),
    "no columns": (b"[[],[]]", ": the shape is (2, 0); expected (tokens, d_model)"),
    "NaN": (npy(np.array([[1, 2], [3, np.nan]])), ": row 1, column 1 is nan; expected finite numbers"),
    "too large": (b"1,2\n3,1e999\n", ", line 2, column 2 is 1e999; expected a finite number"),
    "texts": (npy(np.array([["a"]])), ": its numbers are of type <U1; expected real numbers"),
    "complex": (npy(np.eye(2) * 1j), ": its numbers are of type complex128; expected real numbers"),
    "records": (npy(np.zeros(2, "V3")), ": its numbers are of type |V3; expected real numbers"),
    "cut": (npy(np.eye(2))[:-1], f": it has 31 bytes of data for the shape (2, 2) of float64; {EXPECTED}"),
    "2^60 numbers": (
        npy(np.eye(2)).replace(b"(2, 2), }" + b" " * 20, b"(1152921504606846976, 1), }  "),
        f": it has 32 bytes of data for the shape (1152921504606846976, 1) of float64; {EXPECTED}",
    ),
    "a damaged archive": (npz(a=np.eye(2))[:-5], f": it is damaged (...); {EXPECTED}"),
    "a length that lies": (npy(np.eye(2))[:8] + struct.pack("<H", 60000) + b"{}", f": it is damaged (...); {EXPECTED}"),
    "several arrays": (
        npz(a=np.eye(2), b=np.eye(2)),
        f": its arrays are a, b; which one is not said, as none is called vectors; {EXPECTED}",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_vectors_is_one_line(tmp_path, case):
    data, message = REFUSED[case]
    path = tmp_path / "v.csv"
    path.write_bytes(data)
    with pytest.raises(InputError) as caught:
        read_vectors(path)
    said = WORDS.sub(r"\1 (...);", str(caught.value))
    assert caught.value.exit_code == 3
    if case == "long text":
        assert said.startswith(f"{path}{message}")
        assert said.endswith("x1b'; expected a number")
        assert len(said) < len(str(path)) + 250
    else:
        assert said == f"{path}{message}"


def test_the_hint_about_a_header_line_is_for_the_first_line_only(tmp_path):
    path = tmp_path / "v.csv"
    for data, hint in [(b"x y\n1 2\n", "a line of names is left out if it begins with #"), (b"1 2\nx y\n", None)]:
        path.write_bytes(data)
        with pytest.raises(InputError) as caught:
            read_vectors(path)
        assert caught.value.hint == hint


def test_files_that_cannot_be_opened_are_one_line(tmp_path):
    for name, message in [
        ("missing.csv", "no such file"),
        ("", "it is a folder"),
        ("a\0b", "it cannot be read (embedded null byte)"),
    ]:
        with pytest.raises(InputError) as caught:
            read_vectors(tmp_path / name)
        assert str(caught.value) == f"{tmp_path / name}: {message}; {EXPECTED}".replace("\0", "\\x00")
