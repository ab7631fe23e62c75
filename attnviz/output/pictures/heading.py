"""What a picture says around its drawing: a title, lines under it, and a foot; wrapped to the picture's width."""

from collections.abc import Iterator

from attnviz.output.labels import graphemes
from attnviz.output.pictures.fonts import Instead, drawable
from attnviz.output.pictures.look import Look
from attnviz.output.pictures.scene import LINE_HEIGHT, Measure, TextLine
from attnviz.records import dataclass

MARGIN = 4.0
"""Between a picture's edge and anything in it, in points."""
LEAST_WIDTH = 5 * 72.0
_TITLE_FACTOR = 1.3
_GAP = 0.6
_MOST_LINES = 3


@dataclass(frozen=True)
class Heading:
    """The words of one picture.

    Attributes:
        title: what it shows.
        lines: its quantity and scale, below the title.
        foot: the sentence and the model, at the bottom.
    """

    title: str
    lines: tuple[str, ...] = ()
    foot: tuple[str, ...] = ()

    @property
    def full_title(self) -> str:
        """The title with the lines under it, for a file's metadata."""
        return f"{self.title} ({'; '.join(self.lines)})" if self.lines else self.title

    @property
    def caption(self) -> str:
        """All of it as one line of text."""
        parts = filter(None, (part.strip() for part in (self.title, *self.lines, *self.foot)))
        sentences = [part if part[-1] in ".?!…" else f"{part}." for part in parts]
        return " ".join(sentences)

    def in_fonts(self, instead: Instead) -> "Heading":
        """The words in characters that the fonts have."""
        lines, foot = (tuple(drawable(text, instead) for text in part) for part in (self.lines, self.foot))
        return Heading(drawable(self.title, instead), lines, foot)


@dataclass(frozen=True)
class Frame:
    """The words at their places.

    Attributes:
        above: what is written above the drawing.
        below: the foot, as if the picture had no height.
        top: where the drawing may begin.
        foot: the height of the foot.
    """

    above: tuple[TextLine, ...]
    below: tuple[TextLine, ...]
    top: float
    foot: float

    def items(self, height: float) -> tuple[TextLine, ...]:
        """All words of a picture of this height."""
        return (*self.above, *(TextLine(**{**vars(words), "y": words.y + height}) for words in self.below))


def frame(heading: Heading, look: Look, width: float, measure: Measure) -> Frame:
    """The words of a heading in a picture of this width; only the margins where the look has no heading."""
    if not look.heading:
        return Frame((), (), MARGIN, MARGIN)
    heading = heading.in_fonts(look.instead)
    room, size = width - 2 * MARGIN, look.font_size
    above, y = [], MARGIN
    for role, text in (("title", heading.title), *(("line", line) for line in heading.lines)):
        points, bold = (size * _TITLE_FACTOR, True) if role == "title" else (size, False)
        for part in wrapped_words(text, room, points, measure, bold=bold):
            above.append(TextLine(part, MARGIN, y, points, va="top", bold=bold, role=role))
            y += points * LINE_HEIGHT
    lines = [part for text in heading.foot for part in wrapped_words(text, room, size, measure)]
    height = size * LINE_HEIGHT
    below = tuple(
        TextLine(line, MARGIN, -MARGIN - height * (len(lines) - i), size, va="top", role="foot")
        for i, line in enumerate(lines)
    )
    foot = MARGIN + (height * len(lines) + size * _GAP if lines else 0)
    return Frame(tuple(above), below, y + size * _GAP if above else MARGIN, foot)


def natural_width(heading: Heading, look: Look, drawing: float, measure: Measure) -> float:
    """The width of a picture whose size is not given: that of its drawing, or of its words, of those at most 5 in."""
    if not look.heading:
        return drawing
    heading = heading.in_fonts(look.instead)
    widths = [measure(text, look.font_size, False) for text in (*heading.lines, *heading.foot)]
    widths.append(measure(heading.title, look.font_size * _TITLE_FACTOR, True))
    return max(drawing, min(max(widths) + 2 * MARGIN + 1, LEAST_WIDTH))


def wrapped_words(text: str, room: float, points: float, measure: Measure, *, bold: bool = False) -> list[str]:
    """A paragraph in lines of a width: at most three, the last of which is cut; words that are wider are broken."""
    if not text:
        return []
    lines = list(_lines(text, room, points, measure, bold))
    if len(lines) > _MOST_LINES:
        last = graphemes(lines[_MOST_LINES - 1])
        while last and measure("".join(last) + "…", points, bold) > room:
            last.pop()
        lines[_MOST_LINES - 1 :] = ["".join(last).rstrip() + "…"]
    return lines


def _lines(text: str, room: float, points: float, measure: Measure, bold: bool) -> Iterator[str]:
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if measure(joined, points, bold) <= room:
            line = joined
            continue
        if line:
            yield line
        *whole, line = _pieces(word, room, points, measure, bold)
        yield from whole
    if line:
        yield line


def _pieces(word: str, room: float, points: float, measure: Measure, bold: bool) -> list[str]:
    """A word in pieces of a width, each of at least one character as people see it."""
    pieces = [""]
    for character in graphemes(word):
        if pieces[-1] and measure(pieces[-1] + character, points, bold) > room:
            pieces.append("")
        pieces[-1] += character
    return pieces
