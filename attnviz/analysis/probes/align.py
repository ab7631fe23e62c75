"""Word alignments in cross-attention: the error rate of each head (Och & Ney 2003, section 6).

A head links each target word to the source word that it looks at most. Which row belongs to a target word has two
answers in the literature. The row of the step that *reads* the word (``input``) aligns better in most models and is the
default (Chen et al. 2020, "Accurate Word Alignment Induction from Neural Machine Translation"). The row of the step
that *predicts* the word (``output``) comes one token earlier (Garg et al. 2019, "Jointly Learning to Align and
Translate with Transformer Models").
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from attnviz.analysis.probes.word_units import NO_UNIT, between_units, strongest_units
from attnviz.records import dataclass

if TYPE_CHECKING:
    from attnviz.trace.attention import Attention

TARGET_ROWS = ("input", "output")
GoldLink = tuple[int, int]


@dataclass(frozen=True)
class GoldLinks:
    """The links of a pair of sentences by people, as numbers of a source word and a target word.

    Attributes:
        sure: those beyond doubt.
        possible: all that are allowed, the sure ones too.
    """

    sure: frozenset[GoldLink]
    possible: frozenset[GoldLink]


@dataclass(frozen=True, eq=False)
class LinkCounts:
    """How many links there are, over pairs of sentences; each array is of heads.

    Attributes:
        links: links of each head, (n_heads,).
        sure: those of them that are sure.
        possible: those of them that are possible.
        gold: sure links there are.
    """

    links: np.ndarray
    sure: np.ndarray
    possible: np.ndarray
    gold: int

    def __add__(self, other: "LinkCounts") -> "LinkCounts":
        return LinkCounts(
            self.links + other.links, self.sure + other.sure, self.possible + other.possible, self.gold + other.gold
        )

    @property
    def precision(self) -> np.ndarray:
        """The share of a head's links that are possible, (n_heads,); NaN without links."""
        return _share(self.possible, self.links)

    @property
    def recall(self) -> np.ndarray:
        """The share of sure links that a head has, (n_heads,); NaN where there are none."""
        return _share(self.sure, np.full_like(self.links, self.gold))

    @property
    def error_rate(self) -> np.ndarray:
        """1 − (|A∩S| + |A∩P|) / (|A| + |S|), (n_heads,): the alignment error rate."""
        return 1 - _share(self.sure + self.possible, self.links + self.gold)


@dataclass(frozen=True, eq=False)
class AlignReport:
    """The links of each cross-attention head against those of people.

    Attributes:
        attention: the model, its layers and heads; no matrices.
        counts: of the heads, layer by layer.
        monotone: of the diagonal, which needs no model.
        pairs: pairs of sentences.
        rows: one of ``TARGET_ROWS``: which row belongs to a target word.
    """

    attention: "Attention"
    counts: LinkCounts
    monotone: LinkCounts
    pairs: int
    rows: str

    def head_at(self, head: int) -> tuple[int, int]:
        """The layer and the number of a head that is numbered layer by layer."""
        return divmod(head, len(self.attention.heads))

    @property
    def order(self) -> list[int]:
        """The heads, layer by layer numbered from 0, the least error rate first."""
        return [int(head) for head in np.argsort(self.counts.error_rate, kind="stable")]


def linked_words(matrices: np.ndarray, queries: np.ndarray, keys: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The source word of each target word, (n_heads, n_target_words); ``NO_UNIT`` for a word without a link.

    Args:
        matrices: of cross-attention, (n_heads, n_queries, n_keys).
        queries: (n_queries,), the target word of each row.
        keys: (n_keys,), the source word of each column.
        shape: the number of target words and of source words.
    """
    return strongest_units(between_units(matrices, queries, keys, shape), to_itself=True)


def rows_of_words(units: np.ndarray, rows: str) -> np.ndarray:
    """The target word of each row, (n_queries,), from that of each token that the decoder reads.

    Args:
        units: (n_queries,), the word of the token that each row reads.
        rows: one of ``TARGET_ROWS``. With ``output`` a token has the row before its own: a first token that nothing
            precedes has none.
    """
    return units if rows == "input" else np.append(units[1:], NO_UNIT)


def counted_links(links: np.ndarray, gold: GoldLinks) -> LinkCounts:
    """The links of each head against those of people.

    Args:
        links: (n_heads, n_target_words), the source word of each target word.
        gold: the links of the same sentences.
    """

    def hits(some: Iterable[GoldLink]) -> np.ndarray:
        found = np.zeros(len(links), dtype=np.int64)
        for source, target in some:
            found += links[:, target] == source
        return found

    n_links = (links != NO_UNIT).sum(axis=1)
    return LinkCounts(n_links, hits(gold.sure), hits(gold.possible), len(gold.sure))


def monotone_links(n_target: int, n_source: int) -> np.ndarray:
    """The diagonal as a head's links, (1, n_target): what is found without any attention."""
    last = max(n_target - 1, 1)
    return np.rint(np.arange(n_target) * (n_source - 1) / last).astype(np.int64)[None]


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
