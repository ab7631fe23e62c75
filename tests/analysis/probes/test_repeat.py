"""Scores on random tokens twice: against loops, and against the diagonals of TransformerLens and ARENA."""

import numpy as np
import pytest

from attnviz.analysis.probes.repeat import REPEAT_SCORES, distinct_ids, repeat_scores

LENGTH, FIRST, HEADS = 5, 2, 3
N = FIRST + 2 * LENGTH + 1


@pytest.fixture(scope="module")
def weights():
    rng = np.random.default_rng(11)
    matrices = rng.random((2, HEADS, N, N))
    return matrices / matrices.sum(axis=-1, keepdims=True)


def by_tokens(matrix, tokens):
    """The definitions by which tokens are equal, as Olsson et al. 2022 state them, on rows of random tokens."""
    sums = {name: [] for name in REPEAT_SCORES}
    for i, token in enumerate(tokens):
        if token is None:  # special
            continue
        earlier = [j for j in range(i) if tokens[j] == token]
        if earlier:
            (j,) = earlier
            sums["induction"].append(matrix[i][j + 1])
            sums["duplicate"].append(matrix[i][j])
        if i and tokens[i - 1] is not None:
            sums["previous"].append(matrix[i][i - 1])
    return {name: sum(values) / len(values) for name, values in sums.items()}


def test_scores_are_those_of_loops_over_equal_tokens(weights):
    tokens = [None] * FIRST + list("abcde") * 2 + [None]
    found = repeat_scores(weights, FIRST, LENGTH)
    for place in np.ndindex(2, HEADS):
        expected = by_tokens(weights[place].tolist(), tokens)
        assert {name: values[place] for name, values in found.items()} == pytest.approx(expected, abs=1e-12)


def test_the_stripe_of_transformer_lens_has_a_row_more(weights):
    """``pattern.diagonal(offset=1 - seq_len)`` also has the last row of the first copy, which repeats nothing."""
    pattern = weights[..., FIRST:-1, FIRST:-1]  # without special tokens, as in its demo
    stripe = pattern.diagonal(1 - LENGTH, axis1=-2, axis2=-1)
    assert stripe.shape[-1] == LENGTH + 1
    ours = repeat_scores(pattern, 0, LENGTH)
    np.testing.assert_allclose((stripe.sum(axis=-1) - stripe[..., 0]) / LENGTH, ours["induction"], atol=1e-12)
    duplicate = pattern.diagonal(-LENGTH, axis1=-2, axis2=-1).mean(axis=-1)
    np.testing.assert_allclose(duplicate, ours["duplicate"], atol=1e-12)
    previous = pattern.diagonal(-1, axis1=-2, axis2=-1).mean(axis=-1)
    np.testing.assert_allclose(previous, ours["previous"], atol=1e-12)


@pytest.mark.parametrize("name", REPEAT_SCORES)
def test_a_perfect_head_scores_one(name):
    matrix = np.eye(N)
    for i in range(FIRST, FIRST + 2 * LENGTH):
        back = {"induction": LENGTH - 1, "duplicate": LENGTH, "previous": 1}[name]
        matrix[i] = np.eye(N)[max(i - back, 0)]
    scores = repeat_scores(matrix[None, None], FIRST, LENGTH)
    assert {other: float(values[0, 0]) for other, values in scores.items()} == {
        other: float(other == name) for other in REPEAT_SCORES
    }


def test_random_tokens_are_different_and_come_from_the_candidates():
    candidates = np.array([3, 5, 7, 11, 13, 17, 19])
    ids = distinct_ids(candidates, 5, 20, 0)
    assert ids.shape == (20, 5)
    assert all(len(set(row)) == 5 and set(row) <= set(candidates.tolist()) for row in ids.tolist())
    assert len({tuple(row) for row in ids.tolist()}) == 20
    assert (ids == distinct_ids(candidates, 5, 20, 0)).all()
    assert (ids != distinct_ids(candidates, 5, 20, 1)).any()
    assert (ids[:3] == distinct_ids(candidates, 5, 3, 0)).all()  # more texts change no earlier one
