"""Whether standard output is a terminal that draws pictures."""

import os
import sys
from typing import TYPE_CHECKING

from attnviz.cli.images.conversation import TIME_OUT, NoTerminalError, ask, open_terminal
from attnviz.cli.options import CommonOptions
from attnviz.cli.streams import note

if TYPE_CHECKING:
    from attnviz.output.terminal.images.answers import WindowSize
    from attnviz.output.terminal.images.image_screen import ImageScreen


def terminal_images(common: CommonOptions) -> "ImageScreen | None":
    """How the terminal draws pictures; where it draws none, a note says why, and the result is None."""
    try:
        return _asked()
    except NoTerminalError as reason:
        note(common, f"image: {reason}; printing text")
        return None


def _asked() -> "ImageScreen":
    """How the terminal draws pictures, by its own answer.

    Raises:
        NoTerminalError: it draws none, does not answer, or there is none.
    """
    from attnviz.output.terminal.images.answers import image_screen, is_complete, is_multiplexed, query

    if not sys.stdout.isatty():
        raise NoTerminalError("standard output is not a terminal")
    if os.environ.get("TERM") == "dumb":
        raise NoTerminalError("TERM is dumb, a terminal that draws no pictures")
    with open_terminal(sys.stdout.fileno()) as terminal:
        answers = ask(terminal, query(os.environ), is_complete)
        images = image_screen(answers, _window(terminal), os.environ)
    if images is not None:
        return images
    if not is_complete(answers):
        raise NoTerminalError(f"the terminal did not answer within {TIME_OUT:g} s")
    if is_multiplexed(os.environ):
        raise NoTerminalError("this tmux or screen draws no pictures; expected tmux 3.4 or newer, built with Sixel")
    raise NoTerminalError("this terminal draws no pictures; expected one with kitty graphics, iTerm2 images or Sixel")


def _window(terminal: int) -> "WindowSize":
    """The size of the terminal's window, in characters and in pixels."""
    import fcntl
    import struct
    import termios

    from attnviz.output.terminal.images.answers import WindowSize

    try:
        sizes = struct.unpack("HHHH", fcntl.ioctl(terminal, termios.TIOCGWINSZ, bytes(8)))
    except OSError:
        return WindowSize(0, 0)
    return WindowSize(*sizes)
