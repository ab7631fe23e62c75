"""What each head does, in numbers: how widely it looks, how far, and at which tokens.

A[l, h, i, j] is the weight from query i to key j of N tokens; logarithms are natural and 0·ln 0 is 0. A row whose keys
are all masked is left out of every mean, and so is the row of a token that only fills the length.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from attnviz.analysis.heads.definitions import ABLATION, METRICS, Metric, all_metrics, kind_metrics
from attnviz.analysis.heads.labels import LABELS
from attnviz.analysis.resting import Remainder, is_square
from attnviz.errors import UsageError
from attnviz.records import dataclass
from attnviz.trace.attention import Attention
from attnviz.trace.heads import HeadAxes
from attnviz.trace.tokens import Token, Tokens, n_real

_AT_ONCE = 1 << 18  # weights that are looked at together, in whole rows: a few arrays of them fit in a core's cache
_FEW_PAIRS = 16  # equal tokens that are less than one in so many pairs are kept for the next heads
_COUNTED = re.compile("([xy]?)([0-9]{1,18})")


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


def head_metrics(attention: Attention, patterns: "Patterns | None" = None) -> HeadMetrics:
    """Every metric of ``METRICS`` that these matrices allow, for all layers and heads.

    Each row's numbers have the type of the weights, means over rows are in float64. A row of zeros is one whose keys
    are all masked, whether or not a mask says so: arrays from elsewhere have none.

    Args:
        attention: weights, one matrix per head or means over heads.
        patterns: of other parts of the same matrices; made here if they are not given.

    Raises:
        UsageError: scores, or maxima, which are no shares of attention.
    """
    if attention.values != "weights":
        raise UsageError(
            f"metrics, values: they are shares of attention, and these are {attention.values}; expected weights"
        )
    if attention.reduce == "max":
        raise UsageError("metrics, reduce: rows of maxima do not sum to 1; expected none, mean-heads or mean")
    patterns = patterns or Patterns(attention)
    missing = patterns.missing
    n_layers, n_heads, n_queries, n_keys = attention.matrices.shape
    step = max(1, _AT_ONCE // (n_layers * n_heads * n_keys))
    blocks = [_block_metrics(attention, patterns, start, start + step) for start in range(0, n_queries, step)]
    names = patterns.names
    sums, counts = (
        {name: np.asarray(sum(block[i][name] for block in blocks)) for name in names if name != "span"} for i in (0, 1)
    )
    with np.errstate(invalid="ignore"):
        values = {name: total / np.where(counts[name] > 0, counts[name], np.nan) for name, total in sums.items()}
    if "span" in names:
        values["span"], counts["span"] = np.exp(values["entropy"]), counts["entropy"]
    return HeadMetrics(
        values={name: values[name] for name in names},
        counts={name: counts[name] for name in names},
        missing=missing,
        layers=attention.layers,
        heads=attention.heads,
        by_name=attention.by_name,
    )


def with_ablation(metrics: HeadMetrics, changes: np.ndarray, n_tokens: int) -> HeadMetrics:
    """The same metrics and ``ablation``, (n_layers, n_heads): a mean over so many tokens."""
    name = ABLATION.name
    counts = np.full(changes.shape, n_tokens)
    return replace(metrics, values={**metrics.values, name: changes}, counts={**metrics.counts, name: counts})


@dataclass(frozen=True, eq=False)
class RowBlock:
    """Some rows of all matrices, with what several metrics need of them.

    Attributes:
        weights: (n_layers, n_heads, n_rows, n_keys); rows that see no key are zeros, and their numbers do not count.
        allowed: (n_layers or 1, n_rows), how many keys each row can attend to.
        positions: (n_rows,), the places of the rows' queries, in the type of the weights.
        tokens: the n_keys tokens that the rows attend to.
    """

    weights: np.ndarray
    allowed: np.ndarray
    positions: np.ndarray
    tokens: Tokens

    @cached_property
    def key_positions(self) -> np.ndarray:
        """The places of the keys, (n_keys,), in the type of the weights."""
        return np.arange(len(self.tokens), dtype=self.weights.dtype)

    @cached_property
    def n_tokens(self) -> int:
        """How many keys are tokens of the text, padding left out."""
        return sum(not token.padding for token in self.tokens)

    @cached_property
    def entropy(self) -> np.ndarray:
        """Each row's entropy in nats, (n_layers, n_heads, n_rows)."""
        logs = np.log(np.where(self.weights > 0, self.weights, 1))  # A ln A of 0 is 0, as it is of 1
        return np.asarray(0.0 - np.multiply(self.weights, logs, out=logs).sum(axis=-1))

    @property
    def entropy_ratio(self) -> np.ndarray:
        """Each row's entropy as a share of that of a uniform row, (n_layers, n_heads, n_rows)."""
        ratio = np.where(self.allowed > 1, 1 / np.log(np.maximum(self.allowed, 2)), 0)[:, None] * self.entropy
        return np.asarray(np.minimum(ratio, 1))  # float32 rows can sum to more than 1


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


def _block_metrics(
    attention: Attention, patterns: "Patterns", start: int, stop: int
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The sums of some rows' numbers, and of how many rows: by metric, (n_layers, n_heads)."""
    weights = attention.matrices[:, :, start:stop]
    rows = np.arange(start, start + weights.shape[2])
    masked = attention.masked
    allowed = np.full((1, len(rows)), weights.shape[3]) if masked is None else (~masked[:, rows]).sum(axis=-1)
    seen = _seen_rows(attention, weights, rows) & ((allowed > 0)[:, None] & ~patterns.padding[rows])
    all_seen = seen.all()  # (n_layers, n_heads, n_rows)
    if not all_seen:
        weights = np.where(seen[..., None], weights, 0)

    block = RowBlock(weights, allowed, rows.astype(weights.dtype), attention.keys)
    sums, counts = {}, {}
    for name, metric in METRICS.items():
        if metric.row_numbers is None or name not in patterns.names:
            continue
        counted = seen if metric.rows is None else seen & metric.rows(block)
        sums[name] = metric.row_numbers(block).sum(axis=-1, dtype=np.float64, where=counted)
        counts[name] = counted.sum(axis=-1)
    for name, total in patterns.sums(weights, rows):
        sums[name] = total
        about = patterns.rows[name][rows]
        counts[name] = np.full(seen.shape[:2], about.sum()) if all_seen else (seen & about).sum(axis=-1)
    return sums, counts


def _seen_rows(attention: Attention, weights: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(n_layers, n_heads, n_rows), True for the rows that look at anything, shown or left out."""
    looks = np.asarray(weights.any(axis=-1))
    if attention.rest is not None:
        looks |= attention.rest[:, :, rows] > 0
    return looks


class Patterns:
    """What the linear metrics weigh the attention with: each is a mean over some rows of a weighted sum of the row.

    Attributes:
        missing: by metric that cannot be computed here, why.
        names: the metrics that are computed.
        rows: by linear metric, (n_queries,), the rows that it is about.
        padding: (n_queries,), the rows of tokens that only fill the length.

    Args:
        attention: the matrices.
        names: the metrics to compute; by default all.
        most_equal: the share of all tokens that equal ones may be, so that they count for ``same`` and ``induction``.
    """

    def __init__(self, attention: Attention, names: Collection[str] = (), most_equal: float = 1.0):
        self.missing = {name: why for name, why in _missing(attention).items() if not names or name in names}
        known = kind_metrics(attention.kind)
        self.names = [name for name in known if name not in self.missing and (not names or name in names)]
        n_queries, self._n_keys = attention.matrices.shape[2:]
        self._special = np.array([token.special for token in attention.keys])
        # Every row's offsets from its query to the keys are a piece of these.
        self._offsets = np.arange(1 - n_queries, self._n_keys, dtype=attention.matrices.dtype)
        self.padding = np.array([token.padding for token in attention.queries])
        real = ~np.array([token.padding for token in attention.keys])
        self._real = real
        start = int(real.argmax())  # after padding at the left
        self._first = slice(start, start + 1)
        sides = attention.queries, attention.keys
        self._places = tuple(map(shares_of_way, sides)) if "diagonal" in self.names else None
        everywhere = np.ones(n_queries, dtype=bool)
        self.rows = dict.fromkeys(("first", "special", "distance", "offset", "self", "diagonal"), everywhere)
        self.rows |= {"previous": np.append(False, real[:-1]), "next": np.append(real[1:], False)}
        self._pairs: dict[tuple[int, int], tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]] = {}
        codes = _codes(attention.keys)
        self._codes = np.zeros(0, dtype=np.int64) if codes is None else codes
        if codes is not None:
            _, first, inverse, count = np.unique(codes, return_index=True, return_inverse=True, return_counts=True)
            self._few = count[inverse] <= max(2, most_equal * self._n_keys)
            self.rows["same"] = (count[inverse] > 1) & ~self._special & self._few
            self.rows["induction"] = (first[inverse] < np.arange(self._n_keys)) & self._few
        self.rows = {name: rows for name, rows in self.rows.items() if name in self.names}

    def sums(self, weights: np.ndarray, rows: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """The weighted sums of some rows (n_layers, n_heads, n_rows, n_keys): by metric, (n_layers, n_heads)."""
        for name, keys in (("first", self._first), ("special", self._special & self._real)):
            if name in self.rows:
                yield name, weights[..., keys].sum(axis=(-2, -1), dtype=np.float64)
        for name, offset in (("self", 0), ("previous", -1), ("next", 1)):
            if name in self.rows:
                some = np.flatnonzero(self.rows[name][rows])
                yield name, weights[:, :, some, rows[some] + offset].sum(axis=-1, dtype=np.float64)
        if "offset" in self.rows:
            first = len(self._offsets) - self._n_keys - rows[-1]  # of the last row, where the offsets are least
            for name, tokens in (("offset", self._offsets), ("distance", abs(self._offsets))):
                by_row = sliding_window_view(tokens[first : first + len(rows) + self._n_keys - 1], self._n_keys)[::-1]
                yield name, np.einsum("lhij,ij->lhi", weights, by_row).sum(axis=-1, dtype=np.float64)
        if self._places is not None:
            nearness = (1 - abs(self._places[0][rows, None] - self._places[1])).astype(weights.dtype)
            yield "diagonal", np.einsum("lhij,ij->lhi", weights, nearness).sum(axis=-1, dtype=np.float64)
        yield from self._equal_sums(weights, rows)

    def _equal_sums(self, weights: np.ndarray, rows: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
        """As ``sums``, of what equal tokens get."""
        if "same" in self.rows or "induction" in self.rows:
            for name, places in zip(("same", "induction"), self._equal(rows[0], rows[-1]), strict=True):
                if name in self.rows:
                    yield name, weights[(..., *places)].sum(axis=-1, dtype=np.float64)

    def _equal(self, first: int, last: int) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
        """(row, key) of equal tokens elsewhere, and of the keys after earlier occurrences, for some rows."""
        block = (first, last)  # parts with fewer heads have larger ones
        if block not in self._pairs:
            row, key = np.nonzero(self._codes[first : last + 1, None] == self._codes)
            few = self._few[row + first]
            same = (key != row + first) & ~self._special[row + first] & few
            before = (key < row + first) & few
            pairs = (row[same], key[same]), (row[before], key[before] + 1)
            n_pairs = (last + 1 - first) * self._n_keys
            if len(row) * _FEW_PAIRS > n_pairs:  # of one word over and over there are too many
                return pairs
            self._pairs[block] = pairs
        return self._pairs[block]


def shares_of_way(tokens: Tokens) -> np.ndarray:
    """How far along its text each token is, (n_tokens,): 0 for the first, 1 for the last; padding has no place."""
    real = np.array([not token.padding for token in tokens])
    places = np.maximum(np.cumsum(real) - 1, 0) / max(real.sum() - 1, 1)
    return np.asarray(np.where(real, places, 0.0))


def _missing(attention: Attention) -> dict[str, str]:
    """By metric that cannot be computed of these matrices, why."""
    n_queries, n_keys = attention.matrices.shape[2:]
    missing: dict[str, str] = {}
    if not is_square(attention):
        why = f"it needs queries that are the keys, and there are {n_queries} queries and {n_keys} other keys"
        why = "of one text only, and cross-attention is between two" if attention.kind == "cross" else why
        missing |= {name: why for name, metric in METRICS.items() if metric.square}
    if attention.kind == "cross" and min(map(n_real, (attention.queries, attention.keys))) < 2:
        why = "it needs two tokens or more in the target and in the source"
        missing |= {name: why for name, metric in METRICS.items() if metric.cross}
    if _codes(attention.keys) is None:
        why = "it needs labels that name the tokens (--tokens), and these only count them"
        missing = {name: why for name, metric in METRICS.items() if metric.identity} | missing
    elif not all(map(_is_identified, attention.keys)):
        missing["special"] = "no label is known as that of a special token, such as [CLS]"
    if any(token.special for token in attention.keys):  # the file, or labels, said which ones are, if nothing else
        missing.pop("special", None)
    if attention.hidden:
        missing["special"] = "special tokens are left out"
        if not attention.renormalized:
            why = "without the special tokens rows do not sum to 1; renormalized ones do"
            missing |= {name: missing.get(name, why) for name, metric in METRICS.items() if metric.whole_rows}
    elif attention.rest is not None:
        why = "a part of each row is its rest, and goes to no key"
        missing |= {name: missing.get(name, why) for name, metric in METRICS.items() if metric.whole_rows}
    return {name: missing[name] for name in kind_metrics(attention.kind) if name in missing}


def _codes(tokens: Tokens) -> np.ndarray | None:
    """(n_tokens,), equal numbers for equal tokens: by spelling and id, of words by their pieces; None where unknown.

    An id alone is not enough: the built-in tokenizers have no vocabulary, and two words can share one. Without ids
    (attention from elsewhere, vectors) equal labels are equal tokens, unless labels only count the tokens.
    """
    if _are_counted([token.piece for token in tokens if not (token.special or _is_identified(token))]):
        return None
    known = [token.pieces or (token.piece, token.id) for token in tokens]
    codes: dict[object, int] = {}
    return np.array([codes.setdefault(one, len(codes)) for one in known])


def _is_identified(token: Token) -> bool:
    """Whether a tokenizer said which token it is, or which tokens a word was merged from."""
    return token.id is not None or bool(token.pieces)


def _are_counted(labels: list[str]) -> bool:
    """Whether labels say only where tokens are: rising numbers (0 1 2, x0 x1 x2, y0 y1 y2), as those made by default.

    They need not begin at 0, as some tokens can be left out.
    """
    counted = [_COUNTED.fullmatch(label) for label in labels]
    if not labels or not all(counted):
        return False
    letters, numbers = zip(*((match[1], int(match[2])) for match in counted if match), strict=True)
    return len(set(letters)) == 1 and all(a < b for a, b in pairwise(numbers))
