"""The first view: what it says, how it fits, and that a zero is never painted."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.telling import overview
from attnviz.output.colormaps import AMBER, luminance, palette_rgb, ramp_256, table
from attnviz.output.labels import cell_width
from attnviz.output.terminal.cells import cell_style
from attnviz.output.terminal.overview import OverviewView
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


def printed(view, screen=None):
    lines = OverviewView(overview([view]), screen or Screen(80)).lines()
    return ["".join(piece for piece, _ in line).rstrip() for line in lines]


HEADS = [
    [[0.0, 0.9, 0.0], [0.004, 0.0, 0.2], [0.6, 0.0, 0.0]],
    [[0.3, 0.3, 0.3], [0.3, 0.3, 0.3], [0.3, 0.3, 0.3]],
]
REST = [[0.1, 0.796, 0.4], [0.1, 0.1, 0.1]]


def test_it_says_the_strongest_link_in_words_and_prints_percent_blank_below_one():
    assert printed(attention(("the", "cat", "sat"), HEADS, REST)) == [
        '"the" looks most at "cat" (90%)',
        "L0H0 of toy (1 layer x 2 heads): rows look at columns, in percent",
        "             the      cat      sat special",
        "0 the                 *90               10",
        "1 cat                           20      80",
        "2 sat        *60                        40",
        "1 more head: --grid shows all, -H L0H1 one, `attnviz heads` describes each",
    ]


def test_the_next_heads_have_a_line_each():
    half = np.full((3, 3), 0.1)
    half[0, 2] = half[2, 1] = 0.7
    lines = printed(attention(("the", "cat", "sat"), [*HEADS, half], np.zeros((3, 3))))
    assert lines[-2:] == [
        "L0H2  sat -> cat 70%",
        "1 more head: --grid shows all, -H L0H1 one, `attnviz heads` describes each",
    ]


def test_random_weights_are_said_to_be_chance():
    caption = " ".join(printed(attention("abc", HEADS, REST, weights_name="seed:0"))[1:3])
    assert "random weights of seed 0 (any pattern is chance)" in caption


def test_a_masked_cell_is_marked_and_a_zero_is_blank():
    masked = np.array([[[False, True, True], [False, False, True], [False, False, False]]])
    rows = printed(attention("abc", [np.tril(np.ones((3, 3)) / 3)], masked=masked))[3:6]
    assert [row.count("·") for row in rows] == [2, 1, 0]


def test_no_cell_below_a_tenth_is_painted():
    view = OverviewView(overview([attention("abc", HEADS, REST)]), Screen(80, "truecolor"))
    for line in list(view.lines())[3:6]:
        for piece, style in line:
            if style.bgcolor is not None:
                assert int(piece) >= 10


def test_amber_gets_brighter_and_is_never_black_or_white():
    lights = [luminance(rgb) for rgb in table(AMBER)]
    assert lights == sorted(lights)
    assert 0.05 < lights[0] < lights[-1] < 0.7
    lights = [luminance(palette_rgb(number)) for number in ramp_256(AMBER)]
    assert lights == sorted(lights)


def test_sixteen_colours_and_none_use_no_background():
    assert cell_style(0.7, AMBER, "standard").bgcolor is None
    assert cell_style(0.7, AMBER, "standard").reverse
    assert cell_style(0.7, AMBER, None, bold=True).bold


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
    lines = OverviewView(overview([view]), screen).lines()
    assert all(cell_width("".join(piece for piece, _ in line)) <= width for line in lines)
