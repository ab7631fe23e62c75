"""Scores of words with distances (DeBERTa, He et al. 2021): each offset between two tokens has a vector of its own.

The vector of an offset gives a key, which a query meets (content to position, c2p), and a query, which a key meets
(position to content, p2c).
"""

import math
from collections.abc import Iterator

import numpy as np

from attnviz.encoder.config.disentangled import DisentangledConfig
from attnviz.encoder.parameters.params import Array, DType, Params
from attnviz.encoder.positions.logarithms import logarithms
from attnviz.encoder.products import of_pairs
from attnviz.records import dataclass


@dataclass(frozen=True, eq=False)
class Offsets:
    """The offsets between the tokens of a text, the same for every layer.

    Attributes:
        vectors: (n_rows, d_model), the rows of the table that the text needs, perhaps normed.
        rows: (2n,), the row of each offset query - key from 1 - n to n.
    """

    vectors: Array
    rows: Array


@dataclass(frozen=True, eq=False)
class OffsetHeads:
    """The keys and queries that a layer makes of offsets, (n_heads, 2n, d_head) each; None for a part that is off.

    Attributes:
        keys: by offsets key - query, from 1 - n to n.
        queries: by offsets query - key, from 1 - n to n.
    """

    keys: Array | None
    queries: Array | None

    def parts(self, q: Array, k: Array, heads: slice, factor: float = 1.0) -> Iterator[Array]:
        """What is added to the scores of some heads, (..., some, n, n) each: content to position, position to content.

        Args:
            q: (..., some, n, d_head).
            k: (..., some, n, d_head), for as many heads.
            heads: which heads they are.
            factor: multiplies every number.
        """
        by = q.dtype.type(factor)
        if self.keys is not None:
            yield _by_offset(of_pairs(q * by, self.keys[heads]))
        if self.queries is not None:
            yield np.swapaxes(_by_offset(of_pairs(k, self.queries[heads] * by)), -1, -2)


def offset_vectors(config: DisentangledConfig, table: Params, n: int, dtype: DType) -> Offsets | None:
    """The offsets of a text of n tokens, without the norm of their vectors; None where the block has none.

    Args:
        config: the kind, and how many vectors there are.
        table: with ``embed.offsets``, (2 span, d_model).
        n: the number of tokens.
        dtype: of the vectors.
    """
    if not config.parts:
        return None
    rows = offset_rows(np.arange(1 - n, n + 1), config)  # (2n,), which never decrease
    vectors = table.rows("embed.offsets", np.arange(rows[0], rows[-1] + 1))
    return Offsets(vectors.astype(dtype, copy=False), rows - rows[0])


def offset_rows(offsets: Array, config: DisentangledConfig) -> Array:
    """The row of the table of each offset query - key, of any shape: ``span`` + offset, within the table.

    With ``max_distance`` far offsets share rows, in logarithmic steps: DeBERTa v2's published code.
    """
    span = config.span
    if config.max_distance is not None:
        near = span // 2
        distance = np.maximum(np.abs(offsets), near)
        steps = logarithms(distance / near) / math.log((config.max_distance - 1) / near) * (near - 1)
        far = near + np.ceil(steps).astype(np.int64)
        offsets = np.where(np.abs(offsets) <= near, offsets, np.sign(offsets) * far)
    rows: Array = np.clip(span + offsets, 0, 2 * span - 1)
    return rows


def _by_offset(products: Array) -> Array:
    """(..., n, 2n) by offset j - i, from 1 - n to n, as (..., n, n) by j: a view that moves row i by i places."""
    *leading, n, width = products.shape
    flat = products.reshape(*leading, n * width)[..., n - 1 : n - 1 + n * (width - 1)]
    return flat.reshape(*leading, n, width - 1)[..., :n]
