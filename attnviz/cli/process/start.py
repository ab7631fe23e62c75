"""The console script: signals are heeded before anything else is loaded."""

import _signal  # type: ignore[import-not-found]  # of which ``signal`` is made, and which is there without any import
import os


def start() -> None:
    """Runs the command line of this process."""
    await_ctrl_c()
    from attnviz.cli.process.signals import end_by_signal, heed_signals

    try:
        heed_signals(end_at_once)
        from attnviz.cli.main import entry

        entry()
    except KeyboardInterrupt:
        end_by_signal()


def await_ctrl_c() -> None:
    """From now on Ctrl-C ends the process at once and quietly, unless it was ignored when the program started."""
    if _signal.getsignal(_signal.SIGINT) is _signal.default_int_handler:
        _signal.signal(_signal.SIGINT, end_at_once)


def end_at_once(number: int, _: object) -> None:
    """Ends a process that holds nothing yet, with the exit code that a shell gives it."""
    os._exit(128 + number)
