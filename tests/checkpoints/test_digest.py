"""What identifies weights, made while the run goes on."""

import hashlib
import mmap
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

import attnviz
from attnviz.checkpoints import digest as digest_module
from attnviz.checkpoints.digest import FileDigest, begin_ahead, begin_digest
from attnviz.checkpoints.formats.native import describe, write_native
from attnviz.checkpoints.huggingface.folder import read_folder
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.parameters.seeded import SeededParams
from tests.checkpoints.folders import bert_tensors, write_bert, write_safetensors


def test_the_digest_of_a_folder_is_its_file_s_own(tmp_path):
    folder = write_bert(tmp_path / "bert")
    expected = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    assert attnviz.load(model=folder).info.weights == f"sha256:{expected}"
    assert read_folder(folder).begin_digest()() == expected


@pytest.fixture(autouse=True)
def nothing_begun(monkeypatch):
    monkeypatch.setattr(digest_module, "_ahead", {})


@pytest.mark.parametrize("more", [0, 1, -1])
def test_a_file_is_read_block_by_block_to_its_end(tmp_path, monkeypatch, more):
    monkeypatch.setattr(digest_module, "_BLOCK", mmap.ALLOCATIONGRANULARITY)
    path = tmp_path / "weights"
    path.write_bytes(bytes(i * i % 251 for i in range(3 * mmap.ALLOCATIONGRANULARITY + more)))
    assert FileDigest(path).result() == hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_digest_of_large_weights_needs_only_a_sample_and_still_tells_them_apart(tmp_path, monkeypatch):
    monkeypatch.setattr(digest_module, "_MOST_HASHED", 10)
    one, same, other = (write_bert(tmp_path / name) for name in ("one", "same", "other"))
    write_safetensors(other / "model.safetensors", bert_tensors(seed=1))
    digests = [read_folder(folder).begin_digest()() for folder in (one, same, other)]
    assert digests[0] == digests[1]
    assert digests[0] != digests[2]
    assert len(digests[0]) == 64


def sampled(paths, shapes, dtypes):
    return begin_digest(paths, SimpleNamespace(shapes=shapes, dtypes=dtypes))()


@pytest.mark.parametrize(
    ("shapes", "dtypes"),
    [
        ({"b": (2, 3)}, {"b": "F32"}),
        ({"a": (3, 2)}, {"a": "F32"}),
        ({"a": (6,)}, {"a": "F32"}),
        ({"a": (2, 3)}, {"a": "F16"}),
        ({"a": (2, 3), "b": (1,)}, {"a": "F32", "b": "F32"}),
        ({}, {}),
    ],
    ids=["name", "shape", "axes", "type", "one more", "none"],
)
def test_names_shapes_and_types_of_tensors_are_part_of_a_sampled_digest(tmp_path, shapes, dtypes):
    paths = [tmp_path / "one", tmp_path / "two"]
    for path in paths:
        path.write_bytes(bytes(99))
    usual = sampled(paths, {"a": (2, 3)}, {"a": "F32"})
    assert usual == sampled(paths, {"a": (2, 3)}, {"a": "F32"})
    assert usual != sampled(paths, shapes, dtypes)


def test_a_sample_is_both_ends_of_each_stride_of_each_file(tmp_path, monkeypatch):
    monkeypatch.setattr(digest_module, "_STRIDE", 16)
    monkeypatch.setattr(digest_module, "_SAMPLE", 3)
    paths = [tmp_path / "one", tmp_path / "two"]
    sizes, noticed = (35, 20), set()
    for path, size in zip(paths, sizes, strict=True):
        path.write_bytes(bytes(size))
    usual = sampled(paths, {}, {})
    for path, size in zip(paths, sizes, strict=True):
        for at in range(size):
            path.write_bytes(bytes(at) + b"x" + bytes(size - at - 1))
            if sampled(paths, {}, {}) != usual:
                noticed.add((path.name, at))
        path.write_bytes(bytes(size))
    ends = {
        (path.name, at)
        for path, size in zip(paths, sizes, strict=True)
        for at in range(size)
        if at % 16 in (0, 1, 2, 13, 14, 15)
    }
    assert noticed == ends


def test_a_native_file_is_read_whole_however_large_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(digest_module, "_MOST_HASHED", 10)
    path = tmp_path / "native.npz"
    config = EncoderConfig(n_layers=1, n_vocab=7, n_ctx=5)
    write_native(path, config, SeededParams(config))
    expected = hashlib.sha256(path.read_bytes()).hexdigest()
    assert attnviz.load(path).info.weights == f"sha256:{expected}"
    assert describe(path).sha256 == expected


def test_a_file_that_becomes_shorter_while_it_is_read_is_an_error_of_the_system(tmp_path, monkeypatch):
    path = tmp_path / "w.bin"
    path.write_bytes(bytes(100))
    monkeypatch.setattr(digest_module, "_BLOCK", 64)
    with pytest.raises(OSError, match=r"w\.bin: it became shorter while it was read"):
        digest_module.sha256_of(path, until=lambda: path.write_bytes(bytes(10)))


def test_an_error_reaches_whoever_asks(tmp_path):
    begun = FileDigest(tmp_path / "gone")
    with pytest.raises(FileNotFoundError):
        begun.result()


def test_a_program_that_ends_does_not_wait_for_it(tmp_path):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(2**40)  # holes; hashing them takes many minutes
    code = (
        f"from attnviz.checkpoints.digest import FileDigest; from pathlib import Path; FileDigest(Path({str(path)!r}))"
    )
    ended = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=300)
    assert ended.stderr == b""


def test_a_digest_that_was_begun_ahead_is_the_one_that_is_used(tmp_path):
    folder = write_bert(tmp_path / "bert")
    path = folder / "model.safetensors"
    begin_ahead(folder)
    begun = digest_module._ahead[path]
    file = read_folder(folder).file
    assert begin_digest([path], file) == begun.result
    assert begin_digest([path], file) != begun.result  # a second load reads the file as it is then


@pytest.mark.parametrize("make", [Path, os.mkdir, os.mkfifo], ids=["missing", "empty folder", "pipe"])
def test_nothing_is_begun_ahead_of_what_has_no_weights(tmp_path, make):
    make(tmp_path / "model")
    begin_ahead(tmp_path / "model")
    begin_ahead(Path("nul\0"))
    assert not digest_module._ahead
