"""The picture of one matrix as pixels, as large as a terminal has room for."""

import numpy as np

from attnviz.output.pictures.figures import figure_pixels
from attnviz.output.pictures.style import LEAST_DPI, PictureStyle
from attnviz.trace.attention import Matrix, attention_of_matrix

_DPI_OF_CELL = 7.5  # dots per inch for each pixel of a character's height: labels are then as large as the terminal's
_TRIES = 4


def matrix_pixels(matrix: Matrix, room: tuple[int, int], cell_height: float, cmap: str) -> np.ndarray | None:
    """The picture of a matrix: (height, width, 4) uint8; None where there is no room for one.

    Args:
        matrix: what is drawn.
        room: the largest (width, height) in pixels.
        cell_height: of the terminal's characters, in pixels.
        cmap: a name of ``PICTURE_COLORMAPS``.
    """
    dpi = max(LEAST_DPI, round(_DPI_OF_CELL * cell_height))
    for _ in range(_TRIES):
        pixels = _drawn(matrix, PictureStyle(cmap=cmap, dpi=dpi))
        excess = max(size / most for size, most in zip(pixels.shape[1::-1], room, strict=True))
        if excess <= 1:
            return pixels
        if dpi == LEAST_DPI:
            return None
        dpi = max(LEAST_DPI, int(dpi / excess))
    return None


def _drawn(matrix: Matrix, style: PictureStyle) -> np.ndarray:
    return figure_pixels(attention_of_matrix(matrix), style)
