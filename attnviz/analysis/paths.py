"""``--reduce rollout`` and ``flow``: from tokens of the last selected layer through every layer to the input tokens."""

from dataclasses import replace

import numpy as np

from attnviz.analysis.rollout import flow, rollout
from attnviz.errors import UsageError
from attnviz.numbers import spans
from attnviz.trace import Attention

MOST_FLOW_TOKENS = 64  # flow's time grows with their fourth power


def follow(attention: Attention, how: str) -> Attention:
    """Rollout or flow of weights over the selected heads of the layers 0 to l (Abnar & Zuidema 2020).

    Rows are tokens of layer l, columns are input tokens; rows sum to 1. A pair is masked where no path through what
    the layers' masks allow, and the residual connections, leads from the one to the other.

    Raises:
        UsageError: layers before the last selected one are missing; values that are no weights; cross-attention; words,
            or rows without their special tokens; flow of more than ``MOST_FLOW_TOKENS`` tokens.
    """
    _check(attention, how)
    order = np.argsort(attention.layers)
    matrix = (rollout if how == "rollout" else flow)(attention.matrices[order])
    return replace(
        attention,
        matrices=matrix[None, None].astype(attention.matrices.dtype),
        masked=None if attention.masked is None else _unreached(attention.masked[order]),
        layers=tuple(sorted(attention.layers)),
        reduce=how,
    )


def _check(attention: Attention, how: str) -> None:
    last, n = max(attention.layers), len(attention.keys)
    if attention.kind == "cross":
        raise UsageError(f"kind, reduce: {how} is of tokens' attention to themselves; expected encoder or decoder")
    if attention.words or attention.hidden:
        late = "words" if attention.words else "hide-special"
        raise UsageError(f"{late}, reduce: {how} comes before it, and the file has it already; expected all tokens")
    if sorted(attention.layers) != list(range(last + 1)):
        there = spans(tuple(sorted(attention.layers)))
        raise UsageError(f"layer, reduce: {how} goes through every layer from 0 on; expected 0-{last}, not {there}")
    if how == "flow" and n > MOST_FLOW_TOKENS:
        raise UsageError(
            f"reduce: flow of {n} tokens takes too long; expected at most {MOST_FLOW_TOKENS}, or rollout",
            hint="rollout has no limit",
        )


def _unreached(masked: np.ndarray) -> np.ndarray | None:
    """Pairs that no path connects, (1, n, n), from each layer's mask (n_layers, n, n); None where there are none."""
    itself = np.eye(masked.shape[-1], dtype=bool)
    reached = itself
    for one in masked:
        reached = (~one | itself) @ reached
    return None if reached.all() else ~reached[None]
