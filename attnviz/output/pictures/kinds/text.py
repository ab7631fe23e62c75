"""The text as coloured words, one line per head: what one word looks at, or what looks at it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from attnviz.errors import UsageError
from attnviz.output.labels import cut_middle, isolated
from attnviz.output.pictures.fonts import drawable
from attnviz.output.pictures.heading import MARGIN, Heading, frame, natural_width
from attnviz.output.pictures.kinds.links import WordsSubject, refuse_blocks
from attnviz.output.pictures.kinds.text_layout import (
    HEAD_SPACE,
    TEXT_PITCH,
    WORD_PADDING,
    ChosenWord,
    TextPlan,
    TextRow,
    chosen_word,
    natural_text,
    planned_text,
    text_row,
    with_number,
)
from attnviz.output.pictures.kinds.tints import FAINT_INK, ink_on, palette_color
from attnviz.output.pictures.kinds.words import BASELINE, fitted_title, needs_names, scene_of, with_remarks
from attnviz.output.pictures.scene import INK, Box, Hover, Mark, Raster, Scene, Stroke, TextLine
from attnviz.output.scale import short_number
from attnviz.output.words import escaped, unit
from attnviz.trace.attention import Attention, Matrix

_GROUND = 1.35  # the height of a word's colour
_OUTLINE = 0.9  # points from a word's colour to its outline
_QUOTED = 24  # characters of the chosen word in a sentence
_MOST_BAR = 130.0


def text_scene(subject: WordsSubject) -> Scene:
    """The words of a text in the colours of one row, or of one column, of each matrix.

    Args:
        subject: what is drawn: the row of the chosen query, else the column of the chosen key, else the row of the
            strongest query.

    Raises:
        UsageError: distances between heads, or a size too small for the words.
    """
    attention, look, heading, measure = subject.attention, subject.look, subject.heading, subject.measure
    refuse_blocks(attention, "text")
    if attention.values == "distances":
        raise UsageError("style: text cannot draw distances between heads; use --style matrix")
    chosen = chosen_word(attention, subject.choice)
    row = text_row(attention, look, measure, chosen, has_names=needs_names(attention, look, heading))
    matrices = list(attention)
    said = _said(attention, row, heading, chosen)
    width = look.size.width if look.size else natural_width(said, look, natural_text(row, matrices), measure)
    around = frame(said, look, width, measure)
    given = look.size.height if look.size else None
    room = None if given is None else given - around.top - around.foot
    plan = planned_text(row, matrices, width, room, around.top + around.foot)
    height = given if given is not None else around.top + plan.height(len(matrices)) + around.foot
    items: list[Mark] = []
    top = around.top if room is None else around.top + (room - plan.height(len(matrices))) / 2
    tops = [top + i * (plan.head + HEAD_SPACE * plan.size) for i in range(len(matrices) + 1)]
    for number, (matrix, y) in enumerate(zip(matrices, tops[:-1], strict=True)):
        items += _name(row, plan, matrix, y, width) if row.has_names else []
        for i in sorted(range(len(row.tokens)), key=lambda index: index == row.outlined):
            items += _word(row, plan, number, i, y)
    items += _bar(attention, row, plan, tops[-1], width)
    scene = scene_of(width, height, [*around.items(height), *items], said)
    return replace(scene, hovers=partial(_hovers, row, plan, tops, _hover_names(attention, chosen)))


def _said(attention: Attention, row: TextRow, heading: Heading, chosen: ChosenWord) -> Heading:
    """The heading, with whose row or column it is."""
    label = drawable(escaped(chosen.token(attention).label), row.look.instead)
    word = f"“{isolated(cut_middle(label, _QUOTED, len))}” ({chosen.number(attention)})"
    remark = f"what {word} looks at" if chosen.is_query else f"what looks at {word}"
    return with_remarks(heading, [remark, *["struck out: masked"] * bool(row.hidden.any())])


def _name(row: TextRow, plan: TextPlan, matrix: Matrix, y: float, width: float) -> list[Mark]:
    middle = y + TEXT_PITCH * plan.size / 2
    room = width - 2 * MARGIN
    name = fitted_title(matrix, room, plan.size, row.measure)
    return [TextLine(name, MARGIN, middle + BASELINE * plan.size, plan.size, bold=True, role="panel name")]


def _box(plan: TextPlan, index: int, y: float) -> tuple[float, float, float, float]:
    line, x, wide = plan.places[index]
    middle = y + (line + plan.names_above + 0.5) * TEXT_PITCH * plan.size
    return x, middle - _GROUND * plan.size / 2, wide, _GROUND * plan.size


def _word(row: TextRow, plan: TextPlan, number: int, index: int, y: float) -> list[Mark]:
    """One word in its colour; masked ones without, struck out."""
    x, top, wide, high = _box(plan, index, y)
    value, masked = float(row.numbers[number, index]), bool(row.hidden[number, index])
    is_rest = row.has_rest and index == len(row.tokens) - 1
    fill = None if masked else palette_color(row.look.palette, row.look.scale.place(value))
    size, middle = plan.size, top + high / 2
    label = plan.labels[index] if masked else with_number(row, index, plan.labels[index], value)
    start, color = x + WORD_PADDING * size, FAINT_INK if masked else ink_on(fill or "#ffffff")
    items: list[Mark] = [
        Box(x, top, wide, high, fill, FAINT_INK if is_rest else None),
        TextLine(label, start, middle + BASELINE * size, size, color=color, role="word"),
    ]
    if index == row.outlined:  # around the colour, so that it is seen on a dark one too
        items.append(Box(x - _OUTLINE, top - _OUTLINE, wide + 2 * _OUTLINE, high + 2 * _OUTLINE, None, INK, 0.8))
    if masked:
        items.append(Stroke(((x, middle), (x + wide, middle)), 0.6, FAINT_INK))
    return items


def _hover_names(attention: Attention, chosen: ChosenWord) -> tuple[str, str]:
    """What is before and after a word in what a browser says of it."""
    label = escaped(chosen.token(attention).label)
    return (f"{label} -> ", "") if chosen.is_query else ("", f" -> {label}")


def _hovers(row: TextRow, plan: TextPlan, tops: Sequence[float], names: tuple[str, str]) -> Iterator[Hover]:
    """What a browser says of each word: ``it -> tired 0.62``."""
    for number, index in np.ndindex(*row.numbers.shape):
        value = "masked" if row.hidden[number, index] else short_number(float(row.numbers[number, index]))
        text = f"{names[0]}{escaped(row.tokens[index].label)}{names[1]} {value}"
        yield Hover(*_box(plan, index, tops[number]), text)


def _bar(attention: Attention, row: TextRow, plan: TextPlan, y: float, width: float) -> list[Mark]:
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
    items: list[Mark] = [
        TextLine(name, MARGIN, middle + BASELINE * size, size, role="bar name"),
        Raster(left, y, length, size, partial(_gradient, row.look.palette)),
        Box(left, y, length, size, None, INK),
    ]
    end = -math.inf
    for place, label in ticks:
        half = row.measure(label, size, False) / 2
        x = left + place * length
        if x - half >= end and x - half >= MARGIN:
            items.append(Stroke(((x, y + size), (x, y + size + 2)), 0.6, INK))
            items.append(TextLine(label, x - half, y + size + 2 + 0.95 * size, size, role="bar label"))
            end = x + half + 0.5 * size
    return items


def _gradient(palette: np.ndarray, height: int, width: int) -> np.ndarray:
    """The colours of a bar from its left to its right end, (height, width, 4) uint8."""
    colors: np.ndarray = palette[np.linspace(0, 255, width).round().astype(int)]
    return np.broadcast_to(colors, (height, width, 4)).copy()
