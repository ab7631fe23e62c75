"""Formats of files that are known by their first bytes, whatever their names are."""

import contextlib
from pathlib import Path
from typing import BinaryIO

from attnviz.errors import CheckpointError, one_line
from attnviz.files import is_special, open_file

GGUF = b"GGUF"
ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")  # with members, without any
_EXPECTED = "expected a GGUF file"


def open_lasting(path: Path, expected: str) -> BinaryIO:
    """A file that can be opened again, for its bytes; the caller closes it.

    Args:
        path: the file.
        expected: the end of every message.

    Raises:
        CheckpointError: it is a device or a pipe, or ``open_file`` refuses it.
    """
    if is_special(path):  # opening a pipe would wait for its writer
        raise CheckpointError(f"{one_line(path)}: it is a device or a pipe, which is read only once; {expected}")
    return open_file(path, expected, CheckpointError)


def is_gguf(path: Path) -> bool:
    """Whether a file begins as GGUF files do, whatever its name is."""
    with contextlib.suppress(OSError, ValueError):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(4) == GGUF
    return False


def check_gguf(path: Path) -> None:
    """Refuses a file whose name says GGUF, and which is something else.

    Raises:
        CheckpointError: it is empty, a device, cannot be read, or begins otherwise.
    """
    with open_lasting(path, _EXPECTED) as file:
        begins = file.read(4)
    if begins != GGUF:
        raise CheckpointError(f"{one_line(path)}: its first bytes are {begins!r}, not {GGUF!r}; {_EXPECTED}")
