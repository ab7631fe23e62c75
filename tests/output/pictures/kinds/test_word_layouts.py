"""No picture of words has words that overlap, are cut, or are smaller than the least type; all is inside its size."""

import re

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from attnviz.errors import UsageError
from attnviz.output.pictures.drawing import own_settings
from attnviz.output.pictures.scene import Box, Curve, Scene, Stroke
from tests.output.pictures.kinds.worded import picture, rows, view
from tests.output.pictures.test_layout import check

SENTENCES = (
    "The animal didn't cross the street because it was too tired .",
    "antidisestablishmentarianism supercalifragilisticexpialidocious wwwwwwwwwwwwwwwwwwwwwwww i",
    "这 只 动 物 没 有 过 马 路 因 为 它 太 累 了",
    "لم يعبر الحيوان الشارع لأنه كان متعبا",
    "I love 👍🏽 👩‍👩‍👧 pizza 🍕 🇩🇪 é 日本 Größe",
)
SIZES = st.sampled_from([None, "3.3in", "6.9in", "13.33x7.5in", "3.3x2.5in", "1.2in", "2x1in", "6.9x9in"])
LARGE = ("3.3in", "6.9in", "13.33x7.5in", "6.9x9in", None)
KINDS = ("lines", "arcs", "text")


def points(item) -> list[tuple[float, float]]:
    """Points that a shape reaches; a curve no farther than three quarters of the way to its control points."""
    if isinstance(item, Stroke):
        return list(item.points)
    if isinstance(item, Box):
        return [(item.x, item.y), (item.x + item.width, item.y + item.height)]
    assert isinstance(item, Curve)
    parts = np.linspace(0, 1, 33)[:, None]
    a, b, c, d = (np.array(point) for point in item.points)
    curve = a * (1 - parts) ** 3 + 3 * b * (1 - parts) ** 2 * parts + 3 * c * (1 - parts) * parts**2 + d * parts**3
    return [tuple(point) for point in curve]


def check_shapes(scene: Scene) -> None:
    for item in scene.fixed:
        if isinstance(item, Stroke | Box | Curve):
            for x, y in points(item):
                assert -0.5 <= x <= scene.width + 0.5, item
                assert -0.5 <= y <= scene.height + 0.5, item


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(KINDS),
    st.sampled_from(SENTENCES),
    st.integers(1, 60),
    st.integers(1, 5),
    SIZES,
    st.booleans(),
    st.booleans(),
    st.sampled_from([7, 9.5]),
    st.sampled_from([{}, {"title": ""}, {"numbers": True}]),
)
@example("lines", SENTENCES[0], 128, 2, "3.3in", False, True, 7, {})
@example("lines", SENTENCES[3], 600, 1, "13.33x7.5in", True, False, 7, {})
@example("arcs", SENTENCES[0], 128, 2, "6.9in", True, False, 7, {})
@example("arcs", SENTENCES[2], 600, 1, "3.3in", False, True, 7, {})
@example("text", SENTENCES[0], 600, 1, "3.3in", True, False, 7, {})
@example("text", SENTENCES[4], 14, 8, "13.33x7.5in", True, True, 7, {})
@example("lines", SENTENCES[0], 14, 8, "3.3in", False, True, 7, {})
@example("arcs", SENTENCES[1], 14, 8, None, False, False, 7, {})
@example("lines", SENTENCES[1], 1, 1, "1.2in", False, False, 7, {})
def test_pictures_of_words_have_their_size_and_legible_words(
    kind, sentence, n, heads, size, chosen, hides, font_size, more
):
    fields = {"rest": np.full((1, heads, n), 0.3), "hidden": True} if hides else {}
    fields["masked"] = np.triu(np.ones((1, n, n), bool), 1) if n % 3 == 0 else None
    query = n // 2 if chosen else None
    one = view(rows(n, heads=heads), sentence, **fields)
    try:
        scene = picture(kind, one, query, size=size, font_size=font_size, **more)
    except UsageError as error:
        message = str(error)
        assert "leaves no room" in message
        assert "\n" not in message
        assert size not in LARGE or (n * heads > 60 and "x" in str(size))
        return
    with own_settings():
        check(scene, font_size)
    check_shapes(scene)
    if size:
        wide, _, high = size.removesuffix("in").partition("x")
        assert scene.width == pytest.approx(float(wide) * 72)
        assert not high or scene.height == pytest.approx(float(high) * 72)


@pytest.mark.parametrize("kind", ["lines", "text"])
@pytest.mark.parametrize(("n", "m"), [(3, 40), (40, 3), (1, 600), (600, 1), (7, 11)])
@pytest.mark.parametrize("size", [None, "3.3in", "6.9x4in"])
def test_two_texts_of_any_lengths_are_legible(kind, n, m, size):
    one = view(rows(n, m, 2), SENTENCES[0], "Das Tier überquerte die Straße nicht", kind="cross")
    try:
        scene = picture(kind, one, 0, size=size)
    except UsageError as error:
        message = str(error)
        assert "leaves no room" in message
        assert size == "6.9x4in"
        return
    with own_settings():
        check(scene, 7)
    check_shapes(scene)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", ["0.3in", "3.3x0.4in", "30pt x 40pt"])
def test_a_size_too_small_is_one_line_that_says_what_is_needed(kind, size):
    with pytest.raises(UsageError, match=r"^size: [^\n]+ leaves no room for words of 7 pt; expected at least [^\n]+$"):
        picture(kind, view(rows(14)), 3, size=size, title="")


@pytest.mark.parametrize("kind", KINDS)
def test_the_size_that_an_error_names_is_enough(kind):
    one = view(rows(14, heads=3))
    for size in ("3.3x0.4in", "0.3in", "0.5x1in"):
        with pytest.raises(UsageError) as caught:
            picture(kind, one, 3, size=size, title="")
        needed = [float(side) for side in re.findall(r"([\d.]+)in", str(caught.value).partition("expected")[2])]
        per_head = 3 if "each head" in str(caught.value) else 1
        wide, high = needed if len(needed) == 2 else (needed[0], 30)
        picture(kind, one, 3, size=f"{max(wide, 0.5)}x{high * per_head + 0.4}in", title="")


@pytest.mark.parametrize("kind", ["lines", "arcs"])
@pytest.mark.parametrize("title", ["", None])
@pytest.mark.parametrize(("n", "n_heads"), [(14, 1), (14, 3), (5, 7), (60, 2)])
@pytest.mark.parametrize("size", ["3.3x0.3in", "6.9x0.5in", "1.5x0.3in", "0.5in", "0.5x9in"])
def test_the_size_that_an_error_names_has_room_with_the_title_too(kind, size, n, n_heads, title):
    one = view(rows(n, heads=n_heads))
    with pytest.raises(UsageError) as caught:
        picture(kind, one, 3, size=size, title=title)
    message = str(caught.value)
    assert ("for the title" in message) is False
    picture(
        kind,
        one,
        3,
        size=re.search(r"at least ([\d.]+in(?: x [\d.]+in)?)", message)[1].replace("in x ", "x"),
        title=title,
    )


@pytest.mark.parametrize("kind", ["lines", "arcs"])
def test_many_heads_are_no_tower(kind):
    scene = picture(kind, view(rows(14, heads=36)))
    assert 0.4 < scene.width / scene.height < 2.5
    narrow = picture(kind, view(rows(14, heads=4)), size="3.3in")
    assert narrow.height < 3 * narrow.width
