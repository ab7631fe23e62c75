"""The links between words that pictures of lines and arcs draw: which, in which colour, how wide, how opaque."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from attnviz.errors import UsageError
from attnviz.output.pictures.heading import Heading
from attnviz.output.pictures.kinds.tints import HEAD_COLORS, PALE, sign_color
from attnviz.output.pictures.look import Look
from attnviz.output.pictures.scene import Measure
from attnviz.output.scale import hidden_cells, short_number
from attnviz.output.words import unit
from attnviz.records import dataclass
from attnviz.trace.attention import Attention, Matrix

MOST_LINKS = 1500
_LEAST_PART = 0.05  # of the scale: a fainter link cannot be seen
_LEAST_OPACITY = 0.15
_PALE_OPACITY = 0.4


class StyledLink(NamedTuple):
    """One link as it is drawn.

    Attributes:
        query, key: indices; the key may be the one after the last, the rest.
        strength: its share of the scale, from 0 to 1: its width.
        color: ``#rrggbb``.
        opacity: from 0 to 1.
    """

    query: int
    key: int
    strength: float
    color: str
    opacity: float


@dataclass(frozen=True, eq=False)
class StyledHead:
    """The links of one matrix.

    Attributes:
        matrix: the matrix.
        color: of the head.
        links: the faintest first.
        query_shades, key_shades: how much of the head's colour each word gets, from -1 to 1; (n_queries,), (n_keys,).
        masked_queries, masked_keys: the indices of words with nothing but masked links.
    """

    matrix: Matrix
    color: str
    links: tuple[StyledLink, ...]
    query_shades: np.ndarray
    key_shades: np.ndarray
    masked_queries: frozenset[int]
    masked_keys: frozenset[int]


@dataclass(frozen=True)
class LinkChoice:
    """The word whose links have the head's colour; without one, all have."""

    query: int | None = None
    key: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether no word is chosen."""
        return self.query is None and self.key is None

    def of(self, shape: tuple[int, int]) -> np.ndarray:
        """The links in colour, bool."""
        colored = np.full(shape, self.is_empty)
        if self.query is not None and self.key is not None:
            colored[self.query, self.key] = True
        elif self.query is not None:
            colored[self.query] = True
        elif self.key is not None:
            colored[:, self.key] = True
        return colored


@dataclass(frozen=True, eq=False)
class WordsSubject:
    """What a picture of words is of.

    Attributes:
        attention: one or more matrices.
        look: the resolved style.
        heading: the words around the drawing.
        measure: the width of a text.
        choice: the word that is asked about.
    """

    attention: Attention
    look: Look
    heading: Heading
    measure: Measure
    choice: LinkChoice


def refuse_values(attention: Attention, style: str) -> None:
    """Refuses values that are no width.

    Raises:
        UsageError: scores, of which 0 is not the least; distances between heads; a long text in blocks.
    """
    refuse_blocks(attention, style)
    names = {"scores": "scores, which can be below 0", "distances": "distances between heads"}
    if attention.values in names:
        others = "matrix or text" if attention.values == "scores" else "matrix"
        raise UsageError(f"style: {style} cannot draw {names[attention.values]}; use --style {others}")


def refuse_blocks(attention: Attention, style: str) -> None:
    """Refuses matrices whose rows or columns stand for several words each.

    Raises:
        UsageError: a long text, of which there are only blocks of maxima.
    """
    n_queries, n_keys = len(attention.queries), len(attention.keys)
    if attention.matrices.shape[2:] != (n_queries, n_keys):
        raise UsageError(
            f"style: {style} draws single words, and {n_queries} × {n_keys} are too many; "
            "choose some with --rows and --columns, or use --style matrix"
        )


def styled_links(
    attention: Attention, look: Look, choice: LinkChoice, *, has_rest: bool
) -> tuple[list[StyledHead], list[str]]:
    """The links of every matrix that can be seen, and sentences about what is left out.

    Args:
        attention: with the rest as a last key, where there is one.
        look: with the scale, whose share is a link's width.
        choice: the word whose links have a colour.
        has_rest: whether the last key is the rest.
    """
    shape = attention.matrices.shape[2:]
    colored = choice.of((shape[0], shape[1]))
    sizes = [np.abs(_visible(matrix)) for matrix in attention]
    faintest = _faintest(attention.values, look)
    least = _least_drawn([size[colored] for size in sizes], faintest)
    least_pale = least if choice.is_empty else max(least, _least_drawn([size[~colored] for size in sizes], faintest))
    received = [_received(matrix, has_rest=has_rest) for matrix in attention]
    most = max((float(np.abs(one).max(initial=0)) for one in received), default=0.0) or 1.0
    heads = []
    for number, (matrix, size) in enumerate(zip(attention, sizes, strict=True)):
        color = HEAD_COLORS[number % len(HEAD_COLORS)]
        shown = size >= np.where(colored, least, least_pale)
        shades = _shades(matrix, look, choice, received[number] / most, has_rest=has_rest)
        heads.append(_head_links(matrix, look, choice, (shown, colored), color, shades, has_rest=has_rest))
    return heads, [*_left_out(attention, least, least_pale, choice), *_about_masked(heads, attention)]


def _visible(matrix: Matrix) -> np.ndarray:
    """The numbers, with 0 where a key is masked."""
    return np.where(hidden_cells(matrix.numbers, matrix.masked), 0.0, matrix.numbers)


def _head_links(
    matrix: Matrix,
    look: Look,
    choice: LinkChoice,
    cells: tuple[np.ndarray, np.ndarray],
    color: str,
    shades: tuple[np.ndarray, np.ndarray],
    *,
    has_rest: bool,
) -> StyledHead:
    shown, colored = cells
    n_keys = shown.shape[1]
    links = []
    for query, key in np.argwhere(shown).tolist():
        value = float(matrix.numbers[query, key])
        strength = link_strength(value, matrix.values, look)
        tint = sign_color(look.palette, value) if matrix.values == "changes" else color
        other, is_rest = not colored[query, key], has_rest and key == n_keys - 1
        opacity = _LEAST_OPACITY + (1 - _LEAST_OPACITY) * strength
        if other or (is_rest and choice.is_empty):
            opacity *= _PALE_OPACITY
        link = StyledLink(query, key, strength, PALE if other or is_rest else tint, opacity)
        links.append((not other, not is_rest, link))
    links.sort(key=lambda one: (*one[:2], one[2].strength))
    hidden = hidden_cells(matrix.numbers, matrix.masked)
    rows = hidden[choice.query] if choice.query is not None else hidden.all(axis=0)
    columns = hidden[:, choice.key] if choice.key is not None else hidden.all(axis=1)
    return StyledHead(
        matrix, color, tuple(link for *_, link in links), *shades,
        frozenset(np.flatnonzero(columns).tolist()), frozenset(np.flatnonzero(rows).tolist()),
    )  # fmt: skip


def link_strength(value: float, values: str, look: Look) -> float:
    """The share of the scale, from 0 to 1; that of a change is its distance from 0."""
    place = look.scale.place(value)
    return abs(2 * place - 1) if values == "changes" else place


def _shades(
    matrix: Matrix, look: Look, choice: LinkChoice, received: np.ndarray, *, has_rest: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The shades of queries and keys, from -1 to 1: of the chosen word's links, else of what each key receives."""
    numbers = _visible(matrix)
    queries, keys = np.zeros(numbers.shape[0]), np.zeros(numbers.shape[1])

    def signed(values: np.ndarray) -> np.ndarray:
        sizes = [link_strength(float(value), matrix.values, look) for value in values]
        return np.array(sizes) * np.where(values < 0, -1, 1)

    if choice.query is not None:
        keys = signed(numbers[choice.query])
    elif choice.key is not None:
        queries = signed(numbers[:, choice.key])
    else:
        keys = received
    if has_rest:
        keys[-1] = 0.0
    return queries, keys


def _received(matrix: Matrix, *, has_rest: bool) -> np.ndarray:
    """What each key receives, the mean over queries; (n_keys,), 0 of the rest."""
    received: np.ndarray = _visible(matrix).mean(axis=0)
    if has_rest:
        received[-1] = 0.0
    return received


def _faintest(values: str, look: Look) -> float:
    """The least round value whose link can be seen: a twentieth of the scale."""
    high = max(abs(look.scale.low), abs(look.scale.high))
    value = _round_up(1e-6 * high)
    while value < high and link_strength(value, values, look) < _LEAST_PART - 1e-6:
        value = _round_up(value * 1.01)
    return value


def _least_drawn(sizes: Sequence[np.ndarray], faintest: float) -> float:
    """The least value that is drawn: the faintest, or more where there are too many links."""
    values = np.concatenate([size.ravel() for size in sizes])
    least = faintest
    values = values[values >= least]
    while values.size > MOST_LINKS:
        least = _round_up(least * 1.01)
        values = values[values >= least]
    return least


def _round_up(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 5, 7 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(float(f"{step * power:.6g}") for step in (1, 1.5, 2, 3, 5, 7, 10) if step * power >= value * (1 - 1e-9))


def _left_out(attention: Attention, least: float, least_pale: float, choice: LinkChoice) -> list[str]:
    names = f"{unit(attention.values, attention.reduce)}s"
    words = f"{names} under {short_number(least)} are left out"
    if not choice.is_empty and least_pale > least:
        words += f", of other words those under {short_number(least_pale)}"
    return [words]


def _about_masked(heads: Sequence[StyledHead], attention: Attention) -> list[str]:
    if any(head.masked_keys or head.masked_queries for head in heads):
        return ["struck out: masked"]
    is_masked = attention.masked is not None and bool(attention.masked.any())
    return ["masked pairs have no link"] if is_masked else []
