"""A file's first bytes say what it is: packed and UTF-16 files are read, others are named with what to do."""

import bz2
import gzip
import io
import lzma
import zipfile

import numpy as np
import pytest

from attnviz.elsewhere.attention_file import read_attention
from attnviz.errors import InputError
from tests.elsewhere.arrays import npy, npz, softmax, text

ARRAY = softmax(2, 3, 4, 4)
EXPECTED = "expected attention as .npy, .npz, .safetensors or JSON"
TORCH = (
    "in Python: a = torch.load('saved', map_location='cpu'); "
    "numpy.savez('attention.npz', *[layer.detach().float().numpy() for layer in a])"
)


def archive(*members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as written:
        for member in members:
            written.writestr(member, b"x")
    return file.getvalue()


def sources(data, tmp_path):
    """The data as a file, as a stream that can seek, and as a pipe."""
    path = tmp_path / "saved"
    path.write_bytes(data)
    return path, io.BytesIO(data), io.BufferedReader(io.BytesIO(data))


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
@pytest.mark.parametrize("data", [npy(ARRAY), npz(attention=ARRAY), text(ARRAY.tolist()), text([[1.0]])])
def test_packed_files_are_unpacked(tmp_path, pack, data):
    for source in sources(pack(data), tmp_path):
        (result,) = read_attention(source)
        assert result.attention.size in (ARRAY.size, 1)


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_packed_files_that_are_damaged_are_one_line(tmp_path, pack):
    for source in sources(pack(npy(ARRAY))[:-20], tmp_path):
        with pytest.raises(InputError, match=r"it cannot be read \(.+\); expected attention as"):
            list(read_attention(source))


@pytest.mark.parametrize("charset", ["utf-16", "utf-32", "utf-8-sig"])
def test_json_of_other_character_sets_is_known_by_its_mark(tmp_path, charset):
    lines = (text({"attention": [[1.0]], "tokens": ["é"]}) + b"\n").decode() * 2
    for source in sources(lines.encode(charset), tmp_path):
        found = list(read_attention(source))
        assert [result.tokens[0].label for result in found] == ["é", "é"]


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_named(tmp_path, charset):
    for source in sources('{"attention": [[1]]}'.encode(charset), tmp_path):
        with pytest.raises(InputError, match="zero bytes, as UTF-16 has, but no byte order mark"):
            list(read_attention(source))


@pytest.mark.parametrize(
    ("data", "name", "hint"),
    [
        (b"\x80\x04\x95abc", "it is a pickle, which could run any program and is never read", TORCH),
        (b"(lp0\nF0.5\na.", "it is a pickle, which could run any program and is never read", TORCH),
        (b"0.5,0.5\n1,0\n", "it is text", "numpy.loadtxt('saved', delimiter=',')"),
        (
            archive("attentions/data.pkl", "attentions/version"),
            "it is a PyTorch file (.pt, .pth), whose pickle could run any program and is never read",
            TORCH,
        ),
        (b"\x89HDF\r\n\x1a\n" + bytes(20), "it is an HDF5 file (.h5)", "h5py.File('saved')['NAME']"),
        (b"GGUF\x03\x00\x00\x00" + bytes(20), "it is a GGUF file, which holds a model's weights", "save the attention"),
        (b"\x08\x07\x12\x07pytorch", "it is an ONNX model", "save its attention outputs"),
        (b"PAR1" + bytes(20), "it is a Parquet file", "pandas.read_parquet('saved').to_json"),
        (archive("word/document.xml"), "it is a ZIP archive without arrays", "numpy.savez"),
        (b"\x89PNG\r\n\x1a\n" + bytes(20), "it is a picture", "save the numbers"),
    ],
)
def test_what_is_not_attention_is_named_with_what_to_do(tmp_path, data, name, hint):
    path, *streams = sources(data, tmp_path)
    for source, where in ((path, str(path)), *((stream, "saved") for stream in streams)):
        with pytest.raises(InputError) as caught:
            list(read_attention(source, name="saved"))
        assert str(caught.value) == f"{where}: {name}; {EXPECTED}"
        assert hint in caught.value.hint


def test_python_s_nan_and_infinity_are_read_from_json():
    scores = b'{"attention": [[0.5, -Infinity], [0.25, 0.75]], "values": "scores"}'
    (result,) = read_attention(io.BytesIO(scores))
    assert result.views["encoder"].masked.tolist() == [[[False, True], [False, False]]]


@pytest.mark.parametrize("rows", [b"[[1, 0], [NaN, NaN]]", b"[[1, 0], [null, null]]"])
def test_a_row_of_nan_or_null_looks_at_nothing(rows):
    (result,) = read_attention(io.BytesIO(rows))
    np.testing.assert_array_equal(result.attention[0, 0], [[1, 0], [0, 0]])


def test_a_single_null_is_refused_with_its_place():
    with pytest.raises(InputError, match=r"attention\[1\]\[0\] is null; expected a number"):
        list(read_attention(io.BytesIO(b"[[1, 0], [null, 1]]")))
