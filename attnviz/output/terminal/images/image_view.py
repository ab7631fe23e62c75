"""One matrix as a picture inside the terminal."""

import math
from collections.abc import Iterator

import numpy as np

from attnviz.output.colormaps import AMBER, PAPER
from attnviz.output.pictures.files.encoding import png
from attnviz.output.pictures.inline import matrix_pixels
from attnviz.output.terminal.images.image_screen import ImageScreen
from attnviz.output.terminal.images.iterm2 import iterm2_image
from attnviz.output.terminal.images.kitty import kitty_image
from attnviz.output.terminal.images.sixel import sixel_image
from attnviz.output.terminal.screen import DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.trace.attention import Matrix

_SPARE_ROWS = 8  # of the terminal: the text above a picture, the lines of other heads and the prompt below it
_DPI = 96


class ImageView(LinesView):
    """A Rich renderable, of one line that is as high as the picture.

    Args:
        matrix: what is drawn.
        screen: where it is printed.
        images: how the terminal draws pictures.
        cmap: one of ``TERMINAL_COLORMAPS``; a picture has its own usual colours in the place of the text's.
    """

    def __init__(self, matrix: Matrix, screen: Screen, images: ImageScreen, cmap: str):
        super().__init__(screen)
        self._matrix, self._images = matrix, images
        self._cmap = PAPER if cmap == AMBER else cmap

    def lines(self) -> Iterator[StyledLine]:
        """The picture, or a line that there is no room for it."""
        room = self._images.room(self.screen.width, _SPARE_ROWS)
        pixels = matrix_pixels(self._matrix, room, self._images.cell[1], self._cmap)
        if pixels is None:
            yield from self.text(f"{self._matrix.title}: no room for a picture of {room[0]} x {room[1]} pixels", DIM)
        else:
            yield [(image(pixels, self._images), PLAIN)]


def image(pixels: np.ndarray, images: ImageScreen) -> str:
    """What makes the terminal draw the pixels at the cursor: (height, width, 4) uint8."""
    if images.protocol == "sixel":
        return sixel_image(pixels, images.n_colors)
    data = png(pixels, {}, _DPI)
    if images.protocol == "iterm2":
        return iterm2_image(data, math.ceil(pixels.shape[1] / images.cell[0]))
    return kitty_image(data)
