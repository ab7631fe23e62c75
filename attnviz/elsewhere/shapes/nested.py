"""Arrays as files have them: one, nested lists, or numbered parts; steps of a generation are assembled."""

from collections.abc import Sequence

import numpy as np

from attnviz.elsewhere.lists import listed_array
from attnviz.elsewhere.shapes.generation import are_cross_steps, are_steps, assembled, check_lengths, stacked_queries
from attnviz.elsewhere.shapes.names import NamedArray
from attnviz.errors import InputError, brief
from attnviz.memory import memory_fault
from attnviz.records import dataclass

_MOST_AXES = 6  # of nested lists: steps, layers, texts, heads, queries, keys


@dataclass(frozen=True, eq=False)
class WholeArray:
    """The numbers of one kind of attention.

    Attributes:
        array: of as many axes as the file has, and one in front for each that the names of its parts number.
        layers: the layers' numbers in the names of the parts: the first axis.
        heads: the heads' numbers in the names of the parts: the second axis.
        n_steps: how many steps it was assembled of, so that later tokens are masked; 0 where it was not.
        missing: how many queries of the prompt the steps leave out.
    """

    array: np.ndarray
    layers: tuple[int, ...] = ()
    heads: tuple[int, ...] = ()
    n_steps: int = 0
    missing: int = 0


def whole_array(named: NamedArray, where: str, null: float) -> WholeArray:
    """The numbers of a named array.

    Args:
        named: the array, or its parts.
        where: the file, for the messages.
        null: what null stands for; NaN of a whole row only.

    Raises:
        InputError: no numbers, ragged lists, or parts that do not fit each other.
    """
    what = f"{where}: {named.name}"
    if not named.parts:
        return _of_value(named.value, what, null, is_cross=named.kind == "cross")
    arrays = {number: _numbers(value, what, null) for number, value in named.parts.items()}
    if len(next(iter(arrays))) == 2:
        return _of_grid(arrays, what)
    steps = list(arrays.values())
    shapes = [step.shape for step in steps]
    if are_steps(shapes):
        return _of_steps(steps)
    if named.kind == "cross" and are_cross_steps(shapes) and (len(set(shapes)) > 1 or len(shapes[-1]) > 4):
        return WholeArray(stacked_queries(steps))
    check_lengths(steps, what)
    if fault := memory_fault(sum(step.nbytes for step in steps)):
        raise InputError(f"{what}: one array of all of them {fault}; expected one array, or fewer layers")
    return WholeArray(np.stack(steps), layers=tuple(number for (number,) in arrays))


def _of_value(value: object, what: str, null: float, *, is_cross: bool) -> WholeArray:
    """One array, or nested lists; ragged ones may be steps of a generation."""
    try:
        array = _numbers(value, what, null)
    except InputError:
        steps = _step_arrays(value) or _steps_of_layers(value)
        if steps and are_steps([step.shape for step in steps]):
            return _of_steps(steps)
        if steps and is_cross and are_cross_steps([step.shape for step in steps]):
            return WholeArray(stacked_queries(steps))
        raise
    is_steps = array.ndim == 6 and array.shape[-2] == 1 < array.shape[0]  # each step has the same keys
    return WholeArray(stacked_queries(list(array)) if is_steps and is_cross else array)


def _of_steps(steps: Sequence[np.ndarray]) -> WholeArray:
    n_queries, n_keys = steps[0].shape[-2:]
    return WholeArray(assembled(steps), n_steps=len(steps), missing=int(n_keys - n_queries))


def _step_arrays(value: object) -> list[np.ndarray]:
    """The items of a list, where each is an array; none where one is not.

    Rows of 1, 2, 3, ... numbers, a causal matrix without its masked half, are steps of one query each.
    """
    try:
        arrays = [np.array(item) for item in value] if isinstance(value, list) else []
    except ValueError:
        return []
    if not all(array.dtype.kind in "fiu" for array in arrays):
        return []
    is_triangle = [array.shape for array in arrays] == [(i + 1,) for i in range(len(arrays))]
    return [array[None] for array in arrays] if is_triangle else arrays


def _steps_of_layers(value: object, most: int = _MOST_AXES) -> list[np.ndarray]:
    """The steps of lists that have the steps of a layer, or of a head, together; none where they do not."""
    items = value if isinstance(value, list) and most else []
    layers = [_step_arrays(item) or _steps_of_layers(item, most - 1) for item in items]
    shapes = {tuple(step.shape for step in layer) for layer in layers}
    return [np.stack(step) for step in zip(*layers, strict=True)] if len(shapes) == 1 else []


def _of_grid(arrays: dict[tuple[int, ...], np.ndarray], what: str) -> WholeArray:
    """Parts with two numbers each: layers and heads, or steps and layers."""
    firsts, seconds = (tuple(dict.fromkeys(number[i] for number in arrays)) for i in (0, 1))
    if len(firsts) * len(seconds) != len(arrays):
        raise InputError(f"{what}: {len(arrays)} parts are not a grid; expected every head of every layer")
    rows = [[arrays[first, second] for second in seconds] for first in firsts]
    for row in rows:
        check_lengths(row, what)
    stacks = [np.stack(row) for row in rows]
    if are_steps([stack.shape for stack in stacks]):
        return _of_steps(stacks)
    check_lengths(stacks, what)
    return WholeArray(np.stack(stacks), layers=firsts, heads=seconds)


def _numbers(value: object, what: str, null: float) -> np.ndarray:
    """An array of real numbers, or nested lists of them."""
    if isinstance(value, np.ndarray):
        if value.dtype.kind not in "fiu":
            raise InputError(f"{what}: its numbers are of type {brief(value.dtype)}; expected real numbers")
        return value
    array = listed_array(value, what, axes=_MOST_AXES, null=null)
    if np.isnan(null) and np.isnan(array).any() and not _only_whole_rows(array):
        array = listed_array(value, what, axes=_MOST_AXES)  # names the place of a single null
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def _only_whole_rows(array: np.ndarray) -> bool:
    is_nan = np.isnan(array)
    return bool((is_nan.any(axis=-1) == is_nan.all(axis=-1)).all())
