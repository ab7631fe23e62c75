"""Our own colour tables are Matplotlib's, readable under text, and monotone where a terminal has 256 colours."""

import matplotlib
import numpy as np
import pytest

from attnviz.output.colormaps import (
    COLORMAPS,
    DIVERGING,
    ENTRIES,
    TERMINAL_COLORMAPS,
    luminance,
    palette_rgb,
    ramp_256,
    table,
    text_on,
)


@pytest.mark.parametrize("name", [*COLORMAPS, DIVERGING])
def test_a_table_is_matplotlibs(name):
    its_name = {"greys": "Greys", "redblue": "RdBu_r"}.get(name, name)
    theirs = matplotlib.colormaps[its_name](np.arange(ENTRIES), bytes=True)
    np.testing.assert_array_equal(np.array(table(name)), theirs[:, :3])


def contrast(rgb):
    lighter, darker = sorted((luminance(rgb), luminance(text_on(rgb))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("name", TERMINAL_COLORMAPS)
def test_text_on_every_colour_has_a_contrast_of_4_5(name):
    assert min(contrast(rgb) for rgb in table(name)) >= 4.5
    assert min(contrast(palette_rgb(number)) for number in ramp_256(name)) >= 4.5


@pytest.mark.parametrize("name", COLORMAPS)
def test_a_ramp_only_rises_or_only_falls_as_its_table_does(name):
    ramp = [luminance(palette_rgb(number)) for number in ramp_256(name)]
    rising = luminance(table(name)[-1]) > luminance(table(name)[0])
    assert ramp == sorted(ramp, reverse=not rising)
    assert len(set(ramp)) == len(ramp) >= 12


def test_the_palette_is_the_terminals():
    assert [palette_rgb(n) for n in (16, 21, 196, 231, 232, 255)] == [
        (0, 0, 0),
        (0, 0, 255),
        (255, 0, 0),
        (255, 255, 255),
        (8, 8, 8),
        (238, 238, 238),
    ]


def test_luminance_is_wcags():
    assert luminance((0, 0, 0)) == 0
    assert luminance((255, 255, 255)) == pytest.approx(1)
    assert luminance((255, 0, 0)) == pytest.approx(0.2126)
