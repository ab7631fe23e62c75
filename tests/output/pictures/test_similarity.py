"""The picture of distances between heads: dark where they are alike, with clusters, and without tokens."""

from dataclasses import replace

import numpy as np
import pytest

from attnviz.analysis.heads.clusters import head_clusters
from attnviz.output.pictures.figures import write_similarity
from attnviz.output.pictures.matrices.similarity import as_distances, similarity_scene
from attnviz.output.pictures.scene import Box, Raster, Stroke, TextLine
from attnviz.output.pictures.style import PictureStyle
from tests.output.matrices import attention
from tests.output.pictures.drawn import drawn, line, painted, written
from tests.output.pictures.test_layout import check

DISTANCES = np.array([[0.0, 0.5, 0.2], [0.5, 0.0, 0.7], [0.2, 0.7, 0.0]])


def test_what_rows_gave_to_hidden_keys_and_what_is_masked_are_of_no_distance(tmp_path):
    plain = attention(1, 3)
    rested = replace(plain, rest=np.full(plain.matrices.shape[:3], 0.4, np.float32), masked=np.ones((1, 5, 5), bool))
    shown = as_distances(rested, DISTANCES, (2, 0, 1))
    assert shown.rest is None
    assert shown.masked is None
    assert [token.label for token in shown.keys] == ["L0H2", "L0H0", "L0H1"]
    assert shown.matrices[0, 0].tolist() == [[0.0, 0.2, 0.7], [0.2, 0.0, 0.5], [0.7, 0.5, 0.0]]
    (first,), (second,) = (
        write_similarity(one, DISTANCES, head_clusters(DISTANCES), tmp_path / name, PictureStyle(dpi=60))
        for name, one in (("plain", plain), ("rested", rested))
    )
    assert first.read_bytes() == second.read_bytes()


# 0 with 2, 1 with 3, then 4 with the first two, then all: at distances 10, 12, 25 and 92.67 thousandths.
PLACES = np.array([0, 100, 10, 112, 30]) / 1000


def scene_of(places=PLACES, **style):
    distances = np.abs(np.subtract.outer(places, places))
    view, clusters = attention(1, len(places)), head_clusters(distances)
    return similarity_scene(drawn(as_distances(view, distances, clusters.order), **style), view, clusters)


def test_heads_that_are_alike_are_dark_whatever_the_colour_map():
    for cmap in ("paper", "paper_r", "viridis", "Greys", "magma"):
        image = painted(scene_of(cmap=cmap, scale="head"), 50, 50).astype(int)[..., :3].sum(axis=-1)
        assert image[5, 5] == image[45, 45] == image.min(), cmap
        assert image[5, 45] == image.max(), cmap
        bar = next(item for item in scene_of(cmap=cmap).fixed if isinstance(item, Raster))
        colours = bar.paint(100, 1).astype(int)[..., :3].sum(axis=-1)
        assert colours[-1] == image.min(), cmap
        assert colours[0] == image.max(), cmap


def test_a_border_is_around_each_cluster_and_a_bracket_over_each_merge():
    scene = scene_of()
    (rect,) = (item for item in scene.moving if isinstance(item, Raster))
    borders = {(item.x, item.y, item.width, item.height) for item in scene.moving if isinstance(item, Box)}
    borders -= {(rect.x, rect.y, rect.width, rect.height)}
    cell = rect.width / 5
    expected = [(rect.x, rect.y, 3 * cell, 3 * cell), (rect.x + 3 * cell, rect.y + 3 * cell, 2 * cell, 2 * cell)]
    np.testing.assert_allclose(sorted(borders), expected)
    brackets = [item for item in scene.moving if isinstance(item, Stroke)]
    spans = [((b.points[0][0] - rect.x) / cell - 0.5, (b.points[-1][0] - rect.x) / cell - 0.5) for b in brackets]
    np.testing.assert_allclose(spans, [(0, 1), (3, 4), (0.5, 2), (1.25, 3.5)])
    heights = [rect.y - b.points[1][1] for b in brackets]
    np.testing.assert_allclose(np.array(heights[:3]) / heights[3], np.array([10, 12, 25]) / 92.667, atol=1e-4)
    assert max(heights) < 0.21 * rect.height
    assert len({b.color for b in brackets[:3]}) == 1
    assert brackets[3].color != brackets[0].color
    assert line(scene).endswith("half the mean distance distance (jsd) from 0, equal, to 1, nothing in common")


@pytest.mark.parametrize("places", [[0.0], [0.0, 0.0], [0.0, 0.5], [0.0, 0.0, 0.0]])
def test_few_or_equal_heads_have_no_borders(places):
    scene = scene_of(np.array(places))
    assert "framed" not in line(scene)
    assert len([item for item in scene.moving if isinstance(item, Stroke)]) == len(places) - 1
    assert len([item for item in scene.moving if isinstance(item, Box)]) == 1


def test_range_and_norm_are_those_of_all_pictures():
    scene = scene_of(range=":0.05", norm="sqrt")
    assert "distance (jsd): square-root scale 0–0.05, 0.05 and more in the last colour (largest 0.112)" in line(scene)
    assert written(scene, "axis name")[-1] == "jsd (square root)"
    assert written(scene, "bar label") == ["0", "0.005", "0.0125", "0.025", "≥0.05"]
    assert "distance (jsd) from 0, equal, to 0.112, the largest" in line(scene_of(scale="head"))


@pytest.mark.parametrize("size", [None, "2.2in", "3.3in", "6.9in", "13.33x7.5in", "3.3x2.5in"])
@pytest.mark.parametrize("n", [1, 2, 36, 144])
def test_nothing_of_a_picture_of_any_size_overlaps_its_dendrogram(n, size):
    scene = scene_of(np.random.default_rng(0).random(n), size=size)
    check(scene, 7)
    heads = [item for item in (*scene.fixed, *scene.moving) if isinstance(item, TextLine) and item.va == "top"]
    lowest = max(item.y + item.size for item in heads if item.role in ("title", "line"))
    assert all(y >= lowest - 0.5 for item in scene.moving if isinstance(item, Stroke) for _, y in item.points)
