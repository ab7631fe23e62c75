"""Heat maps of matrices that come a part at a time are those of the whole."""

from dataclasses import replace

import numpy as np
import pytest

from attnviz.output.pictures import condensed as module
from attnviz.output.pictures import pictures
from attnviz.output.pictures.condensed import condensed
from attnviz.output.pictures.figures import write_heatmaps
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token

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
    first = write_heatmaps(whole, tmp_path / "whole", dpi=60)
    second = write_heatmaps(condensed(parts(whole, 2), (2, 3)), tmp_path / "parts", dpi=60)
    assert [path.name for path in first] == [path.name for path in second]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name


@pytest.mark.parametrize("masked", [False, True])
def test_blocks_of_parts_are_the_blocks_of_the_whole(monkeypatch, masked):
    monkeypatch.setattr(pictures, "MOST_CELLS", 8)
    monkeypatch.setattr(module, "MOST_CELLS", 8)
    whole = attention(29, masked=masked)
    found = condensed(parts(whole, 1), (2, 3))
    assert (found.strides, found.attention.matrices.shape) == ((4, 4), (2, 3, 8, 8))
    palette = np.arange(1024, dtype=np.uint8).reshape(256, 4)
    sheets = [
        pictures.head_sheet(whole, 60, {}),
        pictures.head_sheet(found.attention, 60, {}, found.strides),
    ]
    assert sheets[0][0].subtitle == sheets[1][0].subtitle
    assert "each cell: the largest of 4 × 4" in sheets[1][0].subtitle
    assert (sheets[0][0].rows, sheets[0][0].columns) == (sheets[1][0].rows, sheets[1][0].columns)
    drawn = pictures.head_pictures(whole, sheets[0][1], palette, "shared")
    again = pictures.head_pictures(found.attention, sheets[1][1], palette, "shared", found.sentences)
    for one, other in zip(drawn, again, strict=True):
        assert (one.stem, one.title, one.scale, one.description) == (
            other.stem,
            other.title,
            other.scale,
            other.description,
        )
        assert np.array_equal(one.paint(), other.paint())


def test_the_overview_of_parts_says_how_many_tokens_a_cell_is(monkeypatch):
    monkeypatch.setattr(module, "MOST_CELLS", 8)
    found = condensed(parts(attention(29), 1), (2, 3))
    sheet, grids, _ = pictures.overview_sheet(found.attention, 2, {}, found.strides)  # so few dots that cells merge
    assert grids[0].block % 4 == 0
    assert grids[0].block > 4
    assert f"each cell: the largest of {grids[0].block} × {grids[1].block}" in sheet.subtitle
