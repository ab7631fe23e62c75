"""The matrix of distances between heads as a picture: dark where heads are alike, with their clusters."""

from dataclasses import replace
from functools import partial

import numpy as np

from attnviz.analysis.compare import Clusters
from attnviz.analysis.heads.clusters import cut_clusters, cut_distance
from attnviz.output.colormaps import luminance
from attnviz.output.picture_scales import distance_scale
from attnviz.output.pictures.matrices.dendrogram import cluster_borders, dendrogram
from attnviz.output.pictures.matrices.layout import LABEL_GAP, Rect, Sheet, layout
from attnviz.output.pictures.matrices.painting import Grid, paint_matrix
from attnviz.output.pictures.matrices.scenes import Picture, scenes
from attnviz.output.pictures.matrices.sheets import Drawn, on_bar
from attnviz.output.pictures.matrices.sides import MOST_LABELS, named_side
from attnviz.output.pictures.scene import Scene
from attnviz.output.scale import short_number
from attnviz.output.words import extent
from attnviz.trace.attention import Attention
from attnviz.trace.heads import head_name
from attnviz.trace.tokens import Token

_ABOVE = 0.2  # the height of the dendrogram, as a share of that of the matrix


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


def similarity_scene(drawn: Drawn, attention: Attention, clusters: Clusters) -> Scene:
    """The picture of the distances between heads.

    Args:
        drawn: their distances, as ``as_distances`` gives them, and how to draw them.
        attention: whose heads they are.
        clusters: of the heads, in the order of the distances.
    """
    view, style = drawn.attention, drawn.style
    (matrix,) = list(replace(view, layers=view.layers[:1], heads=view.heads[:1]))
    scale = distance_scale(float(matrix.numbers.max()), style.ends, style.norm, shared=style.scale == "shared")
    look = drawn.look(scale)
    look = replace(look, palette=_dark_first(look.palette))
    labels = [token.label for token in view.queries]
    grid, points = Grid(len(labels)), _cell(len(labels), style.font_size)
    words = drawn.heading(f"Heads by similarity: {attention.selection_in_words}", extent(view) + _cut(clusters), scale)
    bar_labels = tuple(label for _, label in scale.ticks)
    sides = named_side("head", labels), named_side("head", labels)
    sheet = Sheet(
        *sides, (), (words,), on_bar(view, scale), bar_labels, masked=False,
        cell=(points, points), above=_ABOVE * bool(clusters.merges),
    )  # fmt: skip
    picture = Picture(
        stem="",
        heading=words,
        scale=scale,
        description=_description(matrix.numbers, labels),
        source=drawn.source,
        paints=(partial(paint_matrix, matrix, (grid, grid), scale, look.palette),),
        matrices=(matrix,),
    )
    place = layout(sheet, look, drawn.measure)
    scene, rect = next(scenes(sheet, place, [picture], look, drawn.measure)), place.panels[0]
    over = sheet.above * rect.height
    room = Rect(rect.x, rect.y - over + LABEL_GAP, rect.width, over - LABEL_GAP)
    return replace(scene, moving=(*scene.moving, *dendrogram(clusters, room), *cluster_borders(clusters, rect)))


def _dark_first(palette: np.ndarray) -> np.ndarray:
    """The colours from the darker end: heads that are alike are dark, as all that counts is on paper."""
    first, last = (luminance((int(c[0]), int(c[1]), int(c[2]))) for c in (palette[0], palette[-1]))
    return palette if first <= last else palette[::-1]


def _cut(clusters: Clusters) -> str:
    """What the borders are; nothing where there is none."""
    if not cut_clusters(clusters):
        return ""
    return f"; framed: clusters nearer than {short_number(cut_distance(clusters))}, half the mean distance"


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
