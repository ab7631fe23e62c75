"""The sentence as words in the colours of what the word under the cursor gives them, or gets from them."""

from collections.abc import Callable
from typing import NamedTuple

from rich.style import Style

from attnviz.explorer.canvas import Area, Spot, below
from attnviz.explorer.layout import window
from attnviz.explorer.sight import Sight
from attnviz.output.labels import cell_width
from attnviz.output.terminal.screen import PLAIN, StyledLine
from attnviz.output.terminal.sentence.layout import SentenceWords
from attnviz.trace.tokens import Tokens

CURSOR = Style(bold=True, underline=True, reverse=True)
PARTNER = Style(bold=True, underline=True)
_LEAST_WRITTEN = 0.05  # of the scale, from which a word has its number where there are no colours

Written = Callable[[int], tuple[str, Style]]


class _Word(NamedTuple):
    """A word on its line: its place among all, its first column, its text and style."""

    place: int
    x: int
    text: str
    style: Style


def sentence_area(sight: Sight, width: int, most: int) -> Area:
    """The sentence; of cross-attention the two, the one that has the cursor first.

    Args:
        sight: what is shown.
        width: columns.
        most: lines at most.
    """
    if sight.is_square:
        return _wrapped(sight, sight.others, "other", _coloured(sight), sight.word, width, most)
    first = _wrapped(sight, sight.subjects, "own", _cursor(sight), sight.word, width, max(1, most // 2))
    at = sight.word if sight.link is None else sight.link
    second = _wrapped(sight, sight.others, "other", _coloured(sight), at, width, max(1, most - len(first.lines)))
    return below(first, second)


def _coloured(sight: Sight) -> Written:
    """How each of the others is written: in its colour, or without colours with its number."""
    words = SentenceWords.of(sight.others, sight.screen).words
    top = set(sight.strongest(3))

    def written(i: int) -> tuple[str, Style]:
        text, style = words[i], PLAIN
        if not sight.absent[i]:
            value = float(sight.values[i])
            style = sight.tint(value)
            if not sight.has_ground and i in top and sight.size(value) >= _LEAST_WRITTEN:
                text = f"{text}[{sight.number(value, 2).removeprefix('0')}]"
        if sight.is_square and i == sight.word:
            return text, CURSOR
        return text, style + PARTNER if i == sight.partner else style

    return written


def _cursor(sight: Sight) -> Written:
    words = SentenceWords.of(sight.subjects, sight.screen).words
    return lambda i: (words[i], CURSOR if i == sight.word else PLAIN)


def _wrapped(sight: Sight, tokens: Tokens, kind: str, written: Written, at: int, width: int, most: int) -> Area:
    """Words in lines, of many lines those around a word."""
    gaps = SentenceWords.of(tokens, sight.screen).gaps
    rows: list[list[_Word]] = [[]]
    x = 0
    for i, gap in enumerate(gaps):
        text, style = written(i)
        start = x + (cell_width(gap) if rows[-1] else 0)
        if rows[-1] and start + cell_width(text) > width:
            rows.append([])
            start = 0
        rows[-1].append(_Word(i, start, text, style))
        x = start + cell_width(text)
    line_of_word = next(i for i, row in enumerate(rows) if row[-1].place >= at)
    lines: list[StyledLine] = []
    spots: list[Spot] = []
    for y, i in enumerate(window(len(rows), most, line_of_word)):
        lines.append(_spaced(rows[i]))
        spots += [Spot(kind, one.x, y, cell_width(one.text), row=one.place, cell=(width, 1)) for one in rows[i]]
    return Area.of(lines, spots)


def _spaced(row: list[_Word]) -> StyledLine:
    line: StyledLine = []
    x = 0
    for one in row:
        line += [(" " * (one.x - x), PLAIN), (one.text, one.style)]
        x = one.x + cell_width(one.text)
    return line


def words_above(area: Area, index: int, step: int) -> int | None:
    """The word on the line above or below another one, the nearest in its column; None at an edge.

    Args:
        area: of ``sentence_area``.
        index: of the word.
        step: -1 or 1.
    """
    spots = [spot for spot in area.spots if spot.kind == "other"]
    here = next((spot for spot in spots if spot.row == index), None)
    if here is None:
        return None
    near = [spot for spot in spots if spot.y == here.y + step]
    return min(near, key=lambda spot: abs(spot.x - here.x)).row if near else None
