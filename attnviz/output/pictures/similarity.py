"""The matrix of distances between heads as a picture."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from attnviz.files import own_folder
from attnviz.output.colormaps import PAPER
from attnviz.output.pictures import figures
from attnviz.output.pictures.fonts import Instead
from attnviz.output.pictures.painting import paint_matrix
from attnviz.output.pictures.pictures import Picture, Sheet, head_sheet
from attnviz.output.pictures.style import PictureStyle
from attnviz.output.scale import distance_scale, short_number
from attnviz.trace.attention import Attention
from attnviz.trace.heads import head_name
from attnviz.trace.tokens import Token


def write_similarity(
    attention: Attention,
    distances: np.ndarray,
    order: tuple[int, ...],
    folder: str | Path,
    *,
    formats: Sequence[str] = ("png",),
    cmap: str = PAPER,
    dpi: int = 150,
    scale: str = "shared",
    force: bool = False,
    note: Callable[[str], None] | None = None,
) -> list[Path]:
    """Writes ``similarity.png``: the distances between heads, in the order of their clusters.

    Args:
        attention: whose heads they are.
        distances: (n, n) between its heads, layer by layer.
        order: a permutation of them.
        folder: where to; made if needed.
        formats: any of ``png``, ``svg``, ``pdf``.
        cmap: a name of ``PICTURE_COLORMAPS``.
        dpi: pixels an inch.
        scale: ``shared`` (0 to 1), or ``head`` (0 to the largest).
        force: also replace files of these names that attnviz did not write.
        note: told once which characters no installed font has.

    Returns:
        The files; one a format.

    Raises:
        UsageError, OutputError: as ``write_heatmaps``.
    """
    style = PictureStyle(tuple(formats), cmap, dpi, scale)
    folder, palette = own_folder(folder), style.palette()
    view = as_distances(attention, distances, order)
    families, instead = figures.chosen_fonts(view, note)
    sheet, picture = similarity_sheet(attention, view, dpi, instead, palette, scale)
    return figures.write_sheets([(sheet, [picture])], style, palette, families, folder, force=force)


def as_distances(attention: Attention, distances: np.ndarray, order: tuple[int, ...]) -> Attention:
    """One matrix, whose rows and columns are heads in an order, with the attention's origin.

    Args:
        attention: whose heads they are.
        distances: (n, n) between its heads, layer by layer.
        order: a permutation of them.
    """
    names = [head_name(*place) for place in attention.every_head]
    heads = tuple(Token(text="", label=names[i], piece=names[i]) for i in order)
    shown = distances[np.ix_(order, order)][None, None]
    return replace(attention, matrices=shown, queries=heads, keys=heads, values="distances", masked=None, rest=None)


def similarity_sheet(
    attention: Attention, view: Attention, dpi: int, instead: Instead, palette: np.ndarray, scale: str
) -> tuple[Sheet, Picture]:
    """The sheet and the one picture of it.

    Args:
        attention: whose heads they are.
        view: their distances, as ``as_distances`` gives them.
        dpi: pixels an inch.
        instead: characters that no font has.
        palette: (256, 4) uint8.
        scale: ``shared`` for 0 to 1, ``head`` for 0 to the largest distance.
    """
    sheet, grids = head_sheet(view, dpi, instead)
    (matrix,) = list(replace(view, layers=view.layers[:1], heads=view.heads[:1]))
    words = distance_scale(float(matrix.numbers.max()), shared=scale == "shared")
    return sheet, Picture(
        stem=("" if attention.kind == "encoder" else f"{attention.kind}-") + "similarity",
        title=f"Heads by similarity: {attention.selection_in_words}",
        scale=words,
        description=_description(matrix.numbers, [token.label for token in view.queries]),
        paint=partial(paint_matrix, matrix, grids, words, palette),
    )


def _description(distances: np.ndarray, names: list[str]) -> str:
    """One sentence: which heads are nearest."""
    if len(names) == 1:
        return f"One head, {names[0]}."
    apart = np.where(np.eye(len(names), dtype=bool), np.inf, distances)
    a, b = np.unravel_index(apart.argmin(), apart.shape)
    nearest = f"{names[a]} and {names[b]} ({short_number(apart[a, b])})"
    return f"Distances between {len(names)} heads; the nearest are {nearest}."
