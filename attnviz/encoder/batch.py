"""Several texts in one run: which of them together, and their sequences side by side."""

from collections.abc import Iterator

import numpy as np

from attnviz.encoder.embedding import Sequence

_MOST_TOKENS = 1024  # places of a batch: more would be no faster, and take more memory
_MOST_FILLING = 0.1  # of a batch's places


def batches(lengths: list[int]) -> Iterator[list[int]]:
    """Which texts run together: those of nearly the same length, as many as make up a bounded number of tokens.

    Args:
        lengths: each text's tokens.

    Yields:
        numbers of texts; each text occurs once.
    """
    batch: list[int] = []
    total = 0
    for text in sorted(range(len(lengths)), key=lengths.__getitem__):
        n = lengths[text]
        places = n * (len(batch) + 1)  # the others are filled up to this one
        if batch and (places > _MOST_TOKENS or total + n < (1 - _MOST_FILLING) * places):
            yield batch
            batch, total = [], 0
        batch.append(text)
        total += n
    if batch:
        yield batch


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
