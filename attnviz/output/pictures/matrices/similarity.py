"""The matrix of distances between heads as a picture."""

from dataclasses import replace
from functools import partial

import numpy as np

from attnviz.output.pictures.matrices.layout import Sheet, layout
from attnviz.output.pictures.matrices.painting import Grid, paint_matrix
from attnviz.output.pictures.matrices.scenes import Picture, scenes
from attnviz.output.pictures.matrices.sheets import Drawn
from attnviz.output.pictures.matrices.sides import MOST_LABELS, named_side
from attnviz.output.pictures.scene import Scene
from attnviz.output.scale import distance_scale, short_number
from attnviz.output.words import extent, unit
from attnviz.trace.attention import Attention
from attnviz.trace.heads import head_name
from attnviz.trace.tokens import Token


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


def similarity_scene(drawn: Drawn, attention: Attention) -> Scene:
    """The picture of the distances between heads.

    Args:
        drawn: their distances, as ``as_distances`` gives them, and how to draw them.
        attention: whose heads they are.
    """
    view = drawn.attention
    (matrix,) = list(replace(view, layers=view.layers[:1], heads=view.heads[:1]))
    scale = distance_scale(float(matrix.numbers.max()), shared=drawn.style.scale == "shared")
    labels = [token.label for token in view.queries]
    grid, points = Grid(len(labels)), _cell(len(labels), drawn.style.font_size)
    words = drawn.heading(f"Heads by similarity: {attention.selection_in_words}", extent(view), scale)
    bar_labels = tuple(label for _, label in scale.ticks)
    sides = named_side("head", labels), named_side("head", labels)
    sheet = Sheet(*sides, (), (words,), unit(view.values, view.reduce), bar_labels, masked=False, cell=(points, points))
    picture = Picture(
        stem="",
        heading=words,
        scale=scale,
        description=_description(matrix.numbers, labels),
        source=drawn.source,
        paints=(partial(paint_matrix, matrix, (grid, grid), scale, drawn.style.palette(view.values)),),
        matrices=(matrix,),
    )
    look = drawn.look(scale)
    return next(scenes(sheet, layout(sheet, look, drawn.measure), [picture], look, drawn.measure))


def _cell(n: int, size: float) -> float:
    """The natural side of a cell in points: so that each name of as many heads as BERT base has fits beside its row."""
    least = 1.16 * size
    return min(32.0, max(least, 4.8 * 72 / n)) if n <= MOST_LABELS else MOST_LABELS * least / n


def _description(distances: np.ndarray, names: list[str]) -> str:
    """One sentence: which heads are nearest."""
    if len(names) == 1:
        return f"One head, {names[0]}."
    apart = np.where(np.eye(len(names), dtype=bool), np.inf, distances)
    a, b = np.unravel_index(apart.argmin(), apart.shape)
    nearest = f"{names[a]} and {names[b]} ({short_number(apart[a, b])})"
    return f"Distances between {len(names)} heads; the nearest are {nearest}."
