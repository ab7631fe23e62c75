"""``--layer`` and ``--head``: what a selection selects, and the line that a wrong one gets."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.analysis.matrices.selection import Request, select, select_attention, select_one
from attnviz.errors import UsageError
from attnviz.numbers import spans
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.result import Result
from attnviz.trace.tokens import Token


@pytest.mark.parametrize(
    ("selection", "numbers"),
    [
        ("all", (0, 1, 2, 3, 4, 5, 6)),
        ("0", (0,)),
        ("0,2-3,-1", (0, 2, 3, 6)),
        (" 5 , 1 ", (5, 1)),
        ("-1", (6,)),
        ("-3--1", (4, 5, 6)),
        ("5--1", (5, 6)),
        ("2,2,1-2", (2, 1)),
        (3, (3,)),
        (-7, (0,)),
        ([4, 0], (4, 0)),
    ],
)
def test_a_selection_selects_in_its_own_order_each_once(selection, numbers):
    assert select(selection, 7, "layer") == numbers


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ("7", "head: there is no head 7; expected 0-6 (or from the end, -1)"),
        ("-8", "head: there is no head -8; expected 0-6 (or from the end, -1)"),
        ("1-9", "head: there is no head 9; expected 0-6 (or from the end, -1)"),
        ("3-1", "head: '3-1' runs backwards; expected the smaller number first"),
        ("", "head: '' cannot be read; expected all, or numbers such as 0,2-3,-1, or names such as L2H8,L1H7"),
        ("1,,2", "head: '' cannot be read; expected all, or numbers such as 0,2-3,-1, or names such as L2H8,L1H7"),
        ("two", "head: 'two' cannot be read; expected all, or numbers such as 0,2-3,-1, or names such as L2H8,L1H7"),
        (
            "9999999999",
            "head: '9999999999' cannot be read; expected all, or numbers such as 0,2-3,-1, or names such as L2H8,L1H7",
        ),
    ],
)
def test_a_wrong_selection_gets_one_line(selection, message):
    with pytest.raises(UsageError) as caught:
        select(selection, 7, "head")
    assert str(caught.value) == message


def test_one_means_one():
    assert select_one("-1", 3, "layer") == 2
    with pytest.raises(UsageError, match=r"^layer: '0-1' selects 2; expected one$"):
        select_one("0-1", 3, "layer")


@given(st.lists(st.integers(0, 30), min_size=1, unique=True))
def test_numbers_written_as_spans_read_back(numbers):
    assert select(spans(tuple(numbers)), 31, "layer") == tuple(numbers)


def held():
    """What a file may hold: layers 1 and 4 and heads 0, 2 and 5 of a model; each matrix holds its layer and head."""
    tokens, model = (Token("a", "a", piece="a"),), ModelInfo("test", "seed:0")
    matrices = np.array([[10, 12, 15], [40, 42, 45]], np.float32)[:, :, None, None]
    attention = Attention(matrices, tokens, tokens, (1, 4), (0, 2, 5), model, values="scores")
    return Result("a", {"encoder": attention}, model, tokens)


@pytest.mark.parametrize(
    ("layers", "heads", "numbers"),
    [("all", "2", [12, 42]), ("-1", "-1", [45]), ("4,1", "5,0", [45, 40, 15, 10]), (-4, "-4", [12])],
)
def test_a_selection_of_a_file_means_the_numbers_of_its_model(layers, heads, numbers):
    found = select_attention(held(), Request(layers=layers, heads=heads)).views["encoder"]
    assert found.matrices.ravel().tolist() == numbers
    assert [10 * layer + head for layer in found.layers for head in found.heads] == numbers


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"layers": "2"}, "layer: there is no layer 2 here; expected some of [1, 4]"),
        ({"heads": "-2"}, "head: there is no head 4 here; expected some of [0, 2, 5]"),
    ],
)
def test_a_layer_or_head_that_a_file_does_not_hold_is_refused(selection, message):
    with pytest.raises(UsageError) as caught:
        select_attention(held(), Request(**selection))
    assert str(caught.value) == message
