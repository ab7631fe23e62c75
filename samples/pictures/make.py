"""Draws the README's pictures of the terminal, by ``python samples/pictures/make.py``.

``show.svg`` and ``from.svg`` are what ``attnviz show`` prints.

An SVG is a terminal's window with its own dark background, so that it looks the same on a light and a dark page.
Every run of characters has a fixed length, so that columns stay below each other in any font.
"""

import os
import re
import subprocess
import sys
from html import escape
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
TEXT = "The animal didn't cross the street because it was too tired."
SCREENS = {  # the options of each picture, and the line that says most
    "show.svg": ((), 1),
    "from.svg": (("--from", "it"), 2),
}
COLUMNS = 80

FONT = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
CELL, LINE, SIZE = 8.4, 18, 14  # the width of a character, the height of a line, and of the letters, in pixels
EDGE, BAR = 16, 36  # around the text, and the window's title bar
BACKGROUND, FOREGROUND, FAINT, PROMPT = "#14161b", "#e6e6e6", "#8b93a1", "#7bd88f"


class Style(NamedTuple):
    """How characters look; colours are None where they are the terminal's own."""

    color: str | None = None
    background: str | None = None
    bold: bool = False
    dim: bool = False
    underline: bool = False


def printed(*arguments: str) -> str:
    """What the program prints on a terminal with 24-bit colour."""
    names = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS")
    environ = {name: value for name, value in os.environ.items() if name not in names and not name.startswith("ATTN")}
    environ |= {"COLORTERM": "truecolor", "TERM": "xterm-256color", "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "-m", "attnviz", *arguments, "--color", "always"]
    return subprocess.run(command, env=environ, capture_output=True, encoding="utf-8", check=True).stdout  # noqa: S603


def runs(line: str) -> list[tuple[str, Style]]:
    """The parts of a line that look alike, from its escape codes (SGR)."""
    found, style = [], Style()
    for codes, text in re.findall(r"((?:\x1b\[[\d;]*m)*)([^\x1b]*)", line):
        for code in re.findall(r"\x1b\[([\d;]*)m", codes):
            style = styled(style, [int(number) for number in code.split(";") if number])
        if text:
            found.append((text, style))
    return found


def styled(style: Style, codes: list[int]) -> Style:
    """The style after the numbers of one escape code."""
    if not codes or codes == [0]:
        return Style()
    if codes[0] in (38, 48) and codes[1] == 2:
        rgb = "#{:02x}{:02x}{:02x}".format(*codes[2:5])
        style = style._replace(color=rgb) if codes[0] == 38 else style._replace(background=rgb)
        return styled(style, codes[5:]) if codes[5:] else style
    known = {1: {"bold": True}, 2: {"dim": True}, 4: {"underline": True}, 39: {"color": None}, 49: {"background": None}}
    style = style._replace(**known[codes[0]])
    return styled(style, codes[1:]) if codes[1:] else style


def drawn(text: str, style: Style, column: int, top: float) -> str:
    """One run of characters, with its background."""
    x, width = EDGE + column * CELL, len(text) * CELL
    box = ""
    if style.background:
        box = f'<rect x="{x:.1f}" y="{top:.1f}" width="{width:.1f}" height="{LINE}" fill="{style.background}"/>\n'
    if not text.strip():
        return box
    start, text = len(text) - len(text.lstrip()), text.strip()
    color = style.color or (FAINT if style.dim else FOREGROUND)
    looks = (' font-weight="700"' if style.bold else "") + (' text-decoration="underline"' if style.underline else "")
    place = f'x="{x + start * CELL:.1f}" y="{top + 13.5:.1f}" textLength="{len(text) * CELL:.1f}"'
    shown = escape(text).replace(" ", "\u00a0")  # browsers collapse plain spaces, whatever xml:space says
    return f'{box}<text {place} fill="{color}"{looks}>{shown}</text>\n'


def svg(lines: list[list[tuple[str, Style]]], title: str) -> str:
    """A terminal's window that shows the lines."""
    columns = max(sum(len(text) for text, _ in line) for line in lines)
    width, height = 2 * EDGE + columns * CELL, BAR + len(lines) * LINE + EDGE
    dots = "".join(
        f'<circle cx="{EDGE + 6 + 20 * i}" cy="{BAR / 2:.0f}" r="6" fill="{color}"/>\n'
        for i, color in enumerate(("#ff5f57", "#febc2e", "#28c840"))
    )
    body = ""
    for row, line in enumerate(lines):
        column = 0
        for text, style in line:
            body += drawn(text, style, column, BAR + row * LINE)
            column += len(text)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}">\n<title>{escape(title)}</title>\n'
        f'<rect x="0.5" y="0.5" width="{width - 1:.0f}" height="{height - 1:.0f}" rx="8" fill="{BACKGROUND}" '
        f'stroke="#444c5a"/>\n{dots}<g font-family="{FONT}" font-size="{SIZE}">\n'
        f"{body}</g>\n</svg>\n"
    )


def write_screens() -> None:
    """Writes ``show.svg`` and ``from.svg``."""
    for name, (options, telling) in SCREENS.items():
        command = " ".join(["attnviz show", f'"{TEXT}"', *options])
        output = printed("show", TEXT, *options, "--width", str(COLUMNS)).splitlines()
        prompt = [("$ ", Style(color=PROMPT, bold=True)), (command, Style(bold=True))]
        lines = [prompt, *(runs(line) for line in output)]
        summary = "".join(text for text, _ in lines[1 + telling])
        (HERE / name).write_text(svg(lines, f"{command} prints: {summary}"), encoding="utf-8", newline="\n")


def main() -> None:
    """Writes the pictures beside this script."""
    write_screens()


if __name__ == "__main__":
    main()
