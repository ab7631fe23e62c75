"""Alignment error rates: examples by hand, and the formulas of Och & Ney 2003 with sets."""

import numpy as np
import pytest

from attnviz.analysis.probes.align import (
    GoldLinks,
    counted_links,
    linked_words,
    monotone_links,
    rows_of_words,
)
from attnviz.analysis.probes.word_units import NO_UNIT


def links_of(words) -> set:
    return {(source, target) for target, source in enumerate(words) if source != NO_UNIT}


def error_rate(links: set, sure: set, possible: set) -> float:
    """Equation 5 of Och & Ney 2003."""
    return 1 - (len(links & sure) + len(links & possible)) / (len(links) + len(sure))


def test_an_example_by_hand():
    """Three links: a sure one, a possible one, a wrong one; two sure links in all: 1 - (1 + 2) / (3 + 2)."""
    gold = GoldLinks(sure=frozenset({(0, 0), (1, 1)}), possible=frozenset({(0, 0), (1, 1), (2, 1)}))
    counts = counted_links(np.array([[0, 2, 0]]), gold)
    assert (counts.links[0], counts.sure[0], counts.possible[0], counts.gold) == (3, 1, 2, 2)
    assert counts.error_rate[0] == pytest.approx(0.4)
    assert counts.precision[0] == pytest.approx(2 / 3)
    assert counts.recall[0] == pytest.approx(1 / 2)


def test_the_gold_links_themselves_have_no_error():
    gold = GoldLinks(sure=frozenset({(1, 0), (0, 1)}), possible=frozenset({(1, 0), (0, 1)}))
    counts = counted_links(np.array([[1, 0], [0, 1], [NO_UNIT, NO_UNIT]]), gold)
    assert counts.error_rate.tolist() == [0.0, 1.0, 1.0]
    assert np.isnan(counts.precision[2])


def test_counts_over_pairs_are_those_of_sets():
    rng = np.random.default_rng(5)
    total, sets = None, []
    for n_target, n_source in ((3, 5), (7, 2), (5, 3)):
        words = rng.integers(NO_UNIT, n_source, (2, n_target))
        cells = [(i, j) for i in range(n_source) for j in range(n_target)]
        possible = {cell for cell in cells if rng.random() < 0.4}
        sure = {cell for cell in possible if rng.random() < 0.5}
        counts = counted_links(words, GoldLinks(frozenset(sure), frozenset(possible)))
        total = counts if total is None else total + counts
        sets.append((words, sure, possible))
    for head in range(2):
        links = {(k, *link) for k, (words, _, _) in enumerate(sets) for link in links_of(words[head])}
        sure = {(k, *link) for k, (_, some, _) in enumerate(sets) for link in some}
        possible = {(k, *link) for k, (_, _, some) in enumerate(sets) for link in some}
        assert total.error_rate[head] == pytest.approx(error_rate(links, sure, possible), abs=1e-12)
        assert total.precision[head] == pytest.approx(len(links & possible) / len(links), abs=1e-12)
        assert total.recall[head] == pytest.approx(len(links & sure) / len(sure), abs=1e-12)


def test_a_target_word_is_linked_to_the_source_word_it_looks_at_most():
    """Rows: a start, two pieces of a word, a word, an end. Columns: two pieces of a word, a word, an end."""
    matrix = np.array(
        [
            [0.1, 0.1, 0.7, 0.1],
            [0.3, 0.3, 0.4, 0.0],
            [0.3, 0.3, 0.4, 0.0],
            [0.0, 0.1, 0.2, 0.7],
            [0.9, 0.0, 0.1, 0.0],
        ]
    )[None]
    tokens, keys = np.array([NO_UNIT, 0, 0, 1, NO_UNIT]), np.array([0, 0, 1, NO_UNIT])
    assert linked_words(matrix, rows_of_words(tokens, "input"), keys, (2, 2)).tolist() == [[0, 1]]
    assert rows_of_words(tokens, "output").tolist() == [0, 0, 1, NO_UNIT, NO_UNIT]
    assert linked_words(matrix, rows_of_words(tokens, "output"), keys, (2, 2)).tolist() == [[1, 0]]


def test_without_a_start_token_the_first_word_has_no_row_that_predicts_it():
    matrix = np.array([[[0.9, 0.1], [0.2, 0.8]]])
    tokens = np.array([0, 1])
    found = linked_words(matrix, rows_of_words(tokens, "output"), np.array([0, 1]), (2, 2))
    assert found.tolist() == [[NO_UNIT, 0]]


@pytest.mark.parametrize(
    ("shape", "expected"), [((3, 3), [0, 1, 2]), ((3, 5), [0, 2, 4]), ((5, 1), [0] * 5), ((1, 4), [0])]
)
def test_the_diagonal(shape, expected):
    assert monotone_links(*shape).tolist() == [expected]
