"""One screenful: the parts at their places, or a text over them."""

from attnviz.explorer.canvas import EMPTY, Area, Hit, below, beside, fitted
from attnviz.explorer.layout import (
    LEAST_COLUMNS,
    LEAST_LINES,
    ScreenParts,
    grid_layout,
    places_on_screen,
    thumbnails_fit,
)
from attnviz.explorer.panes.grid import grid_area, label_columns
from attnviz.explorer.panes.matrix import matrix_area
from attnviz.explorer.panes.ranking import ranking_area
from attnviz.explorer.panes.sentence import sentence_area
from attnviz.explorer.panes.words import head_line, keys_line, plain_line, pointed_text, status_text, text_line_of
from attnviz.explorer.prompt import Prompt
from attnviz.explorer.sight import Sight
from attnviz.explorer.state import PATTERNS
from attnviz.output.terminal.screen import BOLD, DIM, StyledLine
from attnviz.records import dataclass


@dataclass(frozen=True)
class Overlay:
    """A text over the parts, of which as many lines are seen as fit.

    Attributes:
        lines: all its lines.
        top: the first one that is seen.
    """

    lines: tuple[StyledLine, ...]
    top: int = 0

    def scrolled(self, step: int, height: int) -> "Overlay":
        """The text so many lines further down.

        Args:
            step: lines; less than 0 is up.
            height: lines of the screen.
        """
        last = max(0, len(self.lines) - (height - 1))
        return Overlay(self.lines, min(last, max(0, self.top + step)))


@dataclass(frozen=True)
class Screenful:
    """One screenful.

    Attributes:
        area: its lines, each as wide as the screen, and what can be pointed at.
        sentence: the sentence alone, whose lines say which word is above which.
        patterns: whether thumbnails fit.
    """

    area: Area = EMPTY
    sentence: Area = EMPTY
    patterns: bool = False

    @property
    def text(self) -> str:
        """The characters without their styles."""
        return "\n".join("".join(text for text, _ in line).rstrip() for line in self.area.lines)


def screenful(
    sight: Sight,
    width: int,
    height: int,
    *,
    pointed: Hit | None = None,
    message: str = "",
    prompt: Prompt | None = None,
) -> Screenful:
    """The parts of the screen.

    Args:
        sight: what is shown.
        width: columns.
        height: lines.
        pointed: what is under the pointer, which has the line of the status.
        message: what has that line instead.
        prompt: what is being typed, on the line of the keys.
    """
    if width < LEAST_COLUMNS or height < LEAST_LINES:
        text = f"The explorer needs {LEAST_COLUMNS} x {LEAST_LINES}; this is {width} x {height}."
        return Screenful(Area.of([plain_line(text, sight, width)]).sized(width, height))
    places = places_on_screen(width, height, sight.attention.matrices.shape[:2], label_columns(sight.attention))
    left, patterns = _left(sight, places)
    right, sentence = _right(sight, places)
    body = beside(left.sized(places.left, places.body), right.sized(places.right, places.body), places.left, places.gap)
    status = message or (pointed_text(sight, pointed) if pointed is not None else status_text(sight))
    top = Area.of([fitted(text_line_of(sight, width), width)])
    last = keys_line(sight, width) if prompt is None else prompt.line(sight.screen, width)
    feet = Area.of([plain_line(status, sight, width), last]).sized(width, 2)
    return Screenful(below(top, body, feet), sentence, patterns)


def overlaid(overlay: Overlay, width: int, height: int, *, is_ascii: bool) -> Screenful:
    """A text over the whole screen, with a line that says how to go on."""
    seen = overlay.lines[overlay.top : overlay.top + height - 1]
    more = len(overlay.lines) > height - 1
    arrows = "arrows" if is_ascii else "↑ ↓"
    foot: StyledLine = [(arrows, BOLD), (" scroll  ", DIM)] if more else []
    foot += [("Esc", BOLD), (" back", DIM)]
    return Screenful(below(Area.of(seen).sized(width, height - 1), Area.of([foot]).sized(width, 1)))


def _left(sight: Sight, places: ScreenParts) -> tuple[Area, bool]:
    """The grid and the ranking; and whether thumbnails fit."""
    shape, label = sight.attention.matrices.shape[:2], label_columns(sight.attention)
    patterns = thumbnails_fit(shape, label, places.left, places.body)
    is_asked = not sight.state.link and sight.state.order in ("", PATTERNS)
    size = grid_layout(shape, label, places.left, places.body, sight.place, patterns=patterns and is_asked)
    grid = grid_area(sight, size)
    gap = Area.of([[]]) if places.body - size.height > 5 else Area()
    room = places.body - len(grid.lines) - len(gap.lines)
    return below(grid, gap, ranking_area(sight, places.left, room)), patterns


def _right(sight: Sight, places: ScreenParts) -> tuple[Area, Area]:
    """The head, the sentence and the matrix; and the sentence alone."""
    head = Area.of([head_line(sight, places.right)])
    sentence = sentence_area(sight, places.right, max(2, places.body * 3 // 10))
    gap = Area.of([[]]) if places.body > 14 and len(sentence.lines) < places.body // 2 else Area()
    room = places.body - len(head.lines) - len(sentence.lines) - len(gap.lines)
    return below(head, sentence, gap, matrix_area(sight, places.right, room)), sentence
