"""What to ask a terminal about pictures, and what its answers mean.

Kitty: the graphics protocol's own query (https://sw.kovidgoyal.net/kitty/graphics-protocol, "Querying support").
iTerm2: the name that XTVERSION gives. Sixel: attribute 4 of the primary device attributes (DA1), which nearly every
terminal answers; they are asked for last, so that their answer ends the conversation. Sizes and colours are xterm's
window operations 14 and 16 and XTSMGRAPHICS (https://invisible-island.net/xterm/ctlseqs/ctlseqs.html).
"""

import re
from collections.abc import Mapping

from attnviz.output.terminal.images.image_screen import USUAL_CELL, ImageScreen
from attnviz.records import dataclass

_KITTY = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\"
_NAME, _DA1 = b"\x1b[>q", b"\x1b[c"
_SIZES = b"\x1b[14t\x1b[16t\x1b[?1;1;0S\x1b[?2;1;0S"

_KITTY_ANSWER = re.compile(rb"\x1b_Gi=31[^;\x1b]*;OK\x1b\\")
_NAME_ANSWER = re.compile(rb"\x1bP>\|([^\x1b\x07]*)")
_DA1_ANSWER = re.compile(rb"\x1b\[\?([\d;]*)c")
_SIZE_ANSWER = re.compile(rb"\x1b\[([46]);(\d{1,6});(\d{1,6})t")
_COLORS_ANSWER = re.compile(rb"\x1b\[\?1;0;(\d{1,6})S")
_MOST_ANSWER = re.compile(rb"\x1b\[\?2;0;(\d{1,6});(\d{1,6})S")

_SIXEL = 4
_DRAW_AS_ITERM2 = ("iterm2", "wezterm", "mintty")
_LEAST_COLORS, _MOST_COLORS = 2, 256


def is_multiplexed(environ: Mapping[str, str]) -> bool:
    """Whether tmux or screen is between us and the terminal; it answers for itself."""
    return bool(environ.get("TMUX") or environ.get("STY")) or environ.get("TERM", "").startswith(("tmux", "screen"))


def query(environ: Mapping[str, str]) -> bytes:
    """What to write to the terminal; tmux and screen would take the query of kitty for a title."""
    return (b"" if is_multiplexed(environ) else _KITTY) + _NAME + _SIZES + _DA1


def is_complete(answers: bytes) -> bool:
    """Whether the last answer is there."""
    return _DA1_ANSWER.search(answers) is not None


@dataclass(frozen=True)
class WindowSize:
    """The size of a terminal's window as its driver knows it (TIOCGWINSZ); 0 where it does not.

    Attributes:
        rows: of characters.
        columns: of characters.
        width: in pixels.
        height: in pixels.
    """

    rows: int
    columns: int
    width: int = 0
    height: int = 0


def image_screen(answers: bytes, window: WindowSize, environ: Mapping[str, str]) -> ImageScreen | None:
    """What the terminal draws pictures with; None where it draws none.

    Args:
        answers: all that it wrote back, with whatever else was typed.
        window: the size of its window.
        environ: the environment's variables; iTerm2 and terminals like it are known by theirs, too.
    """
    protocol = _protocol(answers, environ)
    if protocol is None:
        return None
    colors, most = _COLORS_ANSWER.search(answers), _MOST_ANSWER.search(answers)
    return ImageScreen(
        protocol,
        columns=window.columns or 80,
        rows=window.rows or 24,
        cell=_cell(answers, window),
        n_colors=min(max(int(colors[1]), _LEAST_COLORS), _MOST_COLORS) if colors else _MOST_COLORS,
        most=(int(most[1]), int(most[2])) if most and int(most[1]) and int(most[2]) else None,
    )


def _protocol(answers: bytes, environ: Mapping[str, str]) -> str | None:
    if _KITTY_ANSWER.search(answers):
        return "kitty"
    attributes = _DA1_ANSWER.search(answers)
    name = _NAME_ANSWER.search(answers)
    if name and name[1].decode("ascii", "replace").lower().startswith(_DRAW_AS_ITERM2):
        return "iterm2"
    is_iterm2 = environ.get("TERM_PROGRAM") == "iTerm.app" or environ.get("LC_TERMINAL") == "iTerm2"
    if attributes and name is None and is_iterm2 and not is_multiplexed(environ):  # an iTerm2 that has no XTVERSION
        return "iterm2"
    return "sixel" if attributes and _SIXEL in map(int, filter(None, attributes[1].split(b";"))) else None


def _cell(answers: bytes, window: WindowSize) -> tuple[float, float]:
    """The size of a character in pixels, from whoever knows it."""
    sizes = {int(kind): (int(width), int(height)) for kind, height, width in _SIZE_ANSWER.findall(answers)}
    whole = (window.width, window.height)
    has_characters = window.columns > 0 and window.rows > 0
    if has_characters and min(whole) > 0:
        return whole[0] / window.columns, whole[1] / window.rows
    if min(sizes.get(6, (0, 0))) > 0:
        return sizes[6]
    if has_characters and min(sizes.get(4, (0, 0))) > 0:
        return sizes[4][0] / window.columns, sizes[4][1] / window.rows
    return USUAL_CELL
