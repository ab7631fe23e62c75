"""What probes found heads to do: ``L2H8: subject -> verb 0.60``."""

from collections.abc import Mapping

from attnviz.records import dataclass

LABELS_FILE = "attnviz-labels.json"
"""In a model's folder: its labels, which are read with it."""


@dataclass(frozen=True)
class HeadRelation:
    """A syntactic relation that a head finds.

    Attributes:
        relation: of Universal Dependencies: ``nsubj``.
        label: which word looks at which: ``subject -> verb``.
        rate: the share of pairs that the head finds.
    """

    relation: str
    label: str
    rate: float

    def __str__(self) -> str:
        return f"{self.label} {self.rate:.2f}"


@dataclass(frozen=True)
class HeadLabels:
    """The relations of a model's heads, as ``probe syntax`` found them.

    Attributes:
        weights: of the model, as ``ModelInfo`` has them.
        treebank: on which they were found.
        relations: by layer and head, those that explain most pairs first.
    """

    weights: str
    treebank: str
    relations: Mapping[tuple[int, int], tuple[HeadRelation, ...]]

    def of(self, layer: int, head: int) -> tuple[HeadRelation, ...]:
        """The relations of a head; none of most heads."""
        return self.relations.get((layer, head), ())

    def short(self, layer: int, head: int) -> str:
        """The first relation of a head, and how many more there are: ``subject -> verb 0.60, +3``; or nothing."""
        found = self.of(layer, head)
        more = f", +{len(found) - 1}" if len(found) > 1 else ""
        return f"{found[0]}{more}" if found else ""
