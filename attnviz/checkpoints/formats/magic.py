"""Formats of files that are known by their first bytes, whatever their names are."""

import contextlib
from pathlib import Path

GGUF = b"GGUF"


def is_gguf(path: Path) -> bool:
    """Whether a file begins as GGUF files do, whatever its name is."""
    with contextlib.suppress(OSError, ValueError):
        if path.is_file():
            with path.open("rb") as file:
                return file.read(4) == GGUF
    return False
