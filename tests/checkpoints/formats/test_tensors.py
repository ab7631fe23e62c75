"""Files of tensors that are damaged, hostile or something else: one line each, before anything is believed."""

import io
import json
import os
import pickle
import re
import struct
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.checkpoints.formats.native import describe, read_native, write_native
from attnviz.checkpoints.formats.tensors import open_tensors
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.parameters.seeded import SeededParams
from attnviz.errors import CheckpointError, ConfigError, bounded

EXPECTED = "expected a .safetensors or .npz file"
PICKLE = "is a pickle, which could run any program and is never read"
WORDS = re.compile(r"damaged \(.*\);")  # the libraries' own words


def npy(array, **header):
    """An ``.npy``, whose header may claim something else."""
    file = io.BytesIO()
    if header:
        given = {"descr": array.dtype.str, "fortran_order": False, "shape": array.shape, **header}
        np.lib.format.write_array_header_1_0(file, given)
        return file.getvalue() + array.tobytes()
    np.lib.format.write_array(file, array, allow_pickle=True)
    return file.getvalue()


def zipped(members, method=zipfile.ZIP_STORED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


def safetensors(header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + data


ONE = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
SAVED = zipped({"a.npy": npy(np.arange(3.0))})
ENCRYPTED = SAVED.replace(b"PK\x01\x02\x14\x03\x14\x00\x00\x00", b"PK\x01\x02\x14\x03\x14\x00\x01\x00")
BZIP2 = zipped({"a.npy": npy(np.arange(3.0))}, zipfile.ZIP_BZIP2)
CASES = {
    "random": (np.random.default_rng(0).bytes(999), f"unknown format; {EXPECTED}"),
    "text": (b"n_heads = 4\n", f"unknown format; {EXPECTED}"),
    "three bytes": (b"abc", f"unknown format; {EXPECTED}"),
    "one array": (npy(np.arange(3.0)), f"unknown format; {EXPECTED}"),
    "empty": (b"", f"it is empty; {EXPECTED}"),
    "pickle": (pickle.dumps({"a": 1}), f"it {PICKLE}; {EXPECTED}"),
    "old pickle": (pickle.dumps({"a": 1}, protocol=2), f"it {PICKLE}; {EXPECTED}"),
    "header of 2^60 bytes": (struct.pack("<Q", 2**60) + b"{}", f"it is damaged (...); {EXPECTED}"),
    "data of 2^60 bytes": (
        safetensors({"a": {**ONE, "shape": [2**58], "data_offsets": [0, 2**60]}}, bytes(8)),
        f"it is damaged (...); {EXPECTED}",
    ),
    "truncated": (safetensors({"a": ONE}, bytes(7)), f"it is damaged (...); {EXPECTED}"),
    "too long": (safetensors({"a": ONE}, bytes(9)), f"it is damaged (...); {EXPECTED}"),
    "overlapping": (safetensors({"a": ONE, "b": ONE}, bytes(8)), f"it is damaged (...); {EXPECTED}"),
    "wrong shape": (safetensors({"a": {**ONE, "shape": [3]}}, bytes(8)), f"it is damaged (...); {EXPECTED}"),
    "negative": (safetensors({"a": {**ONE, "shape": [-2]}}, bytes(8)), f"it is damaged (...); {EXPECTED}"),
    "unknown type": (safetensors({"a": {**ONE, "dtype": "Q7"}}, bytes(8)), f"it is damaged (...); {EXPECTED}"),
    "deep header": (safetensors(b'{"a":' * 100_000), f"it is damaged (...); {EXPECTED}"),
    "truncated zip": (SAVED[:-30], f"it is damaged (...); {EXPECTED}"),
    "wrong check sum": (
        zipped({"config.npy": npy(np.array("abcd"))}).replace(b"a\0\0\0b", b"x\0\0\0b", 1),
        f"its array config is damaged (...); {EXPECTED}",
    ),
    "encrypted zip": (ENCRYPTED, f"its array a is damaged (...); {EXPECTED}"),
    "other packing": (
        BZIP2,
        f"its array a is packed in a way that NumPy does not use (method 12); {EXPECTED}",
    ),
    "a member of text": (zipped({"notes.txt": b"hello"}), f"its array notes.txt is damaged (...); {EXPECTED}"),
    "objects": (zipped({"a.npy": npy(np.array([{}]))}), f"its array a {PICKLE}; {EXPECTED}"),
    "2^60 elements": (
        zipped({"a.npy": npy(np.arange(2.0), shape=(2**60,))}),
        f"its array a has 16 bytes of data for the shape (1152921504606846976,) of float64; {EXPECTED}",
    ),
    "less than claimed": (
        zipped({"a.npy": npy(np.arange(6.0), shape=(5, 2))}),
        f"its array a has 48 bytes of data for the shape (5, 2) of float64; {EXPECTED}",
    ),
    "deep array header": (
        zipped({"a.npy": b"\x93NUMPY\x01\x00" + struct.pack("<H", 9000) + b"(" * 9000}),
        f"its array a is damaged (...); {EXPECTED}",
    ),
    "several texts": (zipped({"config.npy": npy(np.array(["a", "b"]))}), f"its config is not a text (...); {EXPECTED}"),
    "no Unicode": (
        zipped({"config.npy": npy(np.array([2**31], "<u4"), descr="<U1", shape=())}),
        f"its config is not a text (...); {EXPECTED}",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_no_file_of_tensors_is_one_line(tmp_path, case):
    data, message = CASES[case]
    path = tmp_path / "a.safetensors"
    path.write_bytes(data)
    with pytest.raises(CheckpointError) as caught:
        open_tensors(path)
    assert caught.value.exit_code == 3
    said = re.sub(r"not a text \(.*\);", "not a text (...);", WORDS.sub("damaged (...);", str(caught.value)))
    assert said == f"{path}: {message}"
    assert len(str(caught.value)) < 400


def test_a_name_that_is_there_twice_is_refused(tmp_path):
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", npy(np.arange(3.0)))
        archive.writestr("a", npy(np.arange(3.0)))
    with pytest.raises(CheckpointError) as caught:
        open_tensors(path)
    assert str(caught.value) == f"{path}: its array a is there twice; {EXPECTED}"


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path):
    path, n = tmp_path / "a.npz", 2**30
    data = zipped({"config.npy": npy(np.zeros(0, np.uint8), shape=(n,))}, zipfile.ZIP_DEFLATED)
    held = struct.pack("<I", len(npy(np.zeros(0, np.uint8), shape=(n,))))
    path.write_bytes(data.replace(held, struct.pack("<I", n + 128)))  # what the unpacked member claims to be
    packed = zipfile.ZipFile(path).infolist()[0].compress_size
    with pytest.raises(CheckpointError) as caught:
        open_tensors(path)
    assert str(caught.value) == (f"{path}: its array config would unpack from {packed} to {n + 128} bytes; {EXPECTED}")


def test_files_that_cannot_be_opened_are_one_line(tmp_path, monkeypatch):
    for name, message in [
        ("missing", "no such file"),
        ("", "it is a folder"),
        ("a\0b", "it cannot be read (embedded null byte)"),
        ("n" * 300, "the name is too long"),
        ("\x1b[31m", "no such file"),
    ]:
        path = tmp_path / name
        with pytest.raises(CheckpointError) as caught:
            open_tensors(path)
        shown = str(path).replace("\0", "\\x00").replace("\x1b", "\\x1b")
        assert str(caught.value) == bounded(f"{shown}: {message}; {EXPECTED}")

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "a").touch()
    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(CheckpointError) as caught:
        open_tensors(tmp_path / "a")
    assert str(caught.value) == f"{tmp_path / 'a'}: no permission to read it; {EXPECTED}"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with pytest.raises(CheckpointError) as caught:
        open_tensors(path)
    assert str(caught.value) == f"{path}: it is a device or a pipe, which is read only once; {EXPECTED}"


def test_an_empty_archive_has_no_tensors(tmp_path):
    np.savez(tmp_path / "a.npz")
    assert open_tensors(tmp_path / "a.npz").shapes == {}


@pytest.fixture(scope="module")
def whole_files(tmp_path_factory):
    config = EncoderConfig(n_layers=1, n_heads=1, d_model=2, d_ff=0, n_vocab=3, bias=False)
    folder = tmp_path_factory.mktemp("whole")
    for ending in ("safetensors", "npz"):
        write_native(folder / f"a.{ending}", config, SeededParams(config))
    return [path.read_bytes() for path in sorted(folder.iterdir())]


@settings(max_examples=100)
@given(data=st.data())
def test_any_damage_is_either_harmless_or_one_line(tmp_path_factory, whole_files, data):
    whole = bytearray(data.draw(st.sampled_from(whole_files)))
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 20)))
    whole[start:end] = data.draw(st.binary(max_size=20))
    path = tmp_path_factory.getbasetemp() / "damaged"
    path.write_bytes(whole)
    try:
        params = read_native(path).params
        for name in params:
            assert np.isfinite(params[name]).all()
        describe(path)
    except (CheckpointError, ConfigError) as error:
        assert "\n" not in str(error)  # noqa: PT017 (not every damage is an error)
