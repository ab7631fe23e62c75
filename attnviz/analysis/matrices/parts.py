"""Matrices that come a part at a time: layer by layer, and of a layer some heads at a time.

A part is an ``Attention`` of one layer. Parts come in the order of layers and heads, and a part is to be dropped before
the next one is asked for, so that they are not all in memory.
"""

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from attnviz.trace.attention import Attention, of_all


def ahead(parts: Iterator[Attention]) -> Iterator[Attention]:
    """The parts, each computed in a thread of its own while the one before it is used: two are in memory."""
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
        some = slice(done, done + part.matrices.shape[1])
        matrices[some] = part.matrices[0]
        if rest is not None and part.rest is not None:
            rest[some] = part.rest[0]
        masks |= {part.layers[0]: None if part.masked is None else part.masked[0]}
        taken.append(part.bare)
        done = some.stop
    if matrices is None:
        raise ValueError("there are no parts to join; give at least one")
    none = np.zeros(matrices.shape[1:], dtype=np.bool_)
    any_masked = any(mask is not None for mask in masks.values())
    whole = matrices.reshape(*shape, *matrices.shape[1:])
    whole.flags.writeable = False
    return replace(
        of_all(taken),
        matrices=whole,
        rest=None if rest is None else rest.reshape(*shape, *rest.shape[1:]),
        masked=np.stack([none if mask is None else mask for mask in masks.values()]) if any_masked else None,
    )
