"""Named tensors in files, read lazily: ``.safetensors`` by memory map, ``.npz`` a member at a time."""

import json
import math
import zipfile
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Protocol

import numpy as np

from attnviz.checkpoints.formats.numpy_files import ZIP_MAGICS, DamageError, Npz
from attnviz.encoder.parameters.params import Params
from attnviz.errors import CheckpointError, one_line, some
from attnviz.files import is_special, open_file, write_atomically

_STORED = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "BF16": "<u2"}  # bfloat16: the upper half of a float32
_DTYPES = {np.dtype("f8"): "F64", np.dtype("f4"): "F32", np.dtype("f2"): "F16"}
_NPZ_TEXTS = {"config": "attnviz.config", "tokenizer": "attnviz.tokenizer"}
_EXPECTED = "expected a .safetensors or .npz file"
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_BLOCK_BYTES = 2**25


View = Callable[[np.ndarray], np.ndarray]


def whole(stored: np.ndarray) -> np.ndarray:
    """The tensor as it is."""
    return stored


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

    def array(self, name: str, part: View = whole) -> np.ndarray:
        """A tensor, or what ``part`` takes of it: float64 as it is, every other float as float32."""

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table, touching no others where the format allows it."""


def is_float(dtype: str) -> bool:
    """Whether a tensor of this type can be a parameter."""
    return dtype in _STORED


def size_of(dtype: str) -> int:
    """Bytes an element."""
    return np.dtype(_STORED[dtype]).itemsize


def open_tensors(path: Path) -> TensorFile:
    """Opens a file of tensors; its content, not its name, says which format it has.

    Raises:
        CheckpointError: it is missing, a folder, empty, truncated, or neither format.
    """
    where = one_line(path)
    if is_special(path):  # opening a pipe would wait for its writer
        raise CheckpointError(f"{where}: it is a device or a pipe, which is read only once; {_EXPECTED}")
    with open_file(path, _EXPECTED, CheckpointError) as file:
        start = file.read(9)
    if start[8:] == b"{":
        return SafetensorsFile(path)
    if start.startswith(ZIP_MAGICS):
        return NpzFile(path)
    if start.startswith(_PICKLES):
        raise CheckpointError(f"{where}: it is a pickle, which could run any program and is never read; {_EXPECTED}")
    raise CheckpointError(f"{where}: it is neither safetensors nor npz; {_EXPECTED}")


def model_folder_hint(path: Path) -> str | None:
    """What takes the model folder that a path is, or lies in; None where there is no such folder."""
    folder = path if path.is_dir() else path.parent
    if not (folder / "config.json").is_file():
        return None
    return f"{one_line(folder)} is a model folder: --model, attnviz models and attnviz weights convert take it"


def misfits(file: TensorFile, expected: Mapping[str, tuple[int, ...]], *, most: int = 20) -> list[str]:
    """What is wrong with a file's table of contents, a phrase for each kind of problem, with up to ``most`` names."""
    both = [name for name in expected if name in file.shapes]
    found = {
        "missing": [name for name in expected if name not in file.shapes],
        "unexpected": [one_line(name) for name in file.shapes if name not in expected],
        "misshapen": [
            f"{name} is {file.shapes[name]}, not {expected[name]}"
            for name in both
            if file.shapes[name] != expected[name]
        ],
        "of a wrong type": [
            f"{name} is {one_line(file.dtypes[name])}, no float" for name in both if not is_float(file.dtypes[name])
        ],
    }
    return [f"{len(names)} {what} ({some(names, most)})" for what, names in found.items() if names]


class SafetensorsFile:
    """A memory-mapped ``.safetensors`` file, validated by the format's own library."""

    format = "safetensors"

    def __init__(self, path: Path):
        from safetensors import SafetensorError, safe_open  # noqa: PLC0415 (start-up time)

        try:
            with safe_open(path, framework="numpy"):
                pass
        except (SafetensorError, OSError) as error:
            reason = one_line(error).removeprefix("Error while deserializing header: ")[:120]
            raise CheckpointError(f"{one_line(path)}: it is damaged ({reason}); {_EXPECTED}") from error
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
        self.metadata = header.pop("__metadata__", None) or {}
        self.shapes = {name: tuple(entry["shape"]) for name, entry in header.items()}
        self.dtypes = {name: entry["dtype"] for name, entry in header.items()}
        self._starts = {name: 8 + length + entry["data_offsets"][0] for name, entry in header.items()}
        self._path = path

    @cached_property
    def _bytes(self) -> np.ndarray:
        return np.memmap(self._path, np.uint8, "r")

    def _stored(self, name: str) -> np.ndarray:
        return np.ndarray(self.shapes[name], _STORED[self.dtypes[name]], self._bytes, self._starts[name])

    def array(self, name: str, part: View = whole) -> np.ndarray:
        """A tensor, or a part of it: a view of the file for float32 and float64, a copy for 16-bit floats."""
        return _widened(part(self._stored(name)), self.dtypes[name])

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table, touching no others."""
        return _widened(self._stored(name)[ids], self.dtypes[name])


class NpzFile:
    """An ``.npz`` file, read without pickles; ``config`` and ``tokenizer`` are its texts."""

    format = "npz"

    def __init__(self, path: Path):
        self._where = one_line(path)
        try:
            self._npz = Npz(path)
        except DamageError as error:
            raise CheckpointError(f"{self._where}: {error}; {_EXPECTED}") from error
        headers = dict(self._npz.headers)
        texts = [name for name in _NPZ_TEXTS if name in headers and headers.pop(name).dtype.kind == "U"]
        self.metadata = {_NPZ_TEXTS[name]: self._text(name) for name in texts}
        self.shapes = {name: header.shape for name, header in headers.items()}
        self.dtypes = {
            name: _DTYPES.get(header.dtype.newbyteorder("="), str(header.dtype)) for name, header in headers.items()
        }

    def _read(self, name: str) -> np.ndarray:
        try:
            return self._npz.read(name)
        except DamageError as error:
            raise CheckpointError(f"{self._where}: {error}; {_EXPECTED}") from error

    def _text(self, name: str) -> str:
        array = self._read(name)
        try:
            if array.size != 1:
                raise ValueError(f"{array.size} texts")
            # Not item(), which takes any number for a character.
            return array.astype(array.dtype.newbyteorder("<")).tobytes().decode("utf-32-le").rstrip("\0")
        except ValueError as error:
            raise CheckpointError(f"{self._where}: its {name} is no text ({one_line(error)}); {_EXPECTED}") from error

    def array(self, name: str, part: View = whole) -> np.ndarray:
        """A tensor, or a part of it."""
        return _widened(part(self._read(name)), self.dtypes[name])

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table; the format has to read all of it."""
        return _widened(self._read(name)[ids], self.dtypes[name])


def _widened(stored: np.ndarray, dtype: str) -> np.ndarray:
    if dtype == "BF16":
        return np.left_shift(stored, np.uint32(16), dtype=np.uint32).view(np.float32)
    return stored.astype(np.float64 if dtype == "F64" else np.float32, copy=False)


def write_safetensors(
    path: Path, params: Params, shapes: Mapping[str, tuple[int, ...]], metadata: Mapping[str, str], *, overwrite: bool
) -> None:
    """Writes tensors block by block, as they are made or read; the same tensors give the same bytes.

    Raises:
        OutputError: the file exists already, or cannot be written.
    """
    stored = _stored_type(params, shapes)
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + math.prod(shape) * stored.itemsize
        header[name] = {"dtype": _DTYPES[stored], "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)

    def write(file: BinaryIO) -> None:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, shape in shapes.items():
            _write_blocks(file, params, name, shape, stored)

    write_atomically(path, write, overwrite=overwrite)


def write_npz(
    path: Path, params: Params, shapes: Mapping[str, tuple[int, ...]], metadata: Mapping[str, str], *, overwrite: bool
) -> None:
    """Writes tensors as an ``.npz``, block by block and not compressed; the same tensors give the same bytes.

    Raises:
        OutputError: the file exists already, or cannot be written.
    """
    stored = _stored_type(params, shapes)
    texts = {name: np.array(metadata[key]) for name, key in _NPZ_TEXTS.items() if key in metadata}

    def write(file: BinaryIO) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, text in texts.items():
                with archive.open(_entry(name, text.nbytes), "w") as member:
                    np.lib.format.write_array(member, text, allow_pickle=False)
            for name, shape in shapes.items():
                with archive.open(_entry(name, math.prod(shape) * stored.itemsize), "w") as member:
                    header = {"descr": stored.newbyteorder("<").str, "fortran_order": False, "shape": shape}
                    np.lib.format.write_array_header_1_0(member, header)
                    _write_blocks(member, params, name, shape, stored)

    write_atomically(path, write, overwrite=overwrite)


WRITERS: Mapping[str, Callable[..., None]] = {".safetensors": write_safetensors, ".npz": write_npz}


def _entry(name: str, size: int) -> zipfile.ZipInfo:
    """A member with a fixed date and no system of origin: the same bytes everywhere."""
    entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system, entry.file_size = 3, size
    return entry


def _stored_type(params: Params, shapes: Mapping[str, tuple[int, ...]]) -> np.dtype:
    """The type of all parameters, seen at the first."""
    return next(_blocks(params, *next(iter(shapes.items())), most=1)).dtype


def _write_blocks(file: BinaryIO, params: Params, name: str, shape: tuple[int, ...], stored: np.dtype) -> None:
    for block in _blocks(params, name, shape, _BLOCK_BYTES):
        file.write(np.ascontiguousarray(block, stored.newbyteorder("<")).data)


def _blocks(params: Params, name: str, shape: tuple[int, ...], most: int) -> Iterator[np.ndarray]:
    """A tensor in pieces of whole rows, so that a table larger than the memory can be written."""
    if len(shape) == 1:
        yield params[name]
        return
    step = max(1, most // (8 * shape[1]))
    for start in range(0, shape[0], step):
        yield params.rows(name, np.arange(start, min(start + step, shape[0])))
