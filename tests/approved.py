"""Texts that somebody looked at and approved: tests compare with them, and rewrite them when asked to."""

import os
from pathlib import Path

UPDATE = bool(os.environ.get("ATTNVIZ_UPDATE_SNAPSHOTS"))


def assert_stored(text: str, stored: str, where: str) -> None:
    """Fails if a text is not what is stored, and says how to store it."""
    assert text == stored, (
        f"{where} is no longer what is printed; if that is meant, set ATTNVIZ_UPDATE_SNAPSHOTS=1, run this test again "
        "without -n, and read the difference"
    )


def assert_file_stored(text: str, path: Path) -> None:
    """Compares a text with a file, which it writes where ``ATTNVIZ_UPDATE_SNAPSHOTS`` is set."""
    if UPDATE:
        path.write_text(text, encoding="utf-8", newline="\n")
    assert_stored(text, path.read_text(encoding="utf-8") if path.exists() else "", path.name)
