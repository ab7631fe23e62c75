"""Batches: which texts run together, and their sequences side by side."""

from collections.abc import Iterator

import numpy as np

from attnviz.encoder.embedding import Sequence
from attnviz.encoder.parameters.params import Array

_MOST_PLACES = 512  # in a batch: more are no faster, and do not fit a core's cache
_COST = 50  # the fixed cost of a batch, in tokens, measured on matrix products of 384 x 1536
_PADDING = 0.1  # the cost of a place that attention alone sees (``Packing``), in tokens


def batches(lengths: list[int]) -> Iterator[list[int]]:
    """Groups of texts that run together in the least time: few batches with little padding.

    Texts are sorted by length, so that the best groups of the first few are part of the best groups of more (dynamic
    programming). A text that is too long for company is alone.

    Args:
        lengths: the number of tokens of each text.

    Yields:
        indexes of texts; each text occurs once.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    least, begins = [0.0], [0]  # for the first so many texts: the least cost, and the start of their last batch
    for end, text in enumerate(order, start=1):
        n = lengths[text]  # the others are padded to this length
        first = max(0, min(end - 1, end - _MOST_PLACES // n))
        cost, begin = min((least[begin] + _PADDING * n * (end - begin) + _COST, begin) for begin in range(first, end))
        least.append(cost)
        begins.append(begin)
    end = len(order)
    while end:
        yield order[begins[end] : end]
        end = begins[end]


def stacked(sequences: list[Sequence]) -> Sequence:
    """The token ids of all texts, (n_texts, n), padded on the right to the longest.

    No query attends to the padding, so a text's numbers do not depend on it.
    """
    lengths = np.array([len(one) for one in sequences])
    n = int(lengths.max())
    typed = [s.type_ids for s in sequences if s.type_ids is not None]  # all of them, or none
    type_ids = np.stack([_padded(one, n, 0) for one in typed]) if typed else None
    each = [np.zeros(len(s), dtype=bool) if s.padding is None else s.padding for s in sequences]
    padding = np.stack([_padded(one, n, True) for one in each])
    ids = np.stack([_padded(s.ids, n, s.ids[-1]) for s in sequences if s.ids is not None])
    filled = lengths if lengths.min() < n else None
    return Sequence(ids=ids, padding=padding if padding.any() else None, type_ids=type_ids, lengths=filled)


def _padded(values: Array, n: int, filling: object) -> Array:
    """Values (m,) followed by the filling, (n,)."""
    return np.concatenate([values, np.full(n - len(values), filling, values.dtype)])
