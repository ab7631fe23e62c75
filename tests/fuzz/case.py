"""A hostile command line: its words, the files around it, and what it reads."""

import contextlib
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Case:
    """One run of the program in a folder of its own.

    Attributes:
        argv: the words after ``attnviz``.
        files: what each file holds, by its path below that folder.
        stdin: what standard input holds.
        env: variables that are set.
        places: what else is there, by its path: ``folder``, ``locked`` (one), ``pipe``, ``socket``, ``link TARGET``.
        replaceable: the files that attnviz may change or remove, as it wrote them.
        hub: gives the lies of the hub that answers; None for none.
    """

    argv: tuple[str, ...]
    files: Mapping[str, bytes] = field(default_factory=dict)
    stdin: bytes = b""
    env: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    replaceable: frozenset[str] = frozenset()
    hub: int | None = None


def write_files(case: Case, folder: str) -> None:
    """Writes the case's files, and their folders."""
    for name, data in case.files.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for name, kind in case.places.items():
        path = Path(folder, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        _make(path, kind)


def _make(path: Path, kind: str) -> None:
    if kind == "folder":
        path.mkdir(exist_ok=True)
    elif kind == "locked":
        path.mkdir(exist_ok=True)
        path.chmod(0o500)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with contextlib.chdir(path.parent), socket.socket(socket.AF_UNIX) as one:  # a name has at most 107 bytes
            one.bind(path.name)
    else:
        path.symlink_to(kind.removeprefix("link "))
