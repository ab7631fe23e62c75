"""What each head does, in numbers: how widely it looks, how far, and at which tokens.

A[l, h, i, j] is the weight from query i to key j of N tokens; logarithms are natural and 0·ln 0 is 0. A row whose keys
are all masked is left out of every mean, and so is the row of a token that only fills the length.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from attnviz.errors import InputError, UsageError
from attnviz.trace import Attention, Tokens


@dataclass(frozen=True)
class Metric:
    """One number of a head.

    Attributes:
        name: in tables, in conditions and in JSON.
        meaning: its definition in one line.
        unit: what it counts; a ``weight`` is a share of the attention, from 0 to 1.
        source: the paper that has it; empty for what follows from another metric.
        square: whether it needs queries that are the keys.
        identity: whether it needs to know which tokens there are, not only what they are called.
    """

    name: str
    meaning: str
    unit: str
    source: str = ""
    square: bool = False
    identity: bool = False


_CLARK = "Clark et al. 2019"
_VIG = "Vig & Belinkov 2019"
METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("entropy", "mean_i −Σ_j A ln A", "nats", _CLARK),
        Metric("entropy_ratio", "mean_i of row i's entropy / ln(its unmasked keys); 0 for one key", "ratio"),
        Metric("span", "exp(entropy): how many tokens it spreads over", "tokens"),
        Metric("distance", "mean_i Σ_j A·|i−j|", "tokens", _VIG, square=True),
        Metric("offset", "mean_i Σ_j A·(j−i): negative looks back", "tokens", _VIG, square=True),
        Metric("self", "mean_i A[i,i]", "weight", _CLARK, square=True),
        Metric("previous", "mean of A[i,i−1] over the rows that have a previous token", "weight", _CLARK, square=True),
        Metric("next", "mean of A[i,i+1] over the rows that have a next token", "weight", _CLARK, square=True),
        Metric("first", "mean_i A[i,0]: the attention sink", "weight", "Xiao et al. 2023; Gu et al. 2024"),
        Metric("special", "mean_i Σ_{j special} A[i,j]", "weight", _CLARK, identity=True),
        Metric(
            "same",
            "mean of Σ_{j≠i, t_j=t_i} A[i,j] over the rows with an equal token elsewhere, special ones left out",
            "weight",
            "Wang et al. 2022",
            square=True,
            identity=True,
        ),
        Metric(
            "induction",
            "mean of Σ_{j<i, t_j=t_i} A[i,j+1] over the rows whose token occurred before",
            "weight",
            "Olsson et al. 2022",
            square=True,
            identity=True,
        ),
        Metric("confidence", "mean_i max_j A[i,j]", "weight", "Voita et al. 2019"),
    )
}
ABLATION = Metric(  # asked for: it is of a model, not of its attention (analysis.zeroing)
    "ablation",
    "mean over tokens of 1 − cos(output, output with this head's z set to 0)",
    "cosine distance",
    "stand-in without gradients for Michel et al. 2019",
)
ALL_METRICS: Mapping[str, Metric] = {**METRICS, ABLATION.name: ABLATION}
_SUMS_TO_ONE = ("entropy", "entropy_ratio", "span", "distance", "offset")  # mean little of a part of a row


@dataclass(frozen=True, eq=False)
class HeadMetrics:
    """The metrics of every head.

    Attributes:
        values: by metric, float64 (n_layers, n_heads); NaN where no row counts.
        counts: by metric, int64 (n_layers, n_heads): how many rows it is the mean of.
        missing: by metric that cannot be computed here, why.
        layers: the layers' numbers in the model, as ``Attention`` has them.
        heads: likewise of the heads.
    """

    values: Mapping[str, np.ndarray]
    counts: Mapping[str, np.ndarray]
    missing: Mapping[str, str]
    layers: tuple[int, ...]
    heads: tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Pattern:
    """What a metric weighs the attention with: the mean over ``rows`` of Σ_j A[i,j]·``weights``[i,j].

    Attributes:
        weights: (n_queries, n_keys).
        rows: (n_queries,), True for the rows that the metric is about.
    """

    weights: np.ndarray
    rows: np.ndarray


def head_metrics(attention: Attention) -> HeadMetrics:
    """Every metric of ``METRICS`` that these matrices allow, for all layers and heads; sums are in float64.

    A row of zeros is one whose keys are all masked, whether or not a mask says so: arrays from elsewhere have none.

    Raises:
        UsageError: scores, or maxima, which are no shares of attention.
    """
    if attention.what != "weights":
        raise UsageError(
            f"metrics, values: they are shares of attention, and these are {attention.what}; expected weights"
        )
    if attention.reduce == "max":
        raise UsageError("metrics, reduce: rows of maxima do not sum to 1; expected none, mean-heads or mean")
    missing = _missing(attention)
    patterns = {name: pattern for name, pattern in _patterns(attention).items() if name not in missing}
    by_layer = [_layer_metrics(attention, at, patterns) for at in range(len(attention.matrices))]
    names = [name for name in METRICS if name not in missing]
    return HeadMetrics(
        values={name: np.stack([values[name] for values, _ in by_layer]) for name in names},
        counts={name: np.stack([counts[name] for _, counts in by_layer]) for name in names},
        missing=missing,
        layers=attention.layers,
        heads=attention.heads,
    )


def with_ablation(metrics: HeadMetrics, changes: np.ndarray, n_tokens: int) -> HeadMetrics:
    """The same metrics and ``ablation``, (n_layers, n_heads): a mean over so many tokens."""
    name = ABLATION.name
    counts = np.full(changes.shape, n_tokens)
    return replace(metrics, values={**metrics.values, name: changes}, counts={**metrics.counts, name: counts})


def _layer_metrics(
    attention: Attention, at: int, patterns: Mapping[str, Pattern]
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The metrics of one layer's heads and how many rows each is the mean of, (n_heads,) each."""
    weights = attention.matrices[at].astype(np.float64)  # (n_heads, n_q, n_k)
    n_heads, n_queries, n_keys = weights.shape
    masked = attention.masked
    allowed = np.full(n_queries, n_keys) if masked is None else (~masked[at]).sum(axis=-1)
    seen = _seen_rows(attention, at) & (allowed > 0)  # (n_heads, n_q)
    weights[~seen] = 0

    logs = np.log(weights, where=weights > 0, out=np.zeros_like(weights))
    entropy = 0.0 - np.einsum("hij,hij->hi", weights, logs)
    ratio = np.where(allowed > 1, entropy / np.log(np.maximum(allowed, 2)), 0)
    ratio = np.minimum(ratio, 1)  # float32 rows can sum to more than 1
    sums = {"entropy": entropy, "entropy_ratio": ratio, "confidence": weights.max(axis=-1)}
    sums = {name: rows.sum(axis=-1) for name, rows in sums.items()}
    counts = dict.fromkeys(("entropy", "entropy_ratio", "span", "confidence"), seen.sum(axis=-1))

    for name, pattern in patterns.items():
        kept = np.where(pattern.rows[:, None], pattern.weights, 0).astype(np.float64)
        sums[name] = weights.reshape(n_heads, -1) @ kept.ravel()
        counts[name] = (seen & pattern.rows).sum(axis=-1)

    values = {
        name: np.divide(total, counts[name], where=counts[name] > 0, out=np.full(n_heads, np.nan))
        for name, total in sums.items()
    }
    values["span"] = np.exp(values["entropy"])
    return values, counts


def _seen_rows(attention: Attention, at: int) -> np.ndarray:
    """(n_heads, n_queries), True for the rows of tokens of the text that look at anything, shown or left out."""
    looks = attention.matrices[at].any(axis=-1)
    if attention.rest is not None:
        looks |= attention.rest[at] > 0
    return looks & ~np.array([token.padding for token in attention.queries])


def _patterns(attention: Attention) -> dict[str, Pattern]:
    """What the linear metrics weigh the attention with, those that these matrices' shape and tokens allow."""
    n_queries, n_keys = attention.matrices.shape[2:]
    i, j = np.arange(n_queries)[:, None], np.arange(n_keys)
    everywhere = np.ones(n_queries, dtype=bool)
    special = np.array([token.special for token in attention.keys])
    patterns = {
        "first": Pattern(np.broadcast_to(j == 0, (n_queries, n_keys)), everywhere),
        "special": Pattern(np.broadcast_to(special, (n_queries, n_keys)), everywhere),
    }
    if not _is_square(attention):
        return patterns
    real = ~np.array([token.padding for token in attention.keys])
    patterns |= {
        "distance": Pattern(abs(j - i), everywhere),
        "offset": Pattern(j - i, everywhere),
        "self": Pattern(j == i, everywhere),
        "previous": Pattern(j == i - 1, np.append(False, real[:-1])),
        "next": Pattern(j == i + 1, np.append(real[1:], False)),
    }
    codes = _codes(attention.keys)
    if codes is None:
        return patterns
    equal = codes[:, None] == codes
    elsewhere, before = equal & (j != i), equal & (j < i)
    after = np.zeros_like(before)
    after[:, 1:] = before[:, :-1]  # the key after each earlier occurrence
    return patterns | {
        "same": Pattern(elsewhere, elsewhere.any(axis=-1) & ~special),
        "induction": Pattern(after, before.any(axis=-1)),
    }


def _missing(attention: Attention) -> dict[str, str]:
    """By metric that cannot be computed of these matrices, why."""
    n_queries, n_keys = attention.matrices.shape[2:]
    missing = {}
    if not _is_square(attention):
        why = f"it needs queries that are the keys, and there are {n_queries} queries and {n_keys} other keys"
        missing |= {name: why for name, metric in METRICS.items() if metric.square}
    if _codes(attention.keys) is None:
        why = "it needs a tokenizer's tokens, and these are only labels"
        unknown = {name: why for name, metric in METRICS.items() if metric.identity}
        if any(token.special for token in attention.keys):  # somebody said which ones are, if nothing else
            del unknown["special"]
        missing = unknown | missing
    if attention.hidden:
        missing["special"] = "special tokens are left out"
        if not attention.renormalized:
            why = "without the special tokens rows do not sum to 1; renormalized ones do"
            missing |= {name: missing.get(name, why) for name in _SUMS_TO_ONE}
    return {name: missing[name] for name in METRICS if name in missing}


def _is_square(attention: Attention) -> bool:
    """Whether the queries are the keys: a target as long as its source still is another text."""
    return attention.kind != "cross" and len(attention.queries) == len(attention.keys)


def _codes(tokens: Tokens) -> np.ndarray | None:
    """(n_tokens,), equal numbers for equal tokens: by spelling and id, of words by their pieces; None where unknown.

    An id alone is not enough: the built-in tokenizers have no vocabulary, and two words can share one.
    """
    if any(token.id is None and not token.pieces for token in tokens):
        return None
    known = [token.pieces or (token.piece, token.id) for token in tokens]
    codes: dict[object, int] = {}
    return np.array([codes.setdefault(one, len(codes)) for one in known])


@dataclass(frozen=True, eq=False)
class TextMetrics(HeadMetrics):
    """The metrics of every head over several texts: ``values`` are means in which each text weighs as its rows.

    Attributes:
        spread: by metric, (n_layers, n_heads): the standard deviation between the texts' values, weighted likewise.
        least: likewise the least of the texts' values.
        most: likewise the greatest.
        texts: how many there were; ``counts`` has their rows.
    """

    spread: Mapping[str, np.ndarray]
    least: Mapping[str, np.ndarray]
    most: Mapping[str, np.ndarray]
    texts: int


class Running:
    """Metrics over many texts, one at a time, in memory that does not grow with them.

    Means and spreads are updated as by West 1979 (weighted Welford), which loses no digits to cancellation.
    """

    def __init__(self):
        self.texts = 0
        self._heads: tuple[tuple[int, ...], tuple[int, ...]] | None = None
        self._moments: dict[str, _Moments] = {}
        self._missing: dict[str, str] = {}

    def add(self, metrics: HeadMetrics) -> None:
        """One more text.

        Raises:
            UsageError: it has other layers or heads than the texts before.
        """
        heads = (metrics.layers, metrics.heads)
        if self._heads is None:
            self._heads = heads
        if heads != self._heads:
            told, expected = ("x".join(str(len(axis)) for axis in axes) for axes in (heads, self._heads))
            raise UsageError(
                f"metrics: text {self.texts + 1} has other layers and heads ({told}); "
                f"expected those of the texts before ({expected})"
            )
        self.texts += 1
        self._missing = dict(metrics.missing) | self._missing
        for name, values in metrics.values.items():
            if name not in self._moments:
                self._moments[name] = _Moments(values.shape)
            self._moments[name].add(values, metrics.counts[name])

    def result(self) -> TextMetrics:
        """What the texts so far give; only a metric that none of them has is missing.

        Raises:
            InputError: there was none.
        """
        if self._heads is None:
            raise InputError("metrics: there is no text; expected at least one")
        moments = {name: self._moments[name] for name in ALL_METRICS if name in self._moments}
        layers, heads = self._heads
        return TextMetrics(
            values={name: one.known(one.mean) for name, one in moments.items()},
            counts={name: one.rows.copy() for name, one in moments.items()},
            missing={name: self._missing[name] for name in METRICS if name not in moments and name in self._missing},
            layers=layers,
            heads=heads,
            spread={name: one.known(one.spread()) for name, one in moments.items()},
            least={name: one.known(one.least) for name, one in moments.items()},
            most={name: one.known(one.most) for name, one in moments.items()},
            texts=self.texts,
        )


class _Moments:
    """Of one metric: the rows so far, their mean, the sum of squares about it, and the least and greatest value."""

    def __init__(self, shape: tuple[int, ...]):
        self.rows = np.zeros(shape, dtype=np.int64)
        self.mean, self.squares = np.zeros(shape), np.zeros(shape)
        self.least, self.most = np.full(shape, np.inf), np.full(shape, -np.inf)

    def add(self, values: np.ndarray, rows: np.ndarray) -> None:
        self.rows += rows
        change = np.where(rows > 0, values - self.mean, 0)
        share = rows / np.maximum(self.rows, 1)  # of all rows so far
        self.mean += change * share
        self.squares += change**2 * (self.rows - rows) * share
        self.least, self.most = np.fmin(self.least, values), np.fmax(self.most, values)

    def spread(self) -> np.ndarray:
        return np.sqrt(self.squares / np.maximum(self.rows, 1))

    def known(self, values: np.ndarray) -> np.ndarray:
        return np.where(self.rows > 0, values, np.nan)
