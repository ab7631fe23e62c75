"""Heat maps of matrices that come a part at a time are those of the whole."""

from dataclasses import replace

import numpy as np
import pytest

from attnviz.output.pictures.figures import write_heatmaps
from attnviz.output.pictures.matrices import condensed as module
from attnviz.output.pictures.matrices import sheets, sides
from attnviz.output.pictures.matrices.condensed import condensed
from attnviz.output.pictures.scene import Raster
from attnviz.output.pictures.style import PictureStyle
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token
from tests.output.pictures.drawn import heads, line, overview, painted

MODEL = ModelInfo("toy", "seed:0")


def attention(n: int, *, masked: bool = False, values: str = "weights") -> Attention:
    numbers = np.random.default_rng(n).random((2, 3, n, n)).astype(np.float32)
    tokens = tuple(Token(f"t{i}", f"t{i}") for i in range(n))
    hidden = np.broadcast_to(~np.tri(n, dtype=bool), (2, n, n)) if masked else None
    if masked:
        numbers = np.where(hidden[:, None], -np.inf if values == "scores" else 0, numbers).astype(np.float32)
    return Attention(numbers, tokens, tokens, (1, 4), (0, 2, 5), MODEL, values=values, masked=hidden)


def parts(whole: Attention, heads_each: int):
    for i, layer in enumerate(whole.layers):
        for start in range(0, len(whole.heads), heads_each):
            some = slice(start, start + heads_each)
            yield replace(
                whole,
                matrices=whole.matrices[i : i + 1, some],
                layers=(layer,),
                heads=whole.heads[some],
                masked=None if whole.masked is None else whole.masked[i : i + 1],
            )


@pytest.mark.parametrize("values", ["weights", "scores"])
@pytest.mark.parametrize("masked", [False, True])
def test_pictures_of_parts_are_byte_for_byte_those_of_the_whole(tmp_path, masked, values):
    whole = attention(11, masked=masked, values=values)
    first = write_heatmaps(whole, tmp_path / "whole", PictureStyle(dpi=60))
    second = write_heatmaps(condensed(parts(whole, 2), (2, 3)), tmp_path / "parts", PictureStyle(dpi=60))
    assert [path.name for path in first] == [path.name for path in second]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


@pytest.mark.parametrize("masked", [False, True])
def test_blocks_of_parts_are_the_blocks_of_the_whole(monkeypatch, masked):
    for place in (module, sheets, sides):
        monkeypatch.setattr(place, "MOST_CELLS", 8)
    whole = attention(29, masked=masked)
    found = condensed(parts(whole, 1), (2, 3))
    assert (found.strides, found.attention.matrices.shape) == ((4, 4), (2, 3, 8, 8))
    first = heads(whole, dpi=60)
    again = heads(found.attention, dpi=60, strides=found.strides, sentences=found.sentences)
    assert "each cell: the largest of 4 × 4" in line(again[0])
    for one, other in zip(first, again, strict=True):
        assert words(one) == words(other)
        assert (one.title, one.description, one.caption) == (other.title, other.description, other.caption)
        assert np.array_equal(painted(one, 40, 40), painted(other, 40, 40))


def test_the_overview_of_parts_says_how_many_tokens_a_cell_is(monkeypatch):
    monkeypatch.setattr(module, "MOST_CELLS", 8)
    found = condensed(parts(attention(29), 1), (2, 3))
    more = {"strides": found.strides, "sentences": found.sentences}
    scene = overview(found.attention, size="1.66in", title="", dpi=30, **more)  # so few dots that cells merge
    assert "each cell: the largest of 12 × 12" in scene.caption


def words(scene):
    return [item for item in (*scene.fixed, *scene.moving) if not isinstance(item, Raster)]
