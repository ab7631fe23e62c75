"""The arrays of a file by name, read when they are asked for: ``.npy``, ``.npz``, ``.safetensors``."""

import hashlib
import io
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import orjson

from attnviz.checkpoints.formats.number_types import NUMBER_TYPES
from attnviz.checkpoints.formats.numpy_files import NPY_MAGIC, DamageError, Npz, npy_layout, read_npy
from attnviz.checkpoints.formats.safetensors_file import SafetensorsFile
from attnviz.elsewhere.files.file_array import mapped_array
from attnviz.elsewhere.files.file_types import EAGER_HINT, EXPECTED, FileType, archive_type, refused
from attnviz.elsewhere.files.streams import AttentionStream, readable
from attnviz.errors import CheckpointError, InputError, brief, one_line
from attnviz.records import dataclass

_OTHER_TYPES = {
    **{
        name: np.dtype(f"<{name[0].lower()}{int(name[1:]) // 8}") for name in ("I16", "I32", "I64", "U16", "U32", "U64")
    },
    "I8": np.dtype("i1"),
    "U8": np.dtype("u1"),
    "BOOL": np.dtype("?"),
}


@dataclass(frozen=True)
class ArrayHeader:
    """An array's shape, and the kind of its numbers in NumPy's letters (``f``, ``i``, ``u``, ``b``, ``U``, ``S``)."""

    shape: tuple[int, ...]
    kind: str


class ArrayFile(Mapping[str, object]):
    """The arrays of a file by name.

    An array of numbers is an array, which may stay in its file; truth values and texts are lists, as in JSON.

    Attributes:
        headers: of each array.
        digest: of the bytes it was read from; empty where the numbers are still in their file.
    """

    def __init__(
        self,
        headers: Mapping[str, ArrayHeader],
        read: Callable[[str], object],
        texts: Mapping[str, object],
        digest: str,
    ):
        self.headers, self.digest = headers, digest
        self._read, self._known = read, dict(texts)

    def __getitem__(self, name: str) -> object:
        if name not in self._known:
            self._known[name] = _plain(self._read(name)) if name in self.headers else self._known[name]
        return self._known[name]

    def array(self, name: str) -> object:
        """An array as it is stored, whatever its type."""
        return self._read(name)

    def __iter__(self) -> Iterator[str]:
        return iter({**self.headers, **self._known})

    def __len__(self) -> int:
        return len(set(self))


def array_file(source: AttentionStream, path: Path | None) -> ArrayFile:
    """The arrays of a source of arrays.

    Args:
        source: the stream.
        path: the file, where the stream is one; its numbers are read when they are used.

    Raises:
        InputError: a damaged file, a pickle, or an archive of something else.
    """
    place = path if source.is_mapped else None
    data = b"" if place else source.all_bytes()
    digest = "" if place else hashlib.sha256(data).hexdigest()
    try:
        if source.is_safetensors:
            return _safetensors(data, place, digest, source.where)
        if source.start.startswith(NPY_MAGIC):
            return _npy(data, place, digest)
        return _npz(data, place, digest, source.where)
    except DamageError as error:
        raise _damaged(error, source.where) from error


def _damaged(error: DamageError, where: str) -> InputError:
    hint = None
    if "is a pickle" in str(error):
        hint = f"save arrays one by one: numpy.savez('attention.npz', *arrays), texts with dtype=str; {EAGER_HINT}"
    return InputError(f"{where}: {error}; {EXPECTED}", hint)


def file_digest(path: Path) -> str:
    """The SHA-256 of a file, which is read a piece at a time."""
    with readable(one_line(path)), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _npy(data: bytes, path: Path | None, digest: str) -> ArrayFile:
    """The only array, called ``""``."""
    if path is None:
        array = read_npy(io.BytesIO(data), len(data))
    else:
        with path.open("rb") as file:
            layout = npy_layout(file, path.stat().st_size)
        array = mapped_array(path, layout.shape, layout.dtype, layout.start, fortran=layout.fortran)
    return ArrayFile({"": ArrayHeader(array.shape, array.dtype.kind)}, lambda _: array, {}, digest)


def _npz(data: bytes, path: Path | None, digest: str, where: str) -> ArrayFile:
    source = path or io.BytesIO(data)
    try:
        archive = Npz(source)
    except DamageError:
        kind = _archive_type(source)
        if kind is not None:
            raise refused(kind, where) from None
        raise
    headers = {name: ArrayHeader(header.shape, header.dtype.kind) for name, header in archive.headers.items()}

    def read(name: str) -> np.ndarray:
        try:
            return archive.read(name)
        except DamageError as error:
            raise _damaged(error, where) from error

    return ArrayFile(headers, read, {}, digest)


def _archive_type(source: Path | io.BytesIO) -> FileType | None:
    import zipfile  # noqa: PLC0415 (only for a file that is refused)

    try:
        with zipfile.ZipFile(source) as archive:
            return archive_type(archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return None


def _safetensors(data: bytes, path: Path | None, digest: str, where: str) -> ArrayFile:
    if path is not None:
        file = _opened(path, where)
        read: Callable[[str], object] = partial(_stored, file, path, where)
    else:
        with TemporaryDirectory() as folder:  # the format's own library checks files
            place = Path(folder) / "attention.safetensors"
            place.write_bytes(data)
            file = _opened(place, where)
            read = {name: np.array(_stored(file, place, where, name)) for name in file.shapes}.__getitem__
    headers = {name: ArrayHeader(shape, _kind(file.dtypes[name])) for name, shape in file.shapes.items()}
    return ArrayFile(headers, read, {name: _text(text) for name, text in file.metadata.items()}, digest)


def _opened(path: Path, where: str) -> SafetensorsFile:
    try:
        return SafetensorsFile(path)
    except CheckpointError as error:
        reason = str(error).removeprefix(f"{one_line(path)}: ").rpartition("; ")[0]
        raise InputError(f"{where}: {reason}; {EXPECTED}") from error


def _stored(file: SafetensorsFile, path: Path, where: str, name: str) -> np.ndarray:
    """A tensor's numbers: mapped, but for 16-bit floats that NumPy does not have."""
    said = file.dtypes[name]
    if said in NUMBER_TYPES and NUMBER_TYPES[said].numpy is None:
        return file.array(name)
    dtype = NUMBER_TYPES[said].stored if said in NUMBER_TYPES else _OTHER_TYPES.get(said)
    if dtype is None:
        raise InputError(f"{where}: its array {brief(name)} has the type {brief(said)}; expected F32, F16 or BF16")
    return mapped_array(path, file.shapes[name], dtype, file.place(name), fortran=False)


def _kind(said: str) -> str:
    """NumPy's letter for one of safetensors' types."""
    return _OTHER_TYPES[said].kind if said in _OTHER_TYPES else "f"


def _text(text: str) -> object:
    """A text of safetensors' metadata: a JSON list or object where it is one."""
    try:
        return orjson.loads(text) if text[:1] in ("[", "{") else text
    except orjson.JSONDecodeError:
        return text


def _plain(value: object) -> object:
    """Texts and truth values as lists, and a single one as itself; numbers as they are."""
    if not isinstance(value, np.ndarray):
        return value
    if value.dtype.kind == "S":
        value = np.char.decode(value, "utf-8", "replace")
    if value.dtype.kind in "Ub" or not value.ndim:
        return value.tolist()
    return value
