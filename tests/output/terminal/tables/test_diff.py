"""A difference printed, and painted: in any width, the heads farthest apart first, 0 between the two colours."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from attnviz.output.picture_scales import own_picture_scale, picture_scale
from attnviz.output.pictures.matrices.painting import block_extremes
from attnviz.output.terminal.screen import Screen
from attnviz.output.terminal.tables.diff import DiffView, ranked
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token
from tests.output.printing import printed

TOKENS = tuple(Token(text=t, label=t, piece=t) for t in ("The", "日本語の長いことば", "שלום", "mat"))


def row(layer, head, jsd, vs_layer=None):
    places = {"layer": layer, "head": head, "vs_layer": layer if vs_layer is None else vs_layer, "vs_head": head}
    return {**places, "jsd": jsd, "rest": 0.1, "vs_rest": 0.2}


def change(query, key, before, after, vs_layer=1):
    places = {"layer": 1, "head": 3, "vs_layer": vs_layer, "vs_head": 3, "query": query, "key": key}
    return {**places, "vs_query": query, "vs_key": key, "before": before, "after": after, "change": after - before}


DOCUMENT = {
    "kind": "encoder",
    "a": {"text": "The cat sat on the mat", "tokens": [0] * 4},
    "b": {"text": "The dog sat on the mat", "tokens": [0] * 5},
    "aligned": {"queries": [(0, 0), (1, 1), (3, 3)], "keys": [(0, 0), (1, 1), (3, 3)]},
    "heads": [row(0, 0, 0.01), row(0, 1, None), row(1, 2, 0.25), row(1, 3, 0.99)],
    "changes": [change(0, 1, 0.9, 0.125), change(3, None, 0.125, 0.625), change(3, 2, 0.0, 0.5)],
    "tolerance": 0.2,
}


def shown(width, *, is_ascii=False, **changed):
    screen = Screen(width, None, is_ascii)
    return printed(DiffView(DOCUMENT | changed, (TOKENS, TOKENS), "toy (sha256:0123)", screen, top=3), screen)


@pytest.mark.parametrize("width", [40, 80])
def test_it_looks_as_it_was_approved(width, assert_approved):
    assert_approved(shown(width), f"diff-{width}")


@given(st.integers(30, 120), st.booleans(), st.booleans())
def test_it_fits_any_width(width, is_ascii, across):
    heads = [row(10, 11, 0.5, vs_layer=12)] if across else DOCUMENT["heads"]
    changes = [change(1, 2, 0, 1, vs_layer=12 if across else 1)]
    out = shown(width, is_ascii=is_ascii, heads=heads, changes=changes)
    assert max(cell_len(line) for line in out.split("\n")) <= width
    assert not is_ascii or out.isascii()


def test_heads_farthest_apart_come_first_and_those_without_a_row_last():
    assert [one["jsd"] for one in ranked(DOCUMENT["heads"])] == [0.99, 0.25, 0.01, None]


def changes_of(values):
    values = np.array(values, float)[None, None]
    tokens = TOKENS[: values.shape[-1]]
    return Attention(
        values, tokens[: values.shape[2]], tokens, (0,), (0,), ModelInfo("toy", "seed:0"), values="changes"
    )


@pytest.mark.parametrize(("values", "bound"), [([[0.1, -0.4]], 0.4), ([[0.3, 0.2]], 0.3), ([[0, 0]], 1)])
def test_the_scale_of_changes_is_symmetric_about_0(values, bound):
    attention = changes_of(values)
    for scale in (picture_scale(attention), own_picture_scale(next(iter(attention)))):
        assert (scale.low, scale.high) == (-bound, bound)
        assert scale.words.endswith("red: more in B, blue: more in A")


def test_a_cell_of_several_changes_shows_the_one_farthest_from_0():
    values = np.array([[0.1, -0.5, 0.2], [0.0, 0.4, -0.1]])
    hidden = np.array([[False, False, False], [False, True, False]])
    shown_values, empty = block_extremes(values, hidden, (2, 2))
    np.testing.assert_array_equal(shown_values, [[-0.5, 0.2]])
    assert not empty.any()
    assert block_extremes(values, np.ones_like(hidden), (2, 2))[1].all()


def test_what_there_is_nothing_of_is_said():
    alone = shown(80, heads=[row(0, 0, 0.25)], changes=[])
    assert "one head: 0.250" in alone
    assert "no weight changed" in alone
    assert "L0H0      -  no row in both" in shown(80, heads=[row(0, 0, None)])
