"""The text as coloured words, one line per head: what one word looks at, or what looks at it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from attnviz.errors import UsageError
from attnviz.output.labels import cut_middle, isolated
from attnviz.output.pictures.fonts import drawable
from attnviz.output.pictures.heading import MARGIN, Heading, frame, natural_width
from attnviz.output.pictures.kinds.links import with_rest
from attnviz.output.pictures.kinds.tints import FAINT_INK, ink_on, palette_color
from attnviz.output.pictures.kinds.words import BASELINE, MOST_EMS, no_room, scene_of
from attnviz.output.pictures.look import Look
from attnviz.output.pictures.scene import INK, LINE_HEIGHT, Box, Hover, Item, Line, Measure, Raster, Scene, Words
from attnviz.output.scale import hidden_cells, short_number, strongest_choice
from attnviz.output.words import escaped, unit
from attnviz.trace.attention import Attention, Matrix
from attnviz.trace.tokens import Token, Tokens, token_numbers

_PITCH = 1.6  # from one line to the next, in sizes of the type
_GROUND = 1.35  # the height of a word's colour
_PADDING = 0.16  # of a word's colour, at both sides
_SPACE = 0.15  # between two words
_SEAM = 0.06  # between two words without a space
_REST_SPACE = 1.2  # before the rest
_NAME_SPACE = 1.0  # after a head's name
_HEAD_SPACE = 0.5  # between two heads
_GROWTH = 3.0  # the largest type, in sizes of the smallest
_PAGE, _LEAST_WIDTH = 6.9 * 72, 3.3 * 72
_MOST_BAR = 130.0
_LEAST_LINE = 4.0  # of words, in sizes of the type
_OUTLINE = 0.9  # points from a word's colour to its outline
_QUOTED = 24  # characters of the chosen word in a sentence


@dataclass(frozen=True, eq=False)
class _Row:
    """The words that are drawn once for each head.

    Attributes:
        tokens: the words; the rest is the last one.
        labels: as they are drawn.
        chosen: the index of the chosen word among them; None where it is not one of them.
        has_rest: whether the last word is the rest.
        numbers: of each matrix the words' values, (n_matrices, n_words).
        hidden: which are masked, (n_matrices, n_words).
        look: the resolved style.
        measure: the width of a text.
    """

    tokens: Tokens
    labels: tuple[str, ...]
    chosen: int | None
    has_rest: bool
    numbers: np.ndarray
    hidden: np.ndarray
    look: Look
    measure: Measure


@dataclass(frozen=True)
class _Plan:
    """Where words are in the lines of a head.

    Attributes:
        size: of the type.
        left: where the words begin.
        names_above: whether the heads' names have lines of their own.
        places: (line, x, width) of each word.
    """

    size: float
    left: float
    names_above: bool
    places: tuple[tuple[int, float, float], ...]

    @property
    def head(self) -> float:
        """The height of one head."""
        return (self.places[-1][0] + 1 + self.names_above) * _PITCH * self.size

    def height(self, n_heads: int) -> float:
        """The height of all heads and of the colour bar."""
        heads = n_heads * self.head + (n_heads - 1) * _HEAD_SPACE * self.size
        return heads + (_HEAD_SPACE + 1 + LINE_HEIGHT) * self.size


def text_scene(
    attention: Attention,
    look: Look,
    heading: Heading | None,
    measure: Measure,
    query: int | None = None,
    key: int | None = None,
) -> Scene:
    """The words of a text in the colours of one row, or of one column, of each matrix.

    Args:
        attention: one or more matrices.
        look: the resolved style.
        heading: the words around the drawing.
        measure: the width of a text.
        query: the index of the query whose row it is.
        key: the index of the key whose column it is, where no query is chosen; without both the strongest query.

    Raises:
        UsageError: distances between heads, or a size too small for the words.
    """
    if attention.values == "distances":
        raise UsageError("style: text cannot draw distances between heads; use --style matrix")
    if query is None and key is None:
        query = max((strongest_choice(matrix) for matrix in attention), key=lambda one: one[0])[1]
    row = _row(attention, look, measure, query, key)
    matrices = list(attention)
    said = _said(attention, row, heading, query, key)
    width = look.size.width if look.size else natural_width(said, look, _natural(row, matrices), measure)
    around = frame(said, look, width, measure)
    given = look.size.height if look.size else None
    room = None if given is None else given - around.top - around.foot
    plan = _planned(row, matrices, width, room, around.top + around.foot)
    height = given if given is not None else around.top + plan.height(len(matrices)) + around.foot
    items: list[Item] = []
    hovers: list[Hover] = []
    y = around.top if room is None else around.top + (room - plan.height(len(matrices))) / 2
    names = _hover_names(attention, query, key)
    for number, matrix in enumerate(matrices):
        items += _name(row, plan, matrix, y, width)
        for i in sorted(range(len(row.tokens)), key=lambda index: index == row.chosen):
            items += _word(row, plan, number, i, y)
            hovers.append(_hover(row, plan, (number, i), y, names))
        y += plan.head + _HEAD_SPACE * plan.size
    items += _bar(attention, row, plan, y, width)
    scene = scene_of(width, height, [*around.items(height), *items], said)
    return replace(scene, hovers=tuple(hovers))


def _row(attention: Attention, look: Look, measure: Measure, query: int | None, key: int | None) -> _Row:
    """The words of the chosen row or column, and their values."""
    if query is not None:
        shown, has_rest = with_rest(attention)
        tokens, other = shown.keys, attention.queries[query]
        own = token_numbers(attention.queries)[query]
        cells = np.s_[query, :]
    else:
        assert key is not None
        shown, has_rest = attention, False
        tokens, other = attention.queries, attention.keys[key]
        own = token_numbers(attention.keys)[key]
        cells = np.s_[:, key]
    values = np.array([matrix.numbers[cells] for matrix in shown])
    hidden = np.array([hidden_cells(matrix.numbers, matrix.masked)[cells] for matrix in shown])
    numbers = token_numbers(tokens)
    alike = [
        i for i, (token, number) in enumerate(zip(tokens, numbers, strict=True))
        if number == own and token.label == other.label and attention.kind != "cross" and i < len(tokens) - has_rest
    ]  # fmt: skip
    labels = tuple(
        drawable(escaped(token.label), look.instead, number) for token, number in zip(tokens, numbers, strict=True)
    )
    return _Row(tokens, labels, alike[0] if alike else None, has_rest, values, hidden, look, measure)


def _said(
    attention: Attention, row: _Row, heading: Heading | None, query: int | None, key: int | None
) -> Heading | None:
    """The heading, with whose row or column it is."""
    if heading is None:
        return None
    side, index = (attention.queries, query) if query is not None else (attention.keys, key)
    assert index is not None
    label = drawable(escaped(side[index].label), row.look.instead)
    label = label if len(label) <= _QUOTED else label[:_QUOTED] + "…"
    word = f"“{isolated(label)}” ({token_numbers(side)[index]})"
    words = f"what {word} looks at" if query is not None else f"what looks at {word}"
    words += "; struck out: masked" * bool(row.hidden.any())
    return replace(heading, lines=(*heading.lines, words))


def _names_width(row: _Row, matrices: Sequence[Matrix], size: float) -> float:
    return max(row.measure(matrix.title, size, True) for matrix in matrices) + _NAME_SPACE * size


def _natural(row: _Row, matrices: Sequence[Matrix]) -> float:
    """The width of a picture whose size is not given: one line of words, or that of a page."""
    size = row.look.font_size
    places = _places(row, size, math.inf, 0.0)
    line = places[-1][1] + places[-1][2] + _names_width(row, matrices, size) + 2 * MARGIN
    return min(_PAGE, max(_LEAST_WIDTH, line + 0.1))


def _planned(row: _Row, matrices: Sequence[Matrix], width: float, room: float | None, around: float) -> _Plan:
    """The largest type, up to three times the smallest, in which all lines have room."""
    font = row.look.font_size
    sizes = [font * tenths / 10 for tenths in range(int(_GROWTH * 10), 9, -1)] if room is not None else [font]
    for size in sizes:
        names = _names_width(row, matrices, size)
        names_above = names > 0.3 * (width - 2 * MARGIN)
        left = MARGIN if names_above else MARGIN + names
        if width - MARGIN - left < _LEAST_LINE * size:
            raise no_room(row.look, f"at least {(2 * MARGIN + _LEAST_LINE * 2 * font) / 72:.2g}in wide")
        plan = _Plan(size, left, names_above, _places(row, size, width - MARGIN, left))
        if room is None or plan.height(len(matrices)) <= room:
            return plan
    needed = math.ceil((plan.height(len(matrices)) + around) / 7.2) / 10
    raise no_room(row.look, f"at least {width / 72:.3g}in x {needed:.1f}in for {len(row.tokens)} words")


def _places(row: _Row, size: float, right: float, left: float) -> tuple[tuple[int, float, float], ...]:
    """(line, x, width) of each word, of lines between two distances from the left."""
    places: list[tuple[int, float, float]] = []
    line, x = 0, left
    for i, label in enumerate(row.labels):
        shown = _shown(row, label, size, right - left)
        wide = row.measure(_with_number(row, i, shown), size, False) + 2 * _PADDING * size
        if places:
            x += size * _space(row, i)
        if places and x + wide > right + 1e-6:
            line, x = line + 1, left
        places.append((line, x, wide))
        x += wide
    return tuple(places)


def _shown(row: _Row, label: str, size: float, room: float) -> str:
    number = row.measure(" 0.00", size, False) if row.look.numbers else 0.0
    most = min(MOST_EMS * size, room - number - 2 * _PADDING * size)
    return cut_middle(label, most, lambda part: row.measure(part, size, False))


def _with_number(row: _Row, index: int, label: str, number: float | None = None) -> str:
    """The label, with its value where values are written; room for the widest where it is not known."""
    if not row.look.numbers:
        return label
    values = row.numbers[~row.hidden[:, index], index] if number is None else [number]
    texts = [f"{label} {value:.2f}" for value in values if abs(value) >= 0.01]
    return max(texts, key=len, default=label)


def _space(row: _Row, index: int) -> float:
    """The space before a word: next to none where the text has none."""
    before, after = row.tokens[index - 1], row.tokens[index]
    if row.has_rest and index == len(row.tokens) - 1:
        return _REST_SPACE
    return _SEAM if _adjoins(before, after) else _SPACE


def _adjoins(before: Token, after: Token) -> bool:
    """Whether the text has nothing between two words."""
    return before.end > before.start and before.segment == after.segment and before.end == after.start < after.end


def _name(row: _Row, plan: _Plan, matrix: Matrix, y: float, width: float) -> list[Item]:
    middle = y + _PITCH * plan.size / 2
    room = width - 2 * MARGIN
    name = matrix.title
    for text in (matrix.title, matrix.name):
        name = cut_middle(text, room, lambda part: row.measure(part, plan.size, True))
        if name == text:
            break
    return [Words(name, MARGIN, middle + BASELINE * plan.size, plan.size, bold=True, role="panel name")]


def _box(plan: _Plan, index: int, y: float) -> tuple[float, float, float, float]:
    line, x, wide = plan.places[index]
    middle = y + (line + plan.names_above + 0.5) * _PITCH * plan.size
    return x, middle - _GROUND * plan.size / 2, wide, _GROUND * plan.size


def _word(row: _Row, plan: _Plan, number: int, index: int, y: float) -> list[Item]:
    """One word in its colour; masked ones without, struck out."""
    x, top, wide, high = _box(plan, index, y)
    value, masked = float(row.numbers[number, index]), bool(row.hidden[number, index])
    is_rest = row.has_rest and index == len(row.tokens) - 1
    fill = None if masked else palette_color(row.look.palette, row.look.scale.place(value))
    size, middle = plan.size, top + high / 2
    line_end = max(place[1] + place[2] for place in plan.places)
    label = _shown(row, row.labels[index], size, line_end - plan.left)
    label = label if masked else _with_number(row, index, label, value)
    start = x + _PADDING * size
    items: list[Item] = [
        Box(x, top, wide, high, fill, FAINT_INK if is_rest else None),
        Words(label, start, middle + BASELINE * size, size, color=FAINT_INK if masked else ink_on(fill or "#ffffff"), role="word"),
    ]
    if index == row.chosen:  # around the colour, so that it is seen on a dark one too
        items.append(Box(x - _OUTLINE, top - _OUTLINE, wide + 2 * _OUTLINE, high + 2 * _OUTLINE, None, INK, 0.8))
    if masked:
        items.append(Line(((x, middle), (x + wide, middle)), 0.6, FAINT_INK))
    return items


def _hover_names(attention: Attention, query: int | None, key: int | None) -> tuple[str, str]:
    """What is before and after a word in what a browser says of it."""
    if query is not None:
        return f"{escaped(attention.queries[query].label)} -> ", ""
    assert key is not None
    return "", f" -> {escaped(attention.keys[key].label)}"


def _hover(row: _Row, plan: _Plan, cell: tuple[int, int], y: float, names: tuple[str, str]) -> Hover:
    number, index = cell
    value = "masked" if row.hidden[cell] else short_number(float(row.numbers[number, index]))
    return Hover(*_box(plan, index, y), f"{names[0]}{escaped(row.tokens[index].label)}{names[1]} {value}")


def _bar(attention: Attention, row: _Row, plan: _Plan, y: float, width: float) -> list[Item]:
    """The colour bar, with its values below it."""
    size = plan.size
    name = unit(attention.values, attention.reduce)
    wide = row.measure(name, size, False)
    left = MARGIN + wide + 0.8 * size
    ticks = row.look.scale.ticks
    margin = row.measure(ticks[-1][1], size, False) / 2
    length = min(_MOST_BAR * size / row.look.font_size, width - MARGIN - left - margin)
    if length < 3 * size:
        return []
    middle = y + size / 2
    items: list[Item] = [
        Words(name, MARGIN, middle + BASELINE * size, size, role="bar name"),
        Raster(left, y, length, size, partial(_gradient, row.look.palette)),
        Box(left, y, length, size, None, INK),
    ]
    end = -math.inf
    for place, label in ticks:
        half = row.measure(label, size, False) / 2
        x = left + place * length
        if x - half >= end and x - half >= MARGIN:
            items.append(Line(((x, y + size), (x, y + size + 2)), 0.6, INK))
            items.append(Words(label, x - half, y + size + 2 + 0.95 * size, size, role="bar label"))
            end = x + half + 0.5 * size
    return items


def _gradient(palette: np.ndarray, height: int, width: int) -> np.ndarray:
    """The colours of a bar from its left to its right end, (height, width, 4) uint8."""
    colors: np.ndarray = palette[np.linspace(0, 255, width).round().astype(int)]
    return np.broadcast_to(colors, (height, width, 4)).copy()
