"""What the heat maps of an attention show, in sizes and words; :mod:`attnviz.output.figures` draws them."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from rich.cells import cell_len

from attnviz.errors import one_line
from attnviz.numbers import spans
from attnviz.output.fonts import Instead, drawable
from attnviz.output.lines import KIND_NAMES, renormalized_words
from attnviz.output.painting import (
    Grid,
    Scale,
    hidden_cells,
    number,
    own_scale,
    paint_matrix,
    paint_mosaic,
    shared_scale,
)
from attnviz.trace import PATHS, Attention, Matrix, Token, Tokens

MOST_LABELS = 64
MOST_CELLS = 512
LABEL_WIDTH = 20
_VERBS = {
    "weights": "attends most to",
    "scores": "has the largest value for",
    "norms": "takes most from",
    "zeroing": "changes most without",
    "changes": "changed most towards",
}
LABEL_INCHES = 0.14
LONGEST_INCHES = MOST_LABELS * LABEL_INCHES
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
    column = Token(text="", label="rest", piece="rest", special=True)
    masked = attention.masked
    shown = replace(
        attention,
        matrices=np.concatenate([attention.matrices, attention.rest[..., None]], axis=-1),
        keys=(*attention.keys, column),
        masked=None if masked is None else np.pad(masked, ((0, 0), (0, 0), (0, 1))),
    )
    sheet = sheet_of(shown)
    return (shown, sheet) if sheet[1][1].block == 1 else fitted(replace(attention, rest=None), sheet_of)


def head_sheet(attention: Attention, dpi: int, instead: Instead) -> tuple[Sheet, tuple[Grid, Grid]]:
    """The common parts of the pictures of single heads, and the grids of their rows and columns."""
    n_queries, n_keys = attention.matrices.shape[2:]
    blocks = [-(-n // MOST_CELLS) for n in (n_queries, n_keys)]
    longest = max(-(-n_queries // blocks[0]), -(-n_keys // blocks[1]))
    inches = min(0.45, max(LABEL_INCHES, 4.8 / longest)) if longest <= MOST_LABELS else LONGEST_INCHES / longest
    grids = []
    for n, block in zip((n_queries, n_keys), blocks, strict=True):
        # Cells are square unless a short side's labels would not fit.
        cell = max(inches, LABEL_INCHES if n <= MOST_LABELS else min(LABEL_INCHES, 3 / -(-n // block)))
        grids.append(Grid(n, block, max(1, round(cell * dpi))))
    rows, columns = grids
    subtitle = f"{_quantity(attention)}, {_size(attention)}"
    if max(blocks) > 1:
        subtitle += f"; each cell: the largest of {blocks[0]} × {blocks[1]}"
    sheet = Sheet(
        size=(rows.length, columns.length),
        rows=token_side(_sides(attention)[0], attention.queries, rows, dpi, instead),
        columns=token_side(_sides(attention)[1], attention.keys, columns, dpi, instead),
        subtitle=subtitle,
        quantity=_unit(attention.what, attention.reduce),
        provenance=_provenance(attention).translate(instead),
        masked=_has_masked(attention),
    )
    return sheet, (rows, columns)


def overview_sheet(attention: Attention, dpi: int, instead: Instead) -> tuple[Sheet, tuple[Grid, Grid], int]:
    """The common parts of the mosaic, the grids of one tile's rows and columns, and the pixels between two tiles."""
    n_layers, n_heads, n_queries, n_keys = attention.matrices.shape
    inches = min(1.6, max(0.2, 9 / max(n_layers, n_heads)))
    longest = max(n_queries, n_keys)
    grids = []
    for n in (n_queries, n_keys):
        room = max(1, round(inches * dpi * max(n / longest, 1 / 3)))
        block = -(-n // room)
        grids.append(Grid(n, block, max(1, room // -(-n // block))))
    rows, columns = grids
    gap = max(2, round(0.02 * dpi))
    subtitle = f"{_quantity(attention)}, each tile {_size(attention)}"
    if attention.rest is not None:
        what = "what others got" if attention.what == "changes" else "what they got"
        subtitle += f"; strip at the right: rest, {what}"
    if max(rows.block, columns.block) > 1:
        subtitle += f"; each cell: the largest of {rows.block} × {columns.block}"
    layers = [str(n) for n in attention.layers] if "layer" in attention.axes else [spans(attention.layers)]
    heads = [str(n) for n in attention.heads] if "head" in attention.axes else [spans(attention.heads)]
    sheet = Sheet(
        size=(n_layers * (rows.length + gap) + gap, n_heads * (columns.length + gap) + gap),
        rows=_tile_side("layer", layers, rows.length, gap, dpi),
        columns=_tile_side("head", heads, columns.length, gap, dpi),
        subtitle=subtitle,
        quantity=_unit(attention.what, attention.reduce),
        provenance=_provenance(attention).translate(instead),
        masked=_has_masked(attention),
    )
    return sheet, (rows, columns), gap


def head_pictures(attention: Attention, grids: tuple[Grid, Grid], palette: np.ndarray, scale: str) -> list[Picture]:
    """One picture per matrix, in order; nothing is painted yet."""
    shared = shared_scale(attention) if scale == "shared" else None
    return [
        Picture(
            stem=file_stem(attention, i),
            title=_capital(matrix.title),
            scale=shared or own_scale(matrix),
            description=describe(matrix),
            paint=partial(paint_matrix, matrix, grids, shared or own_scale(matrix), palette),
        )
        for i, matrix in enumerate(attention)
    ]


def overview_picture(attention: Attention, grids: tuple[Grid, Grid], gap: int, palette: np.ndarray) -> Picture:
    """The mosaic of all matrices: a row of tiles per layer, a column per head."""
    scale = shared_scale(attention)
    strongest = max(attention, key=lambda matrix: _strongest(matrix)[0])
    return Picture(
        stem=_prefix(attention) + "overview",
        title="Overview: " + _overview_title(attention),
        scale=scale,
        description=f"{len(attention)} matrices, layers down, heads across. {describe(strongest)}",
        paint=partial(paint_mosaic, attention, grids, gap, scale, palette),
    )


def file_stem(attention: Attention, index: int) -> str:
    """A matrix's file name without its ending: ``L00H03``, ``L01mean``, ``L01zeroing``, ``mean``, ``cross-L00H03``."""
    i, j = divmod(index, attention.matrices.shape[1])
    if "head" in attention.axes:
        name = f"L{attention.layers[i]:02d}H{attention.heads[j]:02d}"
    elif "layer" in attention.axes:
        name = f"L{attention.layers[i]:02d}{'mean' if attention.reduce == 'mean-heads' else attention.what}"
    else:
        name = attention.reduce
    return _prefix(attention) + name


def describe(matrix: Matrix) -> str:
    """One sentence: what attends most to what."""
    value, query, key = _strongest(matrix)
    title = _capital(matrix.title)
    if not np.isfinite(value):
        return f"{title}: every key is masked."
    is_path = matrix.name in PATHS
    verb = "comes most from" if is_path else _VERBS[matrix.what]
    query_name, key_name = ("token", "input token") if is_path else ("query", "key")
    return (
        f"{title}: {query_name} {query} “{printable(matrix.queries[query].label)}” {verb} "
        f"{key_name} {key} “{printable(matrix.keys[key].label)}” "
        f"({_unit(matrix.what, matrix.name)} {number(matrix.values[query, key])})."
    )


def token_side(name: str, tokens: Tokens, grid: Grid, dpi: int, instead: Instead) -> Side:
    """The labels of one side: all up to 64 tokens, then every second, fifth, tenth, ... with its index."""
    room = min(MOST_LABELS, max(1, int(grid.length / dpi / LABEL_INCHES + 0.5)))
    step = next((s for s in _STEPS if len(tokens) / s <= room), _STEPS[-1])
    if step > 1:
        name += f" (every {step}{'nd' if step == 2 else 'th'} of {len(tokens)} labelled)"

    def label(index: int) -> str:
        text = shorten(printable(tokens[index].label))
        return f"{index} {text.translate(instead)}" if step > 1 else drawable(text, instead, index)

    shown = range(0, len(tokens), step)
    return Side(
        name=name,
        ticks=tuple((i + 0.5) / grid.block * grid.pixels for i in shown),
        labels=tuple(label(i) for i in shown),
        spacing=step / grid.block * grid.pixels / dpi,
    )


def shorten(label: str, width: int = LABEL_WIDTH) -> str:
    """The label cut to a width in terminal cells, with ``…`` where something is missing."""
    if cell_len(label) <= width:
        return label
    kept = ""
    for character in label:
        if cell_len(kept + character) >= width:
            break
        kept += character
    return kept + "…"


def printable(text: str) -> str:
    """The text with what no font and no file format can hold (controls, line separators, lone surrogates) as escapes.

    Labels come so already; this holds for those that another program made.
    """
    return "".join(one_line(c) if unicodedata.category(c) in ("Cc", "Cs", "Cn", "Zl", "Zp") else c for c in text)


def _tile_side(name: str, labels: Sequence[str], length: int, gap: int, dpi: int) -> Side:
    ticks = tuple(gap + i * (length + gap) + length / 2 for i in range(len(labels)))
    return Side(name, tuple(labels), ticks, (length + gap) / dpi, upright=True)


def _has_masked(attention: Attention) -> bool:
    masked = attention.masked is not None and bool(attention.masked.any())
    return masked or not bool(np.isfinite(attention.matrices).all())


def _strongest(matrix: Matrix) -> tuple[float, int, int]:
    hidden = hidden_cells(matrix.values, matrix.masked)
    if matrix.rest is not None:
        hidden = hidden.copy()
        hidden[:, -1] = True  # the rest is no key
    free = (~hidden).sum(axis=1) > 1  # a query with one visible key has no choice: it says nothing
    sizes = np.abs(matrix.values) if matrix.what == "changes" else matrix.values
    shown = np.where(hidden | ~free[:, None] & free.any(), -np.inf, sizes)
    query, key = np.unravel_index(shown.argmax(), shown.shape)
    return float(shown[query, key]), int(query), int(key)


def _quantity(attention: Attention) -> str:
    what = {"zeroing": "value zeroing"}.get(attention.what, attention.what)
    return f"{KIND_NAMES[attention.kind]} {attention.reduce if attention.reduce in PATHS else what}"


def _unit(what: str, reduce: str) -> str:
    """What one number is."""
    return "share" if what == "zeroing" or reduce in PATHS else what.removesuffix("s")


def _sides(attention: Attention) -> tuple[str, str]:
    return ("token of the last layer", "input token") if attention.reduce in PATHS else ("query", "key")


def _size(attention: Attention) -> str:
    n_queries, n_keys = attention.matrices.shape[2:]
    n_keys -= attention.rest is not None
    size = f"{n_queries} quer{'y' if n_queries == 1 else 'ies'} × {n_keys} key{'s' * (n_keys != 1)}"
    size += " (words)" * attention.words + ", special tokens hidden" * attention.hidden
    return size + (renormalized_words(attention.reduce) if attention.renormalized else "")


def _overview_title(attention: Attention) -> str:
    both = f"{attention.layers_in_words}, {attention.heads_in_words}"
    return both + {"none": "", "mean-heads": " (mean)"}.get(attention.reduce, f" ({attention.reduce})")


def _provenance(attention: Attention) -> str:
    return shorten(one_line(f"weights: {attention.model.provenance}"), 90)


def _prefix(attention: Attention) -> str:
    return "" if attention.kind == "encoder" else f"{attention.kind}-"


def _capital(title: str) -> str:
    return title[:1].upper() + title[1:]
