"""Where the panels of a picture of lines are, and how their words are set."""

import math
from collections.abc import Sequence

from attnviz.output.pictures.heading import MARGIN
from attnviz.output.pictures.kinds.links import LinkChoice, StyledHead
from attnviz.output.pictures.kinds.words import (
    PADDING,
    WORD_EMS,
    label_step,
    no_room,
    size_with,
    strip_width,
    thinned_labels,
)
from attnviz.output.pictures.look import Look
from attnviz.output.pictures.scene import LINE_HEIGHT, Measure
from attnviz.output.words import sides
from attnviz.records import dataclass
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import Tokens

PANEL_GUTTER = 14.0  # between two panels
_LEAST_GAP, _GAP = 3.7, 13.0  # between the two columns of words, in sizes of the type
_WIDE_GAP = 8.5  # a narrower one makes links steep
_NAME_EMS = 4.0  # the widest name of a side that widens its column
_NAME_GAP = 6.0  # between two names on one line
NAMES_GAP = 3.0  # between names and words
_LEAST_EMS = 3.0  # of a column of words, in sizes of the type
_PITCH = 1.5  # from one word to the next, in sizes of the type
_MOST_BODY = 580.0  # of the words of one panel, where no height is given: a page
_LEAST_BODY = 250.0  # of many panels below each other
_GROWTH = 2.0  # the largest type, in sizes of the smallest
_REST_EMS = 1.9  # the height of the rest, with the space above it
_PAGE = 6.9 * 72


@dataclass(frozen=True)
class LinesPlan:
    """Where panels are and how their words are set.

    Attributes:
        width: of the picture.
        panel: (width, height) of a panel, with its names.
        n_columns: panels side by side.
        names: the height of the names above the words.
        size: of the type.
        columns: the widths of the two columns of words.
        inset: from the panel's left edge to the words.
        pitches: from one word to the next, at the left and at the right.
    """

    width: float
    panel: tuple[float, float]
    n_columns: int
    names: float
    size: float
    columns: tuple[float, float]
    inset: float
    pitches: tuple[float, float]

    @property
    def body(self) -> float:
        """The height of the words."""
        return self.panel[1] - self.names


@dataclass(frozen=True, eq=False)
class LinesPage:
    """What all panels have in common."""

    attention: Attention
    choice: LinkChoice
    has_rest: bool
    look: Look
    measure: Measure
    has_names: bool = True

    @property
    def tokens(self) -> tuple[Tokens, Tokens]:
        """The words of both sides."""
        return self.attention.queries, self.attention.keys

    @property
    def sizes(self) -> tuple[int, int]:
        """How many words there are at each side, without the rest."""
        return len(self.attention.queries), len(self.attention.keys) - self.has_rest

    def high(self, size: float, pitch: float) -> float:
        """The height of all words at a distance, in sizes of the type."""
        return max(self.sizes) * pitch * size + self.rest_room(size)

    def rest_room(self, size: float) -> float:
        """The height of the rest, with the space above it."""
        return _REST_EMS * size * self.has_rest

    def pitches(self, body: float, size: float) -> tuple[float, float]:
        """From one word to the next, at the left and at the right: equal ones where words are level."""
        room, (queries, keys) = body - self.rest_room(size), self.sizes
        pitch = room / max(queries, keys)
        free = 0.0 if queries == keys else _PITCH * size
        return min(room / queries, max(pitch, free)), min(room / keys, max(pitch, free))

    def steps(self, body: float, size: float) -> tuple[int, ...]:
        """Every which word of each side has a label."""
        return tuple(label_step(n, pitch, size) for n, pitch in zip(self.sizes, self.pitches(body, size), strict=True))


def _needs(page: LinesPage, size: float, steps: Sequence[int] = (1, 1)) -> tuple[float, float]:
    """The widths of the two columns whose words are not cut more than any label is."""
    both = []
    names = sides(page.attention)
    for name, tokens, n, step in zip(names, page.tokens, page.sizes, steps, strict=True):
        room = (WORD_EMS + 2 * (step > 1)) * size
        labels = [*thinned_labels(tokens[:n], step, (), room, size, page.look, page.measure).values()]
        labels += thinned_labels(tokens[n:], 1, (), room, size, page.look, page.measure).values()
        widest = max(page.measure(label, size, False) for label in labels) + strip_width(step)
        both.append(max(widest, min(page.measure(name, size, False), _NAME_EMS * size)) + PADDING)
    return both[0], both[1]


def natural_lines(page: LinesPage, heads: Sequence[StyledHead]) -> float:
    """The width of a picture whose size is not given: so many panels as a page holds, or a square of more of them."""
    font = page.look.font_size
    panel = sum(_needs(page, font)) + 2 * PADDING + _GAP * font
    on_page = max(1, int((_PAGE - 2 * MARGIN + PANEL_GUTTER) / (panel + PANEL_GUTTER)))
    high = _natural_body(page, panel, len(heads)) + 2 * LINE_HEIGHT * font
    n = min(len(heads), max(on_page, round(math.sqrt(len(heads) * high / panel))))
    n = math.ceil(len(heads) / math.ceil(len(heads) / n))
    return 2 * MARGIN + n * panel + (n - 1) * PANEL_GUTTER


def planned_lines(page: LinesPage, heads: Sequence[StyledHead], width: float, height: float | None) -> LinesPlan:
    """The best plan of all numbers of columns: most labels, then the widest panels."""
    font, n = page.look.font_size, len(heads)
    plans: list[tuple[tuple[float, int], LinesPlan]] = []
    needs = _needs(page, font)
    for n_rows in range(1, n + 1):
        n_columns = math.ceil(n / n_rows)
        if math.ceil(n / n_columns) != n_rows:
            continue
        panel = (width - 2 * MARGIN - (n_columns - 1) * PANEL_GUTTER) / n_columns
        room = None if height is None else (height - (n_rows - 1) * PANEL_GUTTER) / n_rows
        plan = _plan(page, heads, needs, (width, panel, room), n_columns)
        if plan is not None:
            plans.append((_cost(page, needs, plan, n_rows, height), plan))
    if not plans:
        wide = 2 * (_LEAST_EMS * font + 2 * PADDING) + _LEAST_GAP * font + 2 * MARGIN
        if width < wide or height is None:
            raise no_room(page.look, f"at least {wide / 72 + 0.05:.1f}in wide")
        n_columns = min(n, int((width - 2 * MARGIN + PANEL_GUTTER) / (wide - 2 * MARGIN + PANEL_GUTTER)))
        high = 5 * LINE_HEIGHT * font + NAMES_GAP + PANEL_GUTTER
        raise no_room(page.look, size_with(page.look, width, math.ceil(n / n_columns) * high, height))
    return min(plans, key=lambda pair: pair[0])[1]


def _cost(
    page: LinesPage, needs: tuple[float, float], plan: LinesPlan, n_rows: int, height: float | None
) -> tuple[float, int]:
    """What speaks against a plan: words without a label, cut labels, narrow gaps, a picture that is too high."""
    gap = plan.panel[0] - sum(plan.columns)
    missing = sum(math.log2(step) for step in page.steps(plan.body, plan.size)) / 2
    cut = max(max(0.0, 1 - column / need) for need, column in zip(needs, plan.columns, strict=True))
    narrow = max(0.0, math.log(_WIDE_GAP * plan.size / gap))
    high = max(0.0, math.log(n_rows * plan.panel[1] / (1.4 * plan.width))) if height is None else 0.0
    return missing + 3 * cut + narrow + 1.5 * high, n_rows


def _plan(
    page: LinesPage,
    heads: Sequence[StyledHead],
    needs: tuple[float, float],
    room: tuple[float, float, float | None],
    n_columns: int,
) -> LinesPlan | None:
    """A plan of so many panels side by side; None where their words have no room.

    Args:
        page: what all panels have in common.
        heads: one for each panel.
        needs: the widths of columns in which no word is cut, if all have a label.
        room: the width of the picture, the width and the height of a panel.
        n_columns: panels side by side.
    """
    font = page.look.font_size
    width, panel, height = room
    free = panel - 2 * PADDING - _LEAST_GAP * font
    columns = _columns(needs, free, _LEAST_EMS * font)
    if columns is None:
        return None
    names = _names_height(page, heads, panel, columns, font)
    body = _natural_body(page, panel, math.ceil(len(heads) / n_columns)) if height is None else height - names
    if body < min(3, max(page.sizes)) * LINE_HEIGHT * font + page.rest_room(font):
        return None
    size, columns = _grown(page, panel, body, columns)
    if max(page.steps(body, size)) > 1:  # labels have positions then
        columns = _columns(_needs(page, size, page.steps(body, size)), free, _LEAST_EMS * font) or columns
    if height is not None:
        names = _names_height(page, heads, panel, columns, size)
        body = height - names
    gap = min(panel - sum(columns) - 2 * PADDING, max(1.6 * body, 1.4 * _GAP * size))
    inset = (panel - sum(columns) - 2 * PADDING - gap) / 2
    return LinesPlan(width, (panel, names + body), n_columns, names, size, columns, inset, page.pitches(body, size))


def _natural_body(page: LinesPage, panel: float, n_rows: int) -> float:
    """The height of a panel's words where no height is given: every word has a line, unless that takes pages."""
    font = page.look.font_size
    wide = min(0.35 * panel, page.high(font, 2.4))
    return min(max(page.high(font, _PITCH), wide), max(_MOST_BODY / n_rows, _LEAST_BODY))


def _grown(
    page: LinesPage, panel: float, body: float, columns: tuple[float, float]
) -> tuple[float, tuple[float, float]]:
    """The largest type, up to twice the smallest, in which no line is too high and no word is cut; its columns."""
    font = page.look.font_size
    for tenths in range(int(_GROWTH * 10), 10, -1):
        size = font * tenths / 10
        if page.high(size, _PITCH) > body:
            continue
        needs = _needs(page, size)
        if sum(needs) + 2 * PADDING + 0.4 * panel <= panel:
            return size, needs
    return font, columns


def _columns(needs: tuple[float, float], room: float, least: float) -> tuple[float, float] | None:
    """The widths of two columns in a room: what they need, or what the other one leaves, or half of it each."""
    if sum(needs) <= room:
        return needs
    if room < 2 * least and room < sum(needs):
        return None
    left = min(needs[0], max(room / 2, room - needs[1]))
    return left, min(needs[1], room - left)


def _names_height(
    page: LinesPage, heads: Sequence[StyledHead], panel: float, columns: tuple[float, float], size: float
) -> float:
    """The height of the names above a panel: one line where a head's name fits between those of the columns."""
    widths = [page.measure(name, size, False) for name in sides(page.attention)]
    titles = [head.matrix.title for head in heads] if page.has_names else [""]
    widest = max(page.measure(title, size, True) for title in titles)
    fits = all(width <= column for width, column in zip(widths, columns, strict=True))
    one_line = fits and widest + 2 * _NAME_GAP <= panel - sum(columns) - 2 * PADDING
    return (1 if one_line or not page.has_names else 2) * size * LINE_HEIGHT + NAMES_GAP
