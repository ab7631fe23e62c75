"""The header of a GGUF file: its metadata, and the place of each tensor. All of it is checked before it is used.

A file is little-endian: the letters GGUF, a version, two counts, then so many keys with their values, then so many
names of tensors with their sizes, types and places, and after some padding the tensors themselves.
"""

import math
import mmap
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.checkpoints.formats.gguf.block_types import BLOCK_TYPES, BlockType
from attnviz.checkpoints.formats.magic import GGUF, open_lasting
from attnviz.errors import CheckpointError, brief, one_line
from attnviz.records import dataclass

_EXPECTED = "expected a GGUF file"
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_LAYOUTS = {form: struct.Struct(f"<{form}") for form in _SCALARS.values()}
_STRING, _ARRAY = 8, 9
_VERSIONS = (2, 3)
_MOST_KEYS, _MOST_TENSORS, _MOST_NAME, _MOST_AXES = 2**16, 2**18, 2**16, 4
_LEAST_KEY, _LEAST_TENSOR = 8 + 1 + 4 + 1, 8 + 1 + 4 + 8 + 4 + 8  # bytes that the shortest of each takes
_MOST_ALIGNMENT = 2**20


@dataclass(frozen=True)
class GgufTensor:
    """A tensor's place in a file.

    Attributes:
        shape: with rows first, as NumPy has it.
        type: of its numbers.
        start: the byte at which it starts.
    """

    shape: tuple[int, ...]
    type: BlockType
    start: int

    @property
    def n_bytes(self) -> int:
        """How many bytes it takes."""
        return self.type.size_of(math.prod(self.shape))


@dataclass(frozen=True, eq=False)
class GgufHeader:
    """A file's metadata, and its tensors by name.

    Values are ``str``, ``int``, ``float``, ``bool``, lists of ``str``, and arrays of numbers. Bytes of a text that are
    not UTF-8 are kept as surrogates.
    """

    metadata: Mapping[str, object]
    tensors: Mapping[str, GgufTensor]


def read_header(path: Path) -> GgufHeader:
    """The header of a file.

    Raises:
        CheckpointError: it is not a GGUF file, of a version or a byte order that is not read, cut off, or damaged.
    """
    with open_lasting(path, _EXPECTED) as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        return _header(_Reader(data, one_line(path)))


def _header(reader: "_Reader") -> GgufHeader:
    if reader.take(4) != GGUF:
        raise reader.fault("it does not begin with GGUF")
    version = reader.number("I")
    if version not in _VERSIONS:
        swapped = int.from_bytes(version.to_bytes(4, "little"), "big")
        kind = "big-endian" if swapped in _VERSIONS else f"of version {version}"
        raise reader.fault(f"it is {kind}", f"expected a little-endian GGUF file of version {_VERSIONS[0]} or 3")
    n_tensors = reader.count(_MOST_TENSORS, _LEAST_TENSOR, "tensors")
    n_keys = reader.count(_MOST_KEYS, _LEAST_KEY, "keys")
    metadata: dict[str, object] = {}
    for _ in range(n_keys):
        key = reader.name("key")
        if key in metadata:
            raise reader.fault(f"it has the key {brief(key)} twice")
        metadata[key] = reader.value(reader.number("I"), key)
    found: dict[str, tuple[tuple[int, ...], BlockType, int]] = {}
    for _ in range(n_tensors):
        name = reader.name("tensor")
        if name in found:
            raise reader.fault(f"it has the tensor {brief(name)} twice")
        found[name] = _tensor(reader, brief(name))
    alignment = metadata.get("general.alignment", 32)
    if type(alignment) is not int or not 0 < alignment <= _MOST_ALIGNMENT or alignment & (alignment - 1):
        raise reader.fault(f"its general.alignment is {brief(alignment)}", "expected a power of two")
    start = -(-reader.position // alignment) * alignment
    tensors = {name: GgufTensor(shape, kind, start + offset) for name, (shape, kind, offset) in found.items()}
    _check_places(reader, tensors, start, alignment)
    return GgufHeader(metadata, tensors)


def _tensor(reader: "_Reader", name: str) -> tuple[tuple[int, ...], BlockType, int]:
    n_axes = reader.number("I")
    if not 1 <= n_axes <= _MOST_AXES:
        raise reader.fault(f"tensor {name} has {n_axes} axes", f"expected 1 to {_MOST_AXES}")
    shape = tuple(reader.number("Q") for _ in range(n_axes))[::-1]
    code, offset = reader.number("I"), reader.number("Q")
    kind = BLOCK_TYPES.get(code)
    if kind is None:
        known = ", ".join(sorted(kind.name for kind in BLOCK_TYPES.values()))
        raise reader.fault(f"tensor {name} is of type {code}, which attnviz does not read", f"expected one of {known}")
    if 0 in shape:
        raise reader.fault(f"tensor {name} is {shape}: it holds no numbers", "expected sizes of 1 or more")
    if math.prod(shape) > 2**62 or shape[-1] % kind.numbers:
        fault = f"tensor {name} is {shape} in blocks of {kind.numbers} ({kind.name})"
        raise reader.fault(fault, "expected whole blocks in each row")
    return shape, kind, offset


def _check_places(reader: "_Reader", tensors: Mapping[str, GgufTensor], start: int, alignment: int) -> None:
    """Refuses tensors that begin where none can, overlap, or end after the file."""
    end, before = start, "the header"
    for name, entry in sorted(tensors.items(), key=lambda item: item[1].start):
        called = brief(name)
        if entry.start % alignment:
            raise reader.fault(f"tensor {called} starts at byte {entry.start}", f"expected a multiple of {alignment}")
        if entry.start < end:
            raise reader.fault(f"tensor {called} starts inside {before}")
        end, before = entry.start + entry.n_bytes, called
        if end > reader.size:
            raise CheckpointError(
                f"{reader.where}: it ends after {reader.size} bytes, and tensor {called} goes on to byte {end}; "
                "expected the whole file",
                hint="it may be cut off: fetch it again",
            )


class _Reader:
    """The bytes of a file from the first on; each length is compared with what is left before it is used."""

    def __init__(self, data: mmap.mmap, where: str):
        self._data, self.where = data, where
        self.size, self.position = len(data), 0

    def fault(self, fault: str, expected: str = _EXPECTED) -> CheckpointError:
        """The error of a damaged header."""
        return CheckpointError(f"{self.where}: {fault}; {expected}")

    def _move(self, n_bytes: int) -> int:
        start, end = self.position, self.position + n_bytes
        if end > self.size:
            raise CheckpointError(
                f"{self.where}: its header goes on to byte {end}, and it ends after {self.size}; {_EXPECTED}",
                hint="it may be cut off: fetch it again",
            )
        self.position = end
        return start

    def take(self, n_bytes: int) -> bytes:
        """The next bytes."""
        start = self._move(n_bytes)
        return self._data[start : self.position]

    def number(self, form: str) -> int:
        """The next whole number."""
        value: int = self._unpacked(form)
        return value

    def _unpacked(self, form: str) -> Any:
        """The next number or truth value, in one of the forms of ``struct``."""
        layout = _LAYOUTS[form]
        return layout.unpack_from(self._data, self._move(layout.size))[0]

    def _text(self) -> str:
        """The next text, which may have bytes that are not UTF-8."""
        return self.take(self.number("Q")).decode(errors="surrogateescape")

    def count(self, most: int, least_bytes: int, things: str) -> int:
        """How many things follow, of which each takes some bytes at least."""
        count = self.number("Q")
        if count > most or count * least_bytes > self.size - self.position:
            raise self.fault(f"its header promises {count} {things}, for which it has no room")
        return count

    def name(self, kind: str) -> str:
        """The next text, which names something."""
        length = self.number("Q")
        if not 0 < length < _MOST_NAME:
            raise self.fault(f"the name of a {kind} has {length} bytes", f"expected 1 to {_MOST_NAME - 1}")
        data = self.take(length)
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise self.fault(f"the name of a {kind} is not UTF-8 ({brief(data)})") from error

    def value(self, code: int, key: str) -> object:
        """The next value, of a type."""
        if code == _STRING:
            return self._text()
        if code == _ARRAY:
            return self._array(key)
        form = _SCALARS.get(code)
        if form is None:
            raise self.fault(f"the value of {brief(key)} is of type {code}, which GGUF does not have")
        value: int | float | bool = self._unpacked(form)
        return float(str(np.float32(value))) if form == "f" else value  # 1e-05, not 9.999999747378752e-06

    def _array(self, key: str) -> object:
        code, called = self.number("I"), brief(key)
        if code != _STRING and code not in _SCALARS:
            kind = "arrays" if code == _ARRAY else f"type {code}"
            raise self.fault(f"{called} is an array of {kind}, which attnviz does not read")
        dtype = np.dtype("u1" if code == _STRING else np.dtype(_SCALARS[code]).newbyteorder("<"))
        count = self.number("Q")
        if count * (8 if code == _STRING else dtype.itemsize) > self.size - self.position:
            raise self.fault(f"{called} is an array of {count}, for which it has no room")
        if code == _STRING:
            return [self._text() for _ in range(count)]
        numbers = np.frombuffer(self.take(count * dtype.itemsize), "u1" if dtype.kind == "b" else dtype)
        return numbers != 0 if dtype.kind == "b" else numbers
