"""Matrices that come a part at a time: layer by layer, and of a layer some heads at a time.

A part is an ``Attention`` of one layer. Parts come in the order of layers and heads, and a part is to be dropped before
the next one is asked for, so that they are not all in memory.
"""

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from attnviz.errors import InputError
from attnviz.memory import memory_fault
from attnviz.trace.attention import Attention, of_all
from attnviz.trace.heads import HeadAxes

_FEWER = "expected fewer layers or heads (--layer, --head)"
_MOST_TOGETHER = 1 << 22  # numbers of matrices that are looked at together (16 MB)


def ahead(parts: Iterator[Attention]) -> Iterator[Attention]:
    """The parts, each computed in a thread of its own while the one before it is used: two are in memory."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 (start-up time)

    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, parts, None)
        while (part := coming.result()) is not None:
            coming = thread.submit(next, parts, None)
            yield part


def each_layer(attention: Attention) -> Iterator[Attention]:
    """What is whole, a layer at a time."""
    for i, layer in enumerate(attention.layers):
        yield replace(
            attention,
            matrices=attention.matrices[i : i + 1],
            layers=(layer,),
            masked=None if attention.masked is None else attention.masked[i : i + 1],
            rest=None if attention.rest is None else attention.rest[i : i + 1],
        )


def some_heads(attention: Attention) -> Iterator[Attention]:
    """What is whole, a layer or a head at a time where its numbers are many: views, in the order of heads.

    What is computed from each number then takes little memory beside the numbers.
    """
    n_numbers, (n_layers, n_heads) = attention.matrices.size, attention.matrices.shape[:2]
    if n_numbers <= _MOST_TOGETHER or "head" not in attention.axes:
        yield attention
    elif n_numbers <= _MOST_TOGETHER * n_layers and not attention.by_name:
        yield from each_layer(attention)
    else:
        yield from (attention.only(i, j) for i, j in np.ndindex(n_layers, n_heads))


def one_by_one(attention: Attention) -> Attention:
    """The attention with one head per row, as if every head had been chosen by its name."""
    if attention.by_name:
        return attention
    places = attention.every_head
    n_heads = len(attention.heads)
    return replace(
        attention,
        matrices=attention.matrices.reshape(-1, 1, *attention.matrices.shape[2:]),
        masked=None if attention.masked is None else np.repeat(attention.masked, n_heads, axis=0),
        rest=None if attention.rest is None else attention.rest.reshape(-1, 1, attention.rest.shape[-1]),
        layers=tuple(layer for layer, _ in places),
        heads=tuple(head for _, head in places),
        by_name=True,
    )


def joined(parts: Iterator[Attention], shape: tuple[int, int]) -> Attention:
    """All parts as one.

    Args:
        parts: at least one.
        shape: of layers and heads of the matrices in all; a reduced axis counts 1.
    """
    matrices: np.ndarray | None = None
    rest: np.ndarray | None = None
    taken: list[Attention] = []
    masks: dict[int, np.ndarray | None] = {}  # by layer
    done = 0
    for part in parts:
        if part.matrices.shape[:2] == shape:
            return part
        if matrices is None:
            count = math.prod(shape)
            matrices = np.empty((count, *part.matrices.shape[2:]), part.matrices.dtype)
            rest = None if part.rest is None else np.full((count, *part.rest.shape[2:]), np.nan, part.rest.dtype)
        some = slice(done, done + len(part))
        matrices[some] = part.matrices.reshape(-1, *part.matrices.shape[2:])
        if rest is not None and part.rest is not None:
            rest[some] = part.rest.reshape(-1, *part.rest.shape[2:])
        masks |= {part.layers[0]: None if part.masked is None else part.masked[0]}
        taken.append(part.bare)
        done = some.stop
    if matrices is None:
        raise ValueError("there are no parts to join; give at least one")
    none = np.zeros(matrices.shape[1:], dtype=np.bool_)
    any_masked = any(mask is not None for mask in masks.values())
    whole = matrices.reshape(*shape, *matrices.shape[1:])
    whole.flags.writeable = False
    common = of_all(taken)
    return replace(
        common,
        matrices=whole,
        rest=None if rest is None else rest.reshape(*shape, *rest.shape[1:]),
        masked=np.stack([none if mask is None else mask for mask in map(masks.get, common.layers)])
        if any_masked
        else None,
    )


def picked_heads(attention: Attention, choice: HeadAxes) -> Attention:
    """The chosen heads of what is whole; a copy, unless they are all."""
    if (choice.layers, choice.heads) == (attention.layers, attention.heads) and not choice.by_name:
        return attention
    rows = [attention.layers.index(i) for i in choice.layers]
    columns = [attention.heads.index(i) for i in choice.heads] if attention.values != "zeroing" else [0]
    cells = (np.array(rows)[:, None], np.array(columns)[:, None]) if choice.by_name else np.ix_(rows, columns)
    return replace(
        attention,
        matrices=attention.matrices[cells],
        masked=None if attention.masked is None else attention.masked[rows],
        rest=None if attention.rest is None else attention.rest[cells],
        layers=choice.layers,
        heads=choice.heads,
        by_name=choice.by_name,
    )


def in_memory(attention: Attention) -> Attention:
    """The attention with plain arrays of floats: those of a file may be mapped, and of any type.

    Raises:
        InputError: floats do not fit the memory.
    """
    stored = attention.matrices
    wide = np.dtype(np.float64 if stored.dtype.kind == "f" and stored.dtype.itemsize >= 8 else np.float32)
    if stored.dtype != wide and (fault := memory_fault(wide.itemsize * stored.size)):
        raise InputError(f"attention: {stored.size} numbers as {wide}: that {fault}; {_FEWER}")
    with np.errstate(over="ignore"):
        return replace(attention, matrices=np.asarray(stored, dtype=wide))
