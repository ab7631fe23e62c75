"""The scales of pictures: shared by all, of each matrix, or between the ends that the user gave, with a norm."""

import math
from collections.abc import Sequence
from dataclasses import replace

from attnviz.errors import UsageError, brief
from attnviz.names import PATHS, SHARES
from attnviz.output.scale import (
    DECADES,
    NORM_WORDS,
    Scale,
    ends_apart,
    hidden_cells,
    interval_in_words,
    short_number,
)
from attnviz.records import dataclass
from attnviz.trace.attention import Attention, Matrix

Ends = tuple[float | None, float | None]
"""The values of the first and the last colour that the user gave."""

ANY_ENDS: Ends = (None, None)
SMALL = 0.2  # where no weight is larger, the scale of weights ends above the largest, not at 1
_ROUND = (1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10)  # a quarter of each has three digits at most
_SIGNS = "red: more in B, blue: more in A"


@dataclass(frozen=True)
class _Draft:
    """A scale before its ends and norm are settled.

    Attributes:
        ends: its own.
        seen: the least and the largest value.
        name: the first words.
        details: further words.
        end_words: words that are true of its own upper end only.
    """

    ends: tuple[float, float]
    seen: tuple[float, float]
    name: str
    details: tuple[str, ...] = ()
    end_words: str = ""


def range_ends(text: str | None) -> Ends:
    """The ends of ``LOW:HIGH``, either of which may be left out.

    Raises:
        UsageError: it is something else, or LOW is not below HIGH.
    """
    if text is None:
        return ANY_ENDS
    low, colon, high = text.partition(":")
    try:
        ends = tuple(float(part.replace("−", "-")) if part.strip() else None for part in (low, high))
    except ValueError:
        ends = ANY_ENDS
    given = [end for end in ends if end is not None]
    if not colon or not given or not all(map(math.isfinite, given)):
        raise UsageError(f"range: cannot read {brief(repr(text))}; expected LOW:HIGH, such as 0:0.2, or :0.2")
    if len(given) == 2 and given[0] >= given[1]:
        raise UsageError(f"range: {brief(text)} is empty; expected LOW:HIGH with LOW below HIGH, such as 0:0.2")
    return ends[0], ends[1]


def picture_scale(attention: Attention, ends: Ends = ANY_ENDS, norm: str = "linear") -> Scale:
    """The scale of all matrices: 0 to 1 for weights, or to a round number above the largest if that is under 0.2.

    It is wider if a value is outside. Norms, rollout and flow go from 0 to their largest, scores between their
    extremes, changes as far below 0 as above.

    Raises:
        UsageError: ends or a norm that such values do not have.
    """
    seen = _extremes(list(attention))
    low, high = seen
    end_words = ""
    if attention.reduce in PATHS:
        end_words = "the largest"
    elif attention.values in SHARES and 0 < high < SMALL:
        end_words = f"the largest is {short_number(high)}"
        high = round_number_above(high)
    elif attention.values in SHARES:  # a path's shares are small: what comes from one token of many
        high = max(high, 1.0)
    if attention.values not in ("scores", "changes"):
        low = min(low, 0.0)
    sharing = f"shared by all {'heads' if 'head' in attention.axes else 'layers'}"
    details = (sharing,) if len(attention) > 1 and attention.reduce not in PATHS else ()
    return _settled(_Draft((low, high), seen, "scale", details, end_words), attention.values, ends, norm)


def own_picture_scale(matrix: Matrix, ends: Ends = ANY_ENDS, norm: str = "linear") -> Scale:
    """The scale of one matrix alone: 0 to its largest value, or the extremes of its scores.

    Raises:
        UsageError: ends or a norm that such values do not have.
    """
    seen = _extremes([matrix])
    low, high = seen
    if matrix.values not in ("scores", "changes"):
        low = min(low, 0.0)
    is_path = matrix.name in PATHS
    whose = "layer" if matrix.values == "zeroing" else "head"
    name = "scale" if is_path else f"scale of this {whose}:"
    return _settled(_Draft((low, high), seen, name, (), "the largest" * is_path), matrix.values, ends, norm)


def tile_scales(
    attention: Attention, ends: Ends = ANY_ENDS, norm: str = "linear", name: str = "tile"
) -> tuple[Scale, list[Scale]]:
    """The scale of each matrix alone, and one for the colour bar of a picture that shows them all.

    Args:
        attention: the matrices.
        ends: those that the user gave.
        norm: of ``NORM_WORDS``.
        name: what the picture calls the part of one matrix.

    Raises:
        UsageError: ends or a norm that such values do not have.
    """
    scales = [own_picture_scale(matrix, ends, norm) for matrix in attention]
    if len({(scale.low, scale.high) for scale in scales}) == 1:
        return picture_scale(attention, (scales[0].low, scales[0].high), norm), scales
    first = "0" if attention.values not in ("scores", "changes") else "min"
    if norm == "log":
        first = f"max/{10**DECADES}"
    if attention.values == "changes":
        first = "−max"
    names = [
        "max" if index and end is None else first if end is None else short_number(end)
        for index, end in enumerate(ends)
    ]
    tops = sorted(scale.high for scale in scales)
    spread = f"max: {short_number(tops[0])} to {short_number(tops[-1])}" if ends[1] is None else ""
    words = f"{_norm_before(norm)}scale of each {name}: {names[0]} to {names[1]}"
    details = "; ".join(filter(None, (spread, _SIGNS if attention.values == "changes" else "")))
    bar = replace(scales[0], low=0.0, high=1.0, end_names=(names[0], names[1]), below=False, above=False)
    return replace(bar, words=f"{words} ({details})" if details else words), scales


def distance_scale(largest: float, ends: Ends = ANY_ENDS, norm: str = "linear", *, shared: bool = True) -> Scale:
    """The scale of distances between heads: 0 to 1 if it is shared, else 0 to the largest.

    Raises:
        UsageError: ends or a norm that distances do not have.
    """
    high = 1.0 if shared or largest == 0 else largest
    scale = _settled(_Draft((0.0, high), (0.0, largest), "scale"), "distances", ends, norm)
    if ends != ANY_ENDS or norm != "linear":
        return replace(scale, words=f"distance (jsd): {scale.words}")
    end = "1, nothing in common" if high == 1 else f"{short_number(high)}, the largest"
    return replace(scale, words=f"distance (jsd) from 0, equal, to {end}")


def round_number_above(value: float) -> float:
    """The next number with one or two digits, at least as large as a positive value."""
    exponent = math.floor(math.log10(value))
    return next(end for part in _ROUND if (end := float(f"{part}e{exponent}")) >= value)


def _settled(draft: _Draft, values: str, ends: Ends, norm: str) -> Scale:
    """The scale with the ends that the user gave, and the norm, in words."""
    if values == "changes":
        return _about_zero(draft, ends, norm)
    low, high = (own if end is None else end for own, end in zip(draft.ends, ends, strict=True))
    if norm == "log":
        low = _positive(low, high, ends)
    if ends == ANY_ENDS:
        low, high = ends_apart(low, high)
    if low >= high:
        raise UsageError(
            f"range: the lower end {short_number(low)} is not below the upper end {short_number(high)}; "
            "expected LOW:HIGH with both"
        )
    below, above = draft.seen[0] < low, draft.seen[1] > high
    details = [*draft.details]
    if draft.end_words and ends[1] is None:
        details.append(draft.end_words)
    if below:
        details.append(f"{short_number(low)} and less in the first colour")
    if above:
        details.append(f"{short_number(high)} and more in the last colour (largest {short_number(draft.seen[1])})")
    words = _in_words(low, high, norm, draft.name, details)
    return Scale(low, high, words, norm, below=below, above=above)


def _positive(low: float, high: float, ends: Ends) -> float:
    """The lower end of a logarithmic scale: the user's, the least value, or three decades below the upper end."""
    if high <= 0:
        raise UsageError(
            f"norm: log needs an upper end above 0, and it is {short_number(high)}; expected linear or sqrt"
        )
    if ends[0] is not None and ends[0] <= 0:
        raise UsageError(
            f"range: {short_number(ends[0])} has no logarithm; with --norm log give a lower end above 0, or none"
        )
    return low if ends[0] is not None else max(low, high / 10**DECADES)


def _about_zero(draft: _Draft, ends: Ends, norm: str) -> Scale:
    """The scale of changes: as far below 0 as above, so that no change has the colour between."""
    largest = max(-draft.seen[0], draft.seen[1])
    sizes = {abs(end) for end in ends if end is not None}
    if len(sizes) > 1 or (ends[0] is not None and ends[0] >= 0) or (ends[1] is not None and ends[1] <= 0):
        raise UsageError("range: a difference has ends of one size, below and above 0; expected such as -0.2:0.2")
    bound = sizes.pop() if sizes else largest if largest > 0 else 1.0
    beyond = largest > bound
    details = [*draft.details, _SIGNS]
    if norm == "log":
        details.append(f"less than {short_number(bound / 10**DECADES)} looks like 0")
    if beyond:
        details.append(f"larger ones in the colours of the ends (largest {short_number(largest)})")
    words = _in_words(-bound, bound, norm, draft.name, details)
    below, above = draft.seen[0] < -bound, draft.seen[1] > bound
    return Scale(-bound, bound, words, norm, diverging=True, below=below, above=above)


def _in_words(low: float, high: float, norm: str, name: str, details: Sequence[str]) -> str:
    words = f"{_norm_before(norm)}{name} {interval_in_words(low, high)}"
    return f"{words}, {'; '.join(details)}" if details else words


def _norm_before(norm: str) -> str:
    """The norm before the word scale."""
    return f"{NORM_WORDS[norm].replace(' ', '-')} " if NORM_WORDS[norm] else ""


def _extremes(matrices: Sequence[Matrix]) -> tuple[float, float]:
    """The least and the largest visible value; 0 where there is none."""
    ends = []
    for matrix in matrices:
        hidden = hidden_cells(matrix.numbers, matrix.masked)
        seen = matrix.numbers[~hidden] if hidden.any() else matrix.numbers
        if seen.size:
            ends.append((float(seen.min()), float(seen.max())))
    return (min(low for low, _ in ends), max(high for _, high in ends)) if ends else (0.0, 0.0)
