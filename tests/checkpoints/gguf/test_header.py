"""GGUF files that are damaged or hostile end in one line, before any number is read."""

import os
import struct

import gguf
import numpy as np
import pytest

from attnviz.checkpoints.formats.gguf.block_types import BLOCK_TYPES, QUANTISED_TYPES
from attnviz.checkpoints.formats.gguf.header import read_header
from attnviz.checkpoints.formats.magic import is_gguf
from attnviz.checkpoints.gguf.model import read_gguf
from attnviz.errors import AttnvizError, CheckpointError
from tests.checkpoints.gguf.conversion import convert
from tests.checkpoints.gguf.recipes import RECIPES

TEXT, ARRAY, UINT32, FLOAT32 = 8, 9, 4, 6


def text(value: bytes) -> bytes:
    return struct.pack("<Q", len(value)) + value


def key(name: bytes, code: int, value: bytes) -> bytes:
    return text(name) + struct.pack("<I", code) + value


def tensor(name: bytes, sizes: tuple[int, ...], code: int, offset: int) -> bytes:
    return text(name) + struct.pack(f"<I{len(sizes)}QIQ", len(sizes), *sizes, code, offset)


def file_of(keys=(), tensors=(), data=b"", *, version=3, counts=None) -> bytes:
    """A file of parts, its data after the padding."""
    n_tensors, n_keys = counts or (len(tensors), len(keys))
    header = b"GGUF" + struct.pack("<IQQ", version, n_tensors, n_keys) + b"".join(keys) + b"".join(tensors)
    return header + b"\0" * (-len(header) % 32) + data


ONE = tensor(b"a", (4,), 0, 0)
EXPECTED = "expected a GGUF file"
FAULTS = {
    "it does not begin with GGUF; " + EXPECTED: b"GGML" + file_of()[4:],
    "it is of version 1; expected a little-endian GGUF file of version 2 or 3": file_of(version=1),
    "it is big-endian; expected a little-endian GGUF file of version 2 or 3": file_of(version=3 << 24),
    f"its header promises {2**63} keys, for which it has no room; {EXPECTED}": file_of(counts=(0, 2**63)),
    f"its header promises {2**40} tensors, for which it has no room; {EXPECTED}": file_of(counts=(2**40, 0)),
    "the name of a key has 0 bytes; expected 1 to 65535": file_of([key(b"", UINT32, b"abcd"), b"\0" * 20]),
    f"the name of a key has {2**62} bytes; expected 1 to 65535": file_of([struct.pack("<QQ", 2**62, 0)]),
    "the name of a key is not UTF-8 (b'\\xff\\xfe'); " + EXPECTED: file_of([key(b"\xff\xfe", UINT32, b"abcd")]),
    f"it has the key a twice; {EXPECTED}": file_of([key(b"a", UINT32, b"abcd")] * 2),
    f"the value of a is of type 13, which GGUF does not have; {EXPECTED}": file_of([key(b"a", 13, b"abcd")]),
    f"a is an array of arrays, which attnviz does not read; {EXPECTED}": file_of(
        [key(b"a", ARRAY, struct.pack("<IQ", ARRAY, 1))]
    ),
    f"a is an array of {2**61}, for which it has no room; {EXPECTED}": file_of(
        [key(b"a", ARRAY, struct.pack("<IQ", FLOAT32, 2**61))]
    ),
    f"a is an array of {2**60}, for which it has no room; {EXPECTED} ": file_of(
        [key(b"a", ARRAY, struct.pack("<IQ", TEXT, 2**60))]
    ),
    f"its header goes on to byte {2**60 + 45}, and it ends after 64; {EXPECTED}": file_of(
        [key(b"a", TEXT, struct.pack("<Q", 2**60))]
    ),
    "its general.alignment is 24; expected a power of two": file_of(
        [key(b"general.alignment", UINT32, struct.pack("<I", 24))]
    ),
    "its general.alignment is 32; expected a power of two": file_of([key(b"general.alignment", TEXT, text(b"32"))]),
    f"it has the tensor a twice; {EXPECTED}": file_of(tensors=[ONE, ONE], data=b"\0" * 16),
    "tensor a has 5 axes; expected 1 to 4": file_of(tensors=[tensor(b"a", (1,) * 5, 0, 0)], data=b"\0" * 4),
    "tensor a has 4294967295 axes; expected 1 to 4": file_of(
        tensors=[text(b"a") + struct.pack("<I", 2**32 - 1) + b"\0" * 40]
    ),
    "tensor a is (0,): it holds no numbers; expected sizes of 1 or more": file_of(tensors=[tensor(b"a", (0,), 0, 0)]),
    "tensor a is (2, 33) in blocks of 32 (Q8_0); expected whole blocks in each row": file_of(
        tensors=[tensor(b"a", (33, 2), 8, 0)], data=b"\0" * 99
    ),
    f"tensor a is ({2**40}, {2**40}) in blocks of 1 (F32); expected whole blocks in each row": file_of(
        tensors=[tensor(b"a", (2**40, 2**40), 0, 0)]
    ),
    "tensor a starts at byte 73; expected a multiple of 32": file_of(
        tensors=[tensor(b"a", (4,), 0, 9)], data=b"\0" * 64
    ),
    f"tensor b starts inside a; {EXPECTED}": file_of(
        tensors=[tensor(b"a", (16,), 0, 0), tensor(b"b", (4,), 0, 32)], data=b"\0" * 64
    ),
    "it ends after 72 bytes, and tensor a goes on to byte 80; expected the whole file": file_of(
        tensors=[ONE], data=b"\0" * 8
    ),
    f"it ends after 64 bytes, and tensor a goes on to byte {2**60 + 80}; expected the whole file": file_of(
        tensors=[tensor(b"a", (4,), 0, 2**60)]
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named(fault, tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(FAULTS[fault])
    with pytest.raises(CheckpointError) as raised:
        read_header(path)
    assert str(raised.value) == f"{path}: {fault.strip()}"


def test_an_unknown_number_type_is_named_with_those_that_are_read(tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(file_of(tensors=[tensor(b"a", (4,), 200, 0)], data=b"\0" * 16))
    with pytest.raises(CheckpointError, match=r"tensor a is of type 200, .*; expected one of BF16, F16, .*Q4_K"):
        read_header(path)


def test_all_kinds_of_values_are_read(tmp_path):
    values = {
        b"u8": (0, b"\xff", 255),
        b"i8": (1, b"\xff", -1),
        b"u16": (2, b"\xff\xff", 65535),
        b"i16": (3, b"\xff\xff", -1),
        b"i32": (5, b"\xff" * 4, -1),
        b"f32": (6, struct.pack("<f", 1e-5), 1e-5),
        b"bool": (7, b"\1", True),
        b"text": (8, text("ü\n".encode()), "ü\n"),
        b"bytes": (8, text(b"a\xff"), "a\udcff"),
        b"u64": (10, b"\xff" * 8, 2**64 - 1),
        b"i64": (11, b"\xff" * 8, -1),
        b"f64": (12, struct.pack("<d", 0.1), 0.1),
        b"texts": (9, struct.pack("<IQ", 8, 2) + text(b"a") + text(b""), ["a", ""]),
    }
    path = tmp_path / "model"
    path.write_bytes(file_of([key(name, code, data) for name, (code, data, _) in values.items()]))
    metadata = read_header(path).metadata
    assert {name.encode(): value for name, value in metadata.items()} == {k: v for k, (_, _, v) in values.items()}
    assert is_gguf(path)


def test_arrays_of_numbers_are_read_only_arrays(tmp_path):
    path = tmp_path / "model.gguf"
    numbers = struct.pack("<IQ3f", FLOAT32, 3, 0.5, 1, 2)
    path.write_bytes(file_of([key(b"n", ARRAY, numbers), key(b"b", ARRAY, struct.pack("<IQ", 7, 2) + b"\0\1")]))
    metadata = read_header(path).metadata
    assert metadata["n"].tolist() == [0.5, 1, 2]
    assert metadata["b"].tolist() == [False, True]
    assert not metadata["n"].flags.writeable


def test_the_table_of_types_is_the_package_s():
    sizes = {code: gguf.GGML_QUANT_SIZES[gguf.GGMLQuantizationType(code)] for code in BLOCK_TYPES}
    assert {code: (kind.numbers, kind.bytes) for code, kind in BLOCK_TYPES.items()} == sizes
    assert {kind.name for kind in BLOCK_TYPES.values()} == {
        gguf.GGMLQuantizationType(code).name for code in BLOCK_TYPES
    }
    dequantised = {code.name for code in gguf.quants._type_traits} - {"BF16"}
    assert set(QUANTISED_TYPES) <= dequantised


def test_a_pipe_and_a_folder_are_not_gguf_files(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    assert not is_gguf(tmp_path / "pipe")
    assert not is_gguf(tmp_path)
    with pytest.raises(CheckpointError, match="it is a device or a pipe"):
        read_header(tmp_path / "pipe")


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> bytes:
    path = tmp_path_factory.mktemp("gguf") / "model.gguf"
    convert(next(recipe for recipe in RECIPES if recipe.folder == "qwen2"), path)
    return path.read_bytes()


def damaged(whole: bytes, random: np.random.Generator, end: int) -> bytes:
    """The file with some bytes of its header replaced: by others, by the largest numbers, by zeros."""
    data = bytearray(whole)
    for _ in range(random.choice((1, 1, 2, 8))):
        place, size = random.integers(4, end), int(random.choice((1, 4, 8)))
        data[place : place + size] = (random.bytes(size), b"\xff" * size, b"\0" * size)[random.integers(3)]
    return bytes(data)


def fault_of(path) -> str | None:
    try:
        read_gguf(path).params["layers.0.attn.wq"]
    except AttnvizError as error:
        return str(error)
    return None


def test_any_damage_of_a_header_is_one_line_or_harmless(whole, tmp_path):
    random, path = np.random.default_rng(19), tmp_path / "model.gguf"
    end, faults = whole.index(b"output_norm.weight") + 60, []
    for _ in range(300):
        path.write_bytes(damaged(whole, random, end))
        faults.append(fault_of(path))
    named = [fault for fault in faults if fault is not None]
    assert len(named) > 100
    assert all(fault.isprintable() and len(fault) < 2000 for fault in named)


def test_any_cut_is_one_line(whole, tmp_path):
    random, path = np.random.default_rng(19), tmp_path / "model.gguf"
    for length in [1, 3, 5, 23, len(whole) - 1, *random.integers(4, len(whole), 50)]:
        path.write_bytes(whole[:length])
        assert fault_of(path) is not None


def test_numbers_that_are_not_finite_are_refused(whole, tmp_path):
    path = tmp_path / "model.gguf"
    path.write_bytes(whole)
    entry = read_header(path).tensors["blk.1.attn_norm.weight"]
    data = bytearray(whole)
    data[entry.start : entry.start + 4] = np.float32(np.nan).tobytes()
    path.write_bytes(data)
    params = read_gguf(path).params
    with pytest.raises(CheckpointError, match=r"layers.1.norm1.gain\[0\] \(of blk.1.attn_norm.weight\) is nan"):
        params["layers.1.norm1.gain"]
