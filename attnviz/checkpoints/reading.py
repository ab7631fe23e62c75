"""Opening files that a user named: whatever can go wrong is one line."""

from pathlib import Path
from typing import BinaryIO

from attnviz.errors import InputError, one_line

_REASONS = {
    FileNotFoundError: "there is no such file",
    IsADirectoryError: "it is a folder",
    PermissionError: "there is no permission to read it",
}


def open_file(path: Path, expected: str, error: type[InputError] = InputError) -> BinaryIO:
    """The file, opened for its bytes; the caller closes it.

    Args:
        path: the file.
        expected: the end of every message.
        error: the class of the errors.

    Raises:
        InputError: it is missing, a folder, empty, or cannot be read.
    """
    where = one_line(path)
    try:
        stream = path.open("rb")
    except (OSError, ValueError) as cause:  # ValueError: a NUL in the name
        raise error(f"{where}: {reason(cause)}; {expected}") from cause
    if not stream.peek(1):
        stream.close()
        raise error(f"{where}: it is empty; {expected}")
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
            raise InputError(f"{one_line(path)}: {reason(cause)}; {expected}") from cause


def utf8(data: bytes, where: str, expected: str) -> str:
    """The text of a file, without the mark that some editors put first.

    Raises:
        InputError: it is not UTF-8.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as cause:
        raise InputError(f"{where}: byte {cause.start + 1} is not UTF-8; {expected}") from cause


def reason(cause: BaseException) -> str:
    """Why a file cannot be read, as a clause."""
    if isinstance(cause, MemoryError):
        return "it does not fit the memory"
    return _REASONS.get(type(cause), f"it cannot be read ({one_line(getattr(cause, 'strerror', None) or cause)})")
