"""Sixel: what a terminal draws of it is the picture, in as many colours as it holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from attnviz.output.terminal.images.few_colors import few_colors
from attnviz.output.terminal.images.sixel import sixel_image
from tests.output.terminal.images.sixel_reader import drawn

NEAR = 2  # of 255: a Sixel colour is in whole percent

few = st.sampled_from([0, 51, 102, 255])
sizes = st.tuples(st.integers(1, 15), st.integers(1, 23), st.just(3))


@given(arrays(np.uint8, sizes, elements=few))
def test_every_pixel_is_drawn_in_its_colour(pixels):
    result = drawn(sixel_image(pixels))
    assert (result[..., 3] == 255).all()
    np.testing.assert_array_equal(result[..., :3], pixels)


@given(arrays(np.uint8, sizes), st.integers(1, 20))
def test_a_picture_of_many_colours_has_as_many_as_the_terminal_holds(pixels, most):
    result = drawn(sixel_image(pixels, most))
    assert (result[..., 3] == 255).all()
    assert len(np.unique(result[..., :3].reshape(-1, 3), axis=0)) <= most


def test_colours_are_near_the_true_ones_where_there_are_more_than_the_terminal_holds():
    ramp = np.linspace(0, 255, 700).round().astype(np.uint8)
    other = np.linspace(255, 0, 700).round().astype(np.uint8)
    pixels = np.stack([ramp, other, ramp // 2], axis=-1)[None].repeat(7, axis=0)
    result = drawn(sixel_image(pixels, 64))
    assert np.abs(result[..., :3].astype(int) - pixels).max() <= 255 / 64 * 1.5 + NEAR


def test_alpha_is_not_looked_at():
    pixels = np.full((3, 4, 4), (255, 0, 102, 255), np.uint8)
    np.testing.assert_array_equal(drawn(sixel_image(pixels)), pixels)


def test_equal_neighbours_take_few_bytes():
    pixels = np.zeros((600, 900, 3), np.uint8)
    pixels[:, 450:] = 255
    assert len(sixel_image(pixels)) < 3000


@pytest.mark.parametrize("shape", [(1, 1), (6, 1), (7, 1), (12, 5), (13, 2)])
def test_any_height_is_drawn_whole(shape):
    rng = np.random.default_rng(0)
    pixels = rng.choice([0, 255], (*shape, 3)).astype(np.uint8)
    np.testing.assert_array_equal(drawn(sixel_image(pixels))[..., :3], pixels)


def test_few_colors_is_exact_where_the_picture_has_no_more():
    pixels = np.array([[[1, 2, 3], [4, 5, 6], [1, 2, 3]]], np.uint8)
    colors, indices = few_colors(pixels, 2)
    np.testing.assert_array_equal(colors[indices], pixels)


def test_few_colors_keeps_large_areas_true():
    pixels = np.full((40, 40, 3), 255, np.uint8)
    pixels[0] = np.arange(120).reshape(40, 3)
    colors, indices = few_colors(pixels, 5)
    assert tuple(colors[indices[39, 0]]) == (255, 255, 255)
    assert len(colors) == 5
