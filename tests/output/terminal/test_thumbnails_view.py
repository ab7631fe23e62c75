"""All heads at a glance: half blocks and shades of the matrices' own numbers, any number of tokens, any width."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.output.colormaps import LEAST_PAINTED, table
from attnviz.output.labels import cell_width
from attnviz.output.terminal.screen import Screen
from attnviz.output.terminal.styles.base import Looks
from attnviz.output.terminal.thumbnails.layout import thumbnail_layout
from attnviz.output.terminal.thumbnails.thumbnails_view import ThumbnailsView
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token
from tests.output.printing import printed

MODEL = ModelInfo("toy", "sha256:0", {"n_layers": 2, "n_heads": 5})


def tokens(n):
    return tuple(Token(f"t{i}", f"t{i}") for i in range(n))


def attention(n_queries=11, n_keys=None, n_layers=2, n_heads=5, **more):
    n_keys = n_queries if n_keys is None else n_keys
    weights = np.random.default_rng(2).gamma(0.1, size=(n_layers, n_heads, n_queries, n_keys)) + 1e-9
    weights /= weights.sum(axis=-1, keepdims=True)
    layers, heads = tuple(range(n_layers)), tuple(range(n_heads))
    return Attention(weights, tokens(n_queries), tokens(n_keys), layers, heads, MODEL, **more)


def view(whole=None, screen=None, looks=None):
    whole = attention() if whole is None else whole
    return ThumbnailsView([whole], whole.matrices.shape[:2], screen or Screen(80, "truecolor"), looks or Looks())


def lines_of(one):
    return ["".join(text for text, _ in line).rstrip() for line in one.lines()]


def pixels_of(line, start, columns):
    """The upper and the lower colours of a line's characters, as red, green, blue; None where there is none."""
    cells = [(c, style) for text, style in line for c in text][start : start + columns]
    upper = [s.color.triplet if c == "▀" else None for c, s in cells]
    lower = [s.bgcolor.triplet if c == "▀" and s.bgcolor else s.color.triplet if c == "▄" else None for c, s in cells]
    return upper, lower


CASES = {
    "plain": {},
    "few": {"n_queries": 4},
    "many": {"n_queries": 61},
    "cross": {"n_queries": 9, "n_keys": 16, "kind": "cross"},
    "layers": {"n_layers": 12, "n_heads": 12, "n_queries": 14},
    "norms": {"values": "norms"},
}


SMALL, LARGE = ("plain", "few", "cross", "norms"), ("many", "layers")
PRINTED = [
    *((case, width, None) for case in (*SMALL, *LARGE) for width in (40, 80, 200)),
    *((case, width, "256") for case in SMALL for width in (40, 80, 200)),
    *((case, 80, "truecolor") for case in ("plain", "few")),
    ("plain", 80, "standard"),
    ("many", 80, "256"),
]


@pytest.mark.parametrize(("case", "width", "color"), PRINTED)
def test_it_looks_as_approved(case, width, color, assert_approved):
    screen = Screen(width, color)
    name = f"thumbnails-{case}-{width}" + (f"-{color}" if color else "")
    assert_approved(printed(view(attention(**CASES[case]), screen), screen), name)


def test_each_half_block_is_a_weight_and_small_ones_are_not_painted():
    whole = attention(n_layers=1, n_heads=2)
    _, _, names, *lines = list(view(whole).lines())
    assert "".join(text for text, _ in names).replace("*", "").split() == ["L0H0", "L0H1"]
    colors = table("amber")
    for head in range(2):
        rows = [row for line in lines[:6] for row in pixels_of(line, head * 13, 11)]
        for row, values in zip(rows, [*whole.matrices[0, head], np.zeros(11)], strict=True):
            expected = [None if int(v * 256) / 256 < LEAST_PAINTED else colors[min(255, int(v * 256))] for v in values]
            assert [None if p is None else tuple(p) for p in row] == expected


def test_many_tokens_are_blocks_of_maxima_and_it_says_so():
    whole = attention(61)
    block = thumbnail_layout((61, 61), (2, 5), 80, 5).block
    assert block > 1
    one = view(whole)
    assert f"each cell is the largest of {block} x {block}" in " ".join(lines_of(one)[1:3])
    single = np.zeros((1, 1, 61, 61))
    single[0, 0, 60, 60] = 1.0
    lines = list(view(replace(whole, matrices=single, layers=(0,), heads=(0,)), Screen(40, "256")).lines())
    assert sum(style.color is not None for line in lines for _, style in line) == 1


def test_shades_where_there_is_no_colour():
    text = printed(view(screen=Screen(80)), Screen(80))
    assert set("░▒▓█") & set(text)
    assert "▀" not in text
    assert "each cell is the largest of 2 x 1" in " ".join(text.split())
    plain = printed(view(screen=Screen(80, ascii=True)), Screen(80, ascii=True))
    assert plain.isascii()


def test_the_heads_that_say_most_are_marked_and_the_first_is_the_hint():
    whole = attention(n_layers=1, n_heads=3)
    lines = lines_of(view(replace(whole, values="norms")))
    assert "*" not in "".join(lines)
    lines = lines_of(view(attention()))
    assert sum(line.count("*") for line in lines[2:]) == 3
    name = lines[-1].split()[1]
    assert lines[-1] == f"-H {name} shows one in full, --from WORD one word in every head"
    assert any(f"{name}*" in line for line in lines)


def test_of_few_heads_one_is_marked_and_of_one_none():
    assert "".join(lines_of(view(attention(n_layers=1, n_heads=3)))[2:]).count("*") == 1
    assert "*" not in "".join(lines_of(view(attention(n_layers=1, n_heads=1))))


def test_twelve_layers_of_twelve_heads_are_rows_of_layers():
    lines = lines_of(view(attention(14, n_layers=12, n_heads=12), Screen(200, "256")))
    rows = [line.replace("*", "").split() for line in lines if line.startswith("L")]
    assert rows == [[f"L{layer}H{head}" for head in range(12)] for layer in range(12)]
    lines = lines_of(view(attention(14, n_layers=12, n_heads=12), Screen(80, "256")))
    rows = [line.replace("*", "").split() for line in lines if line.startswith("L")]
    assert [name for row in rows for name in row] == [f"L{layer}H{head}" for layer in range(12) for head in range(12)]
    assert len(lines) < 150


def test_parts_of_a_long_text_are_one_picture():
    whole = attention()
    parts = [replace(whole, matrices=whole.matrices[[i]], layers=(i,)) for i in range(2)]
    assert lines_of(ThumbnailsView(parts, (2, 5), Screen(80, "256"), Looks())) == lines_of(
        view(screen=Screen(80, "256"))
    )


def test_heads_that_are_chosen_by_name_are_side_by_side():
    whole = attention()
    named = replace(whole, matrices=whole.matrices[[1, 0], [3, 2]][:, None], layers=(1, 0), heads=(3, 2), by_name=True)
    assert lines_of(view(named))[2].replace("*", "").split() == ["L1H3", "L0H2"]


@pytest.mark.parametrize(("reduce", "name"), [("mean", "mean"), ("rollout", "rollout")])
def test_reduced_matrices_have_their_names(reduce, name):
    whole = attention()
    lines = lines_of(view(replace(whole, matrices=whole.matrices[:1, :1], reduce=reduce)))
    assert lines[0].startswith("1 matrix at a glance: toy")
    assert lines[2].split() == [name]
    assert "-H" not in lines[-1]


@given(
    st.integers(1, 40),
    st.integers(1, 40),
    st.integers(1, 3),
    st.integers(1, 13),
    st.integers(20, 200),
    st.sampled_from([None, "truecolor", "256", "standard"]),
    st.booleans(),
    st.booleans(),
)
def test_any_number_of_tokens_and_heads_fits_any_width(n, m, n_layers, n_heads, width, color, ascii_only, causal):
    screen = Screen(width, color, ascii_only)
    whole = attention(n, m, n_layers, n_heads)
    if causal:
        whole = replace(whole, masked=np.broadcast_to(np.triu(np.ones((n, m), bool)), (n_layers, n, m)))
    for line in view(whole, screen).lines():
        text = "".join(piece for piece, _ in line)
        assert cell_width(text) <= width
        assert not ascii_only or text.isascii()
