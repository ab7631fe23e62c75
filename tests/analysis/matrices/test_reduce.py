"""Many heads to one matrix."""

import numpy as np
import pytest

from attnviz.analysis.matrices.reduce import reduce_attention
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token


def attention(matrices, masked=None, values="weights"):
    tokens = [tuple(Token(f"t{i}", f"t{i}") for i in range(n)) for n in matrices.shape[2:]]
    layers, heads = range(matrices.shape[0]), range(matrices.shape[1])
    return Attention(
        matrices, *tokens, tuple(layers), tuple(heads), ModelInfo("m", "seed:0"), values=values, masked=masked
    )


def random_weights(*shape):
    raw = np.random.default_rng(0).random(shape)
    return raw / raw.sum(axis=-1, keepdims=True)


def test_means_are_means_and_their_rows_still_sum_to_one():
    heads = attention(random_weights(2, 3, 5, 7))
    by_layer, whole = reduce_attention(heads, "mean-heads"), reduce_attention(heads, "mean")
    for layer in range(2):
        for query in range(5):
            for key in range(7):
                three = [heads.matrices[layer, head, query, key] for head in range(3)]
                assert by_layer.matrices[layer, 0, query, key] == pytest.approx(sum(three) / 3, abs=1e-15)
    np.testing.assert_allclose(whole.matrices[0, 0], by_layer.matrices.mean(axis=0)[0], atol=1e-15)
    np.testing.assert_allclose(whole.matrices.sum(axis=-1), 1, atol=1e-12)


def test_a_maximum_is_the_largest_of_all():
    heads = attention(random_weights(2, 3, 5, 7))
    largest = reduce_attention(heads, "max").matrices
    assert largest.shape == (1, 1, 5, 7)
    assert all((largest[0, 0] >= m.numbers).all() for m in heads)
    assert largest.max() == heads.matrices.max()


def test_names_say_what_was_reduced():
    heads = attention(random_weights(2, 3, 5, 7))
    assert [m.name for m in reduce_attention(heads, "mean-heads")] == ["L0mean", "L1mean"]
    assert [m.title for m in reduce_attention(heads, "mean-heads")][1] == "layer 1, mean of heads 0-2"
    assert [(m.name, m.title) for m in reduce_attention(heads, "max")] == [("max", "max of layers 0-1, heads 0-2")]
    assert reduce_attention(heads, "none") is heads


def test_masked_scores_stay_out_of_the_mean():
    scores = np.array([[[[1.0, -np.inf]], [[3.0, -np.inf]]], [[[5.0, 2.0]], [[7.0, 4.0]]]])
    masked = np.array([[[False, True]], [[False, False]]])
    by_layer = reduce_attention(attention(scores, masked, "scores"), "mean-heads")
    assert by_layer.matrices[:, 0, 0].tolist() == [[2.0, -np.inf], [6.0, 3.0]]
    assert np.array_equal(by_layer.masked, masked)
    whole = reduce_attention(attention(scores, masked, "scores"), "mean")
    assert whole.matrices[0, 0, 0].tolist() == [4.0, 3.0]
    assert whole.masked.tolist() == [[[False, False]]]
