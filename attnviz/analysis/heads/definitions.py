"""The table of metrics: one entry per metric, with all that tables, JSON, conditions, help and the README say of it.

It imports no NumPy, so that help and the JSON Schema can read it quickly: the functions here call methods of arrays.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from attnviz.records import dataclass

if TYPE_CHECKING:
    import numpy as np

    from attnviz.analysis.heads.sums.blocks import RowBlock

UNRANKED = 1000  # the rank of a metric that any other may precede


@dataclass(frozen=True)
class Metric:
    """One number of a head.

    Attributes:
        name: in tables, in conditions and in JSON.
        help: one plain sentence, for the JSON Schema.
        meaning: its definition in one line.
        unit: what it counts, in ASCII; a ``weight`` is a share of the attention, from 0 to 1.
        rank: its place in the default view of ``heads``, where the lowest ranks that fit are printed; by default last.
        source: the paper that defines it; empty for one derived from another metric.
        decimals: how many digits a table prints after the point.
        square: whether it needs queries that are the keys.
        cross: whether it is of cross-attention alone.
        identity: whether it needs to know which tokens there are, not only how many.
        whole_rows: whether it needs rows that sum to 1, as a part of a row says little about it.
        signed: whether it can be negative.
        option: the option of ``heads`` that it is measured with; empty where it always is.
        row_numbers: gives (n_layers, n_heads, n_rows), the numbers of the rows of a block; the metric is their mean.
            None where ``metrics.py`` has a faster way to the sums.
        rows: gives (n_rows,), True for the rows of a block that the mean is of; by default every row.
    """

    name: str
    help: str
    meaning: str
    unit: str
    rank: int = UNRANKED
    source: str = ""
    decimals: int = 2
    square: bool = False
    cross: bool = False
    identity: bool = False
    whole_rows: bool = False
    signed: bool = False
    option: str = ""
    row_numbers: "Callable[[RowBlock], np.ndarray] | None" = None
    rows: "Callable[[RowBlock], np.ndarray] | None" = None

    def __reduce__(self) -> "tuple[Callable[[str], Metric], tuple[str]]":
        """Sends a metric to another process by its name, as its functions cannot be sent."""
        return metric_named, (self.name,)


_CLARK = "Clark et al. 2019"
_VIG = "Vig & Belinkov 2019"
METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            "entropy",
            "How evenly the head spreads its attention.",
            "mean_i −Σ_j A ln A",
            "nats",
            10,
            _CLARK,
            whole_rows=True,
            row_numbers=lambda block: block.entropy,
        ),
        Metric(
            "entropy_ratio",
            "Entropy as a share of the largest possible one.",
            "mean_i of row i's entropy / ln(its unmasked keys); 0 for one key",
            "ratio",
            140,
            whole_rows=True,
            row_numbers=lambda block: block.entropy_ratio,
        ),
        Metric(
            "span",
            "How many tokens the attention is spread over.",
            "exp(entropy): how many tokens it spreads over",
            "tokens",
            130,
            whole_rows=True,
        ),
        Metric(
            "distance",
            "How far away the attended tokens are.",
            "mean_i Σ_j A·|i−j|",
            "tokens",
            30,
            _VIG,
            square=True,
            whole_rows=True,
        ),
        Metric(
            "offset",
            "How far back (negative) or ahead the attended tokens are.",
            "mean_i Σ_j A·(j−i): negative looks back",
            "tokens",
            120,
            _VIG,
            square=True,
            whole_rows=True,
            signed=True,
        ),
        Metric("self", "Attention to the token itself.", "mean_i A[i,i]", "weight", 80, _CLARK, square=True),
        Metric(
            "previous",
            "Attention to the previous token.",
            "mean of A[i,i−1] over the rows that have a previous token",
            "weight",
            40,
            _CLARK,
            square=True,
        ),
        Metric(
            "next",
            "Attention to the next token.",
            "mean of A[i,i+1] over the rows that have a next token",
            "weight",
            70,
            _CLARK,
            square=True,
        ),
        Metric(
            "first",
            "Attention to the first token.",
            "mean_i A[i,0]: the attention sink; padding before token 0 does not count",
            "weight",
            60,
            "Xiao et al. 2023; Gu et al. 2024",
        ),
        Metric(
            "special",
            "Attention to special tokens.",
            "mean_i Σ_{j special} A[i,j]",
            "weight",
            50,
            _CLARK,
            identity=True,
        ),
        Metric(
            "same",
            "Attention to equal tokens elsewhere.",
            "mean of Σ_{j≠i, t_j=t_i} A[i,j] over the rows with an equal token elsewhere, special ones left out",
            "weight",
            90,
            "Wang et al. 2022",
            square=True,
            identity=True,
        ),
        Metric(
            "induction",
            "Attention to what followed earlier occurrences of the token.",
            "mean of Σ_{j<i, t_j=t_i} A[i,j+1] over the rows whose token occurred before",
            "weight",
            100,
            "Olsson et al. 2022",
            square=True,
            identity=True,
        ),
        Metric(
            "confidence",
            "The largest weight of a row.",
            "mean_i max_j A[i,j]",
            "weight",
            110,
            "Voita et al. 2019",
            row_numbers=lambda block: block.greatest,
        ),
        Metric(
            "diagonal",
            "How closely cross-attention follows the source from its first to its last token.",
            "mean_i Σ_j A·(1 − |i/(n_q−1) − j/(n_k−1)|), n_q queries and n_k keys",
            "ratio",
            15,
            cross=True,
            whole_rows=True,
        ),
    )
}
BUILT_IN = frozenset(METRICS)
ABLATION = Metric(
    "ablation",
    "How much the output changes without the head.",
    "mean over tokens of 1 − cos(output, output with this head's z set to 0)",
    "cosine distance",
    20,
    "stand-in without gradients for Michel et al. 2019",
    decimals=4,
    option="--ablation",
)


def kind_metrics(kind: str, metrics: Mapping[str, Metric] = METRICS) -> tuple[str, ...]:
    """The names of those metrics that attention of a kind can have."""
    return tuple(name for name, metric in metrics.items() if kind == "cross" or not metric.cross)


def metric_named(name: str) -> Metric:
    """The metric of a name."""
    return all_metrics()[name]


def all_metrics() -> Mapping[str, Metric]:
    """Every metric by name, also the one that needs runs of its own (``ablation``), which comes last."""
    return {**METRICS, ABLATION.name: ABLATION}
