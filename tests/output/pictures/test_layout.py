"""No picture of any size has words that overlap, are cut, or are smaller than the least type."""

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from attnviz.errors import UsageError
from attnviz.output.pictures.drawing import Drawing, own_settings
from attnviz.output.pictures.scene import Raster, Scene, TextLine
from tests.output.pictures.drawn import FONTS, attention, heads, overview, panels, tokens

DPI = 144
SENTENCES = (
    "The animal didn't cross the street because it was too tired .",
    "antidisestablishmentarianism supercalifragilisticexpialidocious wwwwwwwwwwwwwwwwwwwwwwww i",
    "猫 は 東京 の 道 を 渡ら なかっ た",
    "لم يعبر الحيوان الشارع لأنه كان متعبا",
    "Größe , café λ ( x ) = 1 / 2 ∅ [CLS] ##ing Ġthe",
)
SIZES = st.sampled_from(["2in", "3.3in", "6.9in", "13.33x7.5in", "3.3inx2.5in", "8cm", "6.9x2in", "1.2in"])


def boxes(scene: Scene) -> list[tuple[TextLine, tuple[float, float, float, float]]]:
    """All words with the boxes that Matplotlib draws them in, in points: left, bottom, right, top."""
    figure = Figure(figsize=(scene.width / 72, scene.height / 72), dpi=DPI)
    renderer = FigureCanvasAgg(figure).get_renderer()
    items = (*scene.fixed, *scene.moving)
    found = []
    for item, artist in zip(items, Drawing(FONTS, DPI).artists(items, figure), strict=True):
        if isinstance(artist, Text) and item.text.strip():
            box = artist.get_window_extent(renderer)
            found.append((item, tuple(edge * 72 / DPI for edge in (box.x0, box.y0, box.x1, box.y1))))
    return found


def check(scene: Scene, least: float) -> None:
    found = boxes(scene)
    for item, (left, bottom, right, top) in found:
        assert item.size >= least, item
        assert left >= -0.5, item
        assert bottom >= -0.5, item
        assert right <= scene.width + 0.5, (item, right, scene.width)
        assert top <= scene.height + 0.5, item
    for (one, a), (other, b) in combinations(found, 2):
        if {one.role, other.role} == {"number"}:
            continue
        apart = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
        # Boxes have the height of the tallest letters, so that neighbouring lines may share a little of it.
        assert min(apart) <= 0.25 * min(one.size, other.size), (one, other, apart)
    for item in (*scene.fixed, *scene.moving):
        if isinstance(item, Raster):
            assert item.width > 0
            assert item.height > 0
            assert item.x + item.width <= scene.width
            assert item.y + item.height <= scene.height


def view_of(sentence, n_queries, n_keys, n_heads=1, **fields):
    words = sentence.split()
    rows, columns = ([words[i % len(words)] for i in range(n)] for n in (n_queries, n_keys))
    numbers = np.random.default_rng(n_queries).random((1, n_heads, n_queries, n_keys))
    return replace(attention(numbers), queries=tokens(rows), keys=tokens(columns), **fields)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(SENTENCES), st.integers(1, 70), st.integers(1, 70), SIZES, st.booleans(), st.sampled_from([7, 9.5])
)
@example(SENTENCES[0], 241, 241, "3.3in", True, 7)
@example(SENTENCES[1], 600, 3, "6.9in", True, 7)
@example(SENTENCES[3], 3, 600, "13.33x7.5in", False, 7)
def test_one_matrix_of_a_given_size_has_exactly_that_size_and_legible_words(sentence, n, m, size, is_scores, font_size):
    fields = {"values": "scores", "masked": np.zeros((1, n, m), bool)} if is_scores else {}
    if is_scores:
        fields["masked"][0, 0, 0] = True
    texts = (("text", sentence),)
    try:
        (scene,) = heads(view_of(sentence, n, m, **fields), size=size, font_size=font_size, texts=texts, dpi=DPI)
    except UsageError as error:
        assert "leaves no room" in str(error)  # noqa: PT017
        assume(size not in ("3.3in", "6.9in", "13.33x7.5in"))
        return
    with own_settings():
        check(scene, font_size)
    width = {"2in": 144, "3.3in": 237.6, "3.3inx2.5in": 237.6, "8cm": 80 * 72 / 25.4, "1.2in": 86.4}.get(size)
    assert width is None or scene.width == pytest.approx(width)
    assert "x" not in size or scene.height == pytest.approx(float(size.partition("x")[2].removesuffix("in")) * 72)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(SENTENCES), st.integers(1, 70), st.integers(1, 70), st.integers(1, 16), SIZES)
def test_panels_and_the_overview_have_legible_words_in_a_given_size(sentence, n, m, n_heads, size):
    view = view_of(sentence, n, m, n_heads)
    for draw in (panels, overview):
        try:
            scene = draw(view, size=size, dpi=DPI, texts=(("text", sentence),))
        except UsageError as error:
            assert "leaves no room" in str(error)  # noqa: PT017
            continue
        with own_settings():
            check(scene, 7)


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(SENTENCES), st.integers(1, 300), st.integers(1, 300), st.integers(1, 9))
def test_pictures_of_the_natural_size_have_legible_words(sentence, n, m, n_heads):
    view = view_of(sentence, n, m, n_heads)
    with own_settings():
        for scene in (heads(view)[-1], panels(view), overview(view)):
            check(scene, 7)


@pytest.mark.parametrize("size", [None, "3.3in", "6.9in"])
@pytest.mark.parametrize(("n", "m"), [(1, 1), (5, 5), (14, 14), (1, 60)])
def test_names_of_axes_are_apart_from_labels_and_near_them(n, m, size):
    (scene,) = heads(view_of(SENTENCES[1], n, m), size=size, dpi=DPI)
    with own_settings():
        found = boxes(scene)
    of_role = {role: [box for item, box in found if item.role == role] for role in ("column label", "bar label")}
    names = {item.text.split(" (")[0]: box for item, box in found if item.role == "axis name"}
    below = names["key"][3], min(box[1] for box in of_role["column label"])
    assert 1.5 <= below[1] - below[0] <= 6
    if "weight" in names:
        assert 0 <= names["weight"][0] - max(box[2] for box in of_role["bar label"]) <= 12


@pytest.mark.parametrize(("n", "m"), [(600, 1), (2000, 3), (300, 7)])
def test_many_rows_of_few_keys_are_no_taller_than_a_page(n, m):
    (scene,) = heads(view_of("a", n, m), size="3.3in")
    assert scene.height <= 3 * scene.width


@pytest.mark.parametrize("size", ["0.3in", "0.7in", "1in", "3.3x0.3in", "3.3x1in", "1x10in", "10x1in", "0.25x0.25in"])
@pytest.mark.parametrize("draw", [heads, panels, overview])
def test_the_size_that_an_error_expects_has_room_and_a_tenth_of_an_inch_less_has_none(draw, size):
    view = view_of(SENTENCES[0], 7, 7, 5)
    with pytest.raises(UsageError, match="leaves no room") as error:
        draw(view, size=size)
    expected = str(error.value).partition("at least ")[2].partition(",")[0]
    draw(view, size=expected.replace("in x ", "x"))
    less = "x".join(
        f"{float(side) - 0.1 * (side not in size.removesuffix('in').split('x')):.4g}"
        for side in expected.removesuffix("in").split("in x ")
    )
    with pytest.raises(UsageError, match="leaves no room"):
        draw(view, size=f"{less}in")
