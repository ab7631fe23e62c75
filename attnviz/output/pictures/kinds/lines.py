"""Two columns of words joined by lines, as in Vaswani et al. 2017: queries at the left, keys at the right."""

import math
from collections.abc import Sequence
from functools import partial

from attnviz.output.labels import cut_middle
from attnviz.output.pictures.heading import MARGIN
from attnviz.output.pictures.kinds.line_layout import (
    NAMES_GAP,
    PANEL_GUTTER,
    LinesPage,
    LinesPlan,
    natural_lines,
    planned_lines,
)
from attnviz.output.pictures.kinds.links import StyledHead, WordsSubject, refuse_values, styled_links
from attnviz.output.pictures.kinds.tints import FAINT_INK, darkened, ground_of
from attnviz.output.pictures.kinds.words import (
    BASELINE,
    PADDING,
    STRIP,
    WordPlace,
    WordStyle,
    fitted_title,
    needs_names,
    planned_heading,
    scene_of,
    step_remarks,
    strip_width,
    thinned_labels,
    without_numbers,
    word_items,
)
from attnviz.output.pictures.rest import with_rest_key
from attnviz.output.pictures.scene import LINE_HEIGHT, Box, Mark, Scene, Stroke, TextLine
from attnviz.output.words import sides

_MOST_EMS_WIDE = 0.57  # the widest line, in sizes of the type


def lines_scene(subject: WordsSubject) -> Scene:
    """Queries at the left, keys at the right, one panel per head; a line's width and opacity are the weight.

    Args:
        subject: what is drawn; of a chosen word only its links are coloured.

    Raises:
        UsageError: values that have no width, or a size too small for a few words.
    """
    look, heading, measure, choice = subject.look, subject.heading, subject.measure, subject.choice
    refuse_values(subject.attention, "lines")
    attention, has_rest = with_rest_key(subject.attention)
    page = LinesPage(attention, choice, has_rest, look, measure, needs_names(attention, look, heading))
    heads, remarks = styled_links(attention, look, choice, has_rest=has_rest)
    if choice.is_empty:
        remarks.append("keys are shaded by what they receive")

    def planned(width: float, room: float | None) -> tuple[LinesPlan, tuple[str, ...]]:
        plan = planned_lines(page, heads, width, room)
        return plan, step_remarks(zip(page.sizes, page.steps(plan.body, plan.size), strict=True))

    natural = partial(natural_lines, page, heads)
    said, around, plan, _ = planned_heading(heading, remarks, look, measure, natural, planned)
    n_rows = math.ceil(len(heads) / plan.n_columns)
    whole = around.top + n_rows * plan.panel[1] + (n_rows - 1) * PANEL_GUTTER + around.foot
    height = look.size.height if look.size and look.size.height else whole
    items: list[Mark] = []
    for number, head in enumerate(heads):
        row, column = divmod(number, plan.n_columns)
        x = MARGIN + column * (plan.panel[0] + PANEL_GUTTER)
        items += _panel(page, head, plan, x, around.top + row * (plan.panel[1] + PANEL_GUTTER))
    return scene_of(plan.width, height, [*around.items(height), *items], said, without_numbers(look, "lines"))


def _panel(page: LinesPage, head: StyledHead, plan: LinesPlan, x: float, y: float) -> list[Mark]:
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
        items.append(Stroke(points, max(0.3, most * link.strength), link.color, link.opacity))
    for side in (0, 1):
        items += _column(page, head, plan, side, inner[side], heights[side])
    return items


def _heights(page: LinesPage, plan: LinesPlan, top: float) -> list[list[float]]:
    """The middle of each word of both sides, each side in the middle of the panel; the rest is below its keys."""
    both = []
    rest = page.rest_room(plan.size)
    for n, pitch in zip(page.sizes, page.pitches(plan.body, plan.size), strict=True):
        first = top + (plan.body - rest - n * pitch) / 2 + pitch / 2
        both.append([first + i * pitch for i in range(n)])
    if page.has_rest:
        both[1].append(both[1][-1] + plan.pitches[1] / 2 + rest - plan.size * LINE_HEIGHT / 2)
    return both


def _names(
    page: LinesPage, head: StyledHead, plan: LinesPlan, x: float, y: float, inner: tuple[float, float]
) -> list[Mark]:
    size, panel = plan.size, plan.panel[0]
    one_line = plan.names < 1.5 * size * LINE_HEIGHT + NAMES_GAP
    row = size * LINE_HEIGHT
    middle = y + row / 2

    name = fitted_title(head.matrix, inner[1] - inner[0] if one_line else panel, size, page.measure)
    centre = x + panel / 2 if not one_line else sum(inner) / 2
    base, color = middle + BASELINE * size, darkened(head.color)
    items: list[Mark] = []
    if page.has_names:
        items.append(TextLine(name, centre, base, size, "center", bold=True, color=color, role="panel name"))
    below = middle if one_line else middle + row
    for side, text in enumerate(sides(page.attention)):
        shown = cut_middle(text, panel / 2 - 2, lambda part: page.measure(part, size, False))
        wide = page.measure(shown, size, False)
        left = max(x, inner[0] - wide) if side == 0 else min(inner[1], x + panel - wide)
        items.append(TextLine(shown, left, below + BASELINE * size, size, color=FAINT_INK, role="axis name"))
    return items


def _column(
    page: LinesPage, head: StyledHead, plan: LinesPlan, side: int, x: float, heights: Sequence[float]
) -> list[Mark]:
    """The words of one side, shaded; where only some have a label, all have a strip of their shade."""
    tokens = page.tokens[side]
    n = page.sizes[side]
    chosen = (page.choice.query, page.choice.key)[side]
    shades = (head.query_shades, head.key_shades)[side]
    masked = (head.masked_queries, head.masked_keys)[side]
    step = page.steps(plan.body, plan.size)[side]
    strip = strip_width(step)
    away = -1 if side == 0 else 1
    always = () if chosen is None else (chosen,)
    room = plan.columns[side] - PADDING - strip
    labels = thinned_labels(tokens[:n], step, always, room, plan.size, page.look, page.measure)
    if page.has_rest and side == 1:
        labels |= {n: thinned_labels(tokens[n:], 1, (), room, plan.size, page.look, page.measure)[0]}
    items: list[Mark] = []
    grounds = [ground_of(head.color, page.look.palette, float(part), head.matrix.values) for part in shades]
    if strip:
        pitch = plan.pitches[side]
        left = x - STRIP if side == 0 else x
        items += [
            Box(left, heights[i] - pitch / 2, STRIP, pitch, fill=ground) for i, ground in enumerate(grounds) if ground
        ]
    for i, label in labels.items():
        style = WordStyle(None if strip else grounds[i], i == chosen, i in masked, is_faint=i >= n)
        ha = "right" if side == 0 else "left"
        place = WordPlace(x + away * strip, heights[i], ha)
        items += word_items(label, place, plan.size, style, page.measure)
    return items
