"""Colour tables are Matplotlib's or measured, readable under text, and monotone where a terminal has 256 colours."""

import matplotlib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.errors import UsageError
from attnviz.output.colormaps import (
    COLORMAPS,
    DIVERGING,
    ENTRIES,
    PAPER,
    PICTURE_COLORMAPS,
    TERMINAL_COLORMAPS,
    colormap_name,
    luminance,
    palette_rgb,
    ramp_256,
    table,
    text_on,
)
from attnviz.output.pictures.style import palette_of


@pytest.mark.parametrize("name", COLORMAPS)
def test_a_table_is_matplotlibs(name):
    theirs = matplotlib.colormaps[{"greys": "Greys"}.get(name, name)](np.arange(ENTRIES), bytes=True)
    np.testing.assert_array_equal(np.array(table(name)), theirs[:, :3])


def test_the_map_of_differences_is_matplotlibs_with_a_white_middle():
    theirs = matplotlib.colormaps["RdBu_r"](np.arange(ENTRIES), bytes=True)[:, :3].astype(int)
    lighter = np.array(table(DIVERGING)) - theirs
    assert table(DIVERGING)[ENTRIES // 2] == (255, 255, 255)
    assert lighter.min() == 0
    assert lighter.max() == 9
    lightness = cam02_ucs(linear(table(DIVERGING)))[:, 0]
    assert np.diff(lightness[:129]).min() > 0
    assert np.diff(lightness[128:]).max() < 0


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


# Machado, Oliveira and Fernandes 2009, severity 1; for linear red, green and blue.
COLOUR_BLINDNESS = {
    "none": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
}
TO_XYZ = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
CAT02 = np.array([[0.7328, 0.4296, -0.1624], [-0.7036, 1.6975, 0.0061], [0.003, 0.0136, 0.9834]])
HUNT = np.array([[0.38971, 0.68898, -0.07868], [-0.22981, 1.1834, 0.04641], [0, 0, 1]]) @ np.linalg.inv(CAT02)


def linear(rgb):
    rgb = np.array(rgb) / 255
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def cielab_lightness(rgb):
    y = linear(rgb) @ TO_XYZ[1]
    return np.where(y > (6 / 29) ** 3, 116 * np.cbrt(y) - 16, y * (29 / 3) ** 3)


def cam02_ucs(linear_rgb):
    """J', a', b' of linear colours, (n, 3), as sRGB is to be viewed: 64 lux, a grey background, average surround."""
    adapting = 64 / np.pi / 5
    k = 1 / (5 * adapting + 1)
    level = 0.2 * k**4 * 5 * adapting + 0.1 * (1 - k**4) ** 2 * np.cbrt(5 * adapting)
    n = 0.2
    base = 0.725 * (1 / n) ** 0.2
    white = CAT02 @ TO_XYZ @ np.full(3, 100)
    degree = 1 - np.exp((-adapting - 42) / 92) / 3.6
    adapted = 100 * degree / white + 1 - degree

    def responses(colours):
        part = (level * np.maximum((adapted * (colours @ CAT02.T)) @ HUNT.T, 0) / 100) ** 0.42
        return 400 * part / (part + 27.13) + 0.1

    def achromatic(response):
        return (response @ [2, 1, 0.05] - 0.305) * base

    response = responses(100 * linear_rgb @ TO_XYZ.T)
    a, b = response @ [1, -12 / 11, 1 / 11], response @ [1 / 9, 1 / 9, -2 / 9]
    hue = np.arctan2(b, a)
    lightness = 100 * (achromatic(response) / achromatic(responses(white @ np.linalg.inv(CAT02).T))) ** (
        0.69 * (1.48 + n**0.5)
    )
    eccentricity = 50_000 / 13 * base * 0.25 * (np.cos(hue + 2) + 3.8)
    chroma = (eccentricity * np.hypot(a, b) / (response @ [1, 1, 1.05])) ** 0.9
    chroma *= (lightness / 100) ** 0.5 * (1.64 - 0.29**n) ** 0.73
    colourfulness = np.log1p(0.0228 * chroma * level**0.25) / 0.0228
    uniform = 1.7 * lightness / (1 + 0.007 * lightness)
    return np.stack([uniform, colourfulness * np.cos(hue), colourfulness * np.sin(hue)], axis=1)


def test_the_measure_of_colours_is_that_of_colorspacious():
    colours = linear([(255, 255, 255), (29, 165, 208), (58, 4, 99), (128, 128, 0)])
    theirs = [[99.999, -1.912, -1.151], [64.157, -18.916, -19.674], [18.07, 12.176, -21.877], [54.326, -7.586, 26.261]]
    np.testing.assert_allclose(cam02_ucs(colours), theirs, atol=0.02)


def test_paper_begins_at_white_and_its_equal_steps_look_equally_large():
    colours = np.array(table(PAPER))
    assert tuple(colours[0]) == (255, 255, 255)
    assert len({tuple(colour) for colour in colours}) == ENTRIES
    steps = np.linalg.norm(np.diff(cam02_ucs(linear(colours))[::15], axis=0), axis=1)
    assert len(steps) == 17
    assert steps.min() > 5.6
    assert steps.max() < 1.08 * steps.min()


def test_the_lightness_of_paper_falls_evenly_from_100_to_15():
    lightness = cielab_lightness(table(PAPER))
    assert (round(lightness[0]), round(lightness[-1])) == (100, 15)
    assert np.diff(lightness).max() < 0
    np.testing.assert_allclose(lightness, np.linspace(lightness[0], lightness[-1], ENTRIES), atol=1.1)


@pytest.mark.parametrize("kind", COLOUR_BLINDNESS)
def test_paper_gets_darker_with_every_step_for_people_who_see_fewer_colours(kind):
    seen = np.clip(linear(table(PAPER)) @ np.array(COLOUR_BLINDNESS[kind]).T, 0, 1)
    lightness = cam02_ucs(seen)[:, 0]
    assert np.diff(lightness[::3]).max() < -0.3
    np.testing.assert_allclose(lightness[[0, -1]], [100, 18], atol=1)


def test_maps_of_pictures_are_matplotlibs_sequential_ones_and_our_own():
    for name in PICTURE_COLORMAPS[1:]:
        for ending in ("", "_r"):
            theirs = matplotlib.colormaps[name + ending](np.arange(ENTRIES), bytes=True)
            np.testing.assert_array_equal(palette_of(name + ending), theirs)
    np.testing.assert_array_equal(palette_of(PAPER)[:, :3], table(PAPER))
    np.testing.assert_array_equal(palette_of(f"{PAPER}_r"), palette_of(PAPER)[::-1])


@given(st.sampled_from(PICTURE_COLORMAPS), st.sampled_from([str.upper, str.lower, str.title]), st.booleans())
def test_a_map_is_found_in_capitals_and_small_letters(name, spelling, reverse):
    ending = "_r" if reverse else ""
    assert colormap_name(spelling(name + ending)) == name + ending


@pytest.mark.parametrize(
    ("name", "question"),
    [
        ("plasm", " (did you mean plasma?)"),
        ("Grey", " (did you mean Greys or gray?)"),
        ("jet", ""),
        ("", ""),
        ("a\nb", ""),
    ],
)
def test_an_unknown_map_is_refused_in_one_line_with_names_that_are_near(name, question):
    with pytest.raises(UsageError) as error:
        colormap_name(name)
    assert str(error.value) == (
        f"cmap: {name!r} is not known{question}; expected paper, or a sequential map of Matplotlib such as viridis, "
        "Greys or YlGnBu"
    )
