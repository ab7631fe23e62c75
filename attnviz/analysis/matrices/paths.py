"""``--reduce rollout`` and ``flow``: from tokens of the last selected layer through every layer to the input tokens."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

import numpy as np

from attnviz.analysis.matrices.parts import each_layer
from attnviz.analysis.matrices.rollout import flow, rollout
from attnviz.encoder.products import of_many_rows
from attnviz.errors import InputError, UsageError
from attnviz.numbers import spans
from attnviz.trace.attention import Attention, of_all

MOST_FLOW_TOKENS = 64  # flow's time grows with their fourth power


def follow(attention: Attention, how: str) -> Attention:
    """Rollout or flow of weights over the selected heads of the layers 0 to l (Abnar & Zuidema 2020).

    Rows are tokens of layer l, columns are input tokens; rows sum to 1. A pair is masked where no path through what
    the layers' masks allow, and the residual connections, leads from the one to the other.

    Raises:
        UsageError: see ``check_path``; words, or rows without their special tokens.
        InputError: flow of more than ``MOST_FLOW_TOKENS`` tokens.
    """
    check_path(how, attention.kind, attention.layers)
    if attention.words or attention.hidden:
        late = "words" if attention.words else "hide-special"
        raise UsageError(f"{late}, reduce: {how} comes before it, and the file has it already; expected all tokens")
    order = np.argsort(attention.layers)
    inorder = replace(
        attention,
        matrices=attention.matrices[order],
        masked=None if attention.masked is None else attention.masked[order],
        layers=tuple(sorted(attention.layers)),
    )
    if how == "rollout":
        return rolled(each_layer(inorder))
    check_flow(len(attention.keys))
    reached = _Reached()
    for mask in () if inorder.masked is None else inorder.masked:
        reached.through(mask)
    return _followed(replace(inorder, rest=None), flow(inorder.matrices), reached, how)  # rows sum to 1


def rolled(parts: Iterator[Attention]) -> Attention:
    """Rollout of weights that come a part at a time: of the layers from 0 on, in their order.

    Raises:
        UsageError, InputError: as ``rollout``.
    """
    taken: list[Attention] = []
    reached = _Reached()

    def heads(of_layer: Iterator[Attention]) -> Iterator[np.ndarray]:
        for part in of_layer:
            yield from part.matrices[0]
            taken.append(part.bare)
        reached.through(None if part.masked is None else part.masked[0])

    matrix = rollout(heads(of_layer) for _, of_layer in groupby(parts, key=lambda part: part.layers))
    return _followed(of_all(taken), matrix, reached, "rollout")


def check_path(how: str, kind: str, layers: tuple[int, ...]) -> None:
    """What rollout and flow are of.

    Raises:
        UsageError: cross-attention, or layers before the last selected one are missing.
    """
    if kind == "cross":
        raise UsageError(
            f"kind, reduce: {how} follows tokens through layers of attention to their own text, and cross-attention "
            "looks at another text; expected encoder or decoder"
        )
    there = sorted(layers)
    if there != list(range(len(there))):
        raise UsageError(
            f"layer, reduce: {how} goes through every layer from 0 on; expected 0-{there[-1]}, not "
            f"{spans(tuple(there))}"
        )


def check_flow(n: int) -> None:
    """Flow of many tokens does not end.

    Raises:
        InputError: more than ``MOST_FLOW_TOKENS``.
    """
    if n > MOST_FLOW_TOKENS:
        raise InputError(
            f"reduce: flow of {n} tokens takes too long; expected at most {MOST_FLOW_TOKENS}, or rollout",
            hint="rollout has no limit",
        )


class _Reached:
    """Which keys a path leads to, (n, n), layer by layer from the input on."""

    def __init__(self) -> None:
        self._pairs: np.ndarray | None = None  # of tokens; None before the first layer
        self._all = False

    def through(self, masked: np.ndarray | None) -> None:
        """One more layer, with its mask (n, n), or None; each token reaches itself by the residual connection."""
        if self._all or masked is None:
            self._all = True
            return
        itself = np.eye(len(masked), dtype=bool)
        step = (~masked | itself).astype(np.float32)  # whose products are quick, and exact: they count paths
        self._pairs = step if self._pairs is None else (of_many_rows(step, self._pairs) > 0).astype(np.float32)
        self._all = bool(self._pairs.all())

    @property
    def masked(self) -> np.ndarray | None:
        """Pairs that no path connects, (1, n, n); None where there are none."""
        return None if self._all or self._pairs is None else (self._pairs == 0)[None]


def _followed(attention: Attention, matrix: np.ndarray, reached: _Reached, how: str) -> Attention:
    return replace(
        attention,
        matrices=matrix[None, None].astype(attention.matrices.dtype),
        masked=reached.masked,
        reduce=how,
    )
