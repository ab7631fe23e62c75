"""The digest that identifies weights: the SHA-256 of their file, computed by a thread while the run goes on."""

import contextlib
import hashlib
import threading
from collections.abc import Callable, Sequence
from functools import partial
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.errors import one_line

if TYPE_CHECKING:
    from attnviz.checkpoints.formats.tensor_file import TensorFile

_MOST_HASHED, _STRIDE, _SAMPLE = 2**28, 2**24, 2**12
_BLOCK = 2**24  # large, as after each block the thread waits for its turn

_USUAL = ("model.safetensors", "pytorch_model.bin")  # a folder's weights, the first that is there

_ahead: dict[Path, "FileDigest"] = {}  # begun before they were asked for


def begin_ahead(path: Path) -> None:
    """Starts the digest of a model folder's or a native file's weights while NumPy and the rest are still loading.

    ``begin_digest`` then takes this one. Other paths are left alone.
    """
    with contextlib.suppress(OSError):
        inside = [file for name in _USUAL if (file := path / name).is_file()] if path.is_dir() else [path]
        file = inside[0] if inside else path
        if file.is_file() and file.stat().st_size <= _MOST_HASHED:
            _ahead[file] = FileDigest(file)


def begin_digest(paths: Sequence[Path], file: "TensorFile", *, hash_all: bool = False) -> Callable[[], str]:
    """Starts the SHA-256 that identifies weights: of their file, or of a sample where that is large.

    For one file up to 256 MiB it is the number that ``sha256sum`` prints. To read more would take longer than the run
    itself: then it is the SHA-256 of the names, types and shapes of all tensors, and of the first and the last 4 KiB of
    each 16 MiB of the files.

    Args:
        paths: the files.
        file: their tensors.
        hash_all: whether to read a single file whole, however large it is.

    Returns:
        a function that waits for it.
    """
    if len(paths) == 1 and (hash_all or paths[0].stat().st_size <= _MOST_HASHED):
        return (_ahead.pop(paths[0], None) or FileDigest(paths[0])).result
    return partial(_sample_digest, paths, file)


class FileDigest:
    """The SHA-256 of a file, started at once in a thread that gives up when the program ends.

    Ask for ``result`` before forking processes: a fork does not copy threads.
    """

    def __init__(self, path: Path):
        self._path = path
        self._sha256: str | None = None
        self._thread = threading.Thread(target=self._run, name=f"digest of {path.name}")
        self._thread.start()

    def result(self) -> str:
        """The number that ``sha256sum`` prints.

        Raises:
            OSError: the file cannot be read.
        """
        self._thread.join()
        if self._sha256 is None:  # an error, which belongs to the caller
            self._sha256 = sha256_of(self._path)
        return self._sha256

    def _run(self) -> None:
        with contextlib.suppress(OSError, MemoryError, _ProgramEndedError):
            self._sha256 = sha256_of(self._path, until=_end_of_program)


class _ProgramEndedError(Exception):
    """Nobody will ask for the digest any more."""


def _end_of_program() -> None:
    if not threading.main_thread().is_alive():
        raise _ProgramEndedError


def sha256_of(path: Path, until: Callable[[], None] = lambda: None) -> str:
    """The digest of a file; ``until`` is called before each block, and may raise to stop."""
    digest = hashlib.sha256()
    size = path.stat().st_size
    with path.open("rb", buffering=0) as stream:
        for start in range(0, size, _BLOCK):
            until()
            try:
                block = mmap(stream.fileno(), min(_BLOCK, size - start), offset=start, access=ACCESS_READ)
            except ValueError as error:
                raise OSError(f"{one_line(path)}: it became shorter while it was read") from error
            with block:
                digest.update(block)
    return digest.hexdigest()


def _sample_digest(paths: Sequence[Path], file: "TensorFile") -> str:
    digest = hashlib.sha256()
    for name in sorted(file.shapes):
        digest.update(f"{name} {file.dtypes[name]} {file.shapes[name]}\n".encode())
    for path in paths:
        with path.open("rb") as stream:
            for start in range(0, path.stat().st_size, _STRIDE):
                for at in (start, start + _STRIDE - _SAMPLE):
                    stream.seek(at)
                    digest.update(stream.read(_SAMPLE))
    return digest.hexdigest()
