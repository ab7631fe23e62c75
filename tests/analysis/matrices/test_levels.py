"""Matrices between tokens and between words at once, each equal to what ``arrange`` gives for it."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

import attnviz
from attnviz.analysis.matrices.levels import arranged_level, levels, merges_words
from attnviz.analysis.matrices.parts import each_layer, joined
from attnviz.analysis.matrices.reduce import reduce_attention
from attnviz.analysis.matrices.selection import Request, arrange
from attnviz.trace.attention import Attention

TEXT = "The unbelievable cat misunderstood the table"
LENIENT = frozenset(("words", "hide_special"))
CHOICES = [dict(zip(("words", "hide_special"), pair, strict=True)) for pair in product((False, True), repeat=2)]


@pytest.fixture(scope="module")
def attention() -> Attention:
    return attnviz.run(TEXT).views["encoder"]


def whole_levels(attention: Attention, request: Request):
    return list(levels(lambda: each_layer(attention) if attention.reduce == "none" else iter([attention]), request))


def assert_equal(ours: Attention, theirs: Attention) -> None:
    np.testing.assert_array_equal(ours.matrices, theirs.matrices)
    assert [token.label for token in ours.queries] == [token.label for token in theirs.queries]
    assert [token.label for token in ours.keys] == [token.label for token in theirs.keys]
    assert (ours.rest is None) == (theirs.rest is None)
    if ours.rest is not None:
        np.testing.assert_array_equal(ours.rest, theirs.rest)
    assert (ours.masked is None) == (theirs.masked is None)
    if ours.masked is not None:
        np.testing.assert_array_equal(ours.masked, theirs.masked)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("reduce", ["none", "mean-heads", "mean", "max"])
def test_each_choice_has_the_numbers_of_arrange(attention, reduce, choice):
    request = Request(reduce=reduce, lenient=LENIENT, **choice)
    arranged = [arranged_level(level, request) for level in whole_levels(attention, request)]
    expected = arrange(attention, request)
    assert_equal(joined(iter(arranged), expected.matrices.shape[:2]), expected)


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("reduce", ["rollout", "flow"])
def test_paths_are_followed_between_tokens_and_then_arranged(attention, reduce, choice):
    request = Request(reduce=reduce, lenient=LENIENT, **choice)
    (level,) = whole_levels(reduce_attention(attention, reduce), request)
    assert_equal(arranged_level(level, request), arrange(attention, request))


@pytest.mark.parametrize("choice", CHOICES)
@pytest.mark.parametrize("values", ["norms", "zeroing", "scores"])
def test_other_values_are_arranged_as_far_as_they_can_be(values, choice):
    view = attnviz.run(TEXT, values=values).views["encoder"]
    request = Request(values=values, lenient=LENIENT, **choice)
    arranged = [arranged_level(level, request) for level in whole_levels(view, request)]
    assert_equal(joined(iter(arranged), view.matrices.shape[:2]), arrange(view, request))


@pytest.mark.parametrize("words", [False, True])
@pytest.mark.parametrize("reduce", ["none", "mean", "mean-heads"])
def test_renormalized_rows_have_no_special_tokens_in_either_level(attention, reduce, words):
    request = Request(reduce=reduce, words=words, hide_special=True, renormalize=True)
    made = whole_levels(attention, request)
    expected = arrange(attention, request)
    assert not any(token.special for level in made for token in level.tokens.keys)
    assert_equal(joined((arranged_level(level, request) for level in made), expected.matrices.shape[:2]), expected)


def test_rests_are_there_for_special_tokens_too(attention):
    (first, *_) = whole_levels(attention, Request())
    special = np.array([token.special for token in attention.keys])
    np.testing.assert_allclose(first.tokens.rest, first.tokens.matrices[..., special].sum(axis=-1), rtol=1e-6)
    assert first.tokens.queries == attention.queries


def test_masks_of_a_causal_model_are_merged_and_hidden():
    view = attnviz.run("The cat sat", seed=0, mask="causal", pad_to=5).views["encoder"]
    for choice in CHOICES:
        request = Request(lenient=LENIENT, **choice)
        arranged = [arranged_level(level, request) for level in whole_levels(view, request)]
        assert_equal(joined(iter(arranged), view.matrices.shape[:2]), arrange(view, request))


def test_words_are_left_out_where_they_say_nothing_more(attention):
    assert merges_words(attention)
    assert not merges_words(replace(attention, values="scores"))
    assert not merges_words(replace(attention, reduce="max"))
    assert not merges_words(arrange(attention, Request(words=True)))
    assert not merges_words(attnviz.run("the cat sat").views["encoder"])
    assert merges_words(attnviz.run("The cat sat").views["encoder"])  # whose token is "the"


def test_nothing_but_special_tokens_is_not_hidden():
    view = attnviz.run("The cat", seed=0).views["encoder"]
    special = tuple(replace(token, special=True) for token in view.queries)
    all_special = replace(view, queries=special, keys=special)
    request = Request(hide_special=True, lenient=LENIENT)
    for level in whole_levels(all_special, request):
        assert level.tokens.rest is None
        assert arranged_level(level, request).keys == special
