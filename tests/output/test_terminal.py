"""What people see of a matrix: whole, marked, in any width, whatever the tokens are."""

import io
import re
from dataclasses import replace
from functools import partial
from pkgutil import iter_modules

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from attnviz.analysis.matrices.reduce import reduce_attention
from attnviz.output.decimals import decimal
from attnviz.output.terminal import styles
from attnviz.output.terminal.matrix_view import choose_style, style_view, view
from attnviz.output.terminal.screen import Screen
from attnviz.output.terminal.styles import STYLES
from attnviz.output.terminal.styles.base import Looks, MatrixView, longest_number
from attnviz.output.terminal.summary import SummaryView, head_links
from tests.output.matrices import SENTENCE, attention, matrix, softmax_rows
from tests.output.printing import printed

ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def summary(attention, screen, looks=None):
    mean = next(iter(reduce_attention(attention, "mean")))
    return SummaryView(mean, head_links(attention), attention, screen, looks or Looks())


def plain(renderable, screen):
    return ESCAPE.sub("", printed(renderable, screen))


def shown(one, width=80, color=None, *, ascii=False, **looks):  # noqa: A002
    """The view without the sentence that begins it, where the values are weights."""
    text = plain(view(one, Screen(width, color, ascii), Looks(**looks)), Screen(width, color, ascii))
    return text.split("\n", 1)[1] if one.values == "weights" else text


@pytest.mark.parametrize("style", STYLES)
def test_every_style_begins_with_the_strongest_link_in_words(style):
    screen = Screen(80)
    first = plain(view(matrix(), screen, Looks(style=style)), screen).split("\n")[0]
    assert first == '"sleep" looks most at "." (70%)'


def rested(labels=SENTENCE):
    """Words without special tokens, which got from a tenth of a row to nearly all of it."""
    rest = np.linspace(0.1, 0.996, len(labels)).astype(np.float32)
    values = softmax_rows(len(labels), len(labels)) * (1 - rest[:, None])
    return matrix(labels, numbers=values, words=True, hidden=True, rest=rest)


CASES = {
    "percent": lambda screen: view(matrix(), screen),
    "causal": lambda screen: view(matrix(causal=True), screen),
    "cross": lambda screen: view(matrix(("Le", "chat"), SENTENCE, kind="cross"), screen),
    "numbers": lambda screen: view(matrix(causal=True), screen, Looks(style="numbers")),
    "scores": lambda screen: view(
        matrix(numbers=np.linspace(-12.5, 7, 25).reshape(5, 5).astype(np.float32), values="scores"), screen
    ),
    "rest-many": lambda screen: view(rested(SENTENCE * 14), screen),
    "summary": lambda screen: summary(attention(), screen),
}
for _style in STYLES:
    CASES |= {
        _style: partial(view, matrix(), looks=Looks(style=_style)),
        f"{_style}-causal": partial(view, matrix(causal=True), looks=Looks(style=_style)),
        f"{_style}-rest": partial(view, rested(), looks=Looks(style=_style)),
    }


# Colours do not depend on the width: one picture of each is enough to read.
@pytest.mark.parametrize(("width", "color"), [(40, None), (80, None), (120, None), (40, "truecolor"), (40, "256")])
@pytest.mark.parametrize("case", CASES)
def test_views_look_as_they_were_approved(case, width, color, assert_approved):
    screen = Screen(width, color)
    text = printed(CASES[case](screen), screen).replace("\x1b", "␛")
    assert_approved(text, f"{case}-{width}{'' if color is None else '-' + color}")


@pytest.mark.parametrize("case", CASES)
def test_a_rich_console_prints_the_same(case):
    for color, system in ((None, None), ("256", "256"), ("truecolor", "truecolor")):
        screen = Screen(80, color)
        console = Console(
            file=io.StringIO(), width=80, color_system=system, force_terminal=color is not None, legacy_windows=False
        )
        console.print(CASES[case](screen), end="")
        assert console.file.getvalue() == printed(CASES[case](screen), screen)


def test_every_style_is_one_file_and_one_entry():
    files = {module.name for module in iter_modules(styles.__path__)} - {"base"}
    assert files == set(STYLES), "a file of styles/ needs an entry in STYLES (styles/__init__.py), and an entry a file"


@pytest.mark.parametrize("style", STYLES)
def test_every_style_is_a_matrix_view_named_after_its_file(style):
    assert issubclass(style_view(style), MatrixView)
    assert style_view(style) is type(view(matrix(), Screen(), Looks(style=style)))


@pytest.mark.parametrize("is_ascii", [False, True])
@pytest.mark.parametrize("style", STYLES)
def test_every_style_tells_matrices_apart_without_colour(style, is_ascii):
    one = np.array([[0.9, 0.1, 0], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4]], dtype=np.float32)
    masked = np.zeros((3, 3), dtype=bool)
    masked[0, 2] = True
    whole = matrix("abc", numbers=one)
    several = whole, matrix("abc", numbers=one[:, ::-1]), type(whole)(**{**vars(whole), "masked": masked})
    texts = {shown(each, 80, None, style=style, ascii=is_ascii) for each in several}
    assert len(texts) == len(several), "glyphs or numbers must say what the colours say"


@pytest.mark.parametrize("style", STYLES)
def test_every_style_explains_the_sign_of_masked_keys_if_it_prints_one(style):
    text = shown(matrix(causal=True), 200, style=style)
    assert ("· masked" in text) == ("·" in text.replace("· masked", ""))
    assert "masked" not in shown(matrix(), 200, style=style)


@pytest.mark.parametrize("style", STYLES)
def test_every_style_labels_every_row(style):
    lines = shown(matrix(), style=style).splitlines()
    assert [line.split()[:2] for line in lines if line[:1].isdigit()] == [[str(i), t] for i, t in enumerate(SENTENCE)]


HOSTILE = st.text(st.characters(), max_size=12) | st.sampled_from(
    ["[red]", "[/]", "\x1b[31m", "\u202e", "日本語", "👩‍👩‍👧", "ก็", "שלום", "x" * 500, "", " ", "\n", "$$", "e\u0301"]
)


@settings(max_examples=80)
@given(
    st.lists(HOSTILE, min_size=1, max_size=40),
    st.lists(HOSTILE, min_size=1, max_size=40),
    st.integers(20, 130),
    st.sampled_from([None, "standard", "256", "truecolor"]),
    st.sampled_from(["auto", *STYLES]),
    st.booleans(),
)
def test_any_tokens_fit_any_width_and_no_control_character_gets_out(queries, keys, width, color, style, is_ascii):
    screen = Screen(width, color, is_ascii)
    text = plain(view(matrix(queries, keys), screen, Looks(style=style)), screen)
    for line in text.split("\n"):
        assert cell_len(line) <= width, line
        assert not [c for c in line if (ord(c) < 32 or 127 <= ord(c) < 160) or c in "\u202a\u202b\u202d\u202e"]
    if is_ascii:
        assert text.isascii()


@settings(max_examples=30)
@given(st.lists(HOSTILE, min_size=1, max_size=20), st.integers(20, 130), st.booleans())
@example([""], 20, True)
def test_a_summary_fits_any_width(queries, width, is_ascii):
    screen = Screen(width, None, is_ascii)
    text = plain(summary(attention(queries=queries), screen), screen)
    for line in text.split("\n"):
        assert cell_len(line) <= width, line
    assert text.isascii() or not is_ascii


@settings(max_examples=80)
@given(
    st.integers(1, 30),
    st.integers(1, 30),
    st.integers(20, 90),
    st.none() | st.integers(0, 9),
    st.sampled_from([1e-7, 1e-3, 1.0, 1e3, 1e8, 1e30]),
    st.sampled_from(["weights", "scores"]),
    st.sampled_from(["auto", *STYLES]),
    st.booleans(),
)
@example(1, 12, 20, 0, 1.0, "weights", "blocks", True)  # a page as narrow as the number above it
def test_numbers_of_any_length_fit_any_width(n, m, width, precision, size, values, style, rest):
    numbers = softmax_rows(n, m)
    numbers = (
        numbers * np.float32(min(size, 1))
        if values == "weights"
        else (numbers * np.float32(size) - np.float32(size / 3)).astype(np.float32)
    )
    one = matrix([f"token{i}" for i in range(n)], [f"key{j}" for j in range(m)], numbers, values=values)
    masked = np.zeros(numbers.shape, dtype=bool)
    masked[0] = True
    lost = np.linspace(0, 1, n) if rest and values == "weights" else None
    one = type(one)(**{**vars(one), "masked": masked, "rest": lost, "hidden": rest})
    for color in (None, "truecolor"):
        for line in shown(one, width, color, style=style, precision=precision).split("\n"):
            assert cell_len(line) <= width, line


@given(
    st.lists(st.floats(-1e6, 1e6) | st.just(-np.inf), min_size=1, max_size=9),
    st.none() | st.integers(0, 9),
    st.booleans(),
)
@example([9999.999, -99999.0], 2, False)
@example([100000.0], 1, False)
def test_no_number_is_longer_than_the_longest(numbers, precision, are_norms):
    values = np.array([numbers])
    one = matrix(["a"], ["b"] * len(numbers), values, values="norms" if are_norms else "scores")
    texts = [decimal(x, 2 if precision is None else precision) for x in values[np.isfinite(values)]]
    found = longest_number(one, Looks(precision=precision))
    longest = max(map(len, texts), default=1)
    assert found >= longest
    assert found == longest or any("e" in text for text in texts)  # a number may be there that is just short of that


def test_a_row_of_little_numbers_has_decimals_enough_to_tell_them_apart():
    values = np.full((2, 400), 0.0025)
    values[0, :3], values[1, :2] = (0.00051, 0.0007, 0.0031), (0.3, 0.04)
    one = matrix(["a", "b"], [f"k{i}" for i in range(400)], values)
    first, second = shown(one, 120, None, style="top").splitlines()[-2:]
    assert first.startswith("0 a -> k2 0.0031, k3 0.0025,")
    assert second.startswith("1 b -> k0 0.30, k1 0.04,")
    assert "0.003" in shown(one, 120, None, style="top", precision=3).splitlines()[-2]


@pytest.mark.parametrize("width", [20, 24, 30, 40])
@pytest.mark.parametrize("precision", [0, 2, 6, 9])
def test_a_summary_of_long_numbers_fits_and_cuts_none(width, precision):
    heads = attention(values="scores")
    heads = type(heads)(**{**vars(heads), "matrices": heads.matrices * np.float32(-12345.678)})
    screen = Screen(width)
    looks = Looks(precision=precision)
    text = plain(summary(heads, screen, looks), screen)
    assert max(cell_len(line) for line in text.split("\n")) <= width
    links = text.split("themselves:")[1]
    assert len(re.findall(r"-\d+(?:\.\d+)?(?:e\+\d+)?$", links, re.MULTILINE)) == 6


def test_the_style_is_the_first_that_fits():
    def chosen(n, width=80):
        return choose_style(matrix([f"t{i}" for i in range(n)]), Screen(width), Looks())

    assert [chosen(n) for n in (1, 24, 25, 70, 71)] == ["percent"] * 2 + ["blocks"] * 2 + ["top"]
    assert chosen(71, 200) == "blocks"
    assert chosen(60, 200) == "percent"


def test_values_that_are_no_weights_are_numbers_where_they_fit():
    scores = matrix("ab", numbers=np.ones((2, 2), np.float32), values="scores")
    assert choose_style(scores, Screen(80), Looks()) == "numbers"


def test_every_row_and_column_is_printed_with_its_number_and_label():
    text = shown(matrix(), style="numbers")
    header, labels = text.split("\n")[2:4]
    assert header.split() == ["query\\key", "0", "1", "2", "3", "4"]
    assert labels.split() == list(SENTENCE)
    assert [line[:9].split() for line in text.split("\n")[4:9]] == [[str(i), t] for i, t in enumerate(SENTENCE)]


def test_cells_hold_the_numbers_and_the_strongest_of_a_row_is_marked():
    one = matrix()
    rows = shown(one, style="numbers").split("\n")[4:9]
    for i, row in enumerate(rows):
        cells = row.split()[2:]
        for j, cell in enumerate(cells):
            assert float(cell.lstrip("*")) == pytest.approx(one.numbers[i, j], abs=0.00501)
            assert cell.startswith("*") == (j == one.numbers[i].argmax())


def test_numbers_have_as_many_decimals_as_asked_for():
    row = shown(matrix(), precision=4, style="numbers").split("\n")[4].split()[2:]
    assert all(re.fullmatch(r"\*?0\.\d{4}", cell) for cell in row)


def test_one_zero_tiny_and_masked_look_different():
    values = np.array([[1.0, 0.0, 0.0], [0.001, 0.999, 0.0], [0.0, 0.5, 0.5]], dtype=np.float32)
    masked = np.zeros((3, 3), dtype=bool)
    masked[0, 1:] = True
    one = matrix("abc", numbers=values)
    one = type(one)(**{**vars(one), "masked": masked})
    assert [line.split()[2:] for line in shown(one, style="numbers").split("\n")[4:7]] == [
        ["*1.00", "·", "·"],
        ["0.00", "*1.00", "0"],
        ["0", "*0.50", "0.50"],
    ]
    assert "· masked" in shown(one, style="numbers")
    assert shown(one, ascii=True, style="numbers").split("\n")[4].split()[2:] == ["*1.00", "x", "x"]
    assert "·" not in shown(matrix("abc", numbers=values), style="numbers")


def test_scores_of_any_size_are_whole_numbers_never_cut():
    values = np.array([[-1234567.0, 0.000012], [3.14159, 99999.5]], dtype=np.float32)
    cells = [line.split()[2:] for line in shown(matrix("ab", numbers=values, values="scores")).split("\n")[4:6]]
    for row, exact in zip(cells, values, strict=True):
        for cell, value in zip(row, exact, strict=True):
            assert float(cell.lstrip("*")) == pytest.approx(value, rel=0.05, abs=0.005)


def test_pages_of_columns_say_which_they_are_and_lose_none():
    n = 50
    one = matrix([f"t{i}" for i in range(n)])
    text = shown(one, style="numbers")
    pages = re.findall(r"^keys (\d+)-(\d+) of 50$", text, re.MULTILINE)
    covered = [i for first, last in pages for i in range(int(first), int(last) + 1)]
    assert covered == list(range(n))
    assert len(re.findall(r"^ *7 t7 ", text, re.MULTILINE)) == len(pages)
    assert "of 180" in shown(matrix([f"t{i}" for i in range(180)]), style="blocks", color="256")


def test_blocks_in_colour_are_percentages_half_blocks_or_shades():
    assert "percent" in shown(matrix([f"t{i}" for i in range(30)]), color="256")
    assert "▀" in shown(matrix([f"t{i}" for i in range(50)]), color="truecolor")
    without = shown(matrix([f"t{i}" for i in range(50)]))
    assert "▀" not in without
    assert set("░▒▓") & set(without)
    assert set(":-=+*#%@") & set(shown(matrix([f"t{i}" for i in range(50)]), ascii=True))


def test_half_blocks_show_two_rows_a_line_and_an_odd_last_one():
    lines = shown(matrix([f"t{i}" for i in range(51)]), color="truecolor").rstrip("\n").split("\n")
    assert len(lines) == 3 + 26
    assert set(lines[-1].split()[-1]) == {"▀"}


def test_a_masked_half_block_is_empty():
    numbers = np.tril(np.ones((50, 50), np.float32)) / np.arange(1, 51, dtype=np.float32)[:, None]
    one = replace(matrix([f"t{i}" for i in range(50)], causal=True), numbers=numbers)
    lines = shown(one, color="truecolor").rstrip("\n").split("\n")[3:]
    cells = [line.split()[-1] for line in lines]  # of rows 2i and 2i + 1
    assert cells == ["▀" * (2 * i + 1) + "▄" + "·" * (48 - 2 * i) for i in range(25)]


def test_top_names_keys_weights_and_the_rest():
    one = matrix()
    text = shown(one, style="top", top=2)
    order = np.argsort(-one.numbers[1])
    first, second = (f"{SENTENCE[j]} {one.numbers[1, j]:.2f}" for j in order[:2])
    rest = 1 - one.numbers[1, order[:2]].sum()
    assert f"1 cat -> {first}, {second}, rest {rest:.2f}" in text.replace("    ->", " ->").replace("   ->", " ->")


def test_a_row_whose_keys_are_all_printed_has_no_rest():
    rows = [line for line in shown(matrix(causal=True), style="top", top=3).split("\n") if "->" in line][1:]
    assert ["rest" in row for row in rows] == [False, False, False, True, True]
    rows = [line for line in shown(rested(), 200, style="top", top=9).split("\n") if "->" in line][1:]
    assert all("rest" in row for row in rows)  # what special tokens got is left even then


@pytest.mark.parametrize(
    ("style", "mark", "color"), [("numbers", "*", None), ("blocks", "*", None), ("top", "nothing", None)]
)
def test_no_key_of_a_row_of_zeros_is_marked(style, mark, color):
    values = np.zeros((3, 4), np.float32)
    values[1] = (0.1, 0.2, 0.6, 0.1)
    screen = Screen(80, color)
    lines = printed(view(matrix(("x", "y", "z"), ("a", "b", "c", "d"), values), screen, Looks(style=style)), screen)
    rows = {
        line.split()[1]: line for line in lines.split("\n") if line[:2] in ("0 ", "1 ", "2 ") and line[2:3] in "xyz"
    }
    assert [mark in rows[name] for name in "xyz"] == ([True, False, True] if style == "top" else [False, True, False])


def test_no_cell_of_a_row_of_zeros_is_bold():
    values = np.zeros((2, 3), np.float32)
    values[1] = (0.1, 0.6, 0.3)
    for style in ("numbers", "blocks"):
        one = view(matrix(("x", "y"), ("a", "b", "c"), values), Screen(80, "truecolor"), Looks(style=style))
        rows = [line for line in one.lines() if line and line[0][0][:3] in ("0 x", "1 y")]
        bold = [[bool(cell_style.bold) for _, cell_style in line[1:4]] for line in rows]
        assert bold == [[False] * 3, [False, True, False]], style


def test_equal_tokens_are_told_apart_by_their_number():
    text = shown(matrix(("the", "cat", "the"), numbers=softmax_rows(3, 3)), style="top")
    assert "the#0" in text
    assert "the#2" in text


def test_a_fully_masked_row_says_so():
    values = np.array([[0.0, 0.0], [0.5, 0.5]], dtype=np.float32)
    one = matrix("ab", numbers=values)
    one = type(one)(**{**vars(one), "masked": np.array([[True, True], [False, False]])})
    assert "0 a -> every key is masked" in shown(one, style="top")
    assert shown(one, style="numbers").split("\n")[4].split() == ["0", "a", "·", "·"]


def test_a_title_says_what_is_shown():
    text = shown(matrix(("Le", "chat"), SENTENCE, kind="cross"), style="numbers")
    assert text.startswith("L0H3 of toy: attention weights, cross-attention, 2 x 5\n")
    assert "rows: queries (target), columns: keys (source)" in text


def test_a_summary_says_how_to_see_more():
    text = plain(summary(attention(13, 12), Screen(80)), Screen(80))
    assert "L0H0" in text
    assert "... and 12 more heads" in text
    assert "L11H11  " in text
    assert "--layer 0 --head 0" in text


@pytest.mark.parametrize("style", ["numbers", "blocks"])
def test_keys_that_no_row_and_no_column_names_are_listed(style):
    keys = ("unmistakably", "שלום", "cat")
    assert "keys: 0 unmistakably, 1 \u2068שלום\u2069, 2 cat\n" in shown(
        matrix("ab", keys), 50, style=style, precision=9
    )
    assert "keys:" not in shown(matrix(("unmistakably", "cat")), 50, style=style, precision=9)


def test_columns_from_right_to_left_are_named_above_the_table_even_if_the_rows_name_them():
    text = shown(matrix(("the", "שלום")), 50, style="numbers")
    assert "keys: 0 the, 1 \u2068שלום\u2069\n" in text
    assert "keys:" not in shown(matrix(("the", "שלום")), 50, style="blocks")


def test_the_strongest_block_of_a_row_is_marked_without_colour():
    one = matrix("abcd")
    for is_ascii, mark in ((False, "*"), (True, ">")):
        text = shown(one, style="blocks", ascii=is_ascii)
        assert f"{mark} strongest of its row" in text.replace("\n", " ")
        rows = [line[10:] for line in text.rstrip("\n").split("\n")[-4:]]
        assert [row.index(mark) // 2 for row in rows] == one.numbers.argmax(axis=1).tolist()


@pytest.mark.parametrize("style", [style for style in STYLES if style != "percent"])  # it has the numbers
def test_colours_say_what_they_mean(style):
    assert "amber from 0 to 1" in shown(matrix(), 200, "256", style=style)
    assert "amber" not in shown(matrix(), 200, style=style)


def test_a_weight_that_rounding_puts_above_1_stays_in_its_cell():
    values = np.eye(17, dtype=np.float32) * np.nextafter(np.float32(1), np.float32(2))
    lines = shown(matrix([f"t{i}" for i in range(17)], numbers=values), style="numbers").split("\n")
    assert {len(line) for line in lines[2:-1]} == {len(lines[2])}
    assert "*1.0" in lines[4]


def test_maxima_have_no_rest():
    largest = next(iter(reduce_attention(attention(), "max")))
    assert "rest" not in shown(largest, style="top").split("\n", 3)[3]


def test_16_colours_have_one_hue_beside_the_numbers_and_glyphs():
    screen = Screen(80, "standard")
    assert "\x1b[35m" in printed(view(matrix(), screen, Looks(style="numbers", cmap="viridis")), screen)
    assert "\x1b[4" not in printed(view(matrix(), screen, Looks(style="blocks")), screen)
