"""What is whole and what comes a part at a time: the same matrices, reductions and metrics."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis.heads.metrics import head_metrics
from attnviz.analysis.heads.sums import blocks, cells
from attnviz.analysis.matrices.parts import each_layer, joined
from attnviz.analysis.matrices.reduce import reduce_attention, reduced_parts
from attnviz.analysis.matrices.words import hide_special, merge_words
from attnviz.analysis.remainders import metrics_of_parts
from attnviz.trace.attention import Attention
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token

WORDS = ("[CLS]", "the", "un", "##der", "cat", "the", "##s", "[SEP]", "[PAD]")


def tokens(n):
    """The first of WORDS, and the last of them at the end."""
    words, word, made = [*WORDS[: n - 1], WORDS[-1]] if n > 1 else ["the"], -1, []
    for piece in words:
        special = piece.startswith("[")
        word += not special and not piece.startswith("##")
        made.append(
            Token(
                piece,
                piece,
                id=WORDS.index(piece),
                piece=piece,
                special=special,
                padding=piece == "[PAD]",
                word=None if special else word,
            )
        )
    return tuple(made)


@st.composite
def attentions(draw, dtype=np.float64) -> Attention:
    """Matrices whose rows sum to 1, or to 0 where a mask hides all keys; masks may differ between layers."""
    n_layers, n_heads, n = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    matrices = rng.random((n_layers, n_heads, n, n)) ** 3
    masked = None
    if draw(st.booleans()):
        masked = rng.random((n_layers, n, n)) < draw(st.sampled_from([0.1, 0.5, 0.9]))
        matrices[np.broadcast_to(masked[:, None], matrices.shape)] = 0
    sums = matrices.sum(axis=-1, keepdims=True)
    matrices = (matrices / np.where(sums > 0, sums, 1)).astype(dtype)
    layers, heads = tuple(range(3, 3 + n_layers)), tuple(range(0, 2 * n_heads, 2))
    return Attention(matrices, tokens(n), tokens(n), layers, heads, ModelInfo("drawn", "seed:0"), masked=masked)


def in_parts(attention: Attention, heads_at_once: int):
    """Layer by layer and some heads at a time; a layer's mask is None where it hides nothing."""
    for layer in each_layer(attention):
        masked = layer.masked if layer.masked is not None and layer.masked.any() else None
        for start in range(0, len(layer.heads), heads_at_once):
            some = slice(start, start + heads_at_once)
            rest = None if layer.rest is None else layer.rest[:, some]
            yield replace(layer, matrices=layer.matrices[:, some], heads=layer.heads[some], masked=masked, rest=rest)


def assert_same(ours: Attention, theirs: Attention) -> None:
    for name in ("queries", "keys", "layers", "heads", "reduce", "words", "hidden", "renormalized", "model"):
        assert getattr(ours, name) == getattr(theirs, name), name
    np.testing.assert_allclose(ours.matrices, theirs.matrices, atol=1e-12)
    assert (ours.rest is None) == (theirs.rest is None)
    if ours.rest is not None:
        np.testing.assert_allclose(ours.rest, theirs.rest, atol=1e-12)
    hidden = [np.zeros(a.matrices.shape[2:], bool) if a.masked is None else a.masked for a in (ours, theirs)]
    assert (hidden[0] == hidden[1]).all()


heads_at_once = st.integers(1, 4)


@settings(max_examples=50)
@given(attentions(), heads_at_once)
def test_parts_joined_are_the_whole(whole, at_once):
    assert_same(joined(in_parts(whole, at_once), whole.matrices.shape[:2]), whole)


@settings(max_examples=60)
@given(attentions(), heads_at_once, st.sampled_from(["mean-heads", "mean", "max"]), st.booleans(), st.booleans())
def test_reduced_parts_are_the_whole_reduced(whole, at_once, how, words, hidden):
    if words:
        whole = merge_words(whole)
    if hidden and not all(token.special for token in whole.keys):
        whole = hide_special(whole)
    found = list(reduced_parts(in_parts(whole, at_once), how))
    assert len(found) == (len(whole.layers) if how == "mean-heads" else 1)
    reduced = reduce_attention(whole, how)
    assert_same(joined(iter(found), reduced.matrices.shape[:2]), reduced)
    # By definition, of all matrices at once.
    axes = (1,) if how == "mean-heads" else (0, 1)
    expected = (np.max if how == "max" else np.mean)(whole.matrices, axis=axes, keepdims=True)
    np.testing.assert_allclose(reduced.matrices, expected, atol=1e-12)


@pytest.mark.parametrize("how", ["mean-heads", "mean", "max"])
def test_masked_scores_are_left_out_of_what_parts_are_reduced_to(how):
    scores = np.arange(24.0).reshape(2, 3, 2, 2)
    masked = np.array([[[False, True], [False, False]], [[False, True], [True, False]]])
    scores[np.broadcast_to(masked[:, None], scores.shape)] = -np.inf
    whole = Attention(
        scores, tokens(2), tokens(2), (0, 1), (0, 1, 2), ModelInfo("drawn", "seed:0"), values="scores", masked=masked
    )
    reduced = reduce_attention(whole, how)
    assert_same(joined(reduced_parts(in_parts(whole, 2), how), reduced.matrices.shape[:2]), reduced)
    assert np.isneginf(reduced.matrices[..., 0, 1]).all()
    if how != "mean-heads":  # in layer 0 this key was to be seen
        assert reduced.matrices[0, 0, 1, 0] == {"mean": 6.0, "max": 10.0}[how]


def assert_same_metrics(ours, theirs, tolerance):
    assert (ours.layers, ours.heads, ours.missing) == (theirs.layers, theirs.heads, theirs.missing)
    assert list(ours.values) == list(theirs.values)
    for name, values in theirs.values.items():
        np.testing.assert_array_equal(ours.counts[name], theirs.counts[name])
        np.testing.assert_allclose(ours.values[name], values, atol=tolerance, equal_nan=True)


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-12), (np.float32, 1e-5)])
@settings(max_examples=40)
@given(data=st.data())
def test_metrics_do_not_depend_on_parts_or_on_blocks_of_rows(dtype, tolerance, data):
    whole = data.draw(attentions(dtype))
    if data.draw(st.booleans()) and not all(token.special for token in whole.keys):
        whole = hide_special(whole, renormalize=data.draw(st.booleans()))
    n_layers, n_heads, n, _ = whole.matrices.shape
    expected = head_metrics(whole)  # small: all rows in one block
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "_AT_ONCE", data.draw(st.integers(1, n + 1)) * n_layers * n_heads * n)
        assert_same_metrics(head_metrics(whole), expected, tolerance)
        # Parts with fewer heads have more rows at a time, and what rows have in common is kept from part to part.
        patch.setattr(blocks, "_AT_ONCE", data.draw(st.sampled_from([1, 2 * n, 5 * n, 1000])))
        patch.setattr(cells, "_FEW_CELLS", data.draw(st.sampled_from([0, 16])))
        common, found = metrics_of_parts(in_parts(whole, data.draw(heads_at_once)))
    assert_same_metrics(found, expected, tolerance)
    assert (common.layers, common.heads, common.matrices.size) == (whole.layers, whole.heads, 0)
    assert (common.queries, common.keys, common.hidden) == (whole.queries, whole.keys, whole.hidden)


def test_parts_with_fewer_heads_have_more_rows_at_a_time_and_the_same_metrics(monkeypatch):
    n = len(WORDS)
    matrices = np.random.default_rng(0).dirichlet(np.ones(n), (1, 3, n))
    whole = Attention(matrices, tokens(n), tokens(n), (0,), (0, 1, 2), ModelInfo("drawn", "seed:0"))
    expected = head_metrics(whole)
    monkeypatch.setattr(blocks, "_AT_ONCE", 6 * n)  # a head and some rows of it
    monkeypatch.setattr(cells, "_FEW_CELLS", 0)
    assert_same_metrics(metrics_of_parts(in_parts(whole, 2))[1], expected, 1e-12)
