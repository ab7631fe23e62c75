"""Heads in the order of their similarity."""

from dataclasses import asdict
from typing import Any

import numpy as np

from attnviz.analysis.heads.clusters import head_clusters
from attnviz.analysis.heads.measures import Places
from attnviz.trace.heads import HeadAxes


class Clustered:
    """Heads in the order of their clusters.

    Args:
        distances: (n, n) between heads, layer by layer.
        shape: (n_layers, n_heads).

    Attributes:
        distances: as above.
        clusters: their hierarchy, whose merges name places in its order.
    """

    def __init__(self, distances: np.ndarray, shape: tuple[int, int]):
        self.distances, self._n_heads = distances, shape[1]
        self.clusters = head_clusters(distances)

    @property
    def order(self) -> tuple[int, ...]:
        """All heads, layer by layer numbered from 0, similar ones together."""
        return self.clusters.order

    def ordered(self, places: Places) -> Places:
        """These heads, similar ones together."""
        rank = {item: i for i, item in enumerate(self.clusters.order)}
        return sorted(places, key=lambda place: rank[self._item(place)])

    def describe(self, document: dict[str, Any], places: Places, axes: HeadAxes) -> None:
        """Adds the clusters to what ``heads --json`` prints, and to each row its distance to the row before.

        Args:
            document: whose heads are those of ``places``.
            places: rows and columns of heads.
            axes: the heads' numbers.
        """
        before = None
        for row, place in zip(document["heads"], places, strict=True):
            item = self._item(place)
            row["jsd"] = None if before is None else float(self.distances[before, item])
            before = item
        order = [axes.head_at(*divmod(item, self._n_heads)) for item in self.clusters.order]
        document["clusters"] = {
            "order": [{"layer": layer, "head": head} for layer, head in order],
            "merges": [asdict(merge) for merge in self.clusters.merges],
        }

    def _item(self, place: tuple[int, int]) -> int:
        return place[0] * self._n_heads + place[1]
