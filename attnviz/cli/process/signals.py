"""Signals that end a run: each is an exception, as Ctrl-C is, so that files and processes are left in order."""

import os
import signal
import sys
import time
from types import FrameType

_ENDING = ("SIGINT", "SIGTERM", "SIGHUP")  # Ctrl-C; kill, timeout; a terminal that is closed
_TOGETHER = 1.0  # seconds in which signals are of one ending: a terminal and a parent may both send one
_SHELL = 128  # what a shell adds to the number of a signal, for an exit code
_IMPORTING = "<frozen importlib._bootstrap>"  # libraries that are interrupted while they load fail, or crash at the end
_AGAIN, _MOST_TRIES = 0.02, 250  # seconds until an import is looked at again, and how often
_arrived: list[tuple[int, float]] = []  # number and time, of those that counted


def heed_signals(early: object = signal.SIG_DFL) -> None:
    """From now on the signals end a run in order, but for those that were ignored when the program started.

    Args:
        early: what has handled Ctrl-C until now.
    """
    for number in _numbers(signal.SIG_DFL, signal.default_int_handler, early):
        signal.signal(number, _end_run)
    sys.unraisablehook = _dropped


def forget_signals() -> None:
    """From now on the signals change nothing any more: the run is over."""
    for number in _numbers(_end_run):
        signal.signal(number, signal.SIG_IGN)


def code_of_signal() -> int | None:
    """The exit code of a run that a signal ended, the first one; None where there was none."""
    return _SHELL + _arrived[0][0] if _arrived else None


def end_by_signal() -> None:
    """Ends the process at once with its exit code: what it held has been left, and libraries may be half loaded."""
    os._exit(code_of_signal() or _SHELL + signal.SIGINT)


def limit_time(seconds: float) -> None:
    """Interrupts what still runs after so many seconds."""
    if hasattr(signal, "SIGALRM"):
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _numbers(*handlers: object) -> list[int]:
    """The signals that are handled by one of these."""
    known = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    return [number for number in known if signal.getsignal(number) in handlers]


def _end_run(number: int, frame: FrameType | None) -> None:
    now = time.monotonic()
    if _arrived and now - _arrived[-1][1] < _TOGETHER:
        return
    _arrived.append((number, now))
    _interrupt(frame, _MOST_TRIES)


def _interrupt(frame: FrameType | None, tries: int) -> None:
    """Raises Ctrl-C's exception, after an import that runs."""
    if tries and hasattr(signal, "SIGALRM") and _imports(frame):
        _interrupt_again(tries - 1)
        return
    raise KeyboardInterrupt


def _interrupt_again(tries: int) -> None:
    signal.signal(signal.SIGALRM, lambda _, frame: _interrupt(frame, tries))
    signal.setitimer(signal.ITIMER_REAL, _AGAIN)


def _imports(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_code.co_filename != _IMPORTING:
        frame = frame.f_back
    return frame is not None


def _dropped(unraisable: "sys.UnraisableHookArgs") -> None:
    """Raises an interrupt again that came where Python drops every exception: while it frees an object, or forks.

    Other errors after a signal are dropped: an object that was being written cannot end as it would.
    """
    if not _arrived:
        sys.__unraisablehook__(unraisable)
    elif isinstance(unraisable.exc_value, KeyboardInterrupt) and hasattr(signal, "SIGALRM"):
        _interrupt_again(_MOST_TRIES)
