"""Which head finds which relation: against loops after Clark et al. 2019, section 4.2."""

from collections import Counter
from hashlib import blake2b

import numpy as np
import pytest

from attnviz.analysis.probes.draws import random_numbers, random_order
from attnviz.analysis.probes.relations import LEFT_OUT, RELATIONS, relation_words, universal
from attnviz.analysis.probes.syntax import (
    DIRECTIONS,
    EVERY,
    SentenceHits,
    dev_part,
    found_pairs,
    relation_scores,
)

N_HEADS = 3
RELATION_NAMES = ("nsubj", "obj", "det")


def predicted_head(matrix, word: int, direction: str) -> int:
    """The word that a word looks at most, or that looks at it most; never itself."""
    best, most = -1, 0.0
    for other in range(len(matrix)):
        weight = matrix[word][other] if direction == "dependent->head" else matrix[other][word]
        if other != word and weight > most:
            best, most = other, weight
    return best


def sentence(rng, n: int):
    """Random attention between n words, and a random tree whose root is word 0."""
    matrices = rng.random((N_HEADS, n, n))
    heads = [None, *(int(rng.integers(0, n - 1)) for _ in range(1, n))]
    heads = [head if head is None or head < i else head + 1 for i, head in enumerate(heads)]  # never itself
    names = [str(rng.choice(RELATION_NAMES)) for _ in range(n)]
    return matrices, [(i, head, names[i]) for i, head in enumerate(heads) if head is not None]


@pytest.fixture(scope="module")
def treebank():
    rng = np.random.default_rng(7)
    return [sentence(rng, n) for n in (2, 3, 5, 7, 5, 3, 7, 11, 2, 5, 13, 7)]


def packed(matrices, pairs) -> SentenceHits:
    dependents, heads = (np.array([pair[k] for pair in pairs]) for k in (0, 1))
    found = found_pairs(matrices, dependents, heads)
    assert found.shape == (2, N_HEADS, len(pairs))
    rows = found.reshape(2 * N_HEADS, len(pairs))
    return SentenceHits(tuple(pair[2] for pair in pairs), heads - dependents, np.packbits(rows, axis=1))


def test_found_pairs_are_those_of_loops(treebank):
    for matrices, pairs in treebank:
        hits = packed(matrices, pairs).hits
        for d, direction in enumerate(DIRECTIONS):
            for h in range(N_HEADS):
                expected = [predicted_head(matrices[h], i, direction) == head for i, head, _ in pairs]
                assert hits[d * N_HEADS + h].tolist() == expected


def reference(treebank, chosen, name):
    """The best head, direction and offset of a relation on one part, and their rates on both."""

    def rate(part, h, direction):
        pairs = [(m, *pair) for (m, pairs), one in zip(treebank, chosen, strict=True) if one == part for pair in pairs]
        pairs = [pair for pair in pairs if name in (EVERY, pair[3])]
        found = [predicted_head(m[h], i, direction) == head for m, i, head, _ in pairs]
        return sum(found) / len(found), len(found), [head - i for _, i, head, _ in pairs]

    options = [(d, h) for d in DIRECTIONS for h in range(N_HEADS)]
    rates = [rate(True, h, d)[0] for d, h in options]
    direction, head = options[rates.index(max(rates))]
    near, far = rate(True, head, direction)[2], rate(False, head, direction)[2]
    counts = Counter(near)
    offset = sorted(counts, key=lambda one: (-counts[one], abs(one), one))[0]
    chosen_rate, chosen_on, _ = rate(True, head, direction)
    scored, count, _ = rate(False, head, direction)
    return head, direction, chosen_rate, chosen_on, scored, count, offset, far.count(offset) / len(far)


def test_scores_are_those_of_loops(treebank):
    hits = [packed(*one) for one in treebank]
    chosen = dev_part(len(hits), 0.5, 0)
    scores = relation_scores(hits, chosen)
    assert {one.relation for one in scores} == {*RELATION_NAMES, EVERY}
    assert scores[-1].relation == EVERY
    counts = [one.count + one.dev_count for one in scores[:-1]]
    assert counts == sorted(counts, reverse=True)
    for one in scores:
        found = (
            *(one.head, one.direction, one.dev_rate, one.dev_count, one.rate, one.count, one.offset),
            one.offset_rate,
        )
        assert found == pytest.approx(reference(treebank, chosen, one.relation), abs=1e-12)


def test_the_interval_is_that_of_resampled_sentences(treebank):
    hits = [packed(*one) for one in treebank]
    chosen = dev_part(len(hits), 0.5, 0)
    (score,) = [one for one in relation_scores(hits, chosen, seed=5, resamples=200) if one.relation == EVERY]
    row = DIRECTIONS.index(score.direction) * N_HEADS + score.head
    others = [one.hits[row].tolist() for one, is_chosen in zip(hits, chosen, strict=True) if not is_chosen]
    rates = []
    for i in range(200):
        drawn = [others[k] for k in random_numbers(f"5/resample {i}", len(others), len(others))]
        rates.append(sum(map(sum, drawn)) / sum(map(len, drawn)))
    assert (score.low, score.high) == pytest.approx(np.quantile(rates, [0.025, 0.975]), abs=1e-6)
    assert score.low <= score.rate <= score.high
    assert score.beats_offset == (score.low > score.offset_rate)


def test_the_head_is_chosen_on_one_part_and_scored_on_the_other():
    """Head 0 finds the pair of the first sentence only, head 1 that of the second."""
    first = np.array([[[0, 1], [1, 0]], [[0, 0], [0, 0]], [[0, 0], [0, 0]]], float)
    second = first[[1, 0, 2]]
    hits = [packed(one, [(0, 1, "obj")]) for one in (first, second)]
    for chosen, head in (([True, False], 0), ([False, True], 1)):
        score = relation_scores(hits, np.array(chosen))[0]
        assert (score.head, score.dev_rate, score.rate) == (head, 1.0, 0.0)


def test_a_relation_that_one_part_lacks_is_left_out():
    matrices = np.ones((N_HEADS, 2, 2))
    hits = [packed(matrices, [(0, 1, "obj")]), packed(matrices, [(0, 1, "det")])]
    assert [one.relation for one in relation_scores(hits, np.array([True, False]))] == [EVERY]


def test_a_sentence_without_pairs_counts_for_nothing(treebank):
    hits = [packed(*one) for one in treebank]
    empty = SentenceHits((), np.zeros(0, int), np.packbits(np.zeros((2 * N_HEADS, 0), bool), axis=1))
    chosen = dev_part(len(hits), 0.5, 0)
    before, after = (relation_scores(some, part) for some, part in ((hits, chosen), ([empty, *hits], [True, *chosen])))
    assert before == after


@pytest.mark.parametrize(("n", "share", "expected"), [(10, 0.5, 5), (10, 0.25, 2), (2, 0.01, 1), (3, 0.99, 2)])
def test_the_dev_part_has_its_share_and_never_all(n, share, expected):
    chosen = dev_part(n, share, 0)
    assert chosen.sum() == expected
    assert (chosen == dev_part(n, share, 0)).all()


def test_the_seed_divides_the_sentences():
    parts = {tuple(dev_part(50, 0.5, seed).tolist()) for seed in range(5)}
    assert len(parts) == 5


def split_mix(key: str, n: int) -> list[int]:
    """SplitMix64 in Python's own integers."""
    state, mask = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little"), 2**64 - 1
    numbers = []
    for _ in range(n):
        state = (state + 0x9E3779B97F4A7C15) & mask
        z = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        numbers.append(z ^ (z >> 31))
    return numbers


def test_draws_follow_from_integers_alone():
    """So that no change of NumPy divides a treebank in another way."""
    bits = split_mix("0/sentences", 9)
    assert random_order("0/sentences", 9).tolist() == sorted(range(9), key=bits.__getitem__)
    expected = [(one >> 32) * 1000 >> 32 for one in split_mix("0/resample 3", 9)]
    assert random_numbers("0/resample 3", 9, 1000).tolist() == expected


def test_draws_are_even():
    numbers = random_numbers("a", 60_000, 6)
    assert np.abs(np.bincount(numbers, minlength=6) - 10_000).max() < 400
    assert sorted(random_order("a", 1000)) == list(range(1000))


def test_relations_in_words():
    assert relation_words("nsubj", "dependent->head") == "subject -> verb"
    assert relation_words("obj", "head->dependent") == "verb -> object"
    assert relation_words("nsubj:pass", "dependent->head") == "subject (pass) -> verb"
    assert relation_words("new", "dependent->head") == "new -> head"


def test_every_universal_relation_has_words():
    """The 37 relations of Universal Dependencies version 2."""
    assert len({*RELATIONS, *LEFT_OUT}) == 37
    assert all(universal(name) == name for name in RELATIONS)
    assert universal("acl:relcl") == "acl"
