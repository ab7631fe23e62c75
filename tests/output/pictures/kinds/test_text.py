"""A coloured text shows one row or column of each matrix in words that can be read."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from attnviz.errors import UsageError
from attnviz.output.colormaps import luminance
from attnviz.output.pictures.kinds.tints import ink_on, palette_color
from attnviz.output.pictures.scene import Box, TextLine
from tests.output.pictures.drawn import line, written
from tests.output.pictures.kinds.worded import look_of, picture, rows, view, words_of

SENTENCE = "The animal didn't cross the street ."


def words(scene):
    return [item for item in scene.fixed if isinstance(item, TextLine) and item.role == "word"]


def grounds(scene):
    """Of each word the box under it, in the order of the words."""
    boxes = [item for item in scene.fixed if isinstance(item, Box) and item.fill]
    return [
        next(box for box in boxes if box.x <= word.x <= box.x + box.width and box.y <= word.y <= box.y + box.height)
        for word in words(scene)
    ]


def rgb(color):
    return tuple(int(color[i : i + 2], 16) for i in (1, 3, 5))


def test_each_head_is_a_line_of_words_in_the_colours_of_the_row():
    one = view(rows(7, heads=3), SENTENCE)
    scene = picture("text", one, 2, cmap="viridis")
    palette = look_of(one, cmap="viridis").palette
    assert written(scene, "panel name") == ["L0H0", "L0H1", "L0H2"]
    shown = sorted(zip(words(scene), grounds(scene), strict=True), key=lambda pair: (pair[0].y, pair[0].x))
    assert [word.text for word, _ in shown] == SENTENCE.split() * 3
    colors = [palette_color(palette, value) for value in one.matrices[0, :, 2].ravel()]
    assert [box.fill for _, box in shown] == colors
    assert len({word.y for word, _ in shown}) == 3


def test_a_chosen_key_shows_its_column():
    one = view(rows(7), SENTENCE)
    scene = picture("text", one, key=3)
    assert "what looks at “cross” (3)" in line(scene)
    look = look_of(one)
    shown = sorted(zip(words(scene), grounds(scene), strict=True), key=lambda pair: pair[0].x)
    colors = [palette_color(look.palette, look.scale.place(value)) for value in one.matrices[0, 0, :, 3]]
    assert [box.fill for _, box in shown] == colors


def test_without_a_choice_it_is_the_row_of_the_link_that_says_most():
    numbers = np.full((7, 7), 0.02)
    numbers[range(7), [1, 2, 3, 4, 5, 6, 0]] = 0.88  # the next token, which says nothing of the text
    numbers[4, 5], numbers[4, 2] = 0.2, 0.7
    assert "what “the” (4) looks at" in line(picture("text", view(numbers, SENTENCE)))


def test_of_other_values_it_is_the_row_of_the_largest():
    numbers = np.full((7, 7), 1.0)
    numbers[5, 1] = 9
    assert "what “street” (5) looks at" in line(picture("text", view(numbers, SENTENCE, values="norms")))


@pytest.mark.parametrize("cmap", ["paper", "viridis", "magma", "cividis", "greys"])
def test_words_can_be_read_on_every_colour(cmap):
    palette = look_of(view(rows(2)), cmap=cmap).palette
    for color in {palette_color(palette, place) for place in np.linspace(0, 1, 257)}:
        light, dark = sorted((luminance(rgb(color)), luminance(rgb(ink_on(color)))), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, color


def test_the_chosen_word_is_outlined_and_another_texts_words_are_not():
    one = view(rows(7), SENTENCE)
    scene = picture("text", one, 2)
    outlines = [
        item for item in scene.fixed if isinstance(item, Box) and item.edge == "#222222" and item.line_width == 0.8
    ]
    word = next(item for item in words(scene) if item.text == "didn't")
    assert len(outlines) == 1
    assert outlines[0].x <= word.x <= outlines[0].x + outlines[0].width
    cross = view(rows(7, 7), SENTENCE, SENTENCE, kind="cross")
    assert not [item for item in picture("text", cross, 2).fixed if isinstance(item, Box) and item.line_width == 0.8]


def test_words_without_a_space_between_them_are_next_to_each_other():
    tokens = words_of("这 只 动 物 没", 5, spaces=False)
    one = replace(view(rows(5)), queries=tokens, keys=tokens)
    spaced = replace(one, queries=words_of("这 只 动 物 没", 5), keys=words_of("这 只 动 物 没", 5))
    gaps = []
    for each in (one, spaced):
        boxes = sorted(grounds(picture("text", each, 0)), key=lambda box: box.x)
        gaps.append({round(b.x - a.x - a.width, 3) for a, b in pairwise(boxes)})
    assert len(gaps[0]) == len(gaps[1]) == 1
    assert 0 <= min(gaps[0]) < 0.5 < min(gaps[1])


def test_lines_wrap_to_the_width_in_the_order_of_the_text():
    one = view(rows(60), SENTENCE)
    scene = picture("text", one, 0, size="3.3in")
    shown = sorted(words(scene), key=lambda word: (word.y, word.x))
    assert [word.text for word in shown] == [token.label for token in one.keys]
    assert len({word.y for word in shown}) > 4


def test_what_the_row_gives_to_hidden_tokens_is_its_last_word():
    one = view(rows(5) * 0.4, rest=np.full((1, 1, 5), 0.6), hidden=True)
    scene = picture("text", one, 1)
    last = max(words(scene), key=lambda word: (word.y, word.x))
    assert last.text == "special"
    look = look_of(one)
    box = grounds(scene)[words(scene).index(last)]
    assert (box.fill, box.edge) == (palette_color(look.palette, look.scale.place(0.6)), "#6b6b6b")
    assert "special" not in written(picture("text", one, key=1), "word")


def test_numbers_are_written_into_the_words():
    numbers = np.array([[0.5, 0.495, 0.005], [0, 1, 0], [1, 0, 0]])
    scene = picture("text", view(numbers), 0, numbers=True)
    assert sorted(written(scene, "word")) == ["The 0.50", "animal 0.49", "didn't"]


def test_a_browser_names_each_word_and_its_weight():
    numbers = np.array([[0.5, 0.25, 0.25], [0, 1, 0], [0, 0, 0]])
    masked = np.zeros((1, 3, 3), bool)
    masked[0, 0, 2] = True
    scene = picture("text", view(numbers, masked=masked), 0)
    assert [hover.text for hover in scene.hovers()] == ["The -> The 0.5", "The -> animal 0.25", "The -> didn't masked"]
    assert next(iter(picture("text", view(numbers), key=1).hovers())).text == "The -> animal 0.25"


def test_scores_and_changes_have_colours():
    assert "score" in written(picture("text", view(rows(4) - 3, values="scores"), 0), "bar name")
    assert "change" in written(picture("text", view(rows(4) - 0.3, values="changes"), 0), "bar name")


def test_distances_are_no_text():
    with pytest.raises(UsageError, match=r"^style: text cannot draw distances between heads; use --style matrix$"):
        picture("text", view(rows(4), values="distances"))
