"""The screen at any size, for any text, in any colours: every line is as wide as the screen, and says real numbers."""

import itertools
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.elsewhere.attention_file import read_attention
from attnviz.explorer.actions import clicked
from attnviz.explorer.frame import screenful
from attnviz.explorer.layout import GridLayout, grid_layout, matrix_layout, places_on_screen, window
from attnviz.explorer.panes.words import pointed_text
from attnviz.output.labels import cell_width
from tests.explorer.driving import after, seen, text_of

SIZES = [(40, 12), (59, 17), (80, 24), (120, 31), (200, 50)]
LONG = "The old man saw the dog with a telescope and gave it a bone. " * 4
KEYS = [*"jkhlLwsmMvVdcft[]", "left", "right", "up", "down", "home", "end", "tab", "shift+tab", "escape"]
TEXTS = ["No", LONG, "日本 の 犬 が 猫 を 見た", "הכלב ראה את החתול", "a\tb\n[red] [/]"]


def assert_fits(sight, size, **more):
    frame = screenful(sight, *size, **more)
    lines = ["".join(text for text, _ in line) for line in frame.area.lines]
    assert [cell_width(line) for line in lines] == [size[0]] * size[1]
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", "".join(lines))
    return frame


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("text", TEXTS)
def test_every_line_is_as_wide_as_the_screen(explored, text, size):
    assert_fits(seen(explored(text)), size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("keys", ["l", "c", "d", "s w", "v", "v v", "m", "tab tab tab right", "c l d s"])
def test_every_view_fits(sight, keys, size):
    assert_fits(after(sight, *keys.split()), size)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("color", ["truecolor", "256", "standard", None])
def test_colours_change_no_width(tiny, color, size):
    for sight in (seen(tiny, color), after(seen(tiny, color), "c")):
        frame = assert_fits(sight, size)
        colours = {style.bgcolor.type.name for line in frame.area.lines for _, style in line if style.bgcolor}
        assert colours == {"truecolor": {"TRUECOLOR"}, "256": {"EIGHT_BIT"}}.get(color, set())


@pytest.mark.parametrize("size", SIZES)
def test_without_colours_no_style_has_one(tiny, size):
    frame = screenful(after(seen(tiny, None), "l"), *size)
    styles = [style for line in frame.area.lines for _, style in line]
    assert not any(style.color or style.bgcolor for style in styles)
    assert "[.72]" in frame.text


def test_numbers_in_cells_do_not_touch(tiny):
    sight = after(seen(tiny, None), "v")
    assert sight.name.values == "scores"
    row = next(line for line in text_of(sight, (120, 31)).splitlines() if line[34:].startswith("it "))
    numbers = [float(number) for number in row[34:].split()[1:]]
    assert np.allclose(numbers, sight.head.numbers[9], atol=0.51)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("keys", ["", "c", "v", "tab tab tab right", "l"])
def test_an_ascii_screen_has_ascii_alone(explored, keys, size):
    for text in ("The cat sat.", "日本 の 犬"):
        assert assert_fits(after(seen(explored(text), None, ascii=True), *keys.split()), size).text.isascii()


def test_what_is_too_small_says_so(sight):
    assert text_of(sight, (39, 12)).startswith("The explorer needs 40 x 12; this is 39")
    assert "needs 40 x 12" in text_of(sight, (80, 11))


def test_a_small_screen_has_all_parts(sight):
    lines = text_of(sight, (40, 12)).splitlines()
    assert lines[0].startswith("The animal didn't cross the stree…  tiny")
    assert lines[1].split() == ["0", "5", "10", "L2H1", "mixed", "entropy", "1.34"]
    assert lines[2].startswith("1")
    assert any(line.startswith(">L2H1  mixed ") for line in lines)
    assert lines[2][15:] == "The animal didn't cross"
    assert any(line[15:] == "it" for line in lines)
    assert lines[-2].startswith("it (10) looks at tired 0.715")
    assert lines[-1] == "←→ head  ↑↓ layer  j k token  ? all"


def test_a_large_screen_has_thumbnails_and_numbers(sight):
    lines = text_of(sight, (200, 50)).splitlines()
    assert sum(line.startswith((">L", " L")) for line in lines) >= 30
    assert "▀" in lines[2]
    assert re.search(r"\bit +.* 72\b", next(line for line in lines if re.search(r"  it +\d", line)))
    assert "q quit" in lines[-1]
    assert "? all" in lines[-1]


def test_the_last_line_has_the_keys_of_the_pane(sight):
    last = {n: text_of(after(sight, *["tab"] * n), (120, 31)).splitlines()[-1] for n in range(4)}
    assert last[0].startswith("←→ head  ↑↓ layer  j k token  s special  w words  m metric  / find  q quit")
    assert last[1].startswith("↑↓ head  j k token  s special")
    assert last[2].startswith("←→ token  ↑↓ line  s special")
    assert last[3].startswith("←→ key  ↑↓ token  s special")
    assert "  L link  " in last[3]
    assert "  l link  " in last[2]


def test_a_long_text_lists_the_strongest_keys(explored):
    exploration = explored(LONG)
    sight = seen(exploration)
    lines = text_of(sight).splitlines()
    heading = next(i for i, line in enumerate(lines) if line.endswith(" looks at"))
    rows = [line[34:].split()[:3] for line in lines[heading + 1 : -2]]
    assert len(rows) > 5
    row = sight.head.numbers[sight.word]
    numbers = [token.position for token in sight.attention.keys]
    values = [float(value) for _, _, value in rows]
    assert values == sorted(values, reverse=True)
    for number, _, value in rows:
        assert f"{row[numbers.index(int(number))]:.3f}" == f"{float(value):.3f}"


def test_cross_attention_has_both_sentences(explored):
    seeded = attnviz.load(seed=3, n_heads=2, decoder=True)
    sight = seen(explored("The cat drank the cold milk", model=seeded, target="The old cat"))
    assert sight.name.kind == "cross"
    text = text_of(sight, (80, 24))
    assert "cross-attention weights" in text
    assert re.search(r"The old cat\n", text)
    assert "The cat drank the cold milk\n" in text
    kinds = {after(sight, *"v" * n).name for n in range(9)}
    assert len(kinds) == 9
    for n, size in itertools.product(range(9), SIZES):
        assert_fits(after(sight, *"v" * n), size)


def test_attention_from_elsewhere_needs_no_model(explored, tmp_path):
    numbers = np.random.default_rng(5).dirichlet(np.ones(7), (2, 3, 7))
    np.save(tmp_path / "a.npy", numbers)
    (result,) = read_attention(tmp_path / "a.npy", token_labels=list("abcdefg"))
    sight = seen(explored(result, model=None))
    query, key = sight.cell(sight.link)
    assert sight.number(numbers[sight.place][query, key]) in text_of(sight)
    assert_fits(after(sight, "c", "l", "m"), (80, 24))


def test_chosen_heads_have_a_grid_of_names(model):
    from attnviz.analysis.matrices.selection import Request
    from attnviz.api.pages.session import Session

    request = Request(heads="L2H8,L0H2,L1H7", words=True, hide_special=True, lenient=frozenset(("words",)))
    sight = seen(Session("The cat sat on the table", request, model=model).following())
    text = text_of(sight)
    assert [line.split()[0] for line in text.splitlines()[2:5]] == ["L2H8", "L0H2", "L1H7"]
    assert after(sight, "down").head.name != after(sight, "up").head.name


@pytest.mark.parametrize("size", SIZES)
def test_any_keys_and_clicks_leave_a_screen_that_fits(explored, size):
    chance = np.random.default_rng(size[0])
    seeded = attnviz.load(seed=1, mask="causal", n_layers=3, decoder=True)
    cross = explored("The cat sat", model=seeded, target="A dog")
    for exploration in (explored(), cross, explored("日本 の 犬", model=seeded)):
        sight = seen(exploration, [None, "truecolor"][chance.integers(2)])
        for _ in range(12):
            frame = assert_fits(sight, size)
            hit = frame.area.at(int(chance.integers(size[0])), int(chance.integers(size[1])))
            if hit is not None:
                assert pointed_text(sight, hit)
                sight = replace(sight, state=clicked(sight, hit))
            sight = after(sight, KEYS[chance.integers(len(KEYS))], size=size)


def test_the_documentation_shows_the_screen_as_it_is(tiny):
    page = (Path(attnviz.__file__).parent / "docs" / "explore.md").read_text(encoding="utf-8")
    picture = re.search(r"```text\n(.*?)```", page, re.DOTALL)[1].splitlines()
    lines = text_of(seen(tiny, None)).splitlines()
    end = picture.index("...")
    assert picture[:end] == lines[:end]
    assert picture[end + 1 :] == lines[-2:]


# Sizes as numbers


@pytest.mark.parametrize(("n", "room", "at"), [(3, 5, 2), (7, 5, 0), (7, 5, 6), (7, 5, 3), (13, 1, 11)])
def test_a_window_has_the_one_that_is_chosen(n, room, at):
    rows = window(n, room, at)
    assert at in rows
    assert len(rows) == min(n, room)
    assert rows.start >= 0
    assert rows.stop <= n


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("shape", [(1, 1), (3, 12), (24, 16), (32, 71)])
def test_the_grid_fits_its_part_and_has_the_head(shape, size):
    places = places_on_screen(*size, shape, 3)
    assert places.left + places.gap + places.right == size[0]
    assert places.right >= size[0] // 2
    at = (shape[0] - 1, shape[1] - 1)
    for patterns in (True, False):
        grid = grid_layout(shape, 3, places.left, places.body, at, patterns=patterns)
        assert isinstance(grid, GridLayout)
        assert grid.width <= places.left
        assert grid.height <= places.body * 2 // 3
        assert at[0] in grid.rows
        assert at[1] in grid.columns


@pytest.mark.parametrize(("tokens", "cell"), [((5, 7), 8), ((13, 14), 2), ((29, 31), 1), ((13, 80), 0)])
def test_the_matrix_has_the_largest_cells_that_fit(tokens, cell):
    height = 23 if cell == 8 else 16
    layout = matrix_layout(tokens, 9, 70 if cell == 8 else 46, height, tokens[0] - 1)
    assert layout.cell == cell
    assert tokens[0] - 1 in layout.rows
    assert layout.lines * len(layout.rows) < height
