"""A hostile command line: its words, the files around it, and what it reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Case:
    """One run of the program in a folder of its own.

    Attributes:
        argv: the words after ``attnviz``.
        files: what each file holds, by its path below that folder.
        stdin: what standard input holds.
        env: variables that are set.
    """

    argv: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    stdin: bytes = b""
    env: Mapping[str, str] = field(default_factory=dict)


def write_files(case: Case, folder: str) -> None:
    """Writes the case's files, and their folders."""
    from pathlib import Path

    for name, data in case.files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
