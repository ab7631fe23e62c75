"""What is known of the heads of a model on one text or several."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from attnviz.analysis.heads.averages import TextMetrics
from attnviz.records import dataclass
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import Tokens

if TYPE_CHECKING:
    from attnviz.analysis.heads.clustered import Clustered
    from attnviz.analysis.heads.measures import Places
    from attnviz.analysis.heads.null import Null
    from attnviz.analysis.heads.rows import Rows
    from attnviz.analysis.telling import Link


@dataclass(frozen=True, eq=False)
class Examples:
    """Links of heads in one text.

    Attributes:
        queries: its tokens that look, words where pieces belong to words.
        keys: those that are looked at.
        links: by layer and head, as the model numbers them, the ones that say most first.
    """

    queries: Tokens
    keys: Tokens
    links: "Mapping[tuple[int, int], tuple[Link, ...]]"


@dataclass(frozen=True, eq=False)
class HeadReport:
    """The heads of a model on one text or several.

    Attributes:
        attention: what all texts have in common: model, kind, layers, heads; no matrices, no tokens.
        metrics: float64 (n_layers, n_heads) by name, in bits, tokens or shares as ``METRICS`` says.
        labels: (n_layers, n_heads) objects ``Label``: the pattern that describes each head best.
        places: the heads in the order asked for, as rows and columns of the arrays.
        n_fitting: heads that meet the condition, listed or not.
        rows: the condition, order and columns that were asked for.
        null: metrics of random-weight models; None without.
        z: standard scores against them, (n_layers, n_heads) by name; None without.
        clustered: the clusters of similar heads; None without.
        examples: links of the heads in the first text; None where nobody asked for them.
    """

    attention: Attention
    metrics: TextMetrics
    labels: np.ndarray
    places: "Places"
    n_fitting: int
    rows: "Rows"
    null: "Null | None" = None
    z: Mapping[str, np.ndarray] | None = None
    clustered: "Clustered | None" = None
    examples: "Examples | None" = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The metrics of a row."""
        return self.rows.columns_of(self.attention.kind)

    @property
    def missing(self) -> dict[str, str]:
        """By metric that cannot be computed here, why; those of another kind of attention only if asked for."""
        names = {*self.columns, *self.metrics.missing}
        return {name: why for name, why in self.metrics.reasons.items() if name in names}

    @property
    def distance_columns(self) -> tuple[str, ...]:
        """``jsd``, the distance to the head in the row above, where similar heads are together; else nothing."""
        return ("jsd",) if self.clustered is not None and len(self.places) > 1 else ()
