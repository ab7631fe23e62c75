"""The first moments of a process, which holds nothing yet."""

import _signal  # type: ignore[import-not-found]  # of which ``signal`` is made, and which is there without any import
import os


def await_ctrl_c() -> None:
    """From now on Ctrl-C ends the process at once and quietly, unless it was ignored when the program started."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, end_at_once)


def end_at_once(number: int, _: object) -> None:
    """Ends the process with the exit code that a shell gives it."""
    os._exit(128 + number)
