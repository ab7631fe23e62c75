"""Where a view is printed: how wide, in which colours, with which characters."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TextIO

from rich.color import ColorSystem
from rich.segment import Segment
from rich.style import Style

from attnviz.output.color_choice import choose_color, color_system
from attnviz.output.labels import cut, wrapped
from attnviz.output.terminal.images.image_screen import ImageScreen
from attnviz.records import dataclass

PIPE_WIDTH = 80
_MOST_WIDTH = 100_000  # columns; a line that is filled takes as many characters
_SYSTEMS = {"truecolor": ColorSystem.TRUECOLOR, "256": ColorSystem.EIGHT_BIT, "standard": ColorSystem.STANDARD}
_GLYPHS = "░▒▓█▀▄▌·…√Σ∅␣"

StyledLine = list[tuple[str, Style]]
PLAIN, BOLD, DIM = Style(), Style(bold=True), Style(dim=True)


@dataclass(frozen=True)
class Screen:
    """What a view needs to know about where it is printed.

    Attributes:
        width: columns.
        color: ``truecolor``, ``256``, ``standard`` (16 colours); None for no colour, and no escape codes at all.
        ascii: whether the stream cannot carry block characters.
        images: how matrices are drawn as pictures; None where they are text.
    """

    width: int = PIPE_WIDTH
    color: str | None = None
    ascii: bool = False
    images: ImageScreen | None = None

    @classmethod
    def of(
        cls,
        stream: TextIO,
        environ: Mapping[str, str],
        *,
        color: str = "auto",
        width: int | None = None,
        images: ImageScreen | None = None,
    ) -> "Screen":
        """What a stream can show; ``color``, ``width`` and ``images`` are what the user asked for."""
        is_terminal = stream.isatty()
        coloured = choose_color(color, environ, is_terminal=is_terminal)
        return cls(
            width=min(width or _width(environ, is_terminal=is_terminal), _MOST_WIDTH),
            color=color_system(environ) if coloured else None,
            ascii=not _carries(stream.encoding, _GLYPHS),
            images=images,
        )

    def carried(self, text: str) -> str:
        """The text in characters that the screen can carry: escaped before it is measured, not after."""
        return text.encode("ascii", "backslashreplace").decode() if self.ascii else text


def print_to(stream: TextIO, screen: Screen, view: "LinesView | str") -> None:
    """Prints a view, or a text, with the screen's colours."""
    segments = [Segment(view), Segment.line()] if isinstance(view, str) else view.__rich_console__(None, None)
    text = "".join(_rendered(segments, screen))
    encoding = stream.encoding or "ascii"
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))


class LinesView:
    """A Rich renderable made of lines of styled text."""

    def __init__(self, screen: Screen):
        self.screen = screen

    def lines(self) -> Iterable[StyledLine]:
        """The lines, each as pieces of text with their styles."""
        raise NotImplementedError

    def cut(self, text: str, width: int | None = None) -> str:
        """The text in at most so many columns, by default those of the screen, in characters that it can carry."""
        return cut(self.screen.carried(text), self.screen.width if width is None else width, ascii=self.screen.ascii)

    def text(self, text: str, style: Style = PLAIN, *, indent: int = 0) -> Iterator[StyledLine]:
        """The text in lines that fit the screen, in characters that it can carry."""
        for line in wrapped(self.screen.carried(text), self.screen.width - indent, ascii=self.screen.ascii):
            yield [(" " * indent + line, style)]

    def __rich_console__(self, console: object, options: object) -> Iterator[Segment]:
        """The lines as segments."""
        for line in self.lines():
            for text, style in line:
                yield Segment(text, style)
            yield Segment.line()


def _rendered(segments: Iterable[Segment], screen: Screen) -> Iterator[str]:
    system = None if screen.color is None else _SYSTEMS[screen.color]
    for text, style, _ in segments:
        yield text if system is None or not style else style.render(text, color_system=system)


def _width(environ: Mapping[str, str], *, is_terminal: bool) -> int:
    given = environ.get("COLUMNS", "")
    if given.isdecimal() and int(given) > 0:
        return max(20, int(given))
    if not is_terminal:
        return PIPE_WIDTH
    for descriptor in (1, 2, 0):
        with suppress(OSError):
            columns = os.get_terminal_size(descriptor).columns
            return max(20, columns) if columns else PIPE_WIDTH  # a terminal that nobody told its size has none
    return PIPE_WIDTH


def _carries(encoding: str | None, text: str) -> bool:
    try:
        text.encode(encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
