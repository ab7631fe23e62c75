"""Pictures of any size need a bounded number of pixels."""

import numpy as np
import pytest

from attnviz.errors import UsageError
from attnviz.output.pictures import drawing
from attnviz.output.pictures.drawing import Drawing, own_settings
from attnviz.output.pictures.scene import Raster, Scene
from tests.output.pictures.drawn import FONTS


def scene(side: float, sizes: list[int]) -> Scene:
    def paint(height: int, width: int) -> np.ndarray:
        sizes.append(height * width)
        return np.zeros((height, width, 4), np.uint8)

    return Scene(width=side, height=side, fixed=(Raster(0, 0, side, side, paint),), title="One image")


@pytest.mark.parametrize("ending", ["svg", "pdf"])
@pytest.mark.parametrize("side", [20.0, 200.0, 14_400.0])
def test_images_in_a_huge_pdf_or_svg_have_fewer_pixels_an_inch(side, ending, monkeypatch):
    monkeypatch.setattr(drawing, "MOST_VECTOR_PIXELS", 40_000)
    sizes: list[int] = []
    with own_settings():
        Drawing(FONTS, 150).vector(scene(side, sizes), ending)
    assert sizes
    assert max(sizes) <= 41_000


@pytest.mark.parametrize("side", [14_400.0, 7_200.0])
def test_a_png_of_too_many_pixels_is_an_error_before_it_is_drawn(side):
    sizes: list[int] = []
    with own_settings(), pytest.raises(UsageError, match="pixels are too many for a PNG; expected at most 200 million"):
        Drawing(FONTS, 150).pixels(scene(side, sizes))
    assert not sizes
