"""The picture of one matrix as pixels, as large as a terminal has room for."""

from functools import partial

import numpy as np

from attnviz.output.pictures import pictures
from attnviz.output.pictures.drawing import draw_plate, own_settings
from attnviz.output.pictures.figures import chosen_fonts
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
        pixels = _drawn(matrix, PictureStyle(("png",), cmap, dpi, "shared"))
        excess = max(size / most for size, most in zip(pixels.shape[1::-1], room, strict=True))
        if excess <= 1:
            return pixels
        if dpi == LEAST_DPI:
            return None
        dpi = max(LEAST_DPI, int(dpi / excess))
    return None


def _drawn(matrix: Matrix, style: PictureStyle) -> np.ndarray:
    attention = attention_of_matrix(matrix)
    palette = style.palette(attention.values)
    families, instead = chosen_fonts(attention, None)
    sheet_of = partial(pictures.head_sheet, dpi=style.dpi, instead=instead)
    fitted, (sheet, grids) = pictures.fitted(attention, sheet_of)
    plates = pictures.head_pictures(fitted, grids, palette, style.scale)
    with own_settings():
        return draw_plate(sheet, plates, palette, style.dpi, families).pixels()
