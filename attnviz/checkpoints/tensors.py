"""Named tensors in files, read lazily: ``.safetensors`` by memory map, ``.npz`` a member at a time."""

import json
import zipfile
import zlib
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np

from attnviz.errors import CheckpointError, one_line
from attnviz.files import write_atomically

_ZIP_MAGIC = b"PK\x03\x04"
_FLOATS = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}
_NPZ_NAMES = {"<f8": "F64", "<f4": "F32", "<f2": "F16"}
_NPZ_TEXTS = {"config": "attnviz.config", "tokenizer": "attnviz.tokenizer"}
_EXPECTED = "expected a .safetensors or .npz file"


class TensorFile(Protocol):
    """A file of named tensors.

    Attributes:
        format: ``safetensors`` or ``npz``.
        metadata: the texts that come with the tensors.
        shapes: by name.
        dtypes: by name, in safetensors' spelling (``F32``, ``BF16``).
    """

    format: str
    metadata: Mapping[str, str]
    shapes: Mapping[str, tuple[int, ...]]
    dtypes: Mapping[str, str]

    def array(self, name: str) -> np.ndarray:
        """A whole tensor: float64 as it is, every other float as float32."""

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table, touching no others where the format allows it."""


def is_float(dtype: str) -> bool:
    """Whether a tensor of this type can be a parameter."""
    return dtype in _FLOATS


def size_of(dtype: str) -> int:
    """Bytes an element; 0 for types that no parameter has."""
    return np.dtype(_FLOATS[dtype]).itemsize if is_float(dtype) else 0


def open_tensors(path: Path) -> TensorFile:
    """Opens a file of tensors; its content, not its name, says which format it has.

    Raises:
        CheckpointError: it is missing, a folder, empty, truncated, or neither format.
    """
    where = one_line(path)
    try:
        with path.open("rb") as file:
            start = file.read(9)
    except FileNotFoundError as error:
        raise CheckpointError(f"{where}: there is no such file; {_EXPECTED}") from error
    except IsADirectoryError as error:
        raise CheckpointError(f"{where}: it is a folder; {_EXPECTED}") from error
    except (OSError, ValueError) as error:
        reason = one_line(getattr(error, "strerror", None) or error)
        raise CheckpointError(f"{where}: it cannot be read ({reason}); {_EXPECTED}") from error
    if not start:
        raise CheckpointError(f"{where}: it is empty; {_EXPECTED}")
    if start.startswith(_ZIP_MAGIC):
        return NpzFile(path)
    if start.startswith(b"\x80") and start[1:2] in b"\x02\x03\x04\x05" and start[8:9] != b"{":
        raise CheckpointError(f"{where}: it is a pickle, which could run any program and is never read; {_EXPECTED}")
    return SafetensorsFile(path)


class SafetensorsFile:
    """A memory-mapped ``.safetensors`` file, validated by the format's own library."""

    format = "safetensors"

    def __init__(self, path: Path):
        from safetensors import SafetensorError, safe_open  # noqa: PLC0415 (start-up time)

        self._where = one_line(path)
        try:
            with safe_open(path, framework="numpy"):
                pass
        except (SafetensorError, OSError) as error:
            reason = one_line(error).removeprefix("Error while deserializing header: ")
            raise CheckpointError(f"{self._where}: it is no whole safetensors file ({reason}); {_EXPECTED}") from error
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
        self.metadata = header.pop("__metadata__", {})
        self.shapes = {name: tuple(entry["shape"]) for name, entry in header.items()}
        self.dtypes = {name: entry["dtype"] for name, entry in header.items()}
        self._starts = {name: 8 + length + entry["data_offsets"][0] for name, entry in header.items()}
        self._path = path

    @cached_property
    def _bytes(self) -> np.ndarray:
        return np.memmap(self._path, np.uint8, "r") if self._path.stat().st_size else np.zeros(0, np.uint8)

    def _stored(self, name: str) -> np.ndarray:
        dtype, shape = np.dtype(_FLOATS[self.dtypes[name]]), self.shapes[name]
        return np.ndarray(shape, dtype, self._bytes, self._starts[name])

    def array(self, name: str) -> np.ndarray:
        """A whole tensor: a view of the file for float32 and float64, a copy for 16-bit floats."""
        return _widened(self._stored(name), self.dtypes[name])

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table, touching no others."""
        return _widened(self._stored(name)[ids], self.dtypes[name])


class NpzFile:
    """An ``.npz`` file, read without pickles; ``config`` and ``tokenizer`` are its texts."""

    format = "npz"

    def __init__(self, path: Path):
        self._where = one_line(path)
        self._path = path
        self.metadata: dict[str, str] = {}
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.dtypes: dict[str, str] = {}
        try:
            with zipfile.ZipFile(path) as archive:
                for entry in archive.infolist():
                    self._describe(archive, entry)
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, zlib.error, NotImplementedError) as error:
            raise CheckpointError(f"{self._where}: it is no whole npz file ({one_line(error)}); {_EXPECTED}") from error

    def _describe(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        name = entry.filename.removesuffix(".npy")
        with archive.open(entry) as member:
            version = np.lib.format.read_magic(member)
            read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
            shape, _, dtype = read(member)
            held = entry.file_size - member.tell()
        if dtype.hasobject:
            raise CheckpointError(f"{self._where}: {one_line(name)} is a pickle, which is never read; {_EXPECTED}")
        if held != dtype.itemsize * int(np.prod(shape, dtype=object)):
            raise ValueError(f"{name} has {held} bytes for shape {shape}")
        if name in _NPZ_TEXTS and dtype.kind in "US":
            self.metadata[_NPZ_TEXTS[name]] = str(self._member(name))
            return
        self.shapes[name] = shape
        self.dtypes[name] = _NPZ_NAMES.get(dtype.newbyteorder("<").str, str(dtype))

    def _member(self, name: str) -> np.ndarray:
        try:
            with np.load(self._path, allow_pickle=False) as file:
                return file[name]
        except (zipfile.BadZipFile, OSError, ValueError, EOFError, zlib.error) as error:
            raise CheckpointError(
                f"{self._where}: {one_line(name)} is damaged ({one_line(error)}); {_EXPECTED}"
            ) from error

    def array(self, name: str) -> np.ndarray:
        """A whole tensor."""
        return _widened(self._member(name), self.dtypes[name])

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table; the format has to read all of it."""
        return _widened(self._member(name)[ids], self.dtypes[name])


def write_safetensors(
    path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str], *, overwrite: bool
) -> None:
    """Writes tensors one after the other, as they are made; the same tensors give the same bytes.

    Raises:
        OutputError: the file exists already, or cannot be written.
    """
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    end = 0
    kinds = {}
    for name, array in tensors.items():
        kinds[name] = "F64" if array.dtype == np.float64 else "F32"
        start, end = end, end + array.size * size_of(kinds[name])
        header[name] = {"dtype": kinds[name], "shape": array.shape, "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)

    def write(file: BinaryIO) -> None:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, array in tensors.items():
            file.write(np.ascontiguousarray(array, _FLOATS[kinds[name]]).data)

    write_atomically(path, write, overwrite=overwrite)


def write_npz(path: Path, tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str], *, overwrite: bool) -> None:
    """Writes tensors as an ``.npz``, each compressed; the same tensors give the same bytes.

    Raises:
        OutputError: the file exists already, or cannot be written.
    """
    texts = {name: np.array(metadata[key]) for name, key in _NPZ_TEXTS.items() if key in metadata}

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for arrays in (texts, tensors):
                for name, array in arrays.items():
                    # A fixed date, and no system of origin: the same bytes everywhere.
                    entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
                    entry.compress_type, entry.create_system = zipfile.ZIP_DEFLATED, 3
                    with archive.open(entry, "w", force_zip64=True) as member:
                        np.lib.format.write_array(member, np.ascontiguousarray(array), allow_pickle=False)

    write_atomically(path, write, overwrite=overwrite)


WRITERS: Mapping[str, Callable] = {".safetensors": write_safetensors, ".npz": write_npz}


def _widened(stored: np.ndarray, dtype: str) -> np.ndarray:
    if dtype == "BF16":  # the upper half of a float32
        return (stored.astype(np.uint32) << 16).view(np.float32)
    return stored if stored.dtype in (np.float32, np.float64) else stored.astype(np.float32)
