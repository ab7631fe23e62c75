"""The explorer in the terminal that the program was started in."""

import asyncio
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from types import FrameType
from typing import cast

from rich.console import Console
from textual.app import App
from textual.driver import Driver

from attnviz.api.pages.session import Session
from attnviz.errors import UsageError
from attnviz.explorer.app import ExplorerApp
from attnviz.explorer.effects import Outside
from attnviz.explorer.sight import Sight
from attnviz.output.terminal.screen import Screen

_LOOK = 1.0  # seconds between looks at whether the terminal is there
_HUNG_UP = 129  # the exit code of a shell for SIGHUP


def explore_in_terminal(session: Session, sight: Sight, outside: Outside) -> list[str]:
    """Runs the explorer until its user quits.

    Args:
        session: gives texts.
        sight: the first text, and how it opens.
        outside: what the command line knows.

    Returns:
        the commands that the user copied.

    Raises:
        KeyboardInterrupt: the user ended it with Ctrl-C, or a signal did.
    """
    app = TerminalExplorer(session, sight, outside, driver_class=output_driver(), console=console_of(sight.screen))
    with _ended_by_signals(app):
        app.run()
    if app.failure is not None:
        raise app.failure
    if app.is_interrupted:
        raise KeyboardInterrupt
    return app.commands


class TerminalExplorer(ExplorerApp):
    """The explorer in a terminal, which leaves an unexpected error to the command, as others do.

    Attributes:
        failure: the error that ended it.
    """

    failure: Exception | None = None
    _home_loop: asyncio.AbstractEventLoop | None = None

    def on_mount(self) -> None:
        """Ends at once what was interrupted before it could end, and later if the terminal goes without a signal."""
        self._home_loop = asyncio.get_running_loop()
        if self.is_interrupted:
            self.exit()
        if hasattr(select, "poll"):
            self.set_interval(_LOOK, partial(_end_without, [number for number in range(3) if os.isatty(number)]))

    def interrupt(self) -> None:
        """Ends it as its key does, as soon as it waits for something: the terminal is then left as it was."""
        self.is_interrupted = True
        if self._home_loop is not None:
            self._home_loop.call_soon_threadsafe(self.exit)

    def _handle_exception(self, error: Exception) -> None:
        self.failure = error
        self.exit()


def _end_without(terminals: list[int]) -> None:
    """Ends the process where one of these has no other end: nothing can be restored, and reading it never waits."""
    ends = select.poll()
    for number in terminals:
        ends.register(number, 0)
    if ends.poll(0):
        os._exit(_HUNG_UP)


@contextmanager
def _ended_by_signals(app: TerminalExplorer) -> Iterator[None]:
    """Signals that end the program interrupt the explorer meanwhile; a later one ends it wherever it is."""
    numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}

    def end(number: int, frame: FrameType | None) -> None:
        if app.is_interrupted:
            before[number](number, frame)
        with suppress(KeyboardInterrupt):
            before[number](number, None)
        app.interrupt()

    for number in before:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def take_keys_from_terminal() -> None:
    """Where standard input is not the terminal, keys come from it all the same; the pipe stays open for its texts.

    Raises:
        UsageError: there is no terminal.
    """
    if os.isatty(0):
        return
    try:
        terminal = os.open("/dev/tty", os.O_RDWR)
    except OSError as error:
        raise UsageError("explore: there is no terminal to read keys from; expected one") from error
    piped = os.dup(0)
    os.dup2(terminal, 0)
    os.close(terminal)
    sys.stdin = os.fdopen(piped, encoding="utf-8")


def console_of(screen: Screen) -> Console:
    """What tells Textual how many colours there are; its styles without colours are left as they are."""
    system = {"truecolor": "truecolor", "256": "256", "standard": "standard"}.get(screen.color or "", "standard")
    return Console(color_system=system, force_terminal=True, legacy_windows=False, markup=False)  # type: ignore[arg-type]


def output_driver() -> type[Driver]:
    """Textual's driver of this system, which writes to standard output, not to standard error."""
    base = App().get_driver_class()

    class OutputDriver(base):  # type: ignore[misc, valid-type]
        def __init__(self, *args: object, **options: object):
            super().__init__(*args, **options)
            self._file = sys.__stdout__

    return cast("type[Driver]", OutputDriver)
