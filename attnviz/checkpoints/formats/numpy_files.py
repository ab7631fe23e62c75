"""NumPy's files, ``.npy`` and ``.npz``, from anybody: no pickles, and each claim of a file is checked."""

import contextlib
import io
import math
import os
import struct
import tokenize
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import IO, BinaryIO, NamedTuple

import numpy as np

from attnviz.errors import InputError, brief, some
from attnviz.memory import memory_fault

NPY_MAGIC = b"\x93NUMPY"
_LARGE, _RATIO = 2**30, 100
_MOST_ARRAYS = 2**14


class DamageError(ValueError):
    """A file's fault, as a clause for a message: ``it is damaged (...)``."""


class Header(NamedTuple):
    """An array's shape and type, as its file states them."""

    shape: tuple[int, ...]
    dtype: np.dtype

    @property
    def n_bytes(self) -> int:
        """The memory of the array: as it is stored, and as floats where its numbers are of another type."""
        n, wide = math.prod(self.shape), wide_type(self.dtype)
        return n * (self.dtype.itemsize + wide.itemsize * (self.dtype != wide))


def wide_type(dtype: np.dtype) -> np.dtype:
    """The type that numbers of a file are computed with: float64 where they are so long, else float32."""
    return np.dtype(np.float64 if dtype.kind == "f" and dtype.itemsize >= 8 else np.float32)


class Npz:
    """The arrays of an ``.npz``: described when it is opened, read when asked for.

    Attributes:
        headers: by name.
    """

    def __init__(self, source: Path | BinaryIO):
        self._source = source
        self._entries: dict[str, zipfile.ZipInfo] = {}
        self.headers: dict[str, Header] = {}
        self._archive: zipfile.ZipFile | None = None
        self._process = 0  # that opened it: another one has to open it again, as they would share its place in the file
        with _refusing("it"):
            entries = self._opened().infolist()
            if len(entries) > _MOST_ARRAYS:
                raise DamageError(f"it has {len(entries)} arrays, more than {_MOST_ARRAYS}")
            for entry in entries:
                name = entry.filename.removesuffix(".npy")
                subject = f"its array {brief(name)}"
                if name in self.headers:
                    raise DamageError(f"{subject} is there twice")
                _check_packing(entry, subject)
                with _refusing(subject), self._opened().open(entry) as member:
                    self.headers[name] = npy_header(member, entry.file_size, subject)
                self._entries[name] = entry

    def read(self, name: str) -> np.ndarray:
        """A whole array.

        Raises:
            DamageError: its bytes are not what its header and check sum say.
        """
        subject = f"its array {brief(name)}"
        if fault := memory_fault(self.headers[name].n_bytes):
            raise DamageError(f"{subject} {fault}")
        with _refusing(subject), self._opened().open(self._entries[name]) as member:
            array = np.lib.format.read_array(member, allow_pickle=False)
            member.read()  # to the end, where the check sum is
            return array

    def _opened(self) -> zipfile.ZipFile:
        """The archive, whose table of contents is read once and not for each array."""
        if self._archive is None or self._process != os.getpid():
            self._archive, self._process = zipfile.ZipFile(self._source), os.getpid()
        return self._archive


def numbers_of(
    data: bytes, where: str, name: str, expected: str, check_shape: Callable[[tuple[int, ...]], None]
) -> np.ndarray:
    """The numbers of an ``.npy``, or of an ``.npz``: its only array, or the one called ``name``.

    Args:
        data: the file's bytes.
        where: for the messages.
        name: of the array.
        expected: the end of the messages.
        check_shape: called with the shape that the file states, before any number is read.

    Returns:
        float64 where the file has it, else float32.

    Raises:
        InputError: a damaged file, a pickle, several arrays of other names, or no real numbers.
    """
    try:
        if data.startswith(NPY_MAGIC):
            header, read = npy_header(io.BytesIO(data), len(data), "it"), partial(read_npy, io.BytesIO(data), len(data))
        else:
            archive = Npz(io.BytesIO(data))
            chosen = _chosen(tuple(archive.headers), name)
            header, read = archive.headers[chosen], partial(archive.read, chosen)
        if header.dtype.kind not in "fiu":
            raise InputError(f"{where}: its numbers are of type {brief(header.dtype)}; expected real numbers")
        check_shape(header.shape)
        array = read()
    except DamageError as error:
        raise InputError(f"{where}: {error}; {expected}") from error
    with np.errstate(over="ignore"):
        return array.astype(wide_type(array.dtype), copy=False)


def _chosen(names: tuple[str, ...], name: str) -> str:
    if name in names:
        return name
    if len(names) != 1:
        held = some([brief(name) for name in names]) or "none"
        raise DamageError(f"its arrays are {held}; which one is not said, as none is called {name}")
    return names[0]


def read_npy(stream: BinaryIO, size: int) -> np.ndarray:
    """The array of an ``.npy`` file of ``size`` bytes.

    Raises:
        DamageError: it is a pickle, or its bytes are not what its header says.
    """
    header = npy_header(stream, size, "it")
    stream.seek(0)
    if fault := memory_fault(header.n_bytes):
        raise DamageError(f"it {fault}")
    with _refusing("it"):
        return np.lib.format.read_array(stream, allow_pickle=False)


class NpyLayout(NamedTuple):
    """Where and how the numbers of an ``.npy`` file are stored."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran: bool
    start: int


def npy_layout(stream: BinaryIO, size: int) -> NpyLayout:
    """Where the numbers of an ``.npy`` file of ``size`` bytes are.

    Raises:
        DamageError: its header is not one, or announces a pickle or another number of bytes than there are.
    """
    shape, dtype = npy_header(stream, size, "it")
    start = stream.tell()
    stream.seek(0)
    with _refusing("it"):
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        _, fortran, _ = read(stream)
    return NpyLayout(shape, dtype, fortran, start)


def npy_header(stream: IO[bytes], size: int, subject: str) -> Header:
    """The header at the start of the ``size`` bytes of a stream, checked against their number.

    Raises:
        DamageError: it is not a header, or announces a pickle or another number of bytes than it has.
    """
    with _refusing(subject):
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(stream)
    if dtype.hasobject:
        raise DamageError(f"{subject} is a pickle, which could run any program and is never read")
    held = size - stream.tell()
    if held != dtype.itemsize * math.prod(shape):
        raise DamageError(f"{subject} has {held} bytes of data for the shape {shape} of {dtype}")
    return Header(shape, dtype)


def _check_packing(entry: zipfile.ZipInfo, subject: str) -> None:
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DamageError(f"{subject} is packed in a way that NumPy does not use (method {entry.compress_type})")
    if entry.file_size > _LARGE and entry.file_size > _RATIO * entry.compress_size:
        raise DamageError(f"{subject} would unpack from {entry.compress_size} to {entry.file_size} bytes")


@contextlib.contextmanager
def _refusing(subject: str) -> Iterator[None]:
    """Turns all that NumPy and the archive's modules raise on foreign bytes into one class."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # files that Python 2 wrote are read all the same
            yield
    except DamageError:
        raise
    except MemoryError as error:
        raise DamageError(f"{subject} does not fit the memory") from error
    except (
        ValueError,
        TypeError,
        EOFError,
        OSError,
        RuntimeError,  # encrypted; nested too deeply
        SyntaxError,
        tokenize.TokenError,
        struct.error,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise DamageError(f"{subject} is damaged ({brief(error) or type(error).__name__})") from error
