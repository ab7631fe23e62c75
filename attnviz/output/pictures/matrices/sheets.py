"""What the pictures of an attention's matrices hold: one a picture, several panels of one, or a mosaic of all."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, partial
from operator import itemgetter
from typing import TypeVar

import numpy as np

from attnviz.numbers import spans
from attnviz.output.picture_scales import own_picture_scale, picture_scale, tile_scales
from attnviz.output.pictures.descriptions import capital, file_stem, has_masked, sentence
from attnviz.output.pictures.fonts import Instead
from attnviz.output.pictures.heading import Heading
from attnviz.output.pictures.look import Look
from attnviz.output.pictures.matrices.layout import Layout, Rect, Sheet, layout
from attnviz.output.pictures.matrices.painting import Grid, paint_matrix, paint_mosaic
from attnviz.output.pictures.matrices.scenes import Picture, scenes
from attnviz.output.pictures.matrices.sides import MOST_CELLS, Side, grid_of, named_side, token_side
from attnviz.output.pictures.rest import with_rest_key
from attnviz.output.pictures.scene import Measure, Scene
from attnviz.output.pictures.style import PictureStyle
from attnviz.output.scale import Scale, strongest_choice
from attnviz.output.words import escaped, extent, foot, overview_title, quantity, rest_word, sides, unit
from attnviz.records import dataclass
from attnviz.trace.attention import Attention

INCH = 72.0
_LEAST_CELL, _MOST_CELL, _LONGEST = 0.14 * INCH, 0.45 * INCH, 9.0 * INCH
_GAP = 3  # pixels between two tiles of the mosaic
MadeT = TypeVar("MadeT")


@dataclass(frozen=True, eq=False)
class Drawn:
    """What is drawn, and how.

    Attributes:
        attention: the matrices.
        strides: for how many tokens a row and a column of the matrices stand.
        sentences: of each matrix its strongest weight and the sentence about it, where the matrices do not tell.
        style: what the user chose.
        instead: what is drawn for characters that no font has.
        measure: the width of a text.
        prefix: what the names of files begin with.
        texts: the texts whose attention it is, each with its name.
    """

    attention: Attention
    strides: tuple[int, int]
    sentences: Sequence[tuple[float, str]] | None
    style: PictureStyle
    instead: Instead
    measure: Measure
    prefix: str = ""
    texts: tuple[tuple[str, str], ...] = ()

    def scales(self, part: str) -> tuple[Scale, list[Scale]]:
        """The scale of the colour bar of a picture of all matrices, and that of each; ``part``: what it calls one."""
        attention, ends, norm = self._scaled, self.style.ends, self.style.norm
        if self.style.scale == "head" and len(attention) > 1:
            return tile_scales(attention, ends, norm, part)
        shared = picture_scale(attention, ends, norm)
        return shared, [shared] * len(attention)

    @property
    def own_scales(self) -> list[Scale]:
        """The scale of each matrix in a picture of its own."""
        attention, ends, norm = self._scaled, self.style.ends, self.style.norm
        if self.style.scale == "shared":
            return [picture_scale(attention, ends, norm)] * len(attention)
        return [own_picture_scale(matrix, ends, norm) for matrix in attention]

    @property
    def _scaled(self) -> Attention:
        """The matrices whose values the scales span: of changes also what others got, which is one of them."""
        has_more = self.attention.values == "changes" and self.attention.rest is not None
        return with_rest_key(self.attention)[0] if has_more else self.attention

    def look(self, scale: Scale) -> Look:
        """What a layout needs."""
        return self.style.look(self.attention.values, scale, self.instead)

    @property
    def source(self) -> str:
        """Where the numbers came from, in one line."""
        return "; ".join(self.foot)

    @cached_property
    def palette(self) -> np.ndarray:
        """The colours of its values, (256, 4) uint8."""
        return self.style.palette(self.attention.values)

    @cached_property
    def foot(self) -> tuple[str, ...]:
        """The lines at the foot: the texts, and where the numbers came from."""
        return tuple(foot(self.attention, self.texts).split("\n"))

    def heading(self, title: str, details: str, scale: Scale) -> Heading:
        """The words around a picture; ``details``: what the line under the title says after the quantity."""
        rest = self.attention.rest
        beyond = rest is not None and scale.high > 0 and float(rest.max()) > scale.high * (1 + 1e-6)
        scale_words = scale.words + f"; {rest_word(self.attention)} goes beyond it" * beyond
        lines = (f"{quantity(self.attention)}, {details}", scale_words)
        return Heading(escaped(self.style.title or capital(title)), tuple(filter(None, lines)), self.foot)


def head_scenes(drawn: Drawn) -> Iterator[tuple[str, Scene]]:
    """One picture of each matrix, in order, with its file's stem."""
    scales = drawn.own_scales

    def pictures(shown: Drawn, grids: tuple[Grid, Grid]) -> list[Picture]:
        details, palette = _details(drawn, grids), shown.palette
        return [
            Picture(
                stem=file_stem(shown.attention, i, shown.prefix),
                heading=shown.heading(matrix.title, details, own),
                scale=own,
                description=shown.sentences[i][1] if shown.sentences else sentence(drawn_matrix),
                source=shown.source,
                paints=(partial(paint_matrix, matrix, grids, own, palette),),
                matrices=(matrix,),
            )
            for i, (matrix, drawn_matrix, own) in enumerate(zip(shown.attention, drawn.attention, scales, strict=True))
        ]

    yield from _laid_out(drawn, drawn.look(scales[0]), pictures, ())


def panel_scene(drawn: Drawn) -> Scene:
    """All matrices as panels of one picture."""
    (scale, scales), names = drawn.scales("panel"), tuple(matrix.name for matrix in drawn.attention)

    def pictures(shown: Drawn, grids: tuple[Grid, Grid]) -> list[Picture]:
        matrices = tuple(shown.attention)
        return [
            Picture(
                stem="",
                heading=shown.heading(overview_title(shown.attention), _details(drawn, grids), scale),
                scale=scale,
                description=f"{len(matrices)} matrices. {first_sentence(drawn)}",
                source=shown.source,
                paints=tuple(
                    partial(paint_matrix, matrix, grids, own, shown.palette)
                    for matrix, own in zip(matrices, scales, strict=True)
                ),
                matrices=matrices,
            )
        ]

    return next(scene for _, scene in _laid_out(drawn, drawn.look(scale), pictures, names))


def overview_scene(drawn: Drawn) -> Scene:
    """The mosaic of all matrices: a row of tiles per layer, a column per head, all on one scale."""
    scale, scales = drawn.scales("tile")
    rows, columns = _tile_sides(drawn.attention)
    shape = rows.grid.cells, columns.grid.cells

    def made(shown: Drawn, grids: tuple[Grid, Grid]) -> tuple[Sheet, tuple[Attention, tuple[Grid, Grid]]]:
        details = f"each tile {extent(drawn.attention)}{_strip(shown.attention)}{_blocks(grids)}"
        words = shown.heading("Overview: " + overview_title(drawn.attention), details, scale)
        return Sheet(
            rows, columns, (), (words,), on_bar(drawn.attention, scale), _bar_labels([scale]),
            has_masked(drawn.attention), _natural_tile(drawn.attention, shape),
        ), (shown.attention, grids)  # fmt: skip

    look = drawn.look(scale)
    sheet, place, (shown, grids) = _with_visible_cells(drawn, look, made, shape, _GAP)
    tiles: list[Callable[[int, int], np.ndarray]] = [
        partial(paint_matrix, matrix, grids, own, drawn.palette) for matrix, own in zip(shown, scales, strict=True)
    ]
    picture = Picture(
        stem="",
        heading=sheet.headings[0],
        scale=scale,
        description=f"{_tiles_in_words(drawn.attention)} {first_sentence(drawn)}",
        source=drawn.source,
        paints=(partial(paint_mosaic, tiles, shape, _GAP),),
        hovers=tuple(
            (Rect(i % shape[1] / shape[1], i // shape[1] / shape[0], 1 / shape[1], 1 / shape[0]), matrix.title)
            for i, matrix in enumerate(drawn.attention)
        ),
    )
    return next(scenes(sheet, place, [picture], look, drawn.measure))


def _laid_out(
    drawn: Drawn, look: Look, pictures_of: Callable[[Drawn, tuple[Grid, Grid]], list[Picture]], names: tuple[str, ...]
) -> Iterator[tuple[str, Scene]]:
    """The scenes of pictures of the same sides."""

    def made(shown: Drawn, grids: tuple[Grid, Grid]) -> tuple[Sheet, list[Picture]]:
        pictures = pictures_of(shown, grids)
        scales = [picture.scale for picture in pictures]
        return Sheet(
            *_sides(shown, grids), names, tuple(picture.heading for picture in pictures),
            on_bar(drawn.attention, scales[0]), _bar_labels(scales),
            has_masked(drawn.attention), _natural_cell(shown, grids),
        ), pictures  # fmt: skip

    sheet, place, pictures = _with_visible_cells(drawn, look, made)
    for picture, scene in zip(pictures, scenes(sheet, place, pictures, look, drawn.measure), strict=True):
        yield picture.stem, scene


def _with_visible_cells(
    drawn: Drawn,
    look: Look,
    made: Callable[[Drawn, tuple[Grid, Grid]], tuple[Sheet, MadeT]],
    shape: tuple[int, int] = (1, 1),
    gap: int = 0,
) -> tuple[Sheet, Layout, MadeT]:
    """A sheet at its place, in which no cell is smaller than a pixel: there, a cell is a block of several.

    Args:
        drawn: what is drawn.
        look: how it looks.
        made: makes the sheet of some cells, and whatever goes with it.
        shape: how many rows and columns of tiles a panel has.
        gap: pixels between two tiles.
    """
    room: tuple[float, float] = (MOST_CELLS, MOST_CELLS)
    for _ in range(3):
        shown, grids = _with_grids(drawn, room)
        sheet, more = made(shown, grids)
        place = layout(sheet, look, drawn.measure)
        rect = place.panels[0]
        height, width = (
            side / n * look.dpi / INCH - gap for side, n in zip((rect.height, rect.width), shape, strict=True)
        )
        room = height, width
        if all(grid.cells <= max(1, pixels) for grid, pixels in zip(grids, room, strict=True)):
            break
    return sheet, place, more


def _with_grids(drawn: Drawn, rooms: tuple[float, float]) -> tuple[Drawn, tuple[Grid, Grid]]:
    """What is drawn in so much room, and its cells: what rows gave to hidden keys is a column of its own.

    Where several keys share a cell that column would be lost among them, and is left out.
    """
    attention = drawn.attention
    if attention.rest is not None:
        shown = replace(drawn, attention=with_rest_key(attention)[0])
        grids = _grids(shown, rooms)
        if grids[1].block == 1:
            return shown, grids
        drawn = replace(drawn, attention=replace(attention, rest=None))
    return drawn, _grids(drawn, rooms)


def _grids(drawn: Drawn, rooms: tuple[float, float]) -> tuple[Grid, Grid]:
    n = len(drawn.attention.queries), len(drawn.attention.keys)
    rows, columns = (grid_of(*each) for each in zip(n, rooms, drawn.strides, strict=True))
    return rows, columns


def _sides(drawn: Drawn, grids: tuple[Grid, Grid]) -> tuple[Side, Side]:
    attention, names = drawn.attention, sides(drawn.attention)
    if attention.values == "distances":
        labels = [token.label for token in attention.queries]
        return named_side(names[0], labels), named_side(names[1], labels)
    rows = token_side(names[0], attention.queries, grids[0], drawn.instead)
    has_rest = attention.rest is not None
    return rows, token_side(names[1], attention.keys, grids[1], drawn.instead, has_rest=has_rest)


def _tile_sides(attention: Attention) -> tuple[Side, Side]:
    layers = list(attention.layer_names) if "layer" in attention.axes else [spans(attention.layers)]
    heads = list(attention.head_names) if "head" in attention.axes else [spans(attention.heads)]
    if attention.by_name:
        return named_side("", [""]), named_side("head", heads)
    return named_side("layer", layers), named_side("head", heads)


def _natural_cell(drawn: Drawn, grids: tuple[Grid, Grid]) -> tuple[float, float]:
    """The height and the width of a cell; both the same, unless the labels of a short side would not fit."""
    least = max(_LEAST_CELL, 1.2 * drawn.style.font_size)
    longest = max(grid.cells for grid in grids)
    most = int(_LONGEST / least)
    points = min(_MOST_CELL, max(least, 4.8 * INCH / longest)) if longest <= most else _LONGEST / longest
    height, width = (max(points, least if grid.tokens <= most else min(least, 3 * INCH / grid.cells)) for grid in grids)
    return height, width


def _natural_tile(attention: Attention, shape: tuple[int, int]) -> tuple[float, float]:
    points = INCH * min(1.6, max(0.2, 9 / max(shape)))
    n = len(attention.queries), len(attention.keys)
    height, width = (points * max(side / max(n), 1 / 3) for side in n)
    return height, width


def _details(drawn: Drawn, grids: tuple[Grid, Grid]) -> str:
    return extent(drawn.attention) + _blocks(grids)


def _blocks(grids: tuple[Grid, Grid]) -> str:
    rows, columns = (grid.block for grid in grids)
    return f"; each cell: the largest of {rows} × {columns}" if max(rows, columns) > 1 else ""


def _strip(attention: Attention) -> str:
    if attention.rest is None:
        return ""
    share = "what others got" if attention.values == "changes" else "what they got"
    return f"; strip at the right: {rest_word(attention)}, {share}"


def _tiles_in_words(attention: Attention) -> str:
    return f"{len(attention)} matrices{'' if attention.by_name else ', layers down, heads across'}."


def first_sentence(drawn: Drawn) -> str:
    """The sentence about the strongest weight of all."""
    if drawn.sentences:
        return max(drawn.sentences, key=itemgetter(0))[1]
    return sentence(max(drawn.attention, key=lambda one: strongest_choice(one)[0]))


def _bar_labels(scales: Sequence[Scale]) -> tuple[str, ...]:
    return tuple({label for scale in scales for _, label in scale.ticks})


def on_bar(attention: Attention, scale: Scale) -> str:
    """What a colour bar shows: the quantity, and the norm where it is not linear."""
    name = unit(attention.values, attention.reduce)
    return f"{name} ({scale.norm_words})" if scale.norm_words else name
