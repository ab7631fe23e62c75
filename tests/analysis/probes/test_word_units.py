"""Attention between the words of a corpus, against loops."""

import numpy as np
import pytest

from attnviz.analysis.probes.word_units import NO_UNIT, between_units, strongest_units, token_units
from attnviz.trace.tokens import Token


def token(start: int, end: int, **more) -> Token:
    return Token(text="x" * (end - start), label="x", start=start, end=end, **more)


@pytest.mark.parametrize(
    ("spans", "tokens", "expected"),
    [
        ([(0, 3), (4, 7)], [(0, 3), (4, 7)], [0, 1]),
        ([(0, 6)], [(0, 2), (2, 6)], [0, 0]),  # pieces of a word
        ([(0, 3), (3, 5)], [(0, 4), (4, 5)], [0, 1]),  # a piece across two words: the one with more of it
        ([(0, 2), (2, 4)], [(0, 4)], [0]),  # as much of both: the first
        ([(2, 4)], [(0, 1), (2, 4)], [NO_UNIT, 0]),
        ([(0, 3), (4, 7)], [(0, 3), (3, 7)], [0, 1]),  # with the space before it
        ([(0, 1)], [(1, 1)], [NO_UNIT]),
        ([(0, 4)], [(0, 4), (0, 4)], [0, 0]),  # bytes of one character repeat its offsets
    ],
)
def test_a_token_belongs_to_the_word_with_most_of_its_characters(spans, tokens, expected):
    assert token_units(tuple(token(*one) for one in tokens), spans).tolist() == expected


def test_special_tokens_and_padding_belong_to_no_word():
    tokens = (token(0, 3, special=True), token(0, 3), token(0, 3, padding=True))
    assert token_units(tokens, [(0, 3)]).tolist() == [NO_UNIT, 0, NO_UNIT]


def by_loops(matrix, queries, keys, shape):
    n_rows, n_columns = shape
    between = [[0.0] * n_columns for _ in range(n_rows)]
    for i in range(n_rows):
        rows = [a for a, unit in enumerate(queries) if unit == i]
        for j in range(n_columns):
            sums = [sum(float(matrix[a][b]) for b, unit in enumerate(keys) if unit == j) for a in rows]
            between[i][j] = sum(sums) / len(sums) if sums else 0.0
    return between


def test_attention_to_a_word_is_a_sum_and_from_it_a_mean():
    rng = np.random.default_rng(3)
    matrices = rng.random((2, 3, 7, 5)).astype(np.float32)
    queries, keys = np.array([-1, 0, 0, 2, 3, 3, 3]), np.array([0, 0, 2, -1, 1])
    found = between_units(matrices, queries, keys, (4, 3))
    assert found.shape == (2, 3, 4, 3)
    for i, j in np.ndindex(2, 3):
        np.testing.assert_allclose(found[i, j], by_loops(matrices[i, j], queries, keys, (4, 3)), atol=1e-12)


def test_rows_of_whole_words_still_sum_to_one():
    rng = np.random.default_rng(4)
    matrices = rng.random((2, 6, 6))
    matrices /= matrices.sum(axis=-1, keepdims=True)
    units = np.array([0, 0, 1, 1, 1, 2])
    np.testing.assert_allclose(between_units(matrices, units, units, (3, 3)).sum(axis=-1), 1, atol=1e-12)


def test_the_strongest_key_is_another_word_and_the_first_of_equals():
    matrix = np.array([[[0.6, 0.2, 0.2], [0.1, 0.0, 0.9], [0.0, 0.0, 1.0]]])
    assert strongest_units(matrix, to_itself=False).tolist() == [[1, 2, NO_UNIT]]
    assert strongest_units(matrix, to_itself=True).tolist() == [[0, 2, 2]]
    assert matrix[0, 0, 0] == 0.6  # the input is not changed
