"""Two columns of words joined by lines, as in Vaswani et al. 2017: what looks at the left, what it looks at beside it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from attnviz.output.labels import cut_middle
from attnviz.output.pictures.heading import MARGIN, Heading, frame, natural_width
from attnviz.output.pictures.kinds.links import HeadLinks, LinkChoice, refuse_values, styled_links, with_rest
from attnviz.output.pictures.kinds.tints import FAINT_INK, darkened, ground_of
from attnviz.output.pictures.kinds.words import (
    BASELINE,
    MOST_EMS,
    PADDING,
    Place,
    WordStyle,
    label_step,
    no_room,
    scene_of,
    step_words,
    thinned_labels,
    word_items,
)
from attnviz.output.pictures.look import Look
from attnviz.output.pictures.scene import LINE_HEIGHT, Box, Item, Line, Measure, Scene, Words
from attnviz.output.words import sides
from attnviz.trace.attention import Attention

_GUTTER = 14.0  # between two panels
_LEAST_GAP, _GAP = 26.0, 90.0  # between the two columns of words
_WIDE_GAP = 60.0  # a narrower one makes links steep
_LEAST_EMS = 3.0  # of a column of words, in sizes of the type
_PITCH = 1.5  # from one word to the next, in sizes of the type
_MOST_BODY = 580.0  # of the words of one panel, where no height is given: a page
_LEAST_BODY = 250.0  # of many panels below each other
_GROWTH = 2.0  # the largest type, in sizes of the smallest
_REST_GAP = 0.6  # above the rest, in lines
_MOST_EMS_WIDE = 0.57  # the widest line, in sizes of the type
_STRIP = 3.0  # the width of the shades of words without a label
_PAGE = 6.9 * 72


@dataclass(frozen=True)
class _Plan:
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

    def steps(self, sizes: Sequence[int]) -> tuple[int, ...]:
        """Every which word of each side has a label."""
        return tuple(label_step(n, pitch, self.size) for n, pitch in zip(sizes, self.pitches, strict=True))


@dataclass(frozen=True, eq=False)
class _Page:
    """What all panels have in common."""

    attention: Attention
    choice: LinkChoice
    has_rest: bool
    look: Look
    measure: Measure

    @property
    def sizes(self) -> tuple[int, int]:
        """How many words there are at each side, without the rest."""
        return len(self.attention.queries), len(self.attention.keys) - self.has_rest

    @property
    def lines(self) -> tuple[float, float]:
        """How many lines of type each side needs."""
        queries, keys = self.sizes
        return float(queries), keys + (1 + _REST_GAP) * self.has_rest


def lines_scene(
    attention: Attention,
    look: Look,
    heading: Heading | None,
    measure: Measure,
    query: int | None = None,
    key: int | None = None,
) -> Scene:
    """Queries at the left, keys at the right, one panel per head; a line's width and opacity are the weight.

    Args:
        attention: one or more matrices.
        look: the resolved style.
        heading: the words around the drawing.
        measure: the width of a text.
        query: the index of the query whose links alone are coloured.
        key: the index of the key whose links alone are coloured.

    Raises:
        UsageError: values that have no width, or a size too small for a few words.
    """
    refuse_values(attention, "lines")
    choice = LinkChoice(query, key)
    attention, has_rest = with_rest(attention)
    page = _Page(attention, choice, has_rest, look, measure)
    heads, remarks = styled_links(attention, look, choice, has_rest=has_rest)
    if choice.is_empty:
        remarks.append("keys are shaded by what they receive")
    n_rows = 1
    words: list[str] = []
    for _ in range(3):  # what it says of its labels takes a line itself
        said = replace(heading, lines=(*heading.lines, "; ".join([*remarks, *words]))) if heading else None
        width = look.size.width if look.size else None
        if width is None:
            width = natural_width(said, look, _natural(page, heads), measure)
        around = frame(said, look, width, measure)
        above, below = around.top, around.foot
        given = look.size.height if look.size else None
        plan = _planned(page, heads, width, None if given is None else given - above - below)
        n_rows = math.ceil(len(heads) / plan.n_columns)
        steps = [(n, step) for n, step in zip(page.sizes, plan.steps(page.sizes), strict=True) if step > 1]
        now = [step_words(*one) for one in dict.fromkeys(steps)]
        if now == words:
            break
        words = now
    height = given if given is not None else above + n_rows * plan.panel[1] + (n_rows - 1) * _GUTTER + below
    items: list[Item] = []
    for number, head in enumerate(heads):
        row, column = divmod(number, plan.n_columns)
        x = MARGIN + column * (plan.panel[0] + _GUTTER)
        items += _panel(page, head, plan, x, above + row * (plan.panel[1] + _GUTTER))
    return scene_of(width, height, [*around.items(height), *items], said)


def _needs(page: _Page, size: float, steps: tuple[int, int] = (1, 1)) -> tuple[float, float]:
    """The widths of the two columns whose words are not cut more than any label is."""
    both = []
    for tokens, n, step in zip((page.attention.queries, page.attention.keys), page.sizes, steps, strict=True):
        room = (MOST_EMS + 2 * (step > 1)) * size
        labels = [*thinned_labels(tokens[:n], step, (), room, size, page.look, page.measure).values()]
        labels += thinned_labels(tokens[n:], 1, (), room, size, page.look, page.measure).values()
        strip = _STRIP + 1 if step > 1 else 0
        both.append(max(page.measure(label, size, False) for label in labels) + PADDING + strip)
    return both[0], both[1]


def _natural(page: _Page, heads: Sequence[HeadLinks]) -> float:
    """The width of a picture whose size is not given: as many panels as a page holds side by side."""
    panel = sum(_needs(page, page.look.font_size)) + 2 * PADDING + _GAP
    n = min(len(heads), max(1, int((_PAGE - 2 * MARGIN + _GUTTER) / (panel + _GUTTER))))
    n = math.ceil(len(heads) / math.ceil(len(heads) / n))
    return 2 * MARGIN + n * panel + (n - 1) * _GUTTER


def _planned(page: _Page, heads: Sequence[HeadLinks], width: float, height: float | None) -> _Plan:
    """The best plan of all numbers of columns: most labels, then the widest panels."""
    font, n = page.look.font_size, len(heads)
    needs = _needs(page, font)
    plans = []
    for n_rows in range(1, n + 1):
        n_columns = math.ceil(n / n_rows)
        if math.ceil(n / n_columns) != n_rows:
            continue
        panel = (width - 2 * MARGIN - (n_columns - 1) * _GUTTER) / n_columns
        room = None if height is None else (height - (n_rows - 1) * _GUTTER) / n_rows
        plan = _plan(page, heads, needs, (width, panel, room), n_columns)
        if plan is not None:
            plans.append((_cost(page, needs, plan, n_rows, height), plan))
    if not plans:
        least = (2 * (_LEAST_EMS * font + PADDING) + _LEAST_GAP + 2 * MARGIN) / 72
        raise no_room(page.look, f"at least {least:.2g}in x {least:.2g}in for each head")
    return min(plans, key=lambda pair: pair[0])[1]


def _cost(page: _Page, needs: tuple[float, float], plan: _Plan, n_rows: int, height: float | None) -> tuple[float, ...]:
    """What speaks against a plan: first missing labels, then cut ones, then narrow gaps and a picture too high."""
    gap = plan.panel[0] - sum(plan.columns)
    cut = sum(max(0.0, need - column) for need, column in zip(needs, plan.columns, strict=True))
    high = n_rows * plan.panel[1] / (1.4 * plan.width) if height is None else 1.0
    shape = max(0.0, math.log(_WIDE_GAP / gap)) + 1.5 * max(0.0, math.log(high))
    return sum(plan.steps(page.sizes)), float(cut > 1), shape, n_rows


def _plan(
    page: _Page,
    heads: Sequence[HeadLinks],
    needs: tuple[float, float],
    room: tuple[float, float, float | None],
    n_columns: int,
) -> _Plan | None:
    """A plan of so many panels side by side; None where their words have no room."""
    font = page.look.font_size
    width, panel, height = room
    columns = _columns(needs, panel - 2 * PADDING - _LEAST_GAP, _LEAST_EMS * font)
    if columns is None:
        return None
    names = _names_height(page, heads, panel, columns, font)
    most = max(page.lines)
    if height is None:
        wide = min(0.35 * panel, most * 2.4 * font)
        page_part = max(_MOST_BODY / math.ceil(len(heads) / n_columns), _LEAST_BODY)
        body = min(max(most * _PITCH * font, wide), page_part)
    else:
        body = height - names
    if body < min(3.0, most) * LINE_HEIGHT * font:
        return None
    size, columns = _grown(page, panel, body, columns)
    names = _names_height(page, heads, panel, columns, size) if size > font else names
    body = height - names if height is not None else body
    free = 0.0 if page.sizes[0] == page.sizes[1] else _PITCH * size  # words of two equal sides are level
    pitches = tuple(min(body / n, max(body / most, free)) for n in page.lines)
    gap = min(panel - sum(columns) - 2 * PADDING, max(1.6 * body, 1.4 * _GAP))
    inset = (panel - sum(columns) - 2 * PADDING - gap) / 2
    return _Plan(
        width, (panel, names + body), n_columns, names, size, columns, inset, (pitches[0], pitches[1])
    )


def _grown(
    page: _Page, panel: float, body: float, columns: tuple[float, float]
) -> tuple[float, tuple[float, float]]:
    """The largest type, up to twice the smallest, in which no line is too high and no word is cut; its columns."""
    font = page.look.font_size
    for tenths in range(int(_GROWTH * 10), 10, -1):
        size = font * tenths / 10
        if max(page.lines) * _PITCH * size > body:
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
    page: _Page, heads: Sequence[HeadLinks], panel: float, columns: tuple[float, float], size: float
) -> float:
    """The height of the names above a panel: one line where a head's name fits between those of the columns."""
    return (1 if _one_line(page, heads, panel, columns, size) else 2) * size * LINE_HEIGHT + 3


def _one_line(
    page: _Page, heads: Sequence[HeadLinks], panel: float, columns: tuple[float, float], size: float
) -> bool:
    over = [max(0.0, page.measure(name, size, False) - width) for name, width in zip(sides(page.attention), columns, strict=True)]
    widest = max(page.measure(head.matrix.title, size, True) for head in heads)
    return max(over) == 0 and widest + 12 <= panel - sum(columns) - 2 * PADDING


def _panel(page: _Page, head: HeadLinks, plan: _Plan, x: float, y: float) -> list[Item]:
    """One head: its name, the lines, then the words over them."""
    size, (left, right) = plan.size, plan.columns
    inner = x + plan.inset + left, x + plan.panel[0] - plan.inset - right
    items = _names(page, head, plan, x, y, inner)
    top = y + plan.names
    heights = _heights(page, plan, top)
    most = min(_MOST_EMS_WIDE * size, max(0.8, 0.6 * min(plan.pitches)))
    ends = inner[0] + PADDING, inner[1] - PADDING
    for link in head.links:
        points = ((ends[0], heights[0][link.query]), (ends[1], heights[1][link.key]))
        items.append(Line(points, max(0.3, most * link.strength), link.color, link.opacity))
    for side in (0, 1):
        items += _column(page, head, plan, side, inner[side], heights[side])
    return items


def _heights(page: _Page, plan: _Plan, top: float) -> list[list[float]]:
    """The middle of each word of both sides: level where they are as many, else each side in the panel's middle."""
    both = []
    level = page.sizes[0] == page.sizes[1]
    for n, n_lines, pitch in zip(page.sizes, page.lines, plan.pitches, strict=True):
        first = top + (plan.body - (max(page.lines) if level else n_lines) * pitch) / 2 + pitch / 2
        both.append([first + i * pitch for i in range(n)])
    if page.has_rest:
        both[1].append(both[1][-1] + plan.pitches[1] * (1 + _REST_GAP))
    return both


def _names(page: _Page, head: HeadLinks, plan: _Plan, x: float, y: float, inner: tuple[float, float]) -> list[Item]:
    size, panel = plan.size, plan.panel[0]
    one_line = plan.names < 1.5 * size * LINE_HEIGHT + 3
    row = size * LINE_HEIGHT
    middle = y + row / 2

    def cut(text: str, room: float, bold: bool) -> str:
        return cut_middle(text, room, lambda part: page.measure(part, size, bold))

    name_room = inner[1] - inner[0] if one_line else panel
    name = cut(head.matrix.title, name_room, True)
    if page.measure(head.matrix.title, size, True) > name_room:
        name = cut(head.matrix.name, name_room, True)
    centre = x + panel / 2 if not one_line else sum(inner) / 2
    items: list[Item] = [
        Words(name, centre, middle + BASELINE * size, size, ha="center", bold=True, color=darkened(head.color), role="panel name")
    ]
    below = middle if one_line else middle + row
    for side, text in enumerate(sides(page.attention)):
        shown = cut(text, panel / 2 - 2, False)
        wide = page.measure(shown, size, False)
        left = max(x, inner[0] - wide) if side == 0 else min(inner[1], x + panel - wide)
        items.append(Words(shown, left, below + BASELINE * size, size, color=FAINT_INK, role="axis name"))
    return items


def _column(page: _Page, head: HeadLinks, plan: _Plan, side: int, x: float, heights: Sequence[float]) -> list[Item]:
    """The words of one side, shaded; where only some have a label, all have a strip of their shade."""
    tokens = (page.attention.queries, page.attention.keys)[side]
    n = page.sizes[side]
    chosen = (page.choice.query, page.choice.key)[side]
    shades = (head.query_shades, head.key_shades)[side]
    masked = (head.masked_queries, head.masked_keys)[side]
    step = plan.steps(page.sizes)[side]
    strip = _STRIP if step > 1 else 0.0
    away = -1 if side == 0 else 1
    always = () if chosen is None else (chosen,)
    room = plan.columns[side] - PADDING - (strip and strip + 1)
    labels = thinned_labels(tokens[:n], step, always, room, plan.size, page.look, page.measure)
    if page.has_rest and side == 1:
        labels |= {n: thinned_labels(tokens[n:], 1, (), room, plan.size, page.look, page.measure)[0]}
    items: list[Item] = []
    grounds = [ground_of(head.color, page.look.palette, float(part), head.matrix.values) for part in shades]
    if strip:
        pitch = plan.pitches[side]
        left = x - strip if side == 0 else x
        items += [
            Box(left, heights[i] - pitch / 2, strip, pitch, fill=ground) for i, ground in enumerate(grounds) if ground
        ]
    for i, label in labels.items():
        style = WordStyle(None if strip else grounds[i], i == chosen, i in masked, is_faint=i >= n)
        ha = "right" if side == 0 else "left"
        place = Place(x + away * (strip and strip + 1), heights[i], ha)
        items += word_items(label, place, plan.size, style, page.measure)
    return items
