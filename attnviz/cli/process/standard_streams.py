"""The standard streams of the process: all three open, and none that stops a command for a reason of its own.

A stream may have been closed by who started us, may have been left non-blocking by another program that shares it, and
may lead to a full disk or to a pipe without a reader. Only results that cannot be written are a failure.
"""

import io
import os
import select
import sys
from contextlib import suppress
from typing import TextIO, cast

_SECONDS = 1.0  # that a message waits for a reader of a stream that does not block
_UTF8_MODE = "utf8"
_ESCAPED = "backslashreplace"


def begin_in_utf8() -> None:
    """Begins anew in Python's UTF-8 mode, where the locale would make arguments and names of files ASCII.

    What is printed keeps the encoding of the locale: what that cannot carry is escaped.
    """
    if sys.getfilesystemencoding() == "ascii" and sys.executable and _UTF8_MODE not in sys._xoptions:
        encoding = sys.stdout.encoding if sys.stdout else "ascii"
        os.environ.setdefault("PYTHONIOENCODING", encoding)
        os.execv(sys.executable, [sys.executable, "-X", _UTF8_MODE, *sys.orig_argv[1:]])  # noqa: S606 (Python itself)


def open_standard_streams() -> None:
    """Opens what is closed, and gives each stream what it needs in order to go on."""
    _occupy_descriptors()
    sys.stderr = _text(_Messages(2, "wb", closefd=False), sys.stderr)
    if sys.stdout is None or not _blocks(1):
        sys.stdout = _text(_Waiting(1, "wb", closefd=False), sys.stdout)
    cast("io.TextIOWrapper", sys.stdout).reconfigure(errors=_ESCAPED)
    if sys.stdin is not None and not _blocks(0):
        reader = io.BufferedReader(_Waiting(0, "rb", closefd=False))
        sys.stdin = io.TextIOWrapper(reader, encoding=sys.stdin.encoding, errors=sys.stdin.errors)


def discard_output() -> None:
    """Nobody reads any more: what is still buffered must not raise again at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115 (for as long as the process)


class _Waiting(io.FileIO):
    """A descriptor that waits where it would have to, as blocking ones do."""

    read, readall = io.RawIOBase.read, io.RawIOBase.readall  # type: ignore[assignment]  # by way of ``readinto``

    def readinto(self, buffer: "bytearray | memoryview") -> int:  # type: ignore[override]
        """Reads the next bytes once there are some; 0 at the end."""
        while (n := super().readinto(buffer)) is None:
            select.select([self], [], [])
        return n

    def write(self, data: "bytes | memoryview") -> int:  # type: ignore[override]
        """Writes as much as there is room for once there is some."""
        while (n := super().write(data)) is None:
            select.select([], [self], [])
        return n


class _Messages(io.FileIO):
    """Standard error: what it cannot take is dropped, as no message is worth a result or an exit code."""

    _seconds = _SECONDS

    def write(self, data: "bytes | memoryview") -> int:  # type: ignore[override]
        """Writes what can be written; says that all of the rest was."""
        with suppress(OSError, ValueError):  # a full disk, a pipe without a reader
            while (n := super().write(data)) is None:
                if not select.select([], [self], [], self._seconds)[1]:
                    self._seconds = 0.0  # a reader that did not come is not waited for again
                    break
            else:
                return n
        return len(data)


def _occupy_descriptors() -> None:
    """Leads closed descriptors nowhere: the next file that is opened would get the number, and messages in it."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # it gets the lowest number that is free


def _blocks(descriptor: int) -> bool:
    return not hasattr(os, "get_blocking") or os.get_blocking(descriptor)


def _text(raw: io.FileIO, before: TextIO | None) -> io.TextIOWrapper:
    """A stream of text in the encoding of the one before it."""
    encoding = before.encoding if before else "utf-8"
    lines = raw.isatty() or isinstance(raw, _Messages)
    return io.TextIOWrapper(io.BufferedWriter(raw), encoding=encoding, errors=_ESCAPED, line_buffering=lines)
