"""How a picture looks, resolved: what a layout needs of what the user chose."""

import numpy as np

from attnviz.output.pictures.fonts import Instead
from attnviz.output.pictures.sizes import FigureSize
from attnviz.output.scale import Scale
from attnviz.records import dataclass


@dataclass(frozen=True, eq=False)
class Look:
    """What the layouts of pictures have in common.

    Attributes:
        size: of the figure; None for the natural size of what it shows.
        font_size: of the smallest type, in points.
        dpi: pixels an inch of a PNG.
        palette: (256, 4) uint8.
        scale: the values of the palette's ends.
        instead: what is drawn for characters that no font has.
        numbers: whether each cell has its number, where it fits.
        heading: whether the title, the lines under it and the foot are drawn.
    """

    size: FigureSize | None
    font_size: float
    dpi: int
    palette: np.ndarray
    scale: Scale
    instead: Instead
    numbers: bool = False
    heading: bool = True
