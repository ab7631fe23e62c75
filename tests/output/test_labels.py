"""Labels on the terminal: exactly as wide as asked, whatever the script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.output.labels import (
    cell_width,
    cut,
    cut_apart,
    cut_middle,
    cut_middle_apart,
    first_columns,
    fit,
    isolated,
    parts_that_differ,
    unique,
)
from attnviz.output.terminal.lines import row_labels
from attnviz.output.terminal.screen import Screen
from attnviz.text.labels import printable
from tests.output.matrices import tokens


@pytest.mark.parametrize(
    ("label", "width", "expected"),
    [
        ("cat", 3, "cat"),
        ("animal", 4, "ani…"),
        ("日本語", 6, "日本語"),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日…"),
        ("e\u0301tude", 3, "e\u0301t…"),
        ("👩‍👩‍👧x", 2, "…"),
        ("👍🏽abc", 4, "👍🏽a…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_a_label_is_cut_between_characters_as_people_see_them(label, width, expected):
    assert cut(label, width) == expected


def test_in_ascii_a_cut_ends_in_a_tilde():
    assert cut("animal", 4, ascii=True) == "ani~"


@given(
    st.text(max_size=12).map(printable) | st.sampled_from(["日本", "👍🏽", "e\u0301", "שלום"]),
    st.integers(0, 30),
    st.booleans(),
)
def test_a_fitted_label_has_exactly_its_width(label, width, right):
    fitted = fit(label, width, right=right)
    assert cell_width(fitted) == width


CLUSTERS = (
    "a",
    " ",
    "日",
    "e\u0301",
    "ก็",
    "👩‍👩‍👧",
    "👍🏽",
    "🇫🇷",
    "❤\ufe0f",
    "\U0001f3f4\U000e0067\U000e0062\U000e007f",
    "ש",
)


@given(st.lists(st.sampled_from(CLUSTERS), max_size=12), st.integers(0, 20))
def test_a_cut_label_is_as_many_whole_characters_as_fit(clusters, width):
    label = "".join(clusters)
    short = cut(label, width)
    assert cell_width(short) <= width
    if short != label:
        wholes = ["".join(clusters[:n]) for n in range(len(clusters))]
        assert short == max((w for w in wholes if cell_width(w) < width), key=len, default="") + "…" * (width > 0)


def test_a_label_stands_left_or_right():
    assert fit("ab", 4) == "ab  "
    assert fit("ab", 4, right=True) == "  ab"


def test_right_to_left_labels_are_isolated_and_others_are_not():
    assert isolated("שלום") == "\u2068שלום\u2069"
    assert isolated("cat") == "cat"
    assert fit("קט", 4) == "\u2068קט\u2069  "


def test_equal_labels_get_their_number():
    assert unique(["the", "cat", "the"], [1, 2, 7]) == ["the#1", "cat", "the#7"]


def test_row_labels_carry_their_index_in_a_column():
    labels = row_labels(tokens([f"t{i}" for i in range(11)]), Screen())
    assert labels[0] == " 0 t0"
    assert labels[10] == "10 t10"
    assert row_labels(tokens(["日"]), Screen(ascii=True)) == ["0 \\u65e5"]


def test_of_two_long_texts_the_part_where_they_differ_is_shown():
    start = "one two three four five six seven eight nine ten "
    assert parts_that_differ(f"{start}cat", f"{start}dog sat", 80) == (f"{start}cat", f"{start}dog sat")
    assert parts_that_differ(f"{start}cat", f"{start}dog sat", 24) == ("…eight nine ten cat", "…eight nine ten dog sat")
    assert parts_that_differ("a cat " + start, "a dog " + start, 24) == ("a cat " + start, "a dog " + start)
    assert parts_that_differ(f"{start}cat", f"{start}", 24, ascii=True) == ("~eight nine ten cat", "~eight nine ten ")


@given(st.text("ab 日🇫", max_size=60), st.text("abc日", max_size=9), st.text("abc日", max_size=9), st.integers(12, 40))
def test_what_differs_is_never_cut_off(start, one, other, width):
    shown = [cut(part, width) for part in parts_that_differ(start + one, start + other, width)]
    assert (shown[0] == shown[1]) == (one == other)


@pytest.mark.parametrize(
    ("label", "width", "kept"),
    [
        ("tired", 3, "tir"),
        ("tired", 9, "tired"),
        ("日本語", 3, "日"),
        ("🇫🇷🇩🇪", 3, "🇫🇷"),
        ("e\u0301té", 1, "e\u0301"),
        ("a", 0, ""),
    ],
)
def test_the_first_columns_of_a_label_are_whole_graphemes_without_a_sign(label, width, kept):
    assert first_columns(label, width) == kept


def test_labels_that_differ_only_where_they_are_cut_get_their_numbers():
    long = [f"internationalisation_of_{letter}" for letter in "abc"]
    assert cut_apart([*long, "the", "the"], [3, 4, 15, 16, 17], 20) == [
        "internationalisat…#3", "internationalisat…#4", "internationalisa…#15", "the", "the"
    ]  # fmt: skip
    assert cut_apart(long[:1] * 2, [0, 1], 9) == ["internat…"] * 2  # they are equal
    assert cut_apart(long[:2], [0, 1], 8, first_columns) == ["intern#0", "intern#1"]


@pytest.mark.parametrize(
    ("label", "width", "expected"),
    [
        ("cat", 3, "cat"),
        ("internationalisation", 9, "inte…tion"),
        ("internationalisation", 8, "inte…ion"),
        ("日本語文字", 7, "日本…字"),
        ("e\u0301tude", 4, "e\u0301t…e"),
        ("👩‍👩‍👧xyz👍🏽", 4, "👩‍👩‍👧…"),
        ("abc", 1, "…"),
        ("abc", 0.5, ""),
        ("", 0, ""),
    ],
)
def test_a_label_is_cut_in_the_middle_between_characters(label, width, expected):
    assert cut_middle(label, width, cell_width) == expected


@given(st.lists(st.sampled_from(CLUSTERS), max_size=12), st.integers(0, 20))
def test_a_label_cut_in_the_middle_keeps_as_many_whole_characters_as_fit(clusters, width):
    label = "".join(clusters)
    short = cut_middle(label, width, cell_width)
    assert cell_width(short) <= width
    if short != label:
        n = len(clusters)
        halves = ["".join(clusters[: k - k // 2]) + "…" + "".join(clusters[n - k // 2 :]) for k in range(n)]
        assert short == max((half for half in halves if cell_width(half) <= width), key=len, default="")


def test_labels_that_look_the_same_get_their_numbers():
    long = [f"inter{letter}nationalisation" for letter in "abc"]
    assert cut_middle_apart([*long, "the", "cat", "the"], [3, 4, 15, 16, 17, 18], 11, cell_width) == [
        "inte…tion#3", "inte…tion#4", "inte…ion#15", "the#16", "cat", "the#18"
    ]  # fmt: skip
    assert cut_middle_apart([*long[:2], "the", "the"], [3, 4, 5, 6], 11, cell_width, equal=False) == [
        "inte…tion#3", "inte…tion#4", "the", "the"
    ]  # fmt: skip
    assert cut_middle_apart(long[:1] * 2, [0, 1], 11, cell_width, equal=False) == ["inter…ation"] * 2
