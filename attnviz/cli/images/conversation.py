"""A question to the terminal, and its answer."""

import contextlib
import os
import select
import time
from collections.abc import Callable, Iterator

TIME_OUT = 1.0  # seconds; a terminal far away answers within a third of that
_MOST = 4096  # bytes of an answer; more is not one


class NoTerminalError(Exception):
    """There is no terminal that we may ask; the message says why."""


@contextlib.contextmanager
def open_terminal(output: int) -> Iterator[int]:
    """Our terminal, open for reading and writing, also where standard input is a pipe.

    Args:
        output: standard output, which is a terminal.

    Raises:
        NoTerminalError: output is another terminal, or we are in the background, where a question would stop us.
    """
    try:
        descriptor = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError as error:
        raise NoTerminalError("the terminal cannot be asked what it draws") from error
    try:
        if _foreground(output) is None:
            raise NoTerminalError("standard output is a terminal that cannot be asked what it draws")
        if _foreground(descriptor) != os.getpgrp():
            raise NoTerminalError("attnviz runs in the background, where it cannot ask the terminal what it draws")
        yield descriptor
    finally:
        os.close(descriptor)


def _foreground(descriptor: int) -> int | None:
    """The processes that a terminal listens to, by their group; None where it is not ours."""
    try:
        return os.tcgetpgrp(descriptor)
    except OSError:
        return None


def ask(descriptor: int, question: bytes, is_complete: Callable[[bytes], bool], seconds: float = TIME_OUT) -> bytes:
    """What a terminal answers, until the answer is complete or the time is up.

    The terminal neither echoes the answer nor waits for the end of a line meanwhile; afterwards it is as before,
    whatever happens. What is typed after the answer stays for whoever reads next.

    Args:
        descriptor: the terminal.
        question: what is written to it.
        is_complete: whether the bytes so far are the whole answer.
        seconds: how long to wait.
    """
    import termios  # there is none on Windows

    with _quiet(descriptor):
        _write(descriptor, question)
        answer, end = b"", time.monotonic() + seconds
        while len(answer) < _MOST and not is_complete(answer):
            left = max(0.0, end - time.monotonic())
            byte = os.read(descriptor, 1) if select.select([descriptor], [], [], left)[0] else b""
            if not byte:
                termios.tcflush(descriptor, termios.TCIFLUSH)  # the start of what comes too late
                break
            answer += byte  # one at a time: what follows the answer is not ours
        # Where a terminal printed a part of the question, nothing of it is to stay.
        _write(descriptor, b"\r\x1b[K")
    return answer


@contextlib.contextmanager
def _quiet(descriptor: int) -> Iterator[None]:
    """No echo, and each byte as it comes; signals such as that of Ctrl-C stay."""
    import termios

    before = termios.tcgetattr(descriptor)
    silent = list(before)
    silent[3] &= ~(termios.ECHO | termios.ICANON)
    silent[6] = [*before[6]]
    silent[6][termios.VMIN], silent[6][termios.VTIME] = 1, 0
    try:
        termios.tcsetattr(descriptor, termios.TCSANOW, silent)
        yield
    finally:
        termios.tcsetattr(descriptor, termios.TCSANOW, before)


def _write(descriptor: int, data: bytes) -> None:
    while data:
        data = data[os.write(descriptor, data) :]
