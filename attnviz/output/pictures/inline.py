"""The picture of one matrix as pixels, as large as a terminal has room for."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from attnviz.errors import UsageError
from attnviz.output.pictures.figures import figure_pixels
from attnviz.output.pictures.style import LEAST_DPI, MOST_DPI, PictureStyle
from attnviz.trace.attention import Matrix, attention_of_matrix

_DPI_OF_CELL = 7.5  # dots per inch for each pixel of a character's height: labels are then as large as the terminal's


def matrix_pixels(matrix: Matrix, room: tuple[int, int], cell_height: float, cmap: str) -> np.ndarray | None:
    """The picture of a matrix: (height, width, 4) uint8; None where there is no room for one.

    Where its own size is too large, it has fewer labels; where that is not enough, smaller ones.

    Args:
        matrix: what is drawn.
        room: the largest (width, height) in pixels.
        cell_height: of the terminal's characters, in pixels.
        cmap: a name of ``PICTURE_COLORMAPS``.
    """
    attention = attention_of_matrix(matrix)
    dpi = min(max(LEAST_DPI, round(_DPI_OF_CELL * cell_height)), MOST_DPI)
    style = PictureStyle(cmap=cmap, dpi=dpi)
    whole = figure_pixels(attention, style)
    excess = max(size / most for size, most in zip(whole.shape[1::-1], room, strict=True))
    if excess <= 1:
        return whole
    for smaller in _smaller(style, whole.shape[1::-1], excess):
        try:
            pixels = figure_pixels(attention, smaller)
        except UsageError:  # no room for a label
            continue
        if pixels.shape[1] <= room[0] and pixels.shape[0] <= room[1]:
            return pixels
    return None


def _smaller(style: PictureStyle, size: tuple[int, ...], excess: float) -> Iterator[PictureStyle]:
    """Styles of smaller pictures, the one with the largest type first."""
    width, height = (int(length / excess) for length in size)
    dpi = style.dpi
    while True:
        if min(width, height) >= dpi:
            yield replace(style, dpi=dpi, size=f"{width}x{height}px")
        if dpi == LEAST_DPI:
            return
        dpi = max(LEAST_DPI, dpi * 3 // 4)
