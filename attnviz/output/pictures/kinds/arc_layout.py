"""Where the words and the arcs of a picture are."""

import math
from collections.abc import Sequence
from dataclasses import replace

from attnviz.errors import UsageError
from attnviz.output.pictures.heading import MARGIN
from attnviz.output.pictures.kinds.links import StyledHead, StyledLink, WordsSubject
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
from attnviz.output.pictures.rest import with_rest_key
from attnviz.output.pictures.scene import LINE_HEIGHT, Measure
from attnviz.records import dataclass
from attnviz.trace.tokens import Token, Tokens, token_numbers

_GUTTER = 10.0  # between two heads
_COLUMN_GUTTER = 10.0  # between two heads side by side
_LEAST_COLUMN = 8.0  # the width of a head, in sizes of the type
_FEW_HEADS = 6  # below each other, where no size is given
_PAGE_HEIGHT = 9 * 72.0
_GROWN_ROOM = 4.0  # the least height of arcs over larger type, in sizes of the type
_SPACE = 0.8  # between two words, in sizes of the type
_GROWTH = 2.0  # the largest type, in sizes of the smallest
_PAGE = 6.9 * 72
_LEAST_WIDTH = 3.3 * 72  # of a picture whose size is not given
_LEAST_ROOM, _MOST_ROOM = 14.0, 150.0  # the height of the arcs at one side
LOOP = 9.0  # the height of a look at oneself
_LEAST_EMS = 3.0
_REST_GAP = 1.5


@dataclass(frozen=True, eq=False)
class ArcsRow:
    """What all heads have in common: the words, and where queries and keys are among them.

    Attributes:
        words: every word once, in the text's order; the rest is the last one.
        queries, keys: the index of each query and key among the words.
        has_rest: whether the last word is the rest.
        outlined: the indices of the chosen words.
        look: the resolved style.
        measure: the width of a text.
        has_names: whether each head's name is above it.
    """

    words: Tokens
    queries: tuple[int, ...]
    keys: tuple[int, ...]
    has_rest: bool
    outlined: frozenset[int]
    look: Look
    measure: Measure
    has_names: bool

    @property
    def n_text(self) -> int:
        """How many words are of the text."""
        return len(self.words) - self.has_rest


@dataclass(frozen=True)
class ArcsPlan:
    """Where words and arcs are.

    Attributes:
        size: of the type.
        centers: the middle of each word, from the left.
        turned: whether words read upwards.
        step: every which word has a label.
        pitch: from one word to the next, where all are equal.
        band: the height of the words.
        width: of one head.
        has_names: whether each head's name is above it.
        n_columns: heads side by side.
        rooms: of each row of heads the heights of its arcs above and below.
        reach: the height of the longest arc, and its length.
        gutter: between two rows of heads.
    """

    size: float
    centers: tuple[float, ...]
    turned: bool
    step: int
    pitch: float
    band: float
    width: float
    has_names: bool
    n_columns: int = 1
    rooms: tuple[tuple[float, float], ...] = ()
    reach: tuple[float, float] = (0.0, 0.0)
    gutter: float = _GUTTER

    @property
    def name(self) -> float:
        """The height of a head's name."""
        return self.size * LINE_HEIGHT + 2 if self.has_names else 0.0

    @property
    def tops(self) -> list[float]:
        """Where each row of heads begins, and where the last one ends."""
        tops = [0.0]
        for rooms in self.rooms:
            tops.append(tops[-1] + self.name + self.band + sum(rooms) + self.gutter)
        return [*tops[:-1], tops[-1] - self.gutter]

    def corner(self, number: int) -> tuple[float, float]:
        """The upper left corner of a head."""
        row, column = divmod(number, self.n_columns)
        return column * (self.width + _COLUMN_GUTTER), self.tops[row]


def arcs_row(subject: WordsSubject, *, has_names: bool) -> ArcsRow:
    """The words of the text; refuses two texts.

    Raises:
        UsageError: queries and keys are not of one text.
    """
    attention, query, key = subject.attention, subject.choice.query, subject.choice.key
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
        words.append(with_rest_key(attention)[0].keys[-1])
        keys = (*keys, len(words) - 1)
    return ArcsRow(tuple(words), queries, keys, rest, chosen, subject.look, subject.measure, has_names)


def link_way(row: ArcsRow, link: StyledLink) -> int:
    """Whether a link looks to the right (1), to the left (-1) or at its own word (0)."""
    query, key = row.queries[link.query], row.keys[link.key]
    return (key > query) - (key < query)


def link_distance(plan: ArcsPlan, link: StyledLink, row: ArcsRow) -> float:
    """How far apart the two words of a link are."""
    return abs(plan.centers[row.queries[link.query]] - plan.centers[row.keys[link.key]])


def _widths(row: ArcsRow, size: float, step: int, room: float) -> dict[int, float]:
    """The lengths of the labels that there are."""
    return {i: row.measure(label, size, False) for i, label in arc_labels(row, size, step, room).items()}


def arc_labels(row: ArcsRow, size: float, step: int, room: float) -> dict[int, str]:
    """The labels that there are, by the index of the word."""
    n = row.n_text
    labels = thinned_labels(row.words[:n], step, row.outlined, room, size, row.look, row.measure)
    rest = thinned_labels(row.words[n:], 1, (), room, size, row.look, row.measure)
    return labels | {n + i: label for i, label in rest.items()}


def natural_arcs(row: ArcsRow, n_heads: int) -> float:
    """The width of a picture whose size is not given: that of its words, at most a page; of many heads a square."""
    size = row.look.font_size
    flat = _flat_width(row, size)
    width = max(flat, _LEAST_WIDTH)
    if flat > _PAGE:
        width = min(_PAGE, max(_LEAST_WIDTH, 2 * MARGIN + len(row.words) * 1.3 * LINE_HEIGHT * size))
    n = (
        max(1, round(math.sqrt(n_heads / 3))) if n_heads > _FEW_HEADS else 1
    )  # a head is about three times as wide as high
    return n * width + (n - 1) * _COLUMN_GUTTER


def _flat_width(row: ArcsRow, size: float) -> float:
    widths = _widths(row, size, 1, WORD_EMS * size).values()
    return sum(widths) + (len(widths) - 1 + row.has_rest) * _SPACE * size + 2 * (MARGIN + PADDING)


def planned_arcs(row: ArcsRow, width: float, heads: Sequence[StyledHead], height: float | None) -> ArcsPlan:
    """The best plan: most labels, then fewest heads side by side, all of it as large as there is room."""
    font = row.look.font_size
    widths = [(width - (n - 1) * _COLUMN_GUTTER) / n for n in range(1, len(heads) + 1)]
    if width < _LEAST_COLUMN * font:
        raise no_room(row.look, f"at least {_LEAST_COLUMN * font / 72 + 0.05:.1f}in wide")
    if height is None:
        return _natural_plan(row, heads, [one for one in widths if one >= _LEAST_WIDTH] or widths[:1])
    grids = [(one, n) for n, one in enumerate(widths, 1) if one >= _LEAST_COLUMN * font]
    labels = WORD_EMS * font
    while labels >= _LEAST_EMS * font:
        plans = [_plan(row, heads, one, n, height, labels) for one, n in grids]
        usable = [plan for plan in plans if plan is not None]
        if usable:
            return min(usable, key=lambda plan: plan.step)
        labels -= font
    numbered = 2 * font + strip_width(2)  # labels have their positions where some words have none
    least = (_LEAST_EMS + LINE_HEIGHT) * font + numbered + 8 + 2 * _LEAST_ROOM
    raise no_room(row.look, size_with(row.look, width, len(heads) * (least + _GUTTER) + 2 * MARGIN, height))


def _natural_plan(row: ArcsRow, heads: Sequence[StyledHead], widths: Sequence[float]) -> ArcsPlan:
    """The heads below each other; side by side where that would take more than a page."""
    font = row.look.font_size
    for n, width in enumerate(widths, 1):
        is_flat = _flat_width(row, font) <= width
        words = _flat(row, font, width) if is_flat else _upright(row, font, width, WORD_EMS * font)
        tallest = min(_MOST_ROOM, max(2 * _LEAST_ROOM, 0.2 * width))
        shares, farthest = _shares(row, words, heads, n)
        plan = _with_rooms(words, shares, n, (tallest, farthest))
        if plan.tops[-1] <= _PAGE_HEIGHT:
            break
    return plan


def _plan(
    row: ArcsRow, heads: Sequence[StyledHead], width: float, n_columns: int, height: float, labels: float
) -> ArcsPlan | None:
    """The plan of so many heads side by side in a height, with labels of at most a length; None if there is none."""
    font = row.look.font_size
    sizes = [font * tenths / 10 for tenths in range(int(_GROWTH * 10), 9, -1)] if labels >= WORD_EMS * font else [font]
    for size in sizes:
        if _flat_width(row, size) <= width:
            words = _flat(row, size, width)
            plan = _in_height(row, words, heads, n_columns, height)
            if plan is not None:
                return plan
    for size in sizes:
        words = _upright(row, size, width, labels * size / font)
        n_labels = -(-row.n_text // words.step)
        if n_labels >= min(3, row.n_text) and (words.step == 1 or size == font):
            plan = _in_height(row, words, heads, n_columns, height)
            if plan is not None:
                return plan
    return None


def _flat(row: ArcsRow, size: float, width: float) -> ArcsPlan:
    """Words side by side, with what is left of the width between them."""
    widths = list(_widths(row, size, 1, WORD_EMS * size).values())
    free = width - 2 * (MARGIN + PADDING) - sum(widths)
    n_spaces = len(widths) - 1 + row.has_rest
    space = min(free / n_spaces, 4 * size) if n_spaces else 0.0
    x = (width - sum(widths) - n_spaces * space) / 2
    centers = []
    for i, wide in enumerate(widths):
        x += space if row.has_rest and i == len(widths) - 1 else 0
        centers.append(x + wide / 2)
        x += wide + space
    return ArcsPlan(size, tuple(centers), False, 1, space, size * LINE_HEIGHT + 2, width, row.has_names)


def _upright(row: ArcsRow, size: float, width: float, room: float) -> ArcsPlan:
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
    band = max(_widths(row, size, step, room + 2 * size * (step > 1)).values()) + 2 * PADDING + 2 + strip_width(step)
    return ArcsPlan(size, tuple(centers), True, step, pitch, band, width, row.has_names)


def _in_height(
    row: ArcsRow, plan: ArcsPlan, heads: Sequence[StyledHead], n_columns: int, height: float
) -> ArcsPlan | None:
    """The plan with arcs as high as a height allows; None where that is less than larger type needs, or any."""
    shares, farthest = _shares(row, plan, heads, n_columns)
    least = max(_LEAST_ROOM, _GROWN_ROOM * plan.size if plan.size > row.look.font_size else 0.0)
    tallest = max(0.6 * farthest, _MOST_ROOM, least)
    while tallest >= least:
        whole = _with_rooms(plan, shares, n_columns, (tallest, farthest))
        left = height - whole.tops[-1]
        if left >= 0:
            return replace(whole, gutter=_GUTTER + (left / (len(shares) - 1) if len(shares) > 1 else 0.0))
        tallest *= 0.97
    return None


def _with_rooms(
    plan: ArcsPlan, shares: Sequence[tuple[float, float, bool]], n_columns: int, reach: tuple[float, float]
) -> ArcsPlan:
    """The plan with room for arcs above and below, where the longest arc is so high."""
    rooms = tuple((max(above * reach[0], LOOP * loops), below * reach[0]) for above, below, loops in shares)
    return replace(plan, n_columns=n_columns, rooms=rooms, reach=reach)


def _shares(
    row: ArcsRow, plan: ArcsPlan, heads: Sequence[StyledHead], n_columns: int
) -> tuple[list[tuple[float, float, bool]], float]:
    """The heights above and below each row of heads, as shares of the highest arc, and if it has loops; its length."""
    reaches = [_reaches(row, plan, head) for head in heads]
    farthest = max(max(right, left) for right, left, _ in reaches)
    shares = []
    for start in range(0, len(heads), n_columns):
        some = reaches[start : start + n_columns]
        above, below = (max(arc_part(reach[side], farthest) for reach in some) for side in (0, 1))
        shares.append((above, below, any(loops for _, _, loops in some)))
    return shares, farthest


def _reaches(row: ArcsRow, plan: ArcsPlan, head: StyledHead) -> tuple[float, float, bool]:
    """How far the links of a head look at the most, to the right and to the left, and whether it has loops."""
    farthest = {1: 0.0, -1: 0.0}
    loops = False
    for link in head.links:
        way = link_way(row, link)
        loops = loops or way == 0
        if way:
            farthest[way] = max(farthest[way], link_distance(plan, link, row))
    return farthest[1], farthest[-1], loops


def arc_part(distance: float, farthest: float) -> float:
    """The height of an arc, as a share of the tallest one."""
    return (distance / farthest) ** 0.7 if farthest else 0.0
