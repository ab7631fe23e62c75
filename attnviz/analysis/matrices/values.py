"""``--values``: what a matrix holds, from a run and the parameters it was made with."""

from collections.abc import Iterator
from functools import partial

import numpy as np

from attnviz.analysis.matrices.rerun import Ran, stack_params
from attnviz.encoder.config.block import Block
from attnviz.encoder.parameters.params import Params
from attnviz.encoder.stack import BY_HEADS, Address, StreamedArray
from attnviz.errors import InputError

IN_PARTS = (*BY_HEADS, "norms")  # what can be had of some heads of a layer without the others

_quiet = partial(np.errstate, over="ignore", invalid="ignore")  # what is not finite gets a message instead


def value_addresses(values: str, kind: str, layer: int) -> frozenset[Address]:
    """The arrays that a trace must hold for ``values_of``."""
    if values == "zeroing":
        from attnviz.analysis.matrices.zeroing import zeroing_addresses  # noqa: PLC0415 (start-up time)

        return zeroing_addresses(kind, layer)
    return frozenset(Address(kind, layer, name) for name in (("weights", "v") if values == "norms" else (values,)))


def values_of(
    values: str, ran: Ran, kind: str, layer: int, heads: tuple[int, ...], *, narrowed: bool = False
) -> np.ndarray:
    """The matrices of the heads, (n_heads, n_queries, n_keys); of ``zeroing`` one, (1, n_queries, n_keys).

    Args:
        values: one of ``VALUES``.
        ran: a run whose trace holds ``value_addresses``.
        kind: ``encoder``, ``decoder`` or ``cross``.
        layer: its number.
        heads: which, in this order.
        narrowed: whether the run kept scores and weights of these heads alone.

    Raises:
        InputError: norms or changes that are not finite.
    """
    own, kept = ran.trace[kind, layer], slice(None) if narrowed else list(heads)
    if values in BY_HEADS:
        return own.kept(values)[kept]
    from attnviz.analysis.matrices.norms import norms  # noqa: PLC0415 (start-up time)
    from attnviz.analysis.matrices.zeroing import zeroing  # noqa: PLC0415

    with _quiet():
        if values == "norms":
            numbers = norms(own.kept("weights")[kept], own.kept("v"), _projection(ran.params, kind, layer), heads)
        else:
            numbers = zeroing(ran, kind, layer)[None].astype(own.kept("weights").dtype)
    return _finite(numbers, values, kind, layer)


def lost_to_sinks(weights: np.ndarray, config: Block, values: str) -> np.ndarray | None:
    """What each row gives to its head's sink, (..., n_queries): what is missing to 1; None where there is no sink."""
    if not config.attention.sink or values != "weights":
        return None
    lost = 1 - weights.sum(axis=-1, dtype=np.float64)
    share: np.ndarray = np.clip(lost, 0, 1).astype(weights.dtype)
    return share


def values_in_parts(values: str, params: Params, steps: Iterator[StreamedArray]) -> Iterator[StreamedArray]:
    """The same of a run that gives weights, or scores, some heads at a time.

    Args:
        values: one of ``IN_PARTS``.
        params: the whole model's.
        steps: the arrays of ``value_addresses``, as they are computed.

    Raises:
        InputError: norms that are not finite.
    """
    return _norms_in_parts(params, steps) if values == "norms" else steps


def _norms_in_parts(params: Params, steps: Iterator[StreamedArray]) -> Iterator[StreamedArray]:
    from attnviz.analysis.matrices.norms import moved_lengths, weighed  # noqa: PLC0415 (start-up time)

    waiting: list[StreamedArray] = []
    lengths = None  # of a layer's vectors, which come after its first weights
    for step in steps:
        kind, layer, name = step.address
        with _quiet():
            if name == "v":
                lengths = moved_lengths(step.value, _projection(params, kind, layer))
            else:
                waiting.append(step)
                lengths = None if step.heads[0] == 0 else lengths
            if lengths is None:
                continue
            there = waiting.pop()
            numbers = weighed(there.value, lengths[list(there.heads)])
        yield there._replace(value=_finite(numbers, "norms", kind, layer))


def _projection(params: Params, kind: str, layer: int | None) -> np.ndarray:
    """W_O of an attention, (n_heads * d_head, d_model)."""
    return stack_params(params, kind)[f"layers.{layer}.{'cross' if kind == 'cross' else 'attn'}.wo"]


def _finite(numbers: np.ndarray, values: str, kind: str, layer: int | None) -> np.ndarray:
    if not np.isfinite(numbers).all():
        raise InputError(
            f"{kind} layer {layer}: its {values} are not finite; expected vectors and weights of usual size"
        )
    return numbers
