"""Which head finds which syntactic relation (Clark et al. 2019, section 4.2).

A head predicts the syntactic head of each word, in one of two directions. ``dependent -> head``: the word that the
dependent looks at most. ``head -> dependent``: the word that looks at the dependent most. Special tokens and the word
itself do not count. A relation's best head and direction are chosen on one part of the sentences and scored on the
other, and so is the offset that the same prediction of a fixed distance has.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnviz.analysis.probes.draws import random_numbers, random_order
from attnviz.analysis.probes.word_units import strongest_units
from attnviz.records import dataclass

if TYPE_CHECKING:
    from attnviz.trace.attention import Attention

DIRECTIONS = ("dependent->head", "head->dependent")
EVERY = "all"  # the name of all relations together
RESAMPLES = 1000
_CONFIDENCE = 0.95


@dataclass(frozen=True, eq=False)
class SentenceHits:
    """Which heads found which pairs of a sentence.

    Attributes:
        relations: of each pair.
        offsets: (n_pairs,), how far after the dependent its head comes, in words.
        packed: (2 * n_heads, n_bytes), by direction and head: a bit per pair, 1 where the head was found.
        lost: pairs that cannot be scored, as the text has no tokens for one side, or the same for both.
    """

    relations: tuple[str, ...]
    offsets: np.ndarray
    packed: np.ndarray
    lost: int = 0

    @property
    def hits(self) -> np.ndarray:
        """(2 * n_heads, n_pairs), True where the head was found."""
        return np.unpackbits(self.packed, axis=1, count=len(self.relations)).astype(bool)


@dataclass(frozen=True)
class RelationScore:
    """The best head of a relation.

    Attributes:
        relation: its name, or ``all``.
        dev_count: pairs of the part on which head and offset were chosen.
        count: pairs of the other part, on which they are scored.
        head: the place of the best head among all, layer by layer.
        direction: one of ``DIRECTIONS``.
        dev_rate: the share of pairs that it finds where it was chosen.
        rate: the share of pairs that it finds where it is scored.
        low: the lower end of the 95 % interval of ``rate``.
        high: the upper end.
        offset: the best fixed distance from the dependent to its head.
        offset_rate: the share of pairs at that distance where it is scored.
    """

    relation: str
    dev_count: int
    count: int
    head: int
    direction: str
    dev_rate: float
    rate: float
    low: float
    high: float
    offset: int
    offset_rate: float

    @property
    def beats_offset(self) -> bool:
        """Whether the whole interval is above what the best fixed distance finds."""
        return self.low > self.offset_rate


@dataclass(frozen=True, eq=False)
class SyntaxReport:
    """The best head of each relation of a treebank.

    Attributes:
        attention: the model, its layers and heads; no matrices.
        scores: by relation, the most frequent first, all together last.
        name: of the treebank.
        sentences: those that ran.
        n_dev: those of them on which heads and offsets were chosen.
        dev_share: the share of sentences that was asked for to choose on.
        seed: that divided the sentences.
        lost: pairs that could not be scored, as the tokenizer makes no tokens of a word, or one of both.
    """

    attention: "Attention"
    scores: tuple[RelationScore, ...]
    name: str
    sentences: int
    n_dev: int
    dev_share: float
    seed: int
    lost: int

    def head_of(self, score: RelationScore) -> tuple[int, int]:
        """The layer and the head of a score."""
        return divmod(score.head, len(self.attention.heads))


def found_pairs(matrices: np.ndarray, dependents: np.ndarray, heads: np.ndarray) -> np.ndarray:
    """Which pairs each head finds in each direction, (2, n_heads, n_pairs) bool.

    Args:
        matrices: between the units of a sentence, (n_heads, n_units, n_units).
        dependents: (n_pairs,), the unit of each dependent.
        heads: (n_pairs,), the unit of each dependent's head.
    """
    views = (matrices, matrices.swapaxes(-1, -2))
    return np.stack([strongest_units(view, to_itself=False)[:, dependents] == heads for view in views])


def dev_part(n: int, share: float, seed: int) -> np.ndarray:
    """(n,), True for the sentences on which heads are chosen: a share of them, drawn at random."""
    n_chosen = min(max(round(share * n), 1), n - 1)
    chosen = np.zeros(n, dtype=bool)
    chosen[random_order(f"{seed}/sentences", n)[:n_chosen]] = True
    return chosen


def relation_scores(
    sentences: Sequence[SentenceHits], dev: np.ndarray, *, seed: int = 0, resamples: int = RESAMPLES
) -> list[RelationScore]:
    """The best head of each relation that both parts have, the most frequent relation first, all together last.

    Args:
        sentences: at least two.
        dev: (n_sentences,), True for those on which heads are chosen.
        seed: of the resamples.
        resamples: of the sentences that are scored, for the interval (percentile bootstrap).
    """
    choices = _choices([one for one, is_dev in zip(sentences, dev, strict=True) if is_dev])
    others = [one for one, is_dev in zip(sentences, dev, strict=True) if not is_dev]
    draws = _draws(len(others), seed, resamples)
    found = _found(others, choices)
    scores = [_score(choice, found[name], draws) for name, choice in choices.items() if found[name][0].any()]
    return sorted(scores, key=lambda one: (one.relation == EVERY, -one.count - one.dev_count))


@dataclass(frozen=True, eq=False)
class _Choice:
    """The best head and direction of a relation (a row of ``SentenceHits.hits``), and the best offset."""

    relation: str
    count: int
    row: int
    n_rows: int
    rate: float
    offset: int


def _choices(sentences: Iterable[SentenceHits]) -> dict[str, _Choice]:
    """By relation what is best on these sentences; of equals the first row, and the nearest offset."""
    hits: dict[str, np.ndarray] = {}
    offsets: dict[str, Counter[int]] = {}
    for sentence in sentences:
        of_sentence = sentence.hits
        for name, pairs in _by_relation(sentence):
            hits[name] = hits.get(name, 0) + of_sentence[:, pairs].sum(axis=1)
            offsets.setdefault(name, Counter()).update(sentence.offsets[pairs].tolist())
    choices = {}
    for name, counts in offsets.items():
        row, n = int(hits[name].argmax()), counts.total()
        offset = min(counts, key=lambda one: (-counts[one], abs(one), one))
        choices[name] = _Choice(name, n, row, len(hits[name]), float(hits[name][row] / n), offset)
    return choices


def _found(sentences: Sequence[SentenceHits], choices: Mapping[str, _Choice]) -> dict[str, np.ndarray]:
    """By relation, (3, n_sentences): its pairs, those that the chosen head finds, and those at the chosen offset."""
    found = {name: np.zeros((3, len(sentences)), dtype=np.int64) for name in choices}
    for i, sentence in enumerate(sentences):
        hits = sentence.hits
        for name, pairs in _by_relation(sentence):
            if name in choices:
                at_offset = (sentence.offsets[pairs] == choices[name].offset).sum()
                found[name][:, i] = len(pairs), hits[choices[name].row, pairs].sum(), at_offset
    return found


def _by_relation(sentence: SentenceHits) -> Iterator[tuple[str, list[int]]]:
    """The pairs of each relation of a sentence, then all of them."""
    for name in dict.fromkeys(sentence.relations):
        yield name, [i for i, one in enumerate(sentence.relations) if one == name]
    if sentence.relations:
        yield EVERY, list(range(len(sentence.relations)))


def _score(choice: _Choice, found: np.ndarray, draws: np.ndarray) -> RelationScore:
    """The score of what was chosen, from the numbers (3, n_sentences) of ``_found``."""
    counts, hits, at_offset = found
    direction, head = divmod(choice.row, choice.n_rows // len(DIRECTIONS))
    n = int(counts.sum())
    low, high = _interval(hits, counts, draws)
    return RelationScore(
        relation=choice.relation,
        dev_count=choice.count,
        count=n,
        head=head,
        direction=DIRECTIONS[direction],
        dev_rate=choice.rate,
        rate=float(hits.sum() / n),
        low=low,
        high=high,
        offset=choice.offset,
        offset_rate=float(at_offset.sum() / n),
    )


def _draws(n: int, seed: int, resamples: int) -> np.ndarray:
    """(resamples, n): how often each sentence is drawn."""
    drawn = [np.bincount(random_numbers(f"{seed}/resample {i}", n, n), minlength=n) for i in range(resamples)]
    return np.array(drawn, dtype=np.float32)


def _interval(hits: np.ndarray, counts: np.ndarray, draws: np.ndarray) -> tuple[float, float]:
    """The 95 % interval of a rate over resamples of sentences; those without any pair do not count."""
    n = draws @ counts.astype(np.float32)
    rates = (draws @ hits.astype(np.float32))[n > 0] / n[n > 0]
    low, high = np.quantile(rates, [(1 - _CONFIDENCE) / 2, (1 + _CONFIDENCE) / 2])
    return float(low), float(high)
