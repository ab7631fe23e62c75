"""Words on a line joined by arcs: above it the looks to the right, below it the looks to the left."""

from collections.abc import Sequence
from functools import partial

from attnviz.output.labels import is_upright
from attnviz.output.pictures.heading import MARGIN
from attnviz.output.pictures.kinds.arc_layout import (
    LOOP,
    ArcsPlan,
    ArcsRow,
    arc_labels,
    arc_part,
    arcs_row,
    link_way,
    natural_arcs,
    planned_arcs,
)
from attnviz.output.pictures.kinds.links import (
    StyledHead,
    StyledLink,
    WordsSubject,
    refuse_values,
    styled_links,
)
from attnviz.output.pictures.kinds.tints import darkened, ground_of
from attnviz.output.pictures.kinds.words import (
    BASELINE,
    PADDING,
    STRIP,
    WORD_EMS,
    WordPlace,
    WordStyle,
    fitted_title,
    needs_names,
    planned_heading,
    scene_of,
    step_remarks,
    strip_width,
    without_numbers,
    word_items,
)
from attnviz.output.pictures.rest import with_rest_key
from attnviz.output.pictures.scene import LINE_HEIGHT, Box, Curve, Mark, Scene, Stroke, TextLine

_PALE_LEADER = "#cccccc"
_MOST_WIDE = 0.5  # the widest arc, in sizes of the type


def arcs_scene(subject: WordsSubject) -> Scene:
    """The words of a text on a line, one line per head; an arc's width and opacity are the weight.

    Args:
        subject: what is drawn, whose queries and keys are words of one text; of a chosen word only its links are
            coloured.

    Raises:
        UsageError: cross-attention, values that have no width, or a size too small for a few words.
    """
    attention, look, heading, choice = subject.attention, subject.look, subject.heading, subject.choice
    refuse_values(attention, "arcs")
    row = arcs_row(subject, has_names=needs_names(attention, look, heading))
    shown, has_rest = with_rest_key(attention)
    heads, remarks = styled_links(shown, look, choice, has_rest=has_rest)
    remarks.insert(0, _directions(row, heads))
    if choice.is_empty:
        remarks.append("words are shaded by what they receive")

    def planned(width: float, room: float | None) -> tuple[ArcsPlan, tuple[str, ...]]:
        plan = planned_arcs(row, width, heads, room)
        return plan, step_remarks([(row.n_text, plan.step)])

    natural = partial(natural_arcs, row, len(heads))
    said, around, plan, width = planned_heading(heading, remarks, look, row.measure, natural, planned)
    height = look.size.height if look.size and look.size.height else around.top + plan.tops[-1] + around.foot
    items: list[Mark] = []
    for number, head in enumerate(heads):
        items += _head(row, plan, head, around.top, number)
    return scene_of(width, height, [*around.items(height), *items], said, without_numbers(look, "arcs"))


def _directions(row: ArcsRow, heads: Sequence[StyledHead]) -> str:
    """What is above and below the words."""
    ways = {link_way(row, link) for head in heads for link in head.links}
    names = {1: "above: looks to the right", -1: "below: looks to the left", 0: "loop: looks at itself"}
    return ", ".join(name for way, name in names.items() if way in ways) or "no link"


def _head(row: ArcsRow, plan: ArcsPlan, head: StyledHead, top: float, number: int) -> list[Mark]:
    """One head: its name, its arcs, then the words."""
    size, (x, y) = plan.size, plan.corner(number)
    name = fitted_title(head.matrix, plan.width - 2 * MARGIN, size, row.measure)
    base, color = top + y + size * LINE_HEIGHT / 2 + BASELINE * size, darkened(head.color)
    items: list[Mark] = []
    if plan.has_names:
        items.append(TextLine(name, x + MARGIN, base, size, bold=True, color=color, role="panel name"))
    corner = x, top + y + plan.name + plan.rooms[number // plan.n_columns][0]
    most = _MOST_WIDE * size
    most = min(most, max(0.8, 0.5 * plan.pitch)) if plan.turned else most
    items += [_arc(row, plan, link, corner, most) for link in head.links]
    return items + _words(row, plan, head, corner)


def _arc(row: ArcsRow, plan: ArcsPlan, link: StyledLink, corner: tuple[float, float], most: float) -> Curve:
    """An arc from the query to the key, the higher the longer; a loop where they are one word."""
    left, top = corner
    start, end = left + plan.centers[row.queries[link.query]], left + plan.centers[row.keys[link.key]]
    way = link_way(row, link)
    width = max(0.3, most * link.strength)
    if way == 0:
        high, wide = (LOOP - 2) / 0.75, min(8.0, max(2.0, plan.pitch))
        points = ((start - 1, top), (start - wide, top - high), (start + wide, top - high), (start + 1, top))
        return Curve(points, min(width, 1.5), link.color, link.opacity)
    tallest, farthest = plan.reach
    high = max(tallest * arc_part(abs(end - start), farthest) - width / 2 - 1, 1.0) / 0.75
    edge = top if way > 0 else top + plan.band
    over = edge - high if way > 0 else edge + high
    return Curve(((start, edge), (start, over), (end, over), (end, edge)), width, link.color, link.opacity)


def _words(row: ArcsRow, plan: ArcsPlan, head: StyledHead, corner: tuple[float, float]) -> list[Mark]:
    """The words, shaded; where only some have a label, all have a strip of their shade."""
    left, top = corner
    centers = [left + center for center in plan.centers]
    parts = dict.fromkeys(range(len(row.words)), 0.0)
    parts |= {row.queries[i]: float(part) for i, part in enumerate(head.query_shades) if part}
    parts |= {row.keys[i]: float(part) for i, part in enumerate(head.key_shades) if part}
    grounds = {i: ground_of(head.color, row.look.palette, part, head.matrix.values) for i, part in parts.items()}
    masked = {row.keys[i] for i in head.masked_keys} | {row.queries[i] for i in head.masked_queries}
    strip = strip_width(plan.step)
    items: list[Mark] = [
        Box(centers[i] - plan.pitch / 2, top, plan.pitch, STRIP, fill=ground)
        for i, ground in grounds.items()
        if strip and ground
    ]
    room = plan.band - 2 * PADDING - 2 - strip if plan.turned else WORD_EMS * plan.size
    middle = top + (strip + plan.band) / 2
    linked = _linked(row, head)
    for i, label in arc_labels(row, plan.size, plan.step, room).items():
        style = WordStyle(None if strip else grounds[i], i in row.outlined, i in masked, is_faint=i >= row.n_text)
        place = WordPlace(centers[i], middle, "center")
        if plan.turned and not is_upright(label):
            place = WordPlace(middle, centers[i], "center", turned=True)
        if plan.turned:
            length = plan.size if is_upright(label) else row.measure(label, plan.size, False)
            half = length / 2 + PADDING + 0.5
            ends = {1: (top + strip, middle - half), -1: (middle + half, top + plan.band)}
            items += [
                Stroke(((centers[i], start), (centers[i], end)), 0.4, _PALE_LEADER)
                for way, (start, end) in ends.items()
                if end - start > 1 and (i, way) in linked
            ]
        items += word_items(label, place, plan.size, style, row.measure)
    return items


def _linked(row: ArcsRow, head: StyledHead) -> set[tuple[int, int]]:
    """The words that have an arc above (1) or below (-1)."""
    ends = set()
    for link in head.links:
        way = link_way(row, link) or 1
        ends |= {(row.queries[link.query], way), (row.keys[link.key], way)}
    return ends
