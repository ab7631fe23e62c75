"""Positions that are added to the embedding: sinusoids, or the rows of a table."""

import numpy as np

from attnviz.encoder.config.groups import PositionConfig
from attnviz.encoder.parameters.params import Array, Params


def position_vectors(
    config: PositionConfig, params: Params, n: int, width: int, positions: Array | None = None
) -> Array | None:
    """The vectors added to the token vectors, (n, width); None unless positions are sinusoidal or learned.

    Args:
        config: the kind of positions.
        params: with the table ``embed.positions`` where they are learned.
        n: the number of tokens.
        width: the length of a vector.
        positions: (..., n), from ``counted_positions``, for vectors (..., n, width); None for 0, 1, 2, ...
    """
    if config.kind == "sinusoidal":
        return sinusoids(n, width, in_halves=config.sinusoids == "halves")
    if config.kind != "learned":
        return None
    if positions is None:
        return params.rows("embed.positions", np.arange(n))  # (n, width)
    rows = params.rows("embed.positions", positions.ravel() + 1)  # (texts * n, width)
    return rows.reshape(*positions.shape, width)  # (..., n, width)


def counted_positions(config: PositionConfig, ids: Array | None, n: int) -> Array | None:
    """Positions where some tokens have none: (..., n) for ids (..., n), -1 for the tokens that are ``pad_id``.

    The other tokens are counted from 0, as in fairseq and the models trained with it (Ott et al. 2019,
    ``make_positions``). Row 0 of the table is for -1. None where each token's position is its index.

    Args:
        config: ``pad_id``.
        ids: the tokens' ids; None for vectors in place of tokens, which all have a position.
        n: the number of tokens.
    """
    if config.pad_id is None:
        return None
    if ids is None:
        return np.arange(n)
    counted = ids != config.pad_id  # (..., n)
    positions: Array = np.cumsum(counted, axis=-1) * counted - 1
    return positions


def sinusoids(n: int, d_model: int, *, in_halves: bool = False) -> Array:
    """PE[p, 2i] = sin(p / 10000^(2i/d)), PE[p, 2i+1] = cos of it (Vaswani et al. 2017, section 3.5): (n, d_model).

    Args:
        n: the number of positions.
        d_model: the length of a vector.
        in_halves: whether all sines come first, then all cosines (Marian, Junczys-Dowmunt et al. 2018).
    """
    even = np.arange(0, d_model, 2)  # (ceil(d_model / 2),)
    angles = np.arange(n)[:, None] * 10000.0 ** (-even / d_model)  # (n, ceil(d_model / 2))
    table = np.empty((n, d_model))
    sines, cosines = (slice(len(even)), slice(len(even), None)) if in_halves else (slice(0, None, 2), slice(1, None, 2))
    table[:, sines] = np.sin(angles)
    table[:, cosines] = np.cos(angles[:, : d_model // 2])  # an odd d_model has one cosine less
    return table
