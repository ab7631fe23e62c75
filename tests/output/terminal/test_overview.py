"""The first view: what it says, how it fits, and that a zero is never painted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.heads.telling import overview
from attnviz.output.colormaps import luminance, palette_rgb, text_on
from attnviz.output.labels import cell_width
from attnviz.output.terminal.first.amber import _RAMP_256, amber, weight_style
from attnviz.output.terminal.matrices.overview import OverviewView
from attnviz.output.terminal.screen import Screen
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token

CONFIG = {"n_layers": 1, "n_heads": 2}


def attention(labels, weights, rest=None, weights_name="sha256:ab", masked=None):
    """One layer of heads, (n_heads, n, n), with what special tokens got."""
    tokens = tuple(Token(label, label) for label in labels)
    matrices = np.asarray(weights, np.float64)[None]
    return Attention(
        matrices, tokens, tokens, (0,), tuple(range(matrices.shape[1])), ModelInfo("toy", weights_name, CONFIG),
        hidden=rest is not None, rest=None if rest is None else np.asarray(rest)[None], masked=masked,
    )  # fmt: skip


def printed(view, screen=None, text="the cat sat"):
    lines = OverviewView(text, overview([view]), screen or Screen(80)).lines()
    return ["".join(piece for piece, _ in line).rstrip() for line in lines]


HEADS = [
    [[0.0, 0.9, 0.0], [0.004, 0.0, 0.2], [0.6, 0.0, 0.0]],
    [[0.3, 0.3, 0.3], [0.3, 0.3, 0.3], [0.3, 0.3, 0.3]],
]
REST = [[0.1, 0.796, 0.4], [0.1, 0.1, 0.1]]


def test_it_says_the_strongest_link_in_words_and_prints_percent_blank_below_one():
    assert printed(attention(("the", "cat", "sat"), HEADS, REST)) == [
        "the cat sat",
        '"the" looks most at "cat" (90%)',
        "L0H0 of toy (1 layer x 2 heads): rows look at columns, in percent",
        "             the      cat      sat special",
        "the                   *90               10",
        "cat                             20      80",
        "sat          *60                        40",
        "L0H1",
        "-L all prints every head, `attnviz heads` says what each does.",
    ]


def test_random_weights_are_said_to_be_meaningless():
    assert "random weights (seed 0)" in printed(attention("abc", HEADS, REST, weights_name="seed:0"))[2]


def test_a_masked_cell_is_marked_and_a_zero_is_blank():
    masked = np.array([[[False, True, True], [False, False, True], [False, False, False]]])
    rows = printed(attention("abc", [np.tril(np.ones((3, 3)) / 3)], masked=masked))[4:7]
    assert [row.count("·") for row in rows] == [2, 1, 0]


def test_no_cell_below_a_twentieth_is_painted():
    view = OverviewView("x", overview([attention("abc", HEADS, REST)]), Screen(80, "truecolor"))
    for line in list(view.lines())[4:7]:
        for piece, style in line:
            if style.bgcolor is not None:
                assert int(piece) >= 5


@pytest.mark.parametrize("percent", range(5, 101))
def test_every_amber_is_legible(percent):
    rgb = amber(percent / 100)
    low, high = sorted((luminance(rgb), luminance(text_on(rgb))))
    assert (high + 0.05) / (low + 0.05) >= 4.5
    assert amber(percent / 100) >= amber((percent - 1) / 100)


def test_the_ambers_of_256_colours_get_brighter():
    lights = [luminance(palette_rgb(number)) for number in _RAMP_256]
    assert lights == sorted(lights)


def test_sixteen_colours_and_none_use_no_background():
    assert weight_style(70, "standard").bgcolor is None
    assert weight_style(70, "standard").reverse
    assert weight_style(70, None, bold=True).bold


@given(
    st.lists(st.text(min_size=1, max_size=9), min_size=1, max_size=40),
    st.integers(20, 120),
    st.sampled_from([None, "truecolor"]),
)
def test_no_line_is_wider_than_the_screen(labels, width, color):
    from attnviz.text.labels import printable

    n = len(labels)
    weights = np.random.default_rng(n).dirichlet(np.full(n, 0.1), (2, n))
    view = attention([printable(label) for label in labels], weights)
    screen = Screen(width, color)
    lines = OverviewView("some text", overview([view]), screen).lines()
    assert all(cell_width("".join(piece for piece, _ in line)) <= width for line in lines)
