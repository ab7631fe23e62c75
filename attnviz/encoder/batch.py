"""Several texts in one run: which of them together, and their sequences side by side."""

from collections.abc import Iterator

import numpy as np

from attnviz.encoder.embedding import Sequence

_MOST_PLACES = 512  # of a batch: more would be no faster, and leave a core's cache
_COST = 50  # places that take as long as a batch takes besides its places, measured on matrix products of 384 x 1536


def batches(lengths: list[int]) -> Iterator[list[int]]:
    """Which texts run together, so that all take the least time: few batches with little filling.

    Texts are taken in the order of their lengths, so that what is best of the first few is part of what is best of more
    (dynamic programming). A text that is too long for any company is alone.

    Args:
        lengths: each text's tokens.

    Yields:
        numbers of texts; each text occurs once.
    """
    order = sorted(range(len(lengths)), key=lengths.__getitem__)
    least, begins = [0], [0]  # of the first so many texts: the least cost, and where their last batch begins
    for end, text in enumerate(order, start=1):
        n = lengths[text]  # the others are filled up to this one
        first = max(0, min(end - 1, end - _MOST_PLACES // n))
        cost, begin = min((least[begin] + n * (end - begin) + _COST, begin) for begin in range(first, end))
        least.append(cost)
        begins.append(begin)
    end = len(order)
    while end:
        yield order[begins[end] : end]
        end = begins[end]


def stacked(sequences: list[Sequence]) -> Sequence:
    """The token ids of all texts, (n_texts, n), filled up on the right to the longest.

    No query attends to the filling, so that it changes nothing of what the text's own queries do.
    """
    n = max(map(len, sequences))
    type_ids = None
    if sequences[0].type_ids is not None:
        type_ids = np.stack([_filled(s.type_ids, n, 0) for s in sequences])
    own = [np.zeros(len(s), dtype=bool) if s.padding is None else s.padding for s in sequences]
    padding = np.stack([_filled(one, n, True) for one in own])
    ids = np.stack([_filled(s.ids, n, s.ids[-1]) for s in sequences])
    return Sequence(ids=ids, padding=padding if padding.any() else None, type_ids=type_ids)


def _filled(values: np.ndarray, n: int, filling: object) -> np.ndarray:
    return np.concatenate([values, np.full(n - len(values), filling, values.dtype)])
