"""What identifies weights: the SHA-256 of their file, made by a thread of its own while the run goes on."""

import contextlib
import hashlib
import threading
from collections.abc import Callable, Sequence
from functools import partial
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.checkpoints.formats.tensor_file import TensorFile

_MOST_HASHED, _STRIDE, _SAMPLE = 2**28, 2**24, 2**12
_BLOCK = 2**24  # large, as after each block the thread waits for its turn

_ahead: dict[Path, "FileDigest"] = {}  # begun before anybody asked


def begin_ahead(path: Path) -> None:
    """Begins the digest of a model folder's or a native file's weights while NumPy and the rest are still to be loaded.

    Whoever begins it as usual then gets this one. A path that is neither is none of its business.
    """
    with contextlib.suppress(OSError):
        file = path / "model.safetensors" if path.is_dir() else path
        if file.is_file() and file.stat().st_size <= _MOST_HASHED:
            _ahead[file] = FileDigest(file)


def begin_digest(paths: Sequence[Path], file: "TensorFile") -> Callable[[], str]:
    """What identifies weights: the SHA-256 of the file, or of large ones of a sample.

    Of one file up to 256 MiB it is what ``sha256sum`` says. Of more, reading everything would take longer than the run
    that it names: then it is the SHA-256 of the names, types and shapes of all tensors, and of the first and the last
    4 KiB of each 16 MiB of the files.

    Returns:
        a function that waits for it.
    """
    if len(paths) == 1 and paths[0].stat().st_size <= _MOST_HASHED:
        return begin_file_digest(paths[0])
    return partial(_sample_digest, paths, file)


def begin_file_digest(path: Path) -> Callable[[], str]:
    """What ``sha256sum`` says of a file of any size; returns a function that waits for it."""
    return (_ahead.pop(path, None) or FileDigest(path)).result


class FileDigest:
    """The SHA-256 of a file, begun at once in a thread that gives up when the program ends.

    Processes are to be forked only after ``result`` was asked for: threads do not come along.
    """

    def __init__(self, path: Path):
        self._path = path
        self._found: str | None = None
        self._thread = threading.Thread(target=self._run, name=f"digest of {path.name}")
        self._thread.start()

    def result(self) -> str:
        """What ``sha256sum`` says.

        Raises:
            OSError: the file cannot be read.
        """
        self._thread.join()
        if self._found is None:  # an error, which belongs to whoever waits
            self._found = _digest(self._path)
        return self._found

    def _run(self) -> None:
        with contextlib.suppress(OSError, MemoryError):
            self._found = _digest(self._path, is_wanted=threading.main_thread().is_alive)


def _digest(path: Path, is_wanted: Callable[[], bool] = lambda: True) -> str | None:
    found = hashlib.sha256()
    size = path.stat().st_size
    with path.open("rb", buffering=0) as stream:
        for start in range(0, size, _BLOCK):
            if not is_wanted():
                return None
            with mmap(stream.fileno(), min(_BLOCK, size - start), offset=start, access=ACCESS_READ) as block:
                found.update(block)
    return found.hexdigest()


def _sample_digest(paths: Sequence[Path], file: "TensorFile") -> str:
    found = hashlib.sha256()
    for name in sorted(file.shapes):
        found.update(f"{name} {file.dtypes[name]} {file.shapes[name]}\n".encode())
    for path in paths:
        with path.open("rb") as stream:
            for start in range(0, path.stat().st_size, _STRIDE):
                for at in (start, start + _STRIDE - _SAMPLE):
                    stream.seek(at)
                    found.update(stream.read(_SAMPLE))
    return found.hexdigest()
