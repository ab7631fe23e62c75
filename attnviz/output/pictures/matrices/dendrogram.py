"""The clusters of heads beside their matrix: a dendrogram above it, and a border around each cluster in it."""

from collections.abc import Iterator

from attnviz.analysis.compare import Clusters
from attnviz.analysis.heads.clusters import cut_clusters, cut_distance
from attnviz.output.pictures.matrices.layout import Rect
from attnviz.output.pictures.scene import INK, Box, Stroke

_ABOVE_CUT = "#8c8c8c"
_BORDER, _HALO = 1.0, 2.2  # a dark line on a light one, which is seen on any colour


def dendrogram(clusters: Clusters, rect: Rect) -> Iterator[Stroke]:
    """Each merge as a bracket over the two clusters that it joins, as high as their distance; grey above the cut.

    Args:
        clusters: of heads, whose merges name the places in their order.
        rect: as wide as the matrix; its lower edge is distance 0, and its upper edge that of the last merge.
    """
    n, cut = len(clusters.order), cut_distance(clusters)
    largest = max((merge.distance for merge in clusters.merges), default=0.0)
    bottom = rect.y + rect.height
    tops = [(rect.x + (place + 0.5) / n * rect.width, bottom) for place in range(n)]
    for merge in clusters.merges:
        height = bottom - (merge.distance / largest * rect.height if largest > 0 else 0.0)
        (left, left_top), (right, right_top) = tops[merge.left], tops[merge.right]
        corners = ((left, left_top), (left, height), (right, height), (right, right_top))
        yield Stroke(corners, color=INK if merge.distance < cut else _ABOVE_CUT)
        tops.append(((left + right) / 2, height))


def cluster_borders(clusters: Clusters, rect: Rect) -> Iterator[Box]:
    """A border around each cluster below the cut, on the diagonal of their matrix."""
    width, height = (side / max(1, len(clusters.order)) for side in (rect.width, rect.height))
    for span in cut_clusters(clusters):
        for line_width, colour in ((_HALO, "#ffffff"), (_BORDER, INK)):
            x, y = rect.x + span.start * width, rect.y + span.start * height
            yield Box(x, y, len(span) * width, len(span) * height, edge=colour, line_width=line_width)
