"""Attention between segments: sums to, means from."""

import numpy as np
import pytest

from attnviz.analysis.choices.segments import are_segments, segment_tokens, sum_segments
from attnviz.analysis.matrices.words import merge_words
from attnviz.errors import UsageError
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token

INFO = ModelInfo("test", "seed:0")
LABELS = ("[CLS]", "the", "cat", "[SEP]", "a", "dog", "ran", "[SEP]", "[PAD]", "[PAD]")
SEGMENTS = (0, 0, 0, 0, 1, 1, 1, 1, 1, 1)
TOKENS = tuple(
    Token(label, label, piece=label, special=label[0] == "[", padding=label == "[PAD]", segment=segment, word=i)
    for i, (label, segment) in enumerate(zip(LABELS, SEGMENTS, strict=True))
)
PLACES = {"text": [1, 2], "pair": [4, 5, 6], "special": [0, 3, 7]}


def attention(tokens=TOKENS, masked=None, **more) -> Attention:
    n = len(tokens)
    weights = np.random.default_rng(1).random((2, 3, n, n))
    seen = np.ones((2, n, n), bool)
    seen[..., [token.padding for token in tokens]] = False
    if masked is not None:
        seen &= ~masked
    weights *= seen[:, None]
    sums = weights.sum(axis=-1, keepdims=True)
    weights = np.divide(weights, sums, where=sums > 0, out=np.zeros_like(weights))
    return Attention(weights, tokens, tokens, (0, 1), (0, 1, 2), INFO, masked=~seen, **more)


def reference(whole: Attention) -> np.ndarray:
    """The definition in loops."""
    found = np.zeros((*whole.matrices.shape[:2], 3, 3))
    for i, j in np.ndindex(*whole.matrices.shape[:2]):
        for a, places in enumerate(PLACES.values()):
            rows = [query for query in places if not whole.masked[i, query].all()]
            for b, keys in enumerate(PLACES.values()):
                cells = [whole.matrices[i, j, query, key] for query in rows for key in keys]
                found[i, j, a, b] = sum(cells) / max(1, len(rows))
    return found


def test_segments_are_sums_over_keys_and_means_over_queries():
    whole = attention()
    found = sum_segments(whole)
    np.testing.assert_allclose(found.matrices, reference(whole), atol=1e-12)
    np.testing.assert_allclose(found.matrices.sum(axis=-1), 1, atol=1e-12)
    assert [token.label for token in found.queries] == [token.label for token in found.keys] == list(PLACES)
    assert [token.pieces for token in found.keys][1] == ("a", "dog", "ran")
    assert found.masked is None


def test_rows_that_look_at_nothing_are_left_out_of_a_mean():
    masked = np.zeros((2, 10, 10), bool)
    masked[0, 5] = True
    masked[1, [4, 5, 6]] = True
    whole = attention(masked=masked)
    found = sum_segments(whole)
    np.testing.assert_allclose(found.matrices, reference(whole), atol=1e-12)
    np.testing.assert_allclose(found.matrices[0].sum(axis=-1), 1, atol=1e-12)
    assert found.masked[1, 1].all()
    assert not found.masked[0].any()


def test_words_have_the_sums_of_their_pieces():
    tokens = tuple(Token("x", "x", piece="x", word=i // 2, segment=i // 6) for i in range(10))
    whole = attention(tokens)
    np.testing.assert_allclose(
        sum_segments(merge_words(whole)).matrices.sum(axis=-1), sum_segments(whole).matrices.sum(axis=-1), atol=1e-12
    )


def test_the_rest_is_a_mean_too():
    whole = attention()
    rest = np.random.default_rng(2).random((2, 3, 10))
    found = sum_segments(Attention(**{**whole.__dict__, "rest": rest}))
    np.testing.assert_allclose(found.rest[..., 1], rest[..., [4, 5, 6]].mean(axis=-1), atol=1e-12)


def test_of_cross_attention_the_target_has_a_name():
    target = TOKENS[1:3]
    weights = np.full((1, 1, 2, 10), 0.1)
    found = sum_segments(Attention(weights, target, TOKENS, (0,), (0,), INFO, kind="cross"))
    assert [token.label for token in found.queries] == ["target"]
    np.testing.assert_allclose(found.matrices[0, 0], [[0.2, 0.3, 0.3]])


def test_scores_have_no_sums():
    with pytest.raises(UsageError, match="blocks, values: sums of scores mean nothing; expected weights"):
        sum_segments(attention(values="scores"))


def test_segments_are_known_by_their_pieces():
    assert are_segments(segment_tokens(TOKENS))
    assert not are_segments(TOKENS)
