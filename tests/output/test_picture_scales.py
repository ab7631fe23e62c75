"""Scales of pictures: shared or of each matrix, between the user's ends, with a norm that words and bar tell."""

import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.errors import UsageError
from attnviz.output.picture_scales import (
    ANY_ENDS,
    own_picture_scale,
    picture_scale,
    range_ends,
    round_number_above,
    tile_scales,
)
from attnviz.output.scale import NORM_WORDS, Scale
from tests.output.matrices import attention as zeros
from tests.output.matrices import matrix


def attention(*heads, values="weights", **fields):
    """One layer of heads, each a number or a row of numbers."""
    rows = [np.atleast_1d(np.array(head, float)) for head in heads]
    one = zeros(1, len(rows), ("a",) * len(rows[0]))
    matrices = np.stack([np.tile(row, (len(row), 1)) for row in rows])[None]
    return replace(one, matrices=matrices, values=values, masked=None, **fields)


def of_values(*rows, values="scores"):
    return matrix(("x",) * len(rows), ("a",) * len(rows[0]), np.array(rows, float), values=values)


# The user's ends


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        (None, (None, None)),
        ("0:0.2", (0, 0.2)),
        (":0.2", (None, 0.2)),
        ("1e-3:", (0.001, None)),
        ("-2:3", (-2, 3)),
        ("−2:−1", (-2, -1)),
        (" 0 : 1 ", (0, 1)),
    ],
)
def test_a_range_has_two_ends_of_which_one_may_be_left_out(text, ends):
    assert range_ends(text) == ends


@pytest.mark.parametrize("text", ["", ":", "0.2", "a:1", "0:b", "0:1:2", "nan:1", "0:inf", "0;1", "\x1b:1"])
def test_what_is_not_a_range_is_refused_in_one_line(text):
    with pytest.raises(UsageError, match=r"^range: cannot read '.*'; expected LOW:HIGH, such as 0:0.2, or :0.2$") as e:
        range_ends(text)
    assert str(e.value).isprintable()


@pytest.mark.parametrize("text", ["1:0", "0.2:0.2", "-1:-2"])
def test_an_empty_range_is_refused(text):
    message = f"range: {text} is empty; expected LOW:HIGH with LOW below HIGH, such as 0:0.2"
    with pytest.raises(UsageError, match=f"^{re.escape(message)}$"):
        range_ends(text)


# The ends of a scale


@pytest.mark.parametrize(
    ("largest", "high", "words"),
    [
        (0.0, 1, "scale 0–1, shared by all heads"),
        (0.2, 1, "scale 0–1, shared by all heads"),
        (0.199, 0.2, "scale 0–0.2, shared by all heads; the largest is 0.199"),
        (0.0763, 0.08, "scale 0–0.08, shared by all heads; the largest is 0.0763"),
        (0.01, 0.01, "scale 0–0.01, shared by all heads; the largest is 0.01"),
        (1.5, 1.5, "scale 0–1.5, shared by all heads"),
    ],
)
def test_the_shared_scale_ends_at_a_round_number_where_no_weight_is_as_large_as_a_fifth(largest, high, words):
    scale = picture_scale(attention(largest / 2, largest))
    assert (scale.low, scale.high, scale.words) == (0, high, words)


@given(st.floats(1e-12, 0.1999))
def test_a_round_number_is_just_above(value):
    end = round_number_above(value)
    assert value <= end <= 1.34 * value
    assert len(f"{end:e}".split("e")[0].rstrip("0").rstrip(".")) <= 3


def test_scales_of_other_values_never_end_at_a_round_number():
    assert picture_scale(attention(0.03, values="norms")).high == 0.03
    assert picture_scale(attention(0.03, reduce="rollout")).words == "scale 0–0.03, the largest"
    changes = picture_scale(attention(0.03, values="changes"))
    assert (changes.low, changes.high, changes.diverging) == (-0.03, 0.03, True)


@pytest.mark.parametrize(
    ("ends", "expected", "words"),
    [
        ((None, 0.2), (0, 0.2), "scale 0–0.2, shared by all heads; 0.2 and more in the last colour (largest 0.93)"),
        ((0.1, None), (0.1, 1), "scale 0.1–1, shared by all heads; 0.1 and less in the first colour"),
        ((0, 1), (0, 1), "scale 0–1, shared by all heads"),
    ],
)
def test_words_tell_which_values_are_beyond_the_users_ends(ends, expected, words):
    scale = picture_scale(attention(0.05, 0.93), ends)
    assert (scale.low, scale.high, scale.words) == (*expected, words)
    labels = [label for _, label in scale.ticks]
    assert labels[0].startswith("≤") == ("first colour" in words)
    assert labels[-1].startswith("≥") == ("last colour" in words)


def test_the_users_end_wins_over_the_round_number():
    assert picture_scale(attention(0.05), (None, 0.06)).words == "scale 0–0.06"
    assert picture_scale(attention(0.05), (0, None)).words == "scale 0–0.05, the largest is 0.05"


@pytest.mark.parametrize("value", [0.0, 5.0, -1e30, 1e30])
def test_a_scale_of_equal_scores_has_ends_that_differ(value):
    scale = own_picture_scale(of_values([value, value], [value, value]))
    assert scale.low == value < scale.high
    assert len(scale.labels) == 5


def test_labels_differ_where_ends_are_near_each_other():
    assert own_picture_scale(of_values([1030.0, 1031.0])).labels == ["1030", "1030.25", "1030.5", "1030.75", "1031"]
    assert Scale(0.999, 1, norm="sqrt").ticks[1][1] == "0.9991"


def test_an_end_that_values_do_not_reach_must_be_below_the_other():
    message = r"^range: the lower end 2 is not below the upper end 1; expected LOW:HIGH with both$"
    with pytest.raises(UsageError, match=message):
        picture_scale(attention(0.5), (2, None))


def test_changes_have_ends_of_one_size():
    half = attention([-0.5, 0.1], values="changes")
    for ends in ((None, 0.2), (-0.2, None), (-0.2, 0.2)):
        scale = picture_scale(half, ends)
        assert (scale.low, scale.high) == (-0.2, 0.2)
        assert scale.words == (
            "scale −0.2 to 0.2, red: more in B, blue: more in A; larger ones in the colours of the ends (largest 0.5)"
        )
        assert [label for _, label in scale.ticks] == ["≤−0.2", "−0.1", "0", "0.1", "0.2"]
    for ends in ((0, 0.2), (-0.1, 0.2), (0.1, None), (None, -0.1)):
        with pytest.raises(UsageError, match=r"^range: a difference has ends of one size, .* such as -0.2:0.2$"):
            picture_scale(half, ends)


# Norms


def test_a_place_follows_the_norm():
    values = np.array([0, 0.001, 0.01, 0.25, 1, 7])
    expected = {"linear": [0, 0.001, 0.01, 0.25, 1, 1], "sqrt": [0, 0.0316, 0.1, 0.5, 1, 1]}
    expected["log"] = [0, 0, 1 / 3, 0.799, 1, 1]
    for norm, places in expected.items():
        scale = picture_scale(attention(1.0), norm=norm)
        np.testing.assert_allclose(scale.places(values), places, atol=5e-4)


@pytest.mark.parametrize("norm", ["sqrt", "log"])
def test_a_norm_of_changes_counts_from_zero_to_both_sides(norm):
    scale = picture_scale(attention([-0.5, 0.1], values="changes"), norm=norm)
    values = np.array([0.5, 0.3, 0.01, 0.001, 0.0])
    np.testing.assert_allclose(scale.places(values) + scale.places(-values), 1)
    assert scale.place(0) == 0.5
    assert scale.place(0.125) == pytest.approx({"sqrt": 0.75, "log": 0.5 + (1 + np.log10(0.25) / 3) / 2}[norm])


@given(
    st.sampled_from(sorted(NORM_WORDS)),
    st.floats(1e-6, 9),
    st.floats(1.01, 1e6),
    st.booleans(),
    st.lists(st.floats(-20, 20), min_size=2, max_size=9).map(sorted),
)
def test_places_grow_with_values_and_the_ends_are_the_ends(norm, low, ratio, diverging, values):
    high = low * ratio
    scale = Scale(-high if diverging else low, high, norm=norm, diverging=diverging)
    places = scale.places(np.array(values))
    assert (np.diff(places) >= 0).all()
    assert ((places >= 0) & (places <= 1)).all()
    assert (scale.place(scale.low), scale.place(scale.high)) == (pytest.approx(0), pytest.approx(1))
    np.testing.assert_allclose([scale.place(value) for value in values], places)


@given(st.sampled_from(sorted(NORM_WORDS)), st.floats(-6, 3), st.floats(0.3, 9), st.booleans(), st.floats(0.0001, 0.9))
def test_the_labels_of_a_bar_are_at_the_places_of_their_values(norm, exponent, decades, diverging, share):
    high = 10**exponent
    low = high / 10**decades if norm == "log" else high * share
    scale = Scale(-high if diverging else low, high, norm=norm, diverging=diverging)
    ticks = scale.ticks
    places = [place for place, _ in ticks]
    assert (places[0], places[-1]) == (0, 1)
    assert 3 <= len(ticks) <= 9 or (norm == "log" and decades < 2)
    assert min(np.diff(places)) > 0.05
    for place, label in ticks:
        value = float(label.replace("−", "-"))
        inexact = 0.0051 * (abs(value) if norm == "log" else scale.high - scale.low)
        assert scale.place(value - inexact) <= place <= scale.place(value + inexact)


def test_words_and_bar_tell_the_norm():
    weights = attention([0.0, 0.5], [0.5, 1.0])
    root = picture_scale(weights, norm="sqrt")
    assert (root.words, root.norm_words) == ("square-root scale 0–1, shared by all heads", "square root")
    assert root.ticks == [(0, "0"), (pytest.approx(0.316, abs=1e-3), "0.1"), (0.5, "0.25"), (0.5**0.5, "0.5"), (1, "1")]
    log = picture_scale(weights, norm="log")
    assert log.words == "logarithmic scale 0.001–1, shared by all heads; 0.001 and less in the first colour"
    assert log.ticks == [(0, "≤0.001"), (pytest.approx(1 / 3), "0.01"), (pytest.approx(2 / 3), "0.1"), (1, "1")]
    head = own_picture_scale(next(iter(weights)), norm="log")
    assert head.words == "logarithmic scale of this head: 0.0005–0.5, 0.0005 and less in the first colour"
    changes = picture_scale(attention([-0.5, 0.1], values="changes"), norm="log")
    assert changes.words == (
        "logarithmic scale −0.5 to 0.5, red: more in B, blue: more in A; less than 0.0005 looks like 0"
    )
    assert [label for _, label in changes.ticks] == ["−0.5", "−0.0158", "0", "0.0158", "0.5"]
    assert picture_scale(weights).norm_words == ""


def test_zero_has_the_first_colour_on_every_scale_of_weights():
    for norm in NORM_WORDS:
        for ends in (ANY_ENDS, (None, 0.3), (0.01, None)):
            assert picture_scale(attention([0, 0.7]), ends, norm).place(0.0) == 0


def test_a_logarithmic_scale_needs_ends_above_zero():
    with pytest.raises(UsageError, match=r"^range: 0 has no logarithm; with --norm log give a lower end above 0, or"):
        picture_scale(attention(0.5), (0, 0.2), "log")
    with pytest.raises(UsageError, match=r"^norm: log needs an upper end above 0, and it is −2; expected linear or"):
        own_picture_scale(of_values([-3, -2]), norm="log")
    scores = own_picture_scale(of_values([-3, 2]), norm="log")
    assert (scores.low, scores.high, scores.below) == (0.002, 2, True)
    assert own_picture_scale(of_values([1, 2]), norm="log").low == 1


def test_a_logarithmic_scale_of_zeros_has_ends():
    scale = picture_scale(attention(0.0, values="norms"), norm="sqrt")
    assert (scale.low, scale.high) == (0, 1)
    with pytest.raises(UsageError, match=r"^norm: log needs an upper end above 0, and it is 0"):
        picture_scale(attention(0.0, values="norms"), norm="log")


# A scale of each tile


def test_each_tile_can_have_a_scale_of_its_own_and_the_bar_tells_how_far_they_go():
    bar, scales = tile_scales(attention([0, 0.031], [0.1, 0.98]))
    assert [scale.high for scale in scales] == [0.031, 0.98]
    assert bar.words == "scale of each tile: 0 to max (max: 0.031 to 0.98)"
    assert bar.ticks == [(0, "0"), (1, "max")]
    bar, scales = tile_scales(attention([0, 0.031], [0.1, 0.98]), (None, 0.5), name="panel")
    assert {scale.high for scale in scales} == {0.5}
    assert bar.words == "scale 0–0.5, shared by all heads; 0.5 and more in the last colour (largest 0.98)"
    bar, _ = tile_scales(attention([0, 0.031], [0.1, 0.98]), norm="log")
    assert bar.words == "logarithmic scale of each tile: max/1000 to max (max: 0.031 to 0.98)"


def test_tiles_of_scores_and_of_changes_name_their_ends():
    bar, _ = tile_scales(attention([-1, 2], [0, 3], values="scores"))
    assert bar.ticks == [(0, "min"), (1, "max")]
    bar, _ = tile_scales(attention([-1, 2], [0, 3], values="scores"), (0, None))
    assert bar.ticks == [(0, "0"), (1, "max")]
    bar, scales = tile_scales(attention([-1, 0.5], [0, 0.3], values="changes"))
    assert [scale.high for scale in scales] == [1, 0.3]
    assert bar.words == "scale of each tile: −max to max (max: 0.3 to 1; red: more in B, blue: more in A)"
    assert bar.ticks == [(0, "−max"), (0.5, "0"), (1, "max")]
