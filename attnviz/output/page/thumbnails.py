"""Small pictures of all heads: the largest value of each block, one byte per cell."""

import math

import numpy as np

from attnviz.output.scale import Scale, block_maxima

MOST_PLAIN = 32  # tokens of a side, up to which a matrix is its own thumbnail
_MOST_SIDE = 24  # cells, about the pixels that a head has in the grid
_STEPS = 31


def pooled_cells(values: np.ndarray, hidden: np.ndarray, *, signed: bool) -> np.ndarray:
    """The largest visible value of each block, at most 24 x 24, NaN where there is none.

    A mean would lose thin diagonals.

    Args:
        values: (n_queries, n_keys).
        hidden: (n_queries, n_keys), True where there is nothing to show.
        signed: whether the value farthest from 0 counts.
    """
    rows, columns = (math.ceil(n / _MOST_SIDE) for n in values.shape)
    largest, none = block_maxima(values, hidden, (rows, columns))
    if signed:
        least = -block_maxima(-values, hidden, (rows, columns))[0]
        largest = np.where(-least > largest, least, largest)
    cells: np.ndarray = np.where(none, np.nan, largest)
    return cells


def thumbnail_bytes(cells: np.ndarray, scale: Scale, *, signed: bool) -> bytes:
    """One byte per cell: the square root of its place on the scale, so that small values are seen.

    Bytes have 32 different values, on each side of 0 where they are signed: more would take twice the space.

    Args:
        cells: as ``pooled_cells`` gives them, of any number of heads.
        scale: of the whole set.
        signed: whether 127 is 0.
    """
    absent = np.isnan(cells)
    if signed:
        steps = np.round(_STEPS * np.sqrt(np.clip(np.abs(cells) / scale.high, 0.0, 1.0)))
        codes = 127 + np.sign(cells) * np.round(steps * 127 / _STEPS)
    else:
        places = np.clip((cells - scale.low) / (scale.high - scale.low), 0.0, 1.0)
        codes = np.round(np.ceil(_STEPS * np.sqrt(places)) * 255 / _STEPS)
    return bytes(np.where(absent, 127 if signed else 0, codes).astype(np.uint8).tobytes())
