"""Attention as coloured cells: blocks of maxima, the image of one matrix and the mosaic of all.

One pixel of these arrays is one pixel of the picture, so that no cell is lost or blurred by resampling.
"""

from collections.abc import Callable

import numpy as np

from attnviz.output.scale import Scale, block_maxima, hidden_cells
from attnviz.records import dataclass
from attnviz.trace.attention import Matrix

_FRAME = (34, 34, 34, 255)


@dataclass(frozen=True)
class Grid:
    """How the tokens of one side become cells.

    Attributes:
        tokens: how many there are.
        block: how many tokens a cell holds.
        stride: how many tokens one row or column of the matrix stands for.
    """

    tokens: int
    block: int = 1
    stride: int = 1

    @property
    def cells(self) -> int:
        """How many cells."""
        return -(-self.tokens // self.block)

    def starts(self, pixels: int) -> np.ndarray:
        """Where each cell begins, and the last one ends, on a side of so many pixels."""
        return np.arange(self.cells + 1) * pixels // self.cells

    def cell_of(self, pixels: int) -> np.ndarray:
        """The cell of each pixel of a side."""
        return np.repeat(np.arange(self.cells), np.diff(self.starts(pixels)))


def paint_matrix(
    matrix: Matrix, grids: tuple[Grid, Grid], scale: Scale, palette: np.ndarray, height: int, width: int
) -> np.ndarray:
    """One matrix as an image, (height, width, 4) uint8."""
    values, hidden = cell_values(matrix, grids)
    rows, columns = grids[0].cell_of(height), grids[1].cell_of(width)
    cells = paint(values, hidden, scale, palette).view(np.uint32)[..., 0]  # one number a colour is quicker to repeat
    image = cells.take(rows, axis=0).take(columns, axis=1)[..., None].view(np.uint8)
    if hidden.any():
        covered = hidden[rows][:, columns]
        image[covered] = hatch(height, width)[covered]
    if matrix.rest is not None:  # its column is not a key: a white line sets it apart
        start, end = grids[1].starts(width)[-2:]
        image[:, start : start + max(1, (end - start) // 8)] = 255
    return image


def cell_values(matrix: Matrix, grids: tuple[Grid, Grid]) -> tuple[np.ndarray, np.ndarray]:
    """The value of each cell, and whether there is none: the largest of a block, of changes the one farthest from 0."""
    block_values = block_extremes if matrix.values == "changes" else block_maxima
    blocks = (grids[0].block // grids[0].stride, grids[1].block // grids[1].stride)
    return block_values(matrix.numbers, hidden_cells(matrix.numbers, matrix.masked), blocks)


def paint_mosaic(
    tiles: list[Callable[[int, int], np.ndarray]], shape: tuple[int, int], gap: int, height: int, width: int
) -> np.ndarray:
    """Tiles as one image, (height, width, 4) uint8, a dark line in each white gap between them.

    Args:
        tiles: functions that paint them, row by row.
        shape: how many rows and columns of tiles.
        gap: pixels between two of them.
        height: of the whole, in pixels.
        width: of the whole.
    """
    image = np.full((height, width, 4), 255, np.uint8)
    tops, lefts = (np.arange(n + 1) * length // n for n, length in zip(shape, (height, width), strict=True))
    image[tops[1:-1]] = image[:, lefts[1:-1]] = _FRAME
    half = max(1, gap // 2)
    for index, tile in enumerate(tiles):
        i, j = divmod(index, shape[1])
        top, bottom, left, right = tops[i] + half, tops[i + 1] - half + 1, lefts[j] + half, lefts[j + 1] - half + 1
        bottom, right = min(bottom, height - half), min(right, width - half)
        if bottom > top and right > left:
            image[top:bottom, left:right] = tile(int(bottom - top), int(right - left))
    return image


def block_extremes(values: np.ndarray, hidden: np.ndarray, blocks: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """As ``block_maxima``, of values of both signs: the one farthest from 0."""
    highest, empty = block_maxima(values, hidden, blocks)
    lowest = -block_maxima(-values, hidden, blocks)[0]
    return np.where(empty | (highest >= -lowest), highest, lowest), empty


def paint(values: np.ndarray, hidden: np.ndarray, scale: Scale, palette: np.ndarray) -> np.ndarray:
    """The colours of the cells, (n_queries, n_keys, 4) uint8; what is hidden gets the first colour.

    Args:
        values: (n_queries, n_keys).
        hidden: (n_queries, n_keys), True where there is nothing to show.
        scale: the values of the palette's ends; values beyond them get the end's colour.
        palette: (256, 4) uint8.
    """
    parts = scale.places(np.where(hidden, scale.low, values))
    colours: np.ndarray = palette[np.minimum(parts * 256, 255).astype(np.uint8)]
    return colours


def hatch(height: int, width: int) -> np.ndarray:
    """The pattern of masked cells, (height, width, 4) uint8: grey diagonals, unlike any value of any palette."""
    stripe = (np.add.outer(np.arange(height), np.arange(width)) // 2) % 4 == 0
    greys = np.array([[240, 240, 240, 255], [170, 170, 170, 255]], np.uint8)
    pattern: np.ndarray = greys[stripe.astype(int)]
    return pattern
