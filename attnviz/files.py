"""Files that a user named to be read: whatever can go wrong in opening them is one line, and nothing waits for ever."""

import errno
import os
import stat
from contextlib import suppress
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

from attnviz.errors import EmptyInputError, InputError, brief, one_line

_POINTER, _PULL = b"version https://git-lfs", "git lfs pull, in the folder that was cloned, fetches the file"
_IS_EMPTY = "it is empty"
_IS_POINTER = "it is a pointer of Git LFS in place of the file"
_NEAR = 0.8  # of 1: names less alike than that are not meant
_PATIENCE = 10  # seconds that a pipe's writer has to appear
_UNREADABLE: dict[int | None, str] = {
    errno.ENOENT: "no such file",
    errno.EISDIR: "it is a folder",
    errno.EACCES: "no permission to read it",
    errno.EPERM: "no permission to read it",
    errno.ELOOP: "it is a link that leads back to itself",
    errno.ENOTDIR: "its folder is a file",
    errno.ENXIO: "it is a socket",
    errno.ENAMETOOLONG: "the name is too long",
    errno.ETIMEDOUT: "it is a pipe that nobody writes to",
}
_NUMBERS: dict[type[BaseException], int] = {  # of errors that a library raises without one
    FileNotFoundError: errno.ENOENT,
    IsADirectoryError: errno.EISDIR,
    PermissionError: errno.EACCES,
}


def open_file(path: Path, expected: str, error: type[InputError] = InputError) -> BinaryIO:
    """The file, opened for its bytes; the caller closes it.

    Args:
        path: the file.
        expected: the end of every message.
        error: the class of the errors.

    Raises:
        InputError: it is missing, a folder, empty, a pointer of Git LFS, or cannot be read.
    """
    where = one_line(path)
    try:
        stream = _opened(path)
    except (OSError, ValueError) as cause:  # ValueError: a NUL in the name
        why = "it is a link to nothing" if _is_dangling(path, cause) else unreadable(cause)
        raise error(f"{where}: {why}; {expected}", hint=_nearest_file(path, cause)) from cause
    if reason := _unusable(stream):
        stream.close()
        made = EmptyInputError if reason == _IS_EMPTY and error is InputError else error
        raise made(f"{where}: {reason}; {expected}", hint=_PULL if reason == _IS_POINTER else None)
    return stream


def _unusable(stream: BufferedReader) -> str | None:
    """Why an open file is not one to read, as a clause, by its first bytes; None for most."""
    try:
        start = stream.peek(len(_POINTER))
    except OSError as cause:
        return unreadable(cause)
    if not start:
        return _IS_EMPTY
    if stat.S_ISCHR(os.fstat(stream.fileno()).st_mode) and not stream.isatty():
        return "it is a device without an end"
    return _IS_POINTER if start.startswith(_POINTER) else None


def _opened(path: Path) -> BufferedReader:
    """The file, open for its bytes. The writer of a pipe is waited for, and not for ever.

    Raises:
        TimeoutError: it is a pipe that nobody writes to.
    """
    if not stat.S_ISFIFO(path.stat().st_mode):
        return path.open("rb")
    import select  # noqa: PLC0415 (start-up time: few files are pipes)

    stream = os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb")
    try:
        if not select.select([stream], [], [], _PATIENCE)[0]:
            with suppress(BlockingIOError):  # somebody has it open, and writes later
                os.read(stream.fileno(), 1)
                raise TimeoutError(errno.ETIMEDOUT, "nobody writes to it")
        os.set_blocking(stream.fileno(), True)
    except BaseException:
        stream.close()
        raise
    return stream


def read_file(path: Path, expected: str) -> bytes:
    """A file's bytes.

    Raises:
        InputError: it is missing, a folder, empty, or cannot be read.
    """
    with open_file(path, expected) as stream:
        try:
            return stream.read()
        except (OSError, MemoryError) as cause:
            raise InputError(f"{one_line(path)}: {unreadable(cause)}; {expected}") from cause


def utf8(data: bytes, where: str, expected: str) -> str:
    """The text of a file, without the mark that some editors put first.

    Raises:
        InputError: it is not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        raise InputError(f"{where}: byte {cause.start + 1} is not UTF-8; {expected}") from cause


def _nearest_file(path: Path, cause: BaseException) -> str | None:
    """A question for a name that is not there: whether a file beside it was meant."""
    if not isinstance(cause, FileNotFoundError):
        return None
    from difflib import get_close_matches  # noqa: PLC0415 (start-up time)

    try:
        names = [entry.name for entry in os.scandir(path.parent) if os.path.exists(entry)]  # not links to nothing
    except OSError:
        return None
    near = get_close_matches(path.name, names, n=1, cutoff=_NEAR)
    return f"did you mean {one_line(path.parent / near[0])}?" if near else None


def _is_dangling(path: Path, cause: BaseException) -> bool:
    return isinstance(cause, FileNotFoundError) and os.path.islink(path)


def unreadable(cause: BaseException) -> str:
    """Why a file cannot be read, as a clause."""
    if isinstance(cause, MemoryError):
        return "it does not fit the memory"
    number = getattr(cause, "errno", None) or _NUMBERS.get(type(cause))
    known = _UNREADABLE.get(number)
    return known or f"it cannot be read ({brief(getattr(cause, 'strerror', None) or cause)})"


def is_there(path: Path) -> bool:
    """Whether a file has this name, also if it cannot be opened: a link to nothing, a folder.

    Raises:
        OSError: its folder cannot be searched.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def is_special(path: Path) -> bool:
    """True for a device, a pipe or a socket, which opening may wait for."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return False
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)
