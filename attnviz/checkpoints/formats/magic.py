"""Formats of files that are known by their first bytes, whatever their names are."""

import contextlib
from pathlib import Path

from attnviz.errors import CheckpointError, one_line
from attnviz.files import is_special, open_file

GGUF = b"GGUF"
_EXPECTED = "expected a GGUF file"


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
    where = one_line(path)
    if is_special(path):
        raise CheckpointError(f"{where}: it is a device or a pipe, which is read only once; {_EXPECTED}")
    with open_file(path, _EXPECTED, CheckpointError) as file:
        begins = file.read(4)
    if begins != GGUF:
        raise CheckpointError(f"{where}: its first bytes are {begins!r}, not {GGUF!r}; {_EXPECTED}")
