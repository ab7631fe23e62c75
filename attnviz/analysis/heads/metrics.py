"""What each head does, in numbers: how widely it looks, how far, and at which tokens.

A[l, h, i, j] is the weight from query i to key j of N tokens; logarithms are natural and 0·ln 0 is 0. A row whose keys
are all masked is left out of every mean, and so is the row of a token that only fills the length.
"""

import re
from collections.abc import Mapping
from dataclasses import field, replace

import numpy as np

from attnviz.analysis.heads.definitions import ABLATION, METRICS, Metric, all_metrics, kind_metrics
from attnviz.analysis.heads.labels import LABELS
from attnviz.analysis.heads.sums.blocks import BlockPlaces, RowBlock, reachable_keys, row_blocks
from attnviz.analysis.heads.sums.cells import Cells
from attnviz.analysis.heads.sums.distances import DISTANCES, distance_sums
from attnviz.analysis.heads.sums.means import Means, row_counts, row_sums
from attnviz.analysis.heads.sums.sides import Sides, missing_metrics, shares_of_way
from attnviz.analysis.resting import Remainder
from attnviz.errors import UsageError
from attnviz.records import dataclass
from attnviz.trace.attention import Attention
from attnviz.trace.heads import HeadAxes


@dataclass(frozen=True, eq=False)
class HeadMetrics(HeadAxes):
    """The metrics of every head.

    Attributes:
        values: by metric, float64 (n_layers, n_heads); NaN where no row counts.
        counts: by metric, int64 (n_layers, n_heads): how many rows it is the mean of.
        missing: by metric that cannot be computed here, why.
        layers: the layers' numbers in the model, as ``Attention`` has them.
        heads: the heads' numbers in the model.
        by_name: whether each row is one head, as ``Attention`` has it.
        remainder: of the attention that does not rest; None where that was not looked at.
    """

    values: Mapping[str, np.ndarray]
    counts: Mapping[str, np.ndarray]
    missing: Mapping[str, str]
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    by_name: bool = field(default=False, kw_only=True)
    remainder: Remainder | None = field(default=None, kw_only=True)

    @property
    def reasons(self) -> dict[str, str]:
        """By name that conditions and orders may use, why no head has it: ``missing``, and what is of another kind."""
        other = [name for name, metric in METRICS.items() if metric.cross and name not in self.values]
        why = "it is of cross-attention, from a target to its source"
        return {name: why for one in other for name in (one, f"{one}_z")} | dict(self.missing)


def head_metrics(attention: Attention) -> HeadMetrics:
    """Every metric of ``METRICS`` that these matrices allow, for all layers and heads.

    Each row's numbers have the type of the weights, means over rows are in float64. A row of zeros is one whose keys
    are all masked, whether or not a mask says so: arrays from elsewhere have none.

    Args:
        attention: weights, one matrix per head or means over heads.

    Raises:
        UsageError: scores, or maxima, which are no shares of attention.
    """
    check_shares(attention)
    sides = Sides.of(attention)
    whole = WholeMetrics(attention, sides)
    means = whole.means(attention)
    for places, block in row_blocks(attention, sides.real_queries, reachable_keys(attention)):
        whole.add(means, places, block, whole.sums(block, places[2]))
    return whole.result(attention, means)


def check_shares(attention: Attention) -> None:
    """Refuses numbers that are not shares of attention.

    Raises:
        UsageError: scores, or maxima.
    """
    if attention.values != "weights":
        raise UsageError(
            f"metrics, values: they are shares of attention, and these are {attention.values}; expected weights"
        )
    if attention.reduce == "max":
        raise UsageError("metrics, reduce: rows of maxima do not sum to 1; expected none, mean-heads or mean")


def with_ablation(metrics: HeadMetrics, changes: np.ndarray, n_tokens: int) -> HeadMetrics:
    """The same metrics and ``ablation``, (n_layers, n_heads): a mean over so many tokens."""
    name = ABLATION.name
    counts = np.full(changes.shape, n_tokens)
    return replace(metrics, values={**metrics.values, name: changes}, counts={**metrics.counts, name: counts})


def register_metric(metric: Metric) -> None:
    """Adds a metric to the table; conditions, tables, CSV, JSON, its schema and the help then have it.

    Args:
        metric: its entry, with ``row_numbers``.

    Raises:
        UsageError: a name that conditions cannot spell, or that already means something else; no ``row_numbers``.
    """
    known = {*all_metrics(), *LABELS, "layer", "head", "label", "spread", "z", "jsd"}
    if not re.fullmatch("[a-z][a-z0-9_]*", metric.name) or metric.name.endswith("_z") or metric.name in known:
        raise UsageError(f"metric: cannot register {metric.name!r}; use lower-case letters and a name not taken yet")
    if metric.row_numbers is None:
        raise UsageError(f"metric: {metric.name} has no numbers; expected row_numbers, a function of a RowBlock")
    METRICS[metric.name] = metric


class WholeMetrics:
    """The metrics of all attention of a text, for matrices that come a part at a time.

    Attributes:
        missing: by metric that cannot be computed here, why.
        names: the metrics that are computed.
        cells: the cells that some of them add up.
    """

    def __init__(self, attention: Attention, sides: Sides) -> None:
        self.missing = missing_metrics(attention, sides)
        self.names = tuple(name for name in kind_metrics(attention.kind) if name not in self.missing)
        by_row = [METRICS[name] for name in self.names]
        self._of_rows = {one.name: one.row_numbers for one in by_row if one.row_numbers and not one.rows}
        self._of_some_rows = {one.name: (one.row_numbers, one.rows) for one in by_row if one.row_numbers and one.rows}
        n_queries, n_keys = shape = attention.matrices.shape[2:]
        self.cells = Cells(sides, self.names, (np.arange(n_queries), np.arange(n_keys)), shape)
        self._ways = tuple(map(shares_of_way, (sides.real_queries, sides.real))) if "diagonal" in self.names else None
        keys = {"first": np.arange(n_keys) == sides.first, "special": sides.special & sides.real}
        self._keys = {name: some for name, some in keys.items() if name in self.names}
        self._of_keys = np.array(list(self._keys.values()), dtype=np.float64).reshape(-1, n_keys).T
        self._about = self.cells.rows_about(self.names)

    def means(self, attention: Attention) -> Means:
        """Empty means for a part."""
        return Means(self.names, attention.matrices.shape[:2])

    def add(self, means: Means, places: BlockPlaces, block: RowBlock, sums: Mapping[str, np.ndarray]) -> None:
        """The rows of one more block of a part, with their sums by metric, (n_layers, n_heads) each."""
        counts = row_counts(block.seen, self._about[:, places[2]])
        keys = block.received @ self._of_keys
        numbers = np.array([of_rows(block) for of_rows in self._of_rows.values()])
        by_name = dict(sums) | {name: keys[..., i] for i, name in enumerate(self._keys)}
        by_name |= zip(self._of_rows, row_sums(numbers, block.seen), strict=True)
        for name, (of_rows, counted_of) in self._of_some_rows.items():
            counted = block.seen & counted_of(block)
            counts[self.names.index(name)], by_name[name] = counted.sum(axis=-1), row_sums(of_rows(block), counted)
        means.add(places, counts, by_name)

    def sums(self, block: RowBlock, rows: slice) -> dict[str, np.ndarray]:
        """The weighted sums of the linear metrics over a block, (n_layers, n_heads) each."""
        sums = dict(zip(self.cells.names, self.cells.sums(block.weights, rows), strict=True))
        if "offset" in self.names:
            sums |= zip(DISTANCES, distance_sums(block, rows.start), strict=True)
        if self._ways is not None:
            nearness = (1 - abs(self._ways[0][rows, None] - self._ways[1])).astype(block.weights.dtype)
            sums["diagonal"] = np.einsum("lhij,ij->lhi", block.weights, nearness).sum(axis=-1, dtype=np.float64)
        return sums

    def result(self, attention: Attention, means: Means) -> HeadMetrics:
        """The metrics of a part all of whose blocks were added."""
        values, counts = means.result()
        if "span" in self.names:
            values["span"], counts["span"] = np.exp(values["entropy"]), counts["entropy"]
        return HeadMetrics(values, counts, self.missing, attention.layers, attention.heads, by_name=attention.by_name)
