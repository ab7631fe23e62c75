"""The two sides of a matrix: how tokens become cells, and which of their labels have room."""

from collections.abc import Sequence
from dataclasses import field

from attnviz.output.labels import cut_middle_apart, is_upright
from attnviz.output.pictures.descriptions import STEPS, every_nth
from attnviz.output.pictures.fonts import Instead, drawable
from attnviz.output.pictures.matrices.painting import Grid
from attnviz.output.pictures.scene import LINE_HEIGHT, Measure
from attnviz.output.words import escaped
from attnviz.records import dataclass
from attnviz.trace.tokens import Tokens, token_numbers

MOST_CELLS = 512
MOST_LABELS = 144
"""On one side: more are no help to anybody, however large the figure."""
_PACKED = 1.15  # from one label to the next, in sizes of the type, at least


@dataclass(frozen=True)
class Side:
    """One side of a matrix, or of the mosaic.

    Attributes:
        name: what its labels are.
        grid: how its tokens become cells.
        whole: the labels as they are.
        numbers: of the tokens.
        instead: what is drawn for characters that no font has.
        counts: whether a label has its token's number where some have none.
        has_rest: whether the last label is what the others got: not a token, and always labelled.
    """

    name: str
    grid: Grid
    whole: tuple[str, ...]
    numbers: tuple[int, ...]
    instead: Instead = field(default_factory=dict)
    counts: bool = True
    has_rest: bool = False


@dataclass(frozen=True)
class Ticks:
    """The labels that have room on a side.

    Attributes:
        names: what they are, and that some are left out: from the longest to nothing, of which the first that fits is
            written.
        places: of each, from the start of the image, as a share of the side.
        labels: as they are drawn.
        upright: of each, whether it is drawn upright although its neighbours may be turned.
        depth: from the image to the end of the longest label.
    """

    names: tuple[str, ...]
    places: tuple[float, ...]
    labels: tuple[str, ...]
    upright: tuple[bool, ...]
    depth: float


def token_side(name: str, tokens: Tokens, grid: Grid, instead: Instead, *, has_rest: bool = False) -> Side:
    """The side of some tokens; ``has_rest``: the last is what the others got."""
    whole = tuple(escaped(token.label) for token in tokens)
    return Side(name, grid, whole, tuple(token_numbers(tokens)), instead, has_rest=has_rest)


def named_side(name: str, labels: Sequence[str]) -> Side:
    """The side of things that have names and no order of their own: heads, layers."""
    return Side(name, Grid(len(labels)), tuple(labels), tuple(range(len(labels))), counts=False)


def grid_of(n: int, room: float, stride: int) -> Grid:
    """The grid of n tokens with at most so many cells; ``stride``: for how many a row of the matrix stands."""
    n_rows = -(-n // stride)
    return Grid(n, stride * -(-n_rows // max(1, min(MOST_CELLS, int(room)))), stride)


def ticks(side: Side, length: float, size: float, most: float, measure: Measure, *, turned: bool = False) -> Ticks:
    """The labels of a side that fit.

    Args:
        side: the side.
        length: of the side in points.
        size: of the type.
        most: the widest label, in points.
        measure: the width of a text.
        turned: whether the side is that of columns, whose labels are turned unless they fit upright.
    """
    n = side.grid.tokens - side.has_rest
    room = max(1, min(MOST_LABELS, int(length / (_PACKED * size) + 1e-9)))
    step = next((step for step in STEPS if side.grid.tokens / step <= room), STEPS[-1])
    indices = list(range(0, n, step))
    if side.has_rest:
        apart = _PACKED * size / length * side.grid.tokens - 1e-9  # in tokens
        indices = [*(i for i in indices if n - i >= apart), n]
    spacing = length * step / (side.grid.cells * side.grid.block)
    labels = _fitted(side, indices, most, size, measure, numbered=step > 1 and side.counts)
    widths = [measure(label, size, False) for label in labels]
    fits = [width <= spacing - 0.3 * size for width in widths]
    upright = [
        not turned or (all(fits) if not side.counts else fit and is_upright(label))
        for label, fit in zip(labels, fits, strict=True)
    ]
    depths = [label_height(size) if turned and stands else width for stands, width in zip(upright, widths, strict=True)]
    names = [side.name, ""]
    if step > 1:
        every = every_nth(step)
        names = [f"{side.name} ({every} of {n} labelled)", f"{side.name} ({every})", *names]
    places = tuple((i + 0.5) / side.grid.block / side.grid.cells for i in indices)
    if side.grid.block > 1:  # a block's label is at its middle, as that of a single token
        places = tuple((i // side.grid.block + 0.5) / side.grid.cells for i in indices)
    return Ticks(tuple(names), places, tuple(labels), tuple(upright), max(depths))


def label_height(size: float) -> float:
    """The height of a line of labels."""
    return size * LINE_HEIGHT


def _fitted(side: Side, indices: list[int], most: float, size: float, measure: Measure, *, numbered: bool) -> list[str]:
    whole, numbers = [side.whole[i] for i in indices], [side.numbers[i] for i in indices]
    if not side.counts:
        return whole
    if numbered:
        texts = [f"{n} {drawable(text, side.instead)}" for text, n in zip(whole, numbers, strict=True)]
        texts[len(texts) - side.has_rest :] = whole[len(texts) - side.has_rest :]
    else:
        texts = [drawable(text, side.instead, n) for text, n in zip(whole, numbers, strict=True)]
    return cut_middle_apart(texts, numbers, most, lambda text: measure(text, size, False))
