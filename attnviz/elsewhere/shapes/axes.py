"""The axes of an array: which counts texts, layers, heads, queries and keys."""

from collections.abc import Sequence

import numpy as np

from attnviz.errors import InputError, UsageError, brief
from attnviz.records import dataclass

AXES = ("batch", "layer", "head", "query", "key")
DROPPED = "-"
_EXPECTED = f"expected some of {','.join(AXES)}, and {DROPPED} for an axis to drop"
_UNITS = {"batch": "text", "layer": "layer", "head": "head"}


@dataclass(frozen=True)
class AxesHints:
    """What a file says of an array's axes without naming them.

    Attributes:
        n_texts: of how many texts there are tokens; None where the file does not say.
        units: which of layers and heads have an axis: not those that names count, or that are reduced.
        is_part: whether names count its layers, so that a further axis counts texts.
        batch_second: whether the second of 5 axes counts texts, as in what transformers returns.
        is_clear: whether the file counts its layers or heads elsewhere, so that the usual reading needs no note.
    """

    n_texts: int | None = None
    units: tuple[str, ...] = ("layer", "head")
    is_part: bool = False
    batch_second: bool = False
    is_clear: bool = False


@dataclass(frozen=True)
class AxesReading:
    """How an array is read.

    Attributes:
        axes: for each axis one of ``AXES``, or ``-`` for one of length 1 that is dropped.
        note: what was read, and the flag that says otherwise; empty where nothing else is likely.
    """

    axes: tuple[str, ...]
    note: str = ""

    def applied(self, array: np.ndarray) -> np.ndarray:
        """The array as (batch, layer, head, query, key), with length 1 for axes that it has not; a view."""
        kept = [i for i, name in enumerate(self.axes) if name != DROPPED]
        names = [self.axes[i] for i in kept]
        order = [names.index(name) for name in AXES if name in names]
        array = array.reshape([array.shape[i] for i in kept]).transpose(order)
        places = tuple(slice(None) if name in names else None for name in AXES)
        return array[places]


def parse_axes(text: str) -> tuple[str, ...]:
    """The names of ``--axes``.

    >>> parse_axes("layer,-,head,query,key")
    ('layer', '-', 'head', 'query', 'key')

    Raises:
        UsageError: a name that is not one of an axis, one twice, or no key.
    """
    names = tuple(part.strip() for part in text.split(","))
    for name in names:
        if name not in (*AXES, DROPPED):
            raise UsageError(f"axes: {brief(name)!r} is not an axis; {_EXPECTED}")
        if name != DROPPED and names.count(name) > 1:
            raise UsageError(f"axes: {name} is there twice; {_EXPECTED}")
    if "key" not in names:
        raise UsageError(f"axes: {text} has no key; {_EXPECTED}")
    return names


def stated_axes(shape: tuple[int, ...], names: Sequence[str], subject: str) -> AxesReading:
    """The reading that a user, or a file, states.

    Args:
        shape: of the array.
        names: of its axes; where they are fewer than it has, axes of length 1 are dropped.
        subject: the file and the array, for messages.

    Raises:
        InputError: names that do not fit the shape.
    """
    given, single = ",".join(names), [i for i, length in enumerate(shape) if length == 1]
    if len(names) + len(single) == len(shape):
        rest = iter(names)
        names = [DROPPED if i in single else next(rest) for i in range(len(shape))]
    if len(names) != len(shape):
        raise InputError(f"{subject} has the shape {shape}; expected one name per axis, not --axes {given}")
    for i, (name, length) in enumerate(zip(names, shape, strict=True)):
        if name == DROPPED and length != 1:
            spelled = ",".join("batch" if at == i else other for at, other in enumerate(names))
            hint = None if "batch" in names else f"where axis {i} counts texts: --axes {spelled}"
            raise InputError(
                f"{subject} has the shape {shape}, and --axes {given} drops axis {i}; expected length 1 of that axis",
                hint,
            )
    _check_lengths(shape, subject)
    return AxesReading(tuple(names))


def usual_axes(shape: tuple[int, ...], subject: str, hints: AxesHints) -> AxesReading:
    """The usual reading of a shape: heads, or layers and heads; of one text unless the file says otherwise.

    Raises:
        InputError: no axes, or more of them than can be told apart.
    """
    _check_lengths(shape, subject)
    if len(shape) == 1:
        return AxesReading(("key",), f"the shape {shape} is read as one query")
    lengths = shape[:-2]
    if not lengths and (hints.n_texts or 1) > 1:
        raise InputError(
            f"{subject} has the shape {shape} of one text, and its tokens, ids or masks are of {hints.n_texts} texts; "
            "expected those of one text, or an axis that counts texts"
        )
    names = _of_texts(lengths, hints) if (hints.n_texts or 1) > 1 else _of_one_text(lengths, hints)
    if names is None:
        texts = f" of tokens of {hints.n_texts} texts" if (hints.n_texts or 1) > 1 else ""
        raise InputError(
            f"{subject} has the shape {shape}{texts}, and which axis counts texts is not clear; expected --axes",
            hint=f"for example --axes {','.join((*_example(len(lengths)), 'query', 'key'))}",
        )
    return AxesReading((*names, "query", "key"), _note(shape, names, hints))


def _check_lengths(shape: tuple[int, ...], subject: str) -> None:
    if not shape or 0 in shape:
        empty = ", which holds no numbers" if 0 in shape else ""
        raise InputError(f"{subject} has the shape {shape}{empty}; expected (layer, head, query, key) or its last axes")


def _of_one_text(lengths: tuple[int, ...], hints: AxesHints) -> list[str] | None:
    """Names of the axes before the queries: those of length 1 go first where there are too many, or one is a batch."""
    names = ["?"] * len(lengths)
    while (surplus := names.count("?") - len(hints.units)) > 0:
        left = [i for i, name in enumerate(names) if name == "?"]
        likely = [left[i] for i in ((1, 0, *range(2, len(left))) if len(left) > 2 else range(len(left)))]
        single = next((i for i in likely if lengths[i] == 1), None)
        if single is None:
            if surplus > 1 or not (hints.is_part or hints.batch_second):
                return None
            names[left[0] if hints.is_part else left[1]] = "batch"
        else:
            names[single] = DROPPED
    left = [i for i, name in enumerate(names) if name == "?"]
    for i, name in zip(reversed(left), reversed(hints.units), strict=False):
        names[i] = name
    return names


def _of_texts(lengths: tuple[int, ...], hints: AxesHints) -> list[str] | None:
    """Names of the axes before the queries, of which one counts the texts that the file has tokens of."""
    places = [i for i, length in enumerate(lengths[:2]) if length == hints.n_texts]
    if len(lengths) > 2 and hints.batch_second and 1 in places:
        places = [1]
    if not places or (len(lengths) > 2 and len(places) > 1):
        return None
    others = tuple(length for i, length in enumerate(lengths) if i != places[0])
    names = _of_one_text(others, AxesHints(units=hints.units))
    return None if names is None else [*names[: places[0]], "batch", *names[places[0] :]]


def _note(shape: tuple[int, ...], names: list[str], hints: AxesHints) -> str:
    """What was read where something else is likely too, and the flag that says it."""
    counted = [(name, length) for name, length in zip(names, shape, strict=False) if name != DROPPED]
    is_free = len(hints.units) == 2 and not hints.is_clear
    first_dropped = is_free and names[:1] == [DROPPED] and shape[1] > 1
    is_open = is_free and bool(counted) and counted[0][1] > 1
    if "batch" not in names and not ((is_open and DROPPED not in names) or (first_dropped and len(counted) == 2)):
        return ""
    read = " of ".join(f"{n} {_UNITS[name]}{'s' * (n != 1)}" for name, n in counted)
    if not hints.units:
        return f"the shape {shape} is read as {read}"
    first, other = counted[0][0], {"batch": hints.units[0], "layer": "batch", "head": "layer"}[counted[0][0]]
    swapped = [{first: other, other: first}.get(name, name) for name in names]
    return f"the shape {shape} is read as {read}; if it is not: --axes {','.join((*swapped, 'query', 'key'))}"


def _example(n: int) -> tuple[str, ...]:
    """Names for so many axes before the queries, of which one counts texts."""
    return {1: ("batch",), 2: ("batch", "head"), 3: ("layer", "batch", "head")}.get(
        n, (DROPPED, "layer", "batch", "head")
    )
