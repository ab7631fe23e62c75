"""Arrays in JSON: nested lists of numbers, refused with the exact place of what is wrong."""

import json
from contextlib import suppress

import numpy as np
import orjson

from attnviz.errors import InputError, brief
from attnviz.memory import memory_fault

_LONG, _PARSED = 2**20, 56  # bytes of text; and for each value in it, as an object and as a number of an array


def parse_json(data: bytes, where: str, expected: str, *, numbers_of_python: bool = False) -> object:
    """One JSON value.

    Args:
        data: its text.
        where: for the messages.
        expected: the end of the messages.
        numbers_of_python: whether ``NaN`` and ``Infinity`` are read, which Python writes and JSON does not have.

    Raises:
        InputError: it is not JSON; the message has the line and column.
    """
    if len(data) > _LONG and (fault := memory_fault(2 * len(data) + _PARSED * data.count(b","))):
        raise InputError(f"{where}: reading its JSON {fault}; {expected}")
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        not_numbers = b"NaN" in data or b"Infinity" in data
        if not_numbers and numbers_of_python:
            with suppress(ValueError, RecursionError):
                return json.loads(data)
        hint = "NaN and Infinity are not JSON" if not_numbers and not numbers_of_python else None
        raise InputError(f"{where}: it is not JSON ({brief(error)}); {expected}", hint) from error


def listed_array(value: object, where: str, *, axes: int, null: float | None = None) -> np.ndarray:
    """Nested lists of numbers as an array of float64.

    Args:
        value: the lists.
        where: for the messages, with the name of the lists.
        axes: how deep the lists may nest.
        null: what null stands for; None refuses it.

    Raises:
        InputError: not lists, ragged lists, lists too deep, or something that is not a number, with its place.
    """
    if not isinstance(value, list):
        raise InputError(f"{where} is {_said(value)}; expected lists of numbers")
    try:
        array = np.array(value)
    except ValueError:  # ragged or too deep
        array = np.array(None)
    if array.ndim <= axes and array.dtype.kind in "fiu":
        return array.astype(np.float64, copy=False)
    if (
        array.ndim <= axes
        and null is not None
        and set(map(type, array.flat)) <= {float, int, type(None)}
        and array.ndim
    ):
        array[array == None] = null  # noqa: E711 (element by element)
        return array.astype(np.float64)
    shape = _first_shape(value)
    if len(shape) > axes:
        raise InputError(f"{where} has lists {len(shape)} deep; expected at most {axes}")
    _check(value, shape, (), where, null)
    raise InputError(f"{where} has numbers that are too large; expected numbers")


def _first_shape(value: object) -> tuple[int, ...]:
    """The shape that the first item, and its first item, and so on, promise."""
    shape = []
    while isinstance(value, list):
        shape.append(len(value))
        value = value[0] if value else None
    return tuple(shape)


def _check(value: object, shape: tuple[int, ...], place: tuple[int, ...], where: str, null: float | None) -> None:
    """Raises at the first place that breaks the promise."""
    at, first = _spelled(place), _spelled((0,) * len(place))
    if not shape:
        if isinstance(value, bool) or not (isinstance(value, int | float) or (value is None and null is not None)):
            raise InputError(f"{where}{at} is {_said(value)}; expected a number")
        return
    if not isinstance(value, list):
        raise InputError(f"{where}{at} is {_said(value)}, and {first} is a list; expected lists of equal length")
    if len(value) != shape[0]:
        items = f"item{'s' * (len(value) != 1)}" if shape[1:] else f"number{'s' * (len(value) != 1)}"
        raise InputError(
            f"{where}{at} has {len(value)} {items}, and {first} has {shape[0]}; expected lists of equal length"
        )
    for i, item in enumerate(value):
        _check(item, shape[1:], (*place, i), where, null)


def _spelled(place: tuple[int, ...]) -> str:
    return "".join(f"[{i}]" for i in place)


def _said(value: object) -> str:
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return brief(orjson.dumps(value).decode())
