"""Words on a line joined by arcs: above it the looks to the right, below it the looks to the left."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from attnviz.errors import UsageError
from attnviz.output.labels import cut_middle
from attnviz.output.pictures.heading import MARGIN, Heading, frame, natural_width
from attnviz.output.pictures.kinds.links import HeadLinks, LinkChoice, StyledLink, refuse_values, styled_links, with_rest
from attnviz.output.pictures.kinds.tints import darkened, ground_of
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
from attnviz.output.pictures.scene import LINE_HEIGHT, Box, Curve, Item, Line, Measure, Scene, Words
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import Token, Tokens, token_numbers

_GUTTER = 10.0  # between two heads
_SPACE = 0.8  # between two words, in sizes of the type
_GROWTH = 2.0  # the largest type, in sizes of the smallest
_PAGE = 6.9 * 72
_LEAST_WIDTH = 3.3 * 72  # of a picture whose size is not given
_LEAST_ROOM, _MOST_ROOM = 14.0, 150.0  # the height of the arcs at one side
_LOOP = 9.0  # the height of a look at oneself
_LEAST_EMS = 3.0
_STRIP = 3.0
_REST_GAP = 1.5
_PALE_LEADER = "#cccccc"


@dataclass(frozen=True, eq=False)
class _Row:
    """What all heads have in common: the words, and where queries and keys are among them.

    Attributes:
        words: every word once, in the text's order; the rest is the last one.
        queries, keys: the index of each query and key among the words.
        has_rest: whether the last word is the rest.
        chosen: the index of the chosen word.
        look: the resolved style.
        measure: the width of a text.
    """

    words: Tokens
    queries: tuple[int, ...]
    keys: tuple[int, ...]
    has_rest: bool
    chosen: frozenset[int]
    look: Look
    measure: Measure

    @property
    def n_text(self) -> int:
        """How many words are of the text."""
        return len(self.words) - self.has_rest


@dataclass(frozen=True)
class _Plan:
    """Where words and arcs are.

    Attributes:
        size: of the type.
        centers: the middle of each word, from the left.
        turned: whether words read upwards.
        step: every which word has a label.
        pitch: from one word to the next, where all are equal.
        band: the height of the words.
        rooms: of each head the heights of its arcs above and below.
        tallest: the height of the longest arc.
        gutter: between two heads.
    """

    size: float
    centers: tuple[float, ...]
    turned: bool
    step: int
    pitch: float
    band: float
    rooms: tuple[tuple[float, float], ...] = ()
    tallest: float = 0.0
    gutter: float = _GUTTER

    @property
    def name(self) -> float:
        """The height of a head's name."""
        return self.size * LINE_HEIGHT + 2

    @property
    def tops(self) -> list[float]:
        """Where each head begins, and where the last one ends."""
        tops = [0.0]
        for rooms in self.rooms:
            tops.append(tops[-1] + self.name + self.band + sum(rooms) + self.gutter)
        return [*tops[:-1], tops[-1] - self.gutter]


def arcs_scene(
    attention: Attention,
    look: Look,
    heading: Heading | None,
    measure: Measure,
    query: int | None = None,
    key: int | None = None,
) -> Scene:
    """The words of a text on a line, one line per head; an arc's width and opacity are the weight.

    Args:
        attention: one or more matrices, whose queries and keys are words of one text.
        look: the resolved style.
        heading: the words around the drawing.
        measure: the width of a text.
        query: the index of the query whose links alone are coloured.
        key: the index of the key whose links alone are coloured.

    Raises:
        UsageError: cross-attention, values that have no width, or a size too small for a few words.
    """
    refuse_values(attention, "arcs")
    row = _row(attention, look, measure, query, key)
    shown, has_rest = with_rest(attention)
    heads, remarks = styled_links(shown, look, LinkChoice(query, key), has_rest=has_rest)
    remarks.insert(0, _directions(row, heads))
    if query is None and key is None:
        remarks.append("words are shaded by what they receive")
    words: list[str] = []
    for _ in range(3):  # what it says of its labels takes a line itself
        said = replace(heading, lines=(*heading.lines, "; ".join([*remarks, *words]))) if heading else None
        width = look.size.width if look.size else natural_width(said, look, _natural(row), measure)
        around = frame(said, look, width, measure)
        given = look.size.height if look.size else None
        plan = _planned(row, width, heads, None if given is None else given - around.top - around.foot)
        now = [step_words(row.n_text, plan.step)] if plan.step > 1 else []
        if now == words:
            break
        words = now
    height = given if given is not None else around.top + plan.tops[-1] + around.foot
    items: list[Item] = []
    for head, y, rooms in zip(heads, plan.tops, plan.rooms, strict=False):
        items += _head(row, plan, head, around.top + y, rooms, width)
    return scene_of(width, height, [*around.items(height), *items], said)


def _row(attention: Attention, look: Look, measure: Measure, query: int | None, key: int | None) -> _Row:
    """The words of the text; refuses two texts.

    Raises:
        UsageError: queries and keys are not of one text.
    """
    sides = attention.queries, attention.keys
    numbers = [token_numbers(side) for side in sides]
    by_number: dict[int, Token] = {}
    for side, places in zip(sides, numbers, strict=True):
        for token, number in zip(side, places, strict=True):
            if attention.kind == "cross" or by_number.setdefault(number, token).label != token.label:
                raise UsageError(
                    "style: arcs needs queries and keys of one text, and these are of two; use --style lines"
                )
    order = {number: index for index, number in enumerate(sorted(by_number))}
    words = [by_number[number] for number in order]
    queries, keys = (tuple(order[number] for number in places) for places in numbers)
    chosen = frozenset([queries[query]] if query is not None else []) | ({keys[key]} if key is not None else set())
    rest = attention.rest is not None
    if rest:
        words.append(with_rest(attention)[0].keys[-1])
        keys = (*keys, len(words) - 1)
    return _Row(tuple(words), queries, keys, rest, chosen, look, measure)


def _way(row: _Row, link: StyledLink) -> int:
    query, key = row.queries[link.query], row.keys[link.key]
    return (key > query) - (key < query)


def _directions(row: _Row, heads: Sequence[HeadLinks]) -> str:
    """What is above and below the words."""
    ways = {_way(row, link) for head in heads for link in head.links}
    names = {1: "above: looks to the right", -1: "below: looks to the left", 0: "loop: looks at itself"}
    return ", ".join(name for way, name in names.items() if way in ways) or "no link"


def _distance(plan: _Plan, link: StyledLink, row: _Row) -> float:
    return abs(plan.centers[row.queries[link.query]] - plan.centers[row.keys[link.key]])


def _widths(row: _Row, size: float, step: int, room: float) -> dict[int, float]:
    return {i: row.measure(label, size, False) for i, label in _labels(row, size, step, room).items()}


def _labels(row: _Row, size: float, step: int, room: float) -> dict[int, str]:
    n = row.n_text
    labels = thinned_labels(row.words[:n], step, row.chosen, room, size, row.look, row.measure)
    rest = thinned_labels(row.words[n:], 1, (), room, size, row.look, row.measure)
    return labels | {n + i: label for i, label in rest.items()}


def _natural(row: _Row) -> float:
    """The width of a picture whose size is not given: that of its words, at most that of a page."""
    size = row.look.font_size
    flat = _flat_width(row, size)
    if flat <= _PAGE:
        return max(flat, _LEAST_WIDTH)
    return min(_PAGE, max(_LEAST_WIDTH, 2 * MARGIN + len(row.words) * 1.3 * LINE_HEIGHT * size))


def _flat_width(row: _Row, size: float) -> float:
    widths = _widths(row, size, 1, MOST_EMS * size).values()
    return sum(widths) + (len(widths) - 1 + row.has_rest) * _SPACE * size + 2 * (MARGIN + PADDING)


def _planned(row: _Row, width: float, heads: Sequence[HeadLinks], height: float | None) -> _Plan:
    """Words side by side where they fit, as large as there is room; else turned, and only some labelled."""
    font = row.look.font_size
    sizes = [font * tenths / 10 for tenths in range(int(_GROWTH * 10), 9, -1)] if height is not None else [font]
    for size in sizes:
        if _flat_width(row, size) <= width:
            plan = _with_rooms(row, _flat(row, size, width), heads, width, height, 3 if size > font else 1)
            if plan is not None:
                return plan
    for size in sizes[:-1]:
        turned = _upright(row, size, width, MOST_EMS * size)
        plan = _with_rooms(row, turned, heads, width, height, 3) if turned.step == 1 else None
        if plan is not None:
            return plan
    labels = MOST_EMS * font
    while labels >= _LEAST_EMS * font:
        plan = _with_rooms(row, _upright(row, font, width, labels), heads, width, height)
        if plan is not None and (plan.pitch * plan.step * 3 <= width or row.n_text < 3):
            return plan
        labels -= font
    least = (_LEAST_EMS + LINE_HEIGHT) * font + 8 + 2 * _LEAST_ROOM
    needed = (len(heads) * (least + _GUTTER) + 2 * MARGIN) / 72
    raise no_room(row.look, f"at least 1in x {needed:.2g}in, and room for the title")


def _flat(row: _Row, size: float, width: float) -> _Plan:
    """Words side by side, with what is left of the width between them."""
    widths = list(_widths(row, size, 1, MOST_EMS * size).values())
    free = width - 2 * (MARGIN + PADDING) - sum(widths)
    n_spaces = len(widths) - 1 + row.has_rest
    space = min(free / n_spaces, 4 * size) if n_spaces else 0.0
    x = (width - sum(widths) - n_spaces * space) / 2
    centers = []
    for i, wide in enumerate(widths):
        x += space if row.has_rest and i == len(widths) - 1 else 0
        centers.append(x + wide / 2)
        x += wide + space
    return _Plan(size, tuple(centers), False, 1, space, size * LINE_HEIGHT + 2)


def _upright(row: _Row, size: float, width: float, room: float) -> _Plan:
    """Turned words at equal distances."""
    left = MARGIN + size * 0.65
    free = width - 2 * left
    rest = _REST_GAP * size * row.has_rest
    pitch = min((free - rest) / max(len(row.words) - 1, 1), 6 * size)
    left = (width - rest - pitch * (len(row.words) - 1)) / 2
    step = label_step(row.n_text, pitch, size)
    centers = [left + i * pitch + (rest if i >= row.n_text else 0) for i in range(len(row.words))]
    if row.has_rest:  # its label has as much room as any
        centers[-1] = max(centers[-1], centers[row.n_text - 1] + size * LINE_HEIGHT)
    strip = _STRIP + 1 if step > 1 else 0
    band = max(_widths(row, size, step, room + 2 * size * (step > 1)).values()) + 2 * PADDING + 2 + strip
    return _Plan(size, tuple(centers), True, step, pitch, band)


def _with_rooms(
    row: _Row, plan: _Plan, heads: Sequence[HeadLinks], width: float, height: float | None, factor: float = 1
) -> _Plan | None:
    """The plan with room for arcs above and below; None where there is less than so many times the least."""
    reaches = [_reaches(row, plan, head) for head in heads]
    farthest = max((max(pair) for pair in reaches), default=0.0)
    parts = [tuple(_part(reach, farthest) for reach in pair) for pair in reaches]
    loops = [any(_way(row, link) == 0 for link in head.links) for head in heads]
    tallest = min(_MOST_ROOM, max(2 * _LEAST_ROOM, 0.2 * width))
    gutter = _GUTTER

    def rooms_of(tallest: float) -> list[tuple[float, float]]:
        return [
            (max(above * tallest, _LOOP * loop), below * tallest)
            for (above, below), loop in zip(parts, loops, strict=True)
        ]

    if height is not None:
        free = height - len(heads) * (plan.name + plan.band) - (len(heads) - 1) * _GUTTER
        total = sum(map(sum, parts))
        least = factor * _LEAST_ROOM
        if free < max(total * least, sum(map(sum, rooms_of(least)))):
            return None
        tallest = min(free / total, max(0.6 * farthest, _MOST_ROOM)) if total else least
        while tallest > least and sum(map(sum, rooms_of(tallest))) > free:
            tallest *= 0.98
        left = free - sum(map(sum, rooms_of(tallest)))
        gutter += left / (len(heads) - 1) if len(heads) > 1 else 0.0
    return replace(plan, rooms=tuple(rooms_of(tallest)), tallest=tallest, gutter=gutter)


def _reaches(row: _Row, plan: _Plan, head: HeadLinks) -> tuple[float, float]:
    """How far the links of a head look at the most, to the right and to the left."""
    farthest = {1: 0.0, -1: 0.0, 0: 0.0}
    for link in head.links:
        way = _way(row, link)
        farthest[way] = max(farthest[way], _distance(plan, link, row))
    return farthest[1], farthest[-1]


def _part(distance: float, farthest: float) -> float:
    """The height of an arc, as a share of the tallest one."""
    return (distance / farthest) ** 0.7 if farthest else 0.0


def _head(
    row: _Row, plan: _Plan, head: HeadLinks, y: float, rooms: tuple[float, float], width: float
) -> list[Item]:
    """One head: its name, its arcs, then the words."""
    size = plan.size
    name = head.matrix.title
    for text in (head.matrix.title, head.matrix.name):
        name = cut_middle(text, width - 2 * MARGIN, lambda part: row.measure(part, size, True))
        if name == text:
            break
    base = y + size * LINE_HEIGHT / 2 + BASELINE * size
    items: list[Item] = [Words(name, MARGIN, base, size, bold=True, color=darkened(head.color), role="panel name")]
    top = y + plan.name + rooms[0]
    most = min(3.5, max(0.8, 0.5 * plan.pitch if plan.turned else 3.5))
    farthest = max((_distance(plan, link, row) for link in head.links), default=0.0)
    tallest = max(rooms[0] if rooms[0] > rooms[1] else 0.0, rooms[1])
    items += [_arc(row, plan, link, top, most, (tallest, farthest)) for link in head.links]
    return items + _words(row, plan, head, top)


def _arc(
    row: _Row, plan: _Plan, link: StyledLink, top: float, most: float, reach: tuple[float, float]
) -> Curve:
    """An arc from the query to the key, the higher the longer; a loop where they are one word."""
    start, end = plan.centers[row.queries[link.query]], plan.centers[row.keys[link.key]]
    way = _way(row, link)
    width = max(0.3, most * link.strength)
    if way == 0:
        high, wide = (_LOOP - 2) / 0.75, min(8.0, max(2.0, plan.pitch))
        points = ((start - 1, top), (start - wide, top - high), (start + wide, top - high), (start + 1, top))
        return Curve(points, min(width, 1.5), link.color, link.opacity)
    tallest, farthest = reach
    high = max(tallest * _part(abs(end - start), farthest) - width / 2 - 1, 1.0) / 0.75
    edge = top if way > 0 else top + plan.band
    over = edge - high if way > 0 else edge + high
    return Curve(((start, edge), (start, over), (end, over), (end, edge)), width, link.color, link.opacity)


def _words(row: _Row, plan: _Plan, head: HeadLinks, top: float) -> list[Item]:
    """The words, shaded; where only some have a label, all have a strip of their shade."""
    parts = dict.fromkeys(range(len(row.words)), 0.0)
    parts |= {row.queries[i]: float(part) for i, part in enumerate(head.query_shades) if part}
    parts |= {row.keys[i]: float(part) for i, part in enumerate(head.key_shades) if part}
    grounds = {i: ground_of(head.color, row.look.palette, part, head.matrix.values) for i, part in parts.items()}
    masked = {row.keys[i] for i in head.masked_keys} | {row.queries[i] for i in head.masked_queries}
    strip = _STRIP if plan.step > 1 else 0.0
    left = plan.pitch / 2
    items: list[Item] = [
        Box(plan.centers[i] - left, top, plan.pitch, strip, fill=ground) for i, ground in grounds.items() if strip and ground
    ]
    room = plan.band - 2 * PADDING - 2 - (strip and strip + 1) if plan.turned else MOST_EMS * plan.size
    middle = (top + (strip and strip + 1) + top + plan.band) / 2
    linked = _linked(row, head)
    for i, label in _labels(row, plan.size, plan.step, room).items():
        style = WordStyle(None if strip else grounds[i], i in row.chosen, i in masked, is_faint=i >= row.n_text)
        place = Place(plan.centers[i], middle, "center")
        if plan.turned:
            place = Place(middle, plan.centers[i], "center", turned=True)
            half = row.measure(label, plan.size, False) / 2 + PADDING + 0.5
            ends = {1: (top + strip, middle - half), -1: (middle + half, top + plan.band)}
            items += [
                Line(((plan.centers[i], start), (plan.centers[i], end)), 0.4, _PALE_LEADER)
                for way, (start, end) in ends.items()
                if end - start > 1 and (i, way) in linked
            ]
        items += word_items(label, place, plan.size, style, row.measure)
    return items


def _linked(row: _Row, head: HeadLinks) -> set[tuple[int, int]]:
    """The words that have an arc above (1) or below (-1)."""
    ends = set()
    for link in head.links:
        way = _way(row, link) or 1
        ends |= {(row.queries[link.query], way), (row.keys[link.key], way)}
    return ends
