"""Rows without a key: those of NaN, and keys that a large negative score masks."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from attnviz.elsewhere.values.blocks import head_blocks
from attnviz.elsewhere.values.row_scan import RowScan, edited
from attnviz.trace.attention import Attention

# Models add -1e4 (or their type's lowest number) to a masked score, so that a little more than -1e4 can be left.
_MASKED_SCORE = -9.9e3


def without_nan_rows(attention: Attention, scan: RowScan, note: Callable[[str], None]) -> Attention:
    """Attention whose rows of only NaN look at nothing: softmax of a row whose keys are all masked makes them.

    A row that is only partly NaN stays as it is.
    """
    if not scan.has_nan:
        return attention
    nothing = -np.inf if attention.values == "scores" else 0.0
    n_rows = 0

    def edit(_: int, __: slice, block: np.ndarray) -> np.ndarray:
        nonlocal n_rows
        absent = np.isnan(block).all(axis=-1)
        n_rows += int(absent.sum())
        return np.where(absent[..., None], block.dtype.type(nothing), block)

    matrices = edited(attention.matrices, edit)
    if not n_rows:
        return attention
    note(
        f"{n_rows} row{'s are' if n_rows > 1 else ' is'} NaN; read as {'rows' if n_rows > 1 else 'a row'} that "
        f"look{'s' * (n_rows == 1)} at nothing"
    )
    return replace(attention, matrices=matrices)


def with_masked_scores(attention: Attention, scan: RowScan, note: Callable[[str], None]) -> Attention:
    """Scores whose masked keys are -inf: those of about -1e4 or less, in every head of a layer at the same places."""
    if attention.values != "scores" or not (scan.least <= _MASKED_SCORE).any():
        return attention
    n_layers, _, n_queries, n_keys = attention.matrices.shape
    masked = np.ones((n_layers, n_queries, n_keys), dtype=bool)
    highest = -np.inf  # of the scores that mask and are not -inf
    for i, _, block in head_blocks(attention.matrices):
        masked[i] &= (block <= _MASKED_SCORE).all(axis=0)
    for i, _, block in head_blocks(attention.matrices):
        finite = block[np.broadcast_to(masked[i], block.shape) & ~np.isneginf(block)]
        highest = max(highest, float(finite.max(initial=-np.inf)))
    if not masked.any():
        return attention
    if np.isfinite(highest):
        note(f"scores of {highest:.3g} or less are at the same places in every head; read as masked keys")

        def edit(layer: int, _: slice, block: np.ndarray) -> np.ndarray:
            return np.where(masked[layer], block.dtype.type(-np.inf), block)

        attention = replace(attention, matrices=edited(attention.matrices, edit))
    return replace(attention, masked=masked if attention.masked is None else attention.masked | masked)
