"""What the heat maps of an attention show, in sizes and words; :mod:`attnviz.output.pictures.figures` draws them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from operator import itemgetter
from typing import Any

import numpy as np

from attnviz.names import PATHS
from attnviz.numbers import spans
from attnviz.output.labels import cut, cut_apart
from attnviz.output.picture_scales import own_picture_scale, picture_scale, tile_scales
from attnviz.output.pictures.fonts import Instead, drawable
from attnviz.output.pictures.painting import Grid, mosaic_shape, paint_matrix, paint_mosaic
from attnviz.output.scale import Scale, short_number, strongest_choice
from attnviz.output.words import LABEL_WIDTH, escaped, extent, foot, overview_title, quantity, rest_word, sides, unit
from attnviz.trace.attention import Attention, Matrix
from attnviz.trace.tokens import Token, Tokens, token_numbers

MOST_LABELS = 64
MOST_CELLS = 512
_VERBS = {
    "weights": "attends most to",
    "scores": "has the largest value for",
    "norms": "takes most from",
    "zeroing": "changes most without",
    "changes": "changed most towards",
}
LABEL_INCHES = 0.14
MOST_HEADS, HEAD_INCHES = 144, 0.1  # of a matrix of heads: as many as BERT base has, and their names are short
_DIGIT_INCHES = 0.08
_STEPS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)


@dataclass(frozen=True)
class Side:
    """One side of a picture: its name and its labels.

    Attributes:
        name: what the labels are.
        labels: as they are drawn, cut to a width.
        ticks: each label's distance from the start of the image, in pixels.
        spacing: from one label to the next, in inches.
        upright: whether the labels of columns are drawn upright, not turned.
    """

    name: str
    labels: tuple[str, ...]
    ticks: tuple[float, ...]
    spacing: float
    upright: bool = False


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture: the file's stem, its title, scale and one-sentence description, and a function that paints it."""

    stem: str
    title: str
    scale: Scale
    description: str
    paint: Callable[[], np.ndarray]


@dataclass(frozen=True, eq=False)
class Sheet:
    """What pictures of one size have in common: (height, width) of the image in pixels, sides and words."""

    size: tuple[int, int]
    rows: Side
    columns: Side
    subtitle: str
    quantity: str
    provenance: str
    masked: bool


def fitted(attention: Attention, sheet_of: Callable[[Attention], Any]) -> tuple[Attention, Any]:
    """The attention as it is drawn, and its sheet: what rows gave to hidden keys is a column of its own.

    Where several keys share a cell that column would be lost among them, and is left out.
    """
    if attention.rest is None:
        return attention, sheet_of(attention)
    word = rest_word(attention)
    column = Token(text="", label=word, piece=word, special=True)
    masked = attention.masked
    shown = replace(
        attention,
        matrices=np.concatenate([attention.matrices, attention.rest[..., None]], axis=-1),
        keys=(*attention.keys, column),
        masked=None if masked is None else np.pad(masked, ((0, 0), (0, 0), (0, 1))),
    )
    sheet = sheet_of(shown)
    return (shown, sheet) if sheet[1][1].block == 1 else fitted(replace(attention, rest=None), sheet_of)


def head_sheet(
    attention: Attention, dpi: int, instead: Instead, strides: tuple[int, int] = (1, 1)
) -> tuple[Sheet, tuple[Grid, Grid]]:
    """The common parts of the pictures of single heads, and the grids of their rows and columns.

    ``strides``: for how many tokens a row and a column of the matrices stand.
    """
    n_queries, n_keys = len(attention.queries), len(attention.keys)
    blocks = [_block(n, MOST_CELLS, stride) for n, stride in zip((n_queries, n_keys), strides, strict=True)]
    longest = max(-(-n_queries // blocks[0]), -(-n_keys // blocks[1]))
    most, least = (MOST_HEADS, HEAD_INCHES) if attention.values == "distances" else (MOST_LABELS, LABEL_INCHES)
    inches = min(0.45, max(least, 4.8 / longest)) if longest <= most else most * least / longest
    grids = []
    for n, block, stride in zip((n_queries, n_keys), blocks, strides, strict=True):
        # Cells are square unless a short side's labels would not fit.
        cell = max(inches, least if n <= most else min(least, 3 / -(-n // block)))
        grids.append(Grid(n, block, max(1, round(cell * dpi)), stride))
    rows, columns = grids
    side = partial(head_side if attention.values == "distances" else token_side, dpi=dpi, instead=instead)
    subtitle = f"{quantity(attention)}, {extent(attention)}"
    if max(blocks) > 1:
        subtitle += f"; each cell: the largest of {blocks[0]} × {blocks[1]}"
    sheet = Sheet(
        size=(rows.length, columns.length),
        rows=side(sides(attention)[0], attention.queries, rows),
        columns=side(sides(attention)[1], attention.keys, columns),
        subtitle=subtitle,
        quantity=unit(attention.values, attention.reduce),
        provenance=foot(attention).translate(instead),
        masked=_has_masked(attention),
    )
    return sheet, (rows, columns)


def overview_sheet(
    attention: Attention, dpi: int, instead: Instead, strides: tuple[int, int] = (1, 1)
) -> tuple[Sheet, tuple[Grid, Grid], int]:
    """The common parts of the mosaic, the grids of one tile's rows and columns, and the pixels between two tiles.

    ``strides``: see ``head_sheet``.
    """
    n_rows, n_columns = mosaic_shape(attention)
    n_queries, n_keys = len(attention.queries), len(attention.keys)
    inches = min(1.6, max(0.2, 9 / max(n_rows, n_columns)))
    longest = max(n_queries, n_keys)
    grids = []
    for n, stride in zip((n_queries, n_keys), strides, strict=True):
        room = max(1, round(inches * dpi * max(n / longest, 1 / 3)))
        block = _block(n, room, stride)
        grids.append(Grid(n, block, max(1, room // -(-n // block)), stride))
    rows, columns = grids
    gap = max(2, round(0.02 * dpi))
    subtitle = f"{quantity(attention)}, each tile {extent(attention)}"
    if attention.rest is not None:
        share = "what others got" if attention.values == "changes" else "what they got"
        subtitle += f"; strip at the right: {rest_word(attention)}, {share}"
    if max(rows.block, columns.block) > 1:
        subtitle += f"; each cell: the largest of {rows.block} × {columns.block}"
    layers = attention.layer_names if "layer" in attention.axes else [spans(attention.layers)]
    heads = attention.head_names if "head" in attention.axes else [spans(attention.heads)]
    if attention.by_name:
        layers = [""]
    sheet = Sheet(
        size=(n_rows * (rows.length + gap) + gap, n_columns * (columns.length + gap) + gap),
        rows=_tile_side("" if attention.by_name else "layer", layers, rows.length, gap, dpi),
        columns=_tile_side("head", heads, columns.length, gap, dpi),
        subtitle=subtitle,
        quantity=unit(attention.values, attention.reduce),
        provenance=foot(attention).translate(instead),
        masked=_has_masked(attention),
    )
    return sheet, (rows, columns), gap


def _block(n: int, most: int, stride: int) -> int:
    """How many of n tokens a cell holds, so that there are at most so many cells: a multiple of the stride."""
    n_rows = -(-n // stride)
    return stride * -(-n_rows // most)


def head_pictures(
    attention: Attention,
    grids: tuple[Grid, Grid],
    palette: np.ndarray,
    scale: str,
    sentences: Sequence[tuple[float, str]] | None = None,
) -> list[Picture]:
    """One picture per matrix, in order; nothing is painted yet.

    ``sentences``: of each matrix its strongest weight and the sentence about it, where the matrices do not tell.
    """
    shared = picture_scale(attention) if scale == "shared" else None
    return [
        Picture(
            stem=file_stem(attention, i),
            title=_capital(matrix.title),
            scale=shared or own_picture_scale(matrix),
            description=sentences[i][1] if sentences else sentence(matrix),
            paint=partial(paint_matrix, matrix, grids, shared or own_picture_scale(matrix), palette),
        )
        for i, matrix in enumerate(attention)
    ]


def overview_picture(
    attention: Attention,
    grids: tuple[Grid, Grid],
    gap: int,
    palette: np.ndarray,
    scale: str,
    sentences: Sequence[tuple[float, str]] | None = None,
) -> Picture:
    """The mosaic of all matrices: a row of tiles per layer, a column per head, all on one scale.

    With ``scale`` ``head`` each tile has a scale of its own.
    ``sentences``: see ``head_pictures``.
    """
    ends, scales = tile_scales(attention)
    if scale == "shared":
        ends = picture_scale(attention)
        scales = [ends] * len(attention)
    if sentences:
        first = max(sentences, key=itemgetter(0))[1]
    else:
        first = sentence(max(attention, key=lambda one: strongest_choice(one)[0]))
    return Picture(
        stem=_prefix(attention) + "overview",
        title="Overview: " + overview_title(attention),
        scale=ends,
        description=f"{len(attention)} matrices{'' if attention.by_name else ', layers down, heads across'}. {first}",
        paint=partial(paint_mosaic, attention, grids, gap, scales, palette),
    )


def file_stem(attention: Attention, index: int) -> str:
    """A matrix's file name without its ending: ``L00H03``, ``L01mean``, ``L01zeroing``, ``mean``, ``cross-L00H03``."""
    i, j = divmod(index, attention.matrices.shape[1])
    if "head" in attention.axes:
        layer, head = attention.head_at(i, j)
        name = f"L{layer:02d}H{head:02d}"
    elif "layer" in attention.axes:
        name = f"L{attention.layers[i]:02d}{'mean' if attention.reduce == 'mean-heads' else attention.values}"
    else:
        name = attention.reduce
    return _prefix(attention) + name


def sentence(matrix: Matrix, strongest: tuple[float, int, int] | None = None) -> str:
    """One sentence: what attends most to what; ``strongest``: of ``strongest_choice``, where that is known."""
    value, query, key = strongest or strongest_choice(matrix)
    title = _capital(matrix.title)
    if not np.isfinite(value):
        return f"{title}: every key is masked."
    is_path = matrix.name in PATHS
    verb = "comes most from" if is_path else _VERBS[matrix.values]
    queries, keys = token_numbers(matrix.queries), token_numbers(matrix.keys)
    query_name, key_name = ("token", "input token") if is_path else ("query", "key")
    return (
        f"{title}: {query_name} {queries[query]} “{escaped(matrix.queries[query].label)}” {verb} "
        f"{key_name} {keys[key]} “{escaped(matrix.keys[key].label)}” "
        f"({unit(matrix.values, matrix.name)} {short_number(matrix.numbers[query, key])})."
    )


def token_side(name: str, tokens: Tokens, grid: Grid, dpi: int, instead: Instead) -> Side:
    """The labels of one side: all up to 64 tokens, then every second, fifth, tenth, ... with its position."""
    numbers = token_numbers(tokens)
    step = _step(len(tokens), grid.length / dpi, MOST_LABELS, LABEL_INCHES)
    texts = [escaped(token.label) for token in tokens]
    texts = [cut(text, LABEL_WIDTH) for text in texts] if step > 1 else cut_apart(texts, numbers, LABEL_WIDTH)

    def label(index: int) -> str:
        text = texts[index]
        return f"{numbers[index]} {text.translate(instead)}" if step > 1 else drawable(text, instead, numbers[index])

    return _thinned(name, label, len(tokens), step, grid, dpi)


def head_side(name: str, heads: Tokens, grid: Grid, dpi: int, instead: Instead) -> Side:  # noqa: ARG001
    """The names of heads, closer together than tokens: all up to 144, then some; they are in no order of their own."""
    step = _step(len(heads), grid.length / dpi, MOST_HEADS, HEAD_INCHES)
    return _thinned(name, lambda index: heads[index].label, len(heads), step, grid, dpi)


def _step(n: int, inches: float, most: int, least: float) -> int:
    """Which of n labels have room on a side: every first, second, fifth, ..."""
    room = min(most, max(1, int(inches / least + 0.5)))
    return next((step for step in _STEPS if n / step <= room), _STEPS[-1])


def _thinned(name: str, label: Callable[[int], str], n: int, step: int, grid: Grid, dpi: int) -> Side:
    if step > 1:
        name += f" (every {step}{'nd' if step == 2 else 'th'} of {n} labelled)"
    shown = range(0, n, step)
    return Side(
        name=name,
        ticks=tuple((i + 0.5) / grid.block * grid.pixels for i in shown),
        labels=tuple(label(i) for i in shown),
        spacing=step / grid.block * grid.pixels / dpi,
    )


def _tile_side(name: str, labels: Sequence[str], length: int, gap: int, dpi: int) -> Side:
    ticks = tuple(gap + i * (length + gap) + length / 2 for i in range(len(labels)))
    spacing = (length + gap) / dpi
    return Side(name, tuple(labels), ticks, spacing, upright=max(map(len, labels)) * _DIGIT_INCHES <= spacing)


def _has_masked(attention: Attention) -> bool:
    masked = attention.masked is not None and bool(attention.masked.any())
    return masked or not bool(np.isfinite(attention.matrices).all())


def _prefix(attention: Attention) -> str:
    return "" if attention.kind == "encoder" else f"{attention.kind}-"


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]
