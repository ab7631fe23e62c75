"""Words of a picture: which of many have a label, and a word with its ground, its outline or its stroke."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from attnviz.errors import UsageError
from attnviz.output.labels import cut_middle, cut_middle_apart, isolated
from attnviz.output.pictures.descriptions import STEPS, every_nth
from attnviz.output.pictures.fonts import drawable
from attnviz.output.pictures.heading import Frame, Heading, frame, natural_width
from attnviz.output.pictures.kinds.tints import FAINT_INK, ink_on
from attnviz.output.pictures.look import Look
from attnviz.output.pictures.scene import INK, LINE_HEIGHT, Box, Mark, Measure, Scene, Stroke, TextLine
from attnviz.output.words import escaped
from attnviz.records import dataclass
from attnviz.trace.attention import Attention, Matrix
from attnviz.trace.tokens import Tokens, token_numbers

BASELINE = 0.34
"""From the middle of a line of type down to its baseline, in sizes of the type."""
PADDING = 1.5
STRIP = 3.0
"""The width of the shades of words without a label."""
WORD_EMS = 12.0
"""The widest label, in sizes of its type."""
PlanT = TypeVar("PlanT")
_GROUND = 1.2  # the height of a word's ground, in sizes of its type


@dataclass(frozen=True)
class WordStyle:
    """How a word looks.

    Attributes:
        ground: the colour behind it; None for none.
        is_chosen: whether it is outlined.
        is_masked: whether it is struck out, in faint ink.
        is_faint: whether it is in faint ink.
    """

    ground: str | None = None
    is_chosen: bool = False
    is_masked: bool = False
    is_faint: bool = False


@dataclass(frozen=True)
class WordPlace:
    """Where a word is: along its line of type, and across it.

    Attributes:
        along: its left end, centre or right end; of a turned word the distance from the picture's top, downwards.
        middle: the middle of the line of type.
        ha: ``left``, ``center`` or ``right``: what ``along`` is; of a turned word its upper end is the left one.
        turned: whether it reads upwards.
        role: of the words.
    """

    along: float
    middle: float
    ha: str = "left"
    turned: bool = False
    role: str = "word"

    def box(self, start: float, length: float, thickness: float) -> tuple[float, float, float, float]:
        """(x, y, width, height) of a rectangle along the line of type."""
        across = self.middle - thickness / 2
        return (across, start, thickness, length) if self.turned else (start, across, length, thickness)

    def words(self, text: str, start: float, size: float, color: str) -> TextLine:
        """The text with its upper or left end at the start."""
        base = self.middle + BASELINE * size
        if self.turned:
            return TextLine(text, base, start, size, ha="right", rotation=90, color=color, role=self.role)
        return TextLine(text, start, base, size, color=color, role=self.role)

    def stroke(self, start: float, length: float) -> tuple[tuple[float, float], ...]:
        """The points of a line through the word."""
        ends = ((start, self.middle), (start + length, self.middle))
        return tuple((y, x) for x, y in ends) if self.turned else ends


def label_step(n: int, pitch: float, size: float) -> int:
    """Which of n labels at a distance have room: every first, second, fifth, ..."""
    return next((step for step in STEPS if step * pitch >= size * LINE_HEIGHT - 1e-6 or step >= n), STEPS[-1])


def thinned_labels(
    tokens: Tokens,
    step: int,
    always: Iterable[int],
    room: float,
    size: float,
    look: Look,
    measure: Measure,
) -> dict[int, str]:
    """The labels of the words that have one, by index; with positions where some have none.

    Args:
        tokens: all words of the side.
        step: every which word has a label.
        always: words that have one in any case; others too near to them have none.
        room: the most points of one label.
        size: of the type.
        look: with the replacements of characters.
        measure: the width of a text.
    """
    n = len(tokens)
    kept = sorted(always) if step > 1 else []
    shown = sorted({*(i for i in range(0, n, step) if all(abs(i - one) >= step for one in kept)), *kept})
    numbers = token_numbers(tokens)
    room += 1e-6  # a label is as wide as the room that was made for it

    def wide(text: str) -> float:
        return measure(text, size, False)

    if step == 1:
        texts = [drawable(escaped(tokens[i].label), look.instead, numbers[i]) for i in shown]
        short = cut_middle_apart(texts, [numbers[i] for i in shown], room, wide, equal=False)
        return dict(zip(shown, short, strict=True))
    labels = {}
    for i in shown:
        text = drawable(escaped(tokens[i].label), look.instead)
        left = room - wide(f"{numbers[i]} ")
        labels[i] = f"{numbers[i]} {isolated(cut_middle(text, left, wide))}".rstrip()
    return labels


def strip_width(step: int) -> float:
    """What the shades of words take beside their labels, where not all have one."""
    return STRIP + 1 if step > 1 else 0.0


def fitted_title(matrix: Matrix, room: float, size: float, measure: Measure) -> str:
    """A matrix's title in bold type; its short name where that is too wide."""
    name = matrix.title if measure(matrix.title, size, True) <= room else matrix.name
    return cut_middle(name, room, lambda part: measure(part, size, True))


def needs_names(attention: Attention, look: Look, heading: Heading) -> bool:
    """Whether heads have names of their own: not one head whose name is the title."""
    said = heading.title if look.heading else ""
    return len(attention) != 1 or said.lower() != next(iter(attention)).title.lower()


def without_numbers(look: Look, style: str) -> tuple[str, ...]:
    """A note where numbers are asked for, which a style does not write."""
    return (f"numbers: --style {style} writes none; matrix and text do",) * look.numbers


def word_items(text: str, place: WordPlace, size: float, style: WordStyle, measure: Measure) -> list[Mark]:
    """A word on a line of type, with what is behind and over it.

    Args:
        text: the label.
        place: where it is.
        size: of the type.
        style: how the word looks.
        measure: the width of a text.
    """
    width = measure(text, size, False)
    start = place.along - {"left": 0.0, "center": width / 2, "right": width}[place.ha]
    ground = ink_on(style.ground or "#ffffff")
    color = FAINT_INK if style.is_masked or style.is_faint else ground
    items: list[Mark] = []
    if style.ground or style.is_chosen:
        edge = INK if style.is_chosen else None
        box = place.box(start - PADDING, width + 2 * PADDING, size * _GROUND)
        items.append(Box(*box, fill=style.ground, edge=edge, line_width=0.8))
    items.append(place.words(text, start, size, color))
    if style.is_masked:
        items.append(Stroke(place.stroke(start, width), 0.6, FAINT_INK))
    return items


def step_remarks(steps: Iterable[tuple[int, int]]) -> tuple[str, ...]:
    """``every 5th of 128 words has a label``, for each number of words with its step."""
    return tuple(f"{every_nth(step)} of {n} words has a label" for n, step in dict.fromkeys(steps) if step > 1)


def with_remarks(heading: Heading, remarks: Iterable[str]) -> Heading:
    """The heading with one more line of remarks."""
    return replace(heading, lines=(*heading.lines, "; ".join(remarks)))


def planned_heading(
    heading: Heading,
    remarks: Sequence[str],
    look: Look,
    measure: Measure,
    natural: Callable[[], float],
    planned: Callable[[float, float | None], tuple[PlanT, tuple[str, ...]]],
) -> tuple[Heading, Frame, PlanT, float]:
    """The heading with all its remarks, its words at their places, the plan for the rest, and the width.

    Args:
        heading: the words around the drawing.
        remarks: what it says besides.
        look: the resolved style.
        measure: the width of a text.
        natural: gives the width of the drawing where no size is given.
        planned: gives the plan for a width and a height, and its own remarks on labels that it leaves out.
    """
    size = look.size
    labels: tuple[str, ...] = ()
    for _ in range(4):  # a line about the labels leaves them less room
        said = with_remarks(heading, [*remarks, *labels])
        width = size.width if size else natural_width(said, look, natural(), measure)
        around = frame(said, look, width, measure)
        room = size.height - around.top - around.foot if size and size.height else None
        before = labels
        plan, labels = planned(width, room)
        if labels == before:
            break
    return said, around, plan, width


def no_room(look: Look, needed: str) -> UsageError:
    """The error of a size in which not even a few words have room."""
    lengths = (look.size.width, look.size.height) if look.size else ()
    words = " x ".join(f"{length / 72:.3g}in" for length in lengths if length is not None) or "this"
    return UsageError(f"size: {words} leaves no room for words of {look.font_size:g} pt; expected {needed}")


def size_with(look: Look, width: float, needed: float, room: float) -> str:
    """The size, as high as is needed: ``room`` is what the words above and below leave of the height now."""
    around = (look.size.height if look.size and look.size.height else room) - room
    return f"at least {width / 72:.4g}in x {(needed + around) / 72 + 0.05:.1f}in"


def scene_of(
    width: float, height: float, items: Iterable[Mark], heading: Heading, notes: tuple[str, ...] = ()
) -> Scene:
    """A scene of items, with the title and the caption of its heading."""
    return Scene(width, height, tuple(items), title=heading.title, caption=heading.caption, notes=notes)
