"""Attention as coloured cells: blocks of maxima, the image of one matrix and the mosaic of all.

One pixel of these arrays is one pixel of the picture, so that no cell is lost or blurred by resampling.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from attnviz.output.scale import Scale, block_maxima, hidden_cells
from attnviz.trace.attention import Attention, Matrix


@dataclass(frozen=True)
class Grid:
    """How the tokens of one side become cells: how many each cell holds, how many cells, how many pixels a cell.

    ``stride`` is how many tokens one row or column of the matrix stands for.
    """

    tokens: int
    block: int
    pixels: int
    stride: int = 1

    @property
    def cells(self) -> int:
        """How many cells."""
        return -(-self.tokens // self.block)

    @property
    def length(self) -> int:
        """How many pixels in all."""
        return self.cells * self.pixels


def paint_matrix(matrix: Matrix, grids: tuple[Grid, Grid], scale: Scale, palette: np.ndarray) -> np.ndarray:
    """One matrix as an image, (rows' pixels, columns' pixels, 4) uint8."""
    block_values = block_extremes if matrix.values == "changes" else block_maxima
    blocks = (grids[0].block // grids[0].stride, grids[1].block // grids[1].stride)
    values, hidden = block_values(matrix.numbers, hidden_cells(matrix.numbers, matrix.masked), blocks)
    image = enlarge(paint(values, hidden, scale, palette), hidden, (grids[0].pixels, grids[1].pixels))
    if matrix.rest is not None:  # its column is not a key: a white line sets it apart
        pixels = grids[1].pixels
        image[:, -pixels : -pixels + max(1, pixels // 8)] = 255
    return image


def paint_mosaic(
    attention: Attention, grids: tuple[Grid, Grid], gap: int, scales: Sequence[Scale], palette: np.ndarray
) -> np.ndarray:
    """All matrices as one image: a row of tiles per layer, a column per head, a dark line in each white gap.

    ``scales``: of each matrix.
    """
    height, width = grids[0].length + gap, grids[1].length + gap
    n_rows, n_columns = mosaic_shape(attention)
    image = np.full((n_rows * height + gap, n_columns * width + gap, 4), 255, np.uint8)
    image[height + gap // 2 : -gap : height] = (34, 34, 34, 255)
    image[:, width + gap // 2 : -gap : width] = (34, 34, 34, 255)
    for index, (matrix, scale) in enumerate(zip(attention, scales, strict=True)):
        top, left = (gap + n * size for n, size in zip(divmod(index, n_columns), (height, width), strict=True))
        image[top : top + height - gap, left : left + width - gap] = paint_matrix(matrix, grids, scale, palette)
    return image


def mosaic_shape(attention: Attention) -> tuple[int, int]:
    """How many rows and columns of tiles: layers and heads; heads that were chosen by name are side by side."""
    return (1, len(attention)) if attention.by_name else attention.matrices.shape[:2]


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


def enlarge(cells: np.ndarray, hidden: np.ndarray, pixels: tuple[int, int]) -> np.ndarray:
    """Cells as rectangles of pixels, the hidden ones hatched."""
    image = cells.repeat(pixels[0], axis=0).repeat(pixels[1], axis=1)
    if hidden.any():
        covered = hidden.repeat(pixels[0], axis=0).repeat(pixels[1], axis=1)
        image[covered] = hatch(*image.shape[:2])[covered]
    return image
