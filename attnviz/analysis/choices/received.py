"""How much each token is looked at: the means of the columns."""

from typing import NamedTuple

import numpy as np

from attnviz.errors import UsageError
from attnviz.trace.attention import Attention, Matrix
from attnviz.trace.tokens import Tokens


class Received(NamedTuple):
    """What keys receive on average, as shares of a row.

    Attributes:
        shares: (..., n_keys), each key's mean share over the rows.
        rest: (...), the mean share of keys that are left out; None where nothing is.
    """

    shares: np.ndarray
    rest: np.ndarray | None


def received(attention: Attention) -> Received:
    """Each key's mean share over the rows, (n_layers, n_heads, n_keys).

    The mean is over all rows that there are, without padding and without those that look at nothing. A key that is
    masked for a row gets 0 of it. Where rows sum to 1, the shares and the rest do too.

    Raises:
        UsageError: it holds scores, whose mean is not a share.
    """
    return _received(attention.matrices, attention.rest, attention.queries, attention.values)


def received_of_matrix(matrix: Matrix) -> Received:
    """Each key's mean share over the rows of one matrix, (n_keys,); see ``received``."""
    return _received(matrix.numbers, matrix.rest, matrix.queries, matrix.values)


def _received(numbers: np.ndarray, rest: np.ndarray | None, queries: Tokens, values: str) -> Received:
    if values == "scores":
        raise UsageError("received, values: a mean of scores is not a share; expected weights")
    rows = np.array([not token.padding for token in queries])
    looks = numbers.any(axis=-1)  # not where all keys are masked, and not a row of zeros that a file holds
    rows = rows & (looks if rest is None else looks | (rest > 0))
    counted = np.broadcast_to(rows, numbers.shape[:-1])
    count = np.maximum(counted.sum(axis=-1), 1)
    shares = (numbers * counted[..., None]).sum(axis=-2, dtype=np.float64) / count[..., None]
    mean_rest = None if rest is None else ((rest * counted).sum(axis=-1, dtype=np.float64) / count).astype(rest.dtype)
    return Received(shares.astype(numbers.dtype), mean_rest)
