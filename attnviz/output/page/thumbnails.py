"""Small pictures of all heads: the largest value of each block, one byte per cell."""

import math

import numpy as np

from attnviz.output.scale import Scale, block_maxima

_MOST_CELLS = 32  # of a side


def pooled_cells(values: np.ndarray, hidden: np.ndarray, *, signed: bool) -> np.ndarray:
    """The largest visible value of each block, at most 32 x 32, NaN where there is none.

    A mean would lose thin diagonals.

    Args:
        values: (n_queries, n_keys).
        hidden: (n_queries, n_keys), True where there is nothing to show.
        signed: whether the value farthest from 0 counts.
    """
    rows, columns = (math.ceil(n / _MOST_CELLS) for n in values.shape)
    largest, none = block_maxima(values, hidden, (rows, columns))
    if signed:
        least = -block_maxima(-values, hidden, (rows, columns))[0]
        largest = np.where(-least > largest, least, largest)
    cells: np.ndarray = np.where(none, np.nan, largest)
    return cells


def thumbnail_bytes(cells: np.ndarray, scale: Scale, *, signed: bool) -> bytes:
    """One byte per cell: the square root of its place on the scale, so that small values are seen.

    Args:
        cells: as ``pooled_cells`` gives them, of any number of heads.
        scale: of the whole set.
        signed: whether 127 is 0.
    """
    if signed:
        sizes = np.sqrt(np.clip(np.abs(cells) / scale.high, 0.0, 1.0))
        bytes_of_cells = 127 + np.round(127 * np.sign(cells) * sizes)
        return bytes(np.where(np.isnan(cells), 127, bytes_of_cells).astype(np.uint8).tobytes())
    places = np.clip((cells - scale.low) / (scale.high - scale.low), 0.0, 1.0)
    return bytes(np.where(np.isnan(cells), 0, np.ceil(255 * np.sqrt(places))).astype(np.uint8).tobytes())
