"""What each token receives: the means of the columns."""

import numpy as np
import pytest

from attnviz.analysis.choices.received import received, received_of_matrix
from attnviz.errors import UsageError
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token

INFO = ModelInfo("test", "seed:0")
TOKENS = tuple(Token(c, c, piece=c) for c in "abcde")


def attention(**more) -> Attention:
    weights = np.random.default_rng(3).dirichlet(np.ones(5), size=(2, 3, 5))
    return Attention(weights, TOKENS, TOKENS, (0, 1), (0, 1, 2), INFO, **more)


def test_a_key_receives_the_mean_of_its_column():
    whole = attention()
    found = received(whole)
    for i, j, key in np.ndindex(2, 3, 5):
        assert found.shares[i, j, key] == pytest.approx(sum(whole.matrices[i, j, query, key] for query in range(5)) / 5)
    np.testing.assert_allclose(found.shares.sum(axis=-1), 1)
    assert found.rest is None


def test_rows_without_a_key_and_padding_do_not_count():
    masked = np.zeros((2, 5, 5), bool)
    masked[1, 2] = True
    whole = attention(masked=masked)
    whole.matrices[1, :, 2] = 0
    tokens = (*TOKENS[:4], Token("[PAD]", "[PAD]", piece="[PAD]", special=True, padding=True))
    found = received(Attention(**{**whole.__dict__, "queries": tokens})).shares
    np.testing.assert_allclose(found[0], whole.matrices[0][:, :4].mean(axis=1))
    np.testing.assert_allclose(found[1], whole.matrices[1][:, [0, 1, 3]].mean(axis=1))


def test_a_row_of_zeros_does_not_count():
    whole = attention()
    whole.matrices[0, 1, 2] = 0
    np.testing.assert_allclose(received(whole).shares[0, 1], whole.matrices[0, 1, [0, 1, 3, 4]].mean(axis=0))
    np.testing.assert_allclose(received(whole).shares.sum(axis=-1), 1)


def test_what_was_left_out_receives_its_mean_too():
    rest = np.random.default_rng(4).random((2, 3, 5))
    np.testing.assert_allclose(received(attention(rest=rest)).rest, rest.mean(axis=-1))


def test_one_matrix_has_the_numbers_of_all():
    whole = attention(rest=np.random.default_rng(4).random((2, 3, 5)))
    every = received(whole)
    for matrix, shares, rest in zip(whole, every.shares.reshape(-1, 5), every.rest.ravel(), strict=True):
        one = received_of_matrix(matrix)
        np.testing.assert_array_equal(one.shares, shares)
        assert one.rest == rest


def test_scores_have_no_shares():
    with pytest.raises(UsageError, match="received, values: a mean of scores is not a share; expected weights"):
        received(attention(values="scores"))
