"""Pieces of styled text in lines, broken only between pieces."""

from collections.abc import Iterator

from rich.style import Style

from attnviz.output.labels import cell_width
from attnviz.output.terminal.screen import StyledLine

_PLAIN = Style()


def flowed(start: str, pieces: list[StyledLine], width: int) -> Iterator[StyledLine]:
    """The pieces after a start, with commas between; lines that follow begin below the first piece.

    Where the widest piece has no room beside the start, all of them begin further left.
    """
    widest = max(_width(piece) + (piece is not pieces[-1]) for piece in pieces)
    indent = max(0, min(cell_width(start), width - widest))
    line: StyledLine = [(start, _PLAIN)]
    used = cell_width(start)
    for piece in pieces:
        is_last = piece is pieces[-1]
        if used > indent and used + _width(piece) + (not is_last) > width:
            yield _ended(line)
            line, used = [(" " * indent, _PLAIN)], indent
        line += piece if is_last else [*piece, (", ", _PLAIN)]
        used += _width(piece) + 2 * (not is_last)
    yield line


def _width(line: StyledLine) -> int:
    return sum(cell_width(text) for text, _ in line)


def _ended(line: StyledLine) -> StyledLine:
    """The line without the spaces at its end."""
    text, style = line[-1]
    return [*line[:-1], (text.rstrip(), style)]
