"""Lines and arcs show the weights: which links there are, how wide and opaque, in which colour, what is left out."""

from dataclasses import replace

import numpy as np
import pytest

from attnviz.errors import UsageError
from attnviz.output.colormaps import luminance
from attnviz.output.pictures.kinds.links import LinkChoice, styled_links
from attnviz.output.pictures.kinds.tints import HEAD_COLORS, PALE, darkened
from attnviz.output.pictures.rest import with_rest_key
from attnviz.output.pictures.scene import Box, Curve, Stroke
from tests.output.pictures.drawn import line, written
from tests.output.pictures.kinds.worded import look_of, picture, rows, view

NUMBERS = [[0.5, 0.3, 0.2, 0.0], [0.04, 0.9, 0.06, 0.0], [0.25, 0.25, 0.25, 0.25], [0.0, 0.0, 1.0, 0.0]]


def links(one, query=None, key=None, **style):
    shown, has_rest = with_rest_key(one)
    return styled_links(shown, look_of(one, **style), LinkChoice(query, key), has_rest=has_rest)


def shapes(scene):
    return [item for item in scene.fixed if isinstance(item, Stroke | Curve)]


def test_every_visible_weight_is_one_link_as_wide_as_the_weight():
    (head,), remarks = links(view(NUMBERS))
    found = {(link.query, link.key): link.strength for link in head.links}
    assert found == pytest.approx(
        {(i, j): value for i, row in enumerate(NUMBERS) for j, value in enumerate(row) if value >= 0.05}
    )
    assert remarks == ["weights under 0.05 are left out"]


def test_stronger_links_are_wider_more_opaque_and_drawn_later():
    (head,), _ = links(view(rows(7)))
    strengths = [link.strength for link in head.links]
    assert strengths == sorted(strengths)
    assert [link.opacity for link in head.links] == sorted(link.opacity for link in head.links)


def test_links_of_a_chosen_query_have_the_heads_colour_and_the_others_are_pale_and_below():
    heads, _ = links(view([NUMBERS] * 9), query=0)
    for number, head in enumerate(heads):
        own = [link for link in head.links if link.color != PALE]
        assert {(link.query, link.key) for link in own} == {(0, 0), (0, 1), (0, 2)}
        assert {link.color for link in own} == {HEAD_COLORS[number % 8]}
        assert list(head.links[-3:]) == own
        assert head.key_shades == pytest.approx(NUMBERS[0])
        assert not head.query_shades.any()


def test_links_of_a_chosen_key_shade_the_queries():
    (head,), _ = links(view(NUMBERS), key=1)
    assert {(link.query, link.key) for link in head.links if link.color != PALE} == {(0, 1), (1, 1), (2, 1)}
    assert head.query_shades == pytest.approx([0.3, 0.9, 0.25, 0])


def test_keys_are_shaded_by_what_they_receive_on_one_scale_for_all_heads():
    heads, _ = links(view([NUMBERS, np.full((4, 4), 0.25)]))
    received = np.mean(NUMBERS, axis=0)
    assert heads[0].key_shades == pytest.approx(received / received.max())
    assert heads[1].key_shades == pytest.approx(0.25 / received.max())


def test_too_many_links_leave_out_more_and_say_so():
    (head,), (remark,) = links(view(rows(600) * 0 + 1 / 600))
    assert len(head.links) == 0
    assert remark == "weights under 0.002 are left out"
    numbers = np.random.default_rng(0).random((1, 100, 100))
    heads, (remark,) = links(view(numbers))
    least = float(remark.split()[2])
    assert len(heads[0].links) == (numbers >= least).sum() <= 1500
    assert least > 0.05


def test_other_words_links_may_be_left_out_earlier_than_those_of_the_chosen_word():
    numbers = np.random.default_rng(0).random((1, 100, 100))
    (head,), (remark,) = links(view(numbers), query=3)
    assert remark.startswith("weights under 0.05 are left out, of other words those under ")
    assert {link.key for link in head.links if link.query == 3} == set(np.flatnonzero(numbers[0, 3] >= 0.05).tolist())


def test_what_a_row_gives_to_hidden_tokens_is_a_pale_link_to_a_pale_word():
    one = view(np.array(NUMBERS) * 0.5, rest=np.full((1, 1, 4), 0.5), hidden=True)
    (head,), _ = links(one)
    assert {(link.query, link.key) for link in head.links if link.color == PALE} == {(i, 4) for i in range(4)}
    for kind in ("lines", "arcs"):
        assert written(picture(kind, one), "word")[-1] == "special"
        named = replace(one, keys_chosen=True)
        assert written(picture(kind, named), "word")[-1] == "rest"


def test_masked_keys_of_the_chosen_query_are_struck_out():
    masked = np.triu(np.ones((1, 5, 5), bool), 1)
    causal = view(np.tril(rows(5)[0]), masked=masked, kind="decoder")
    for kind in ("lines", "arcs", "text"):
        scene = picture(kind, causal, 2)
        assert "struck out: masked" in line(scene), kind
        strokes = [
            item for item in scene.fixed if isinstance(item, Stroke) and item.width == 0.6 and item.color == "#6b6b6b"
        ]
        assert len(strokes) == 2, kind
    assert "masked pairs have no link" in line(picture("lines", causal))
    assert "masked" not in line(picture("lines", view(NUMBERS)))


def test_changes_have_the_colours_of_their_signs():
    numbers = np.array([[0.5, -0.5], [-0.1, 0.1]])
    (head,), remarks = links(view(numbers, values="changes"))
    colors = {(link.query, link.key): link.color for link in head.links}
    assert colors[0, 0] == colors[1, 1] != colors[0, 1] == colors[1, 0]
    assert {link.strength for link in head.links if link.query == 0} == {1.0}
    assert remarks == ["changes under 0.03 are left out"]


def test_a_scale_of_roots_shows_fainter_links():
    _, (remark,) = links(view(NUMBERS), norm="sqrt")
    assert remark == "weights under 0.003 are left out"


@pytest.mark.parametrize(("kind", "n"), [("lines", 1500), ("arcs", 1500)])
def test_a_figure_of_many_heads_has_a_bounded_number_of_links(kind, n):
    assert len([s for s in shapes(picture(kind, view(rows(24, heads=40)))) if s.color in HEAD_COLORS]) <= n


@pytest.mark.parametrize("kind", ["lines", "arcs"])
def test_scores_have_no_width(kind):
    with pytest.raises(UsageError, match=f"^style: {kind} cannot draw scores, .*; use --style matrix or text$"):
        picture(kind, view(rows(4), values="scores"))


@pytest.mark.parametrize("kind", ["lines", "arcs", "text"])
def test_blocks_of_a_long_text_are_not_words(kind):
    one = replace(view(rows(8)), matrices=rows(4)[None])
    with pytest.raises(UsageError, match="draws single words, and 8 × 8 are too many; choose some with --rows"):
        picture(kind, one)


def test_arcs_of_two_texts_are_refused():
    one = view(rows(4, 6), n_keys_of="Das Tier ging", kind="cross")
    with pytest.raises(UsageError, match=r"^style: arcs needs queries and keys of one text.*; use --style lines$"):
        picture("arcs", one)


def test_arcs_to_the_right_are_above_and_those_to_the_left_below():
    numbers = np.zeros((4, 4))
    numbers[0, 2], numbers[3, 1], numbers[2, 2] = 1, 1, 1
    scene = picture("arcs", view(numbers))
    curves = [item for item in scene.fixed if isinstance(item, Curve)]
    rises = sorted(
        (curve.points[1][1] < curve.points[0][1], curve.points[0][0] < curve.points[3][0]) for curve in curves
    )
    assert rises == [(False, False), (True, True), (True, True)]  # the loop is above, too
    assert "above: looks to the right, below: looks to the left, loop: looks at itself" in line(scene)
    assert "below" not in line(picture("arcs", view(np.triu(numbers, 1))))


def test_arcs_of_some_rows_and_columns_are_between_the_words_of_the_text():
    whole = view(rows(6))
    one = view(rows(6)[:, 4:, :3])
    one = replace(
        one, queries=tuple(replace(t, position=i) for i, t in enumerate(whole.queries))[4:], keys=whole.keys[:3]
    )
    scene = picture("arcs", one)
    assert written(scene, "word") == ["The", "animal", "didn't", "the", "street"]
    assert all(item.points[0][0] > item.points[3][0] for item in scene.fixed if isinstance(item, Curve))


def test_one_head_has_one_colour_and_its_name_in_it_can_be_read():
    scene = picture("lines", view(rows(6, heads=9)))
    names = [item for item in scene.fixed if getattr(item, "role", "") == "panel name"]
    assert [name.text for name in names] == [f"L0H{i}" for i in range(9)]
    assert [name.color for name in names] == [darkened(color) for color in (*HEAD_COLORS, HEAD_COLORS[0])]
    for name in names:
        rgb = tuple(int(name.color[i : i + 2], 16) for i in (1, 3, 5))
        assert 1.05 / (luminance(rgb) + 0.05) >= 4.5


@pytest.mark.parametrize("kind", ["lines", "arcs"])
def test_of_many_words_some_have_a_label_with_its_position_and_the_chosen_one_always(kind):
    one = view(rows(128), masked=None)
    scene = picture(kind, one, 33, size="3.3x3in")
    labels = written(scene, "word")
    step = int("".join(c for c in line(scene).partition("every ")[2].partition(" of 128 words")[0] if c.isdigit()))
    assert step > 1
    assert sum(label.startswith("33 ") for label in labels) == 1
    positions = {int(label.split()[0]) for label in labels}
    assert positions - {33} <= set(range(0, 128, step))
    shades = [item for item in scene.fixed if isinstance(item, Box) and item.edge is None]
    assert len(shades) >= 3  # of words without a label, too


def test_words_with_equal_places_are_level():
    scene = picture("lines", view(rows(9), rest=np.full((1, 1, 9), 0.2), hidden=True))
    words = [item for item in scene.fixed if getattr(item, "role", "") == "word"]
    middle = scene.width / 2
    left, right = ([item.y for item in words if (item.x < middle) == side] for side in (True, False))
    assert right[:9] == pytest.approx(left)
    assert len(right) == 10


@pytest.mark.parametrize("kind", ["lines", "arcs", "text"])
def test_one_head_is_named_once(kind):
    one, several = view(rows(6)), view(rows(6, heads=2))
    assert written(picture(kind, one), "panel name") == []
    assert written(picture(kind, one, title="Coreference"), "panel name") == ["L0H0"]
    assert written(picture(kind, one, title=""), "panel name") == ["L0H0"]
    assert written(picture(kind, several), "panel name") == ["L0H0", "L0H1"]


@pytest.mark.parametrize("kind", ["lines", "arcs"])
def test_a_note_says_that_links_have_no_numbers(kind):
    (note,) = picture(kind, view(rows(6)), numbers=True).notes
    assert note == f"numbers: --style {kind} writes none; matrix and text do"
    assert picture(kind, view(rows(6))).notes == ()


def test_colours_of_heads_differ_for_colour_blind_people():
    """Machado et al. 2009: what protanopes, deuteranopes and tritanopes see."""
    seen = [
        np.eye(3),
        np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
        np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
        np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
    ]
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    rgb = np.array([[int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)] for color in HEAD_COLORS])
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    for matrix in seen:
        xyz = np.clip(linear @ matrix.T, 0, 1) @ to_xyz.T / [0.9505, 1, 1.089]
        x, y, z = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116).T
        lab = np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)
        apart = np.linalg.norm(lab[:, None] - lab, axis=-1)
        assert apart[~np.eye(8, dtype=bool)].min() > 16
