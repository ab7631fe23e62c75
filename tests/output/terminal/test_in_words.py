"""What a head looks at most as a sentence: of a target also which word comes next."""

from dataclasses import replace

import numpy as np
import pytest

from attnviz.output.terminal.in_words import in_words
from attnviz.output.terminal.screen import Screen
from attnviz.trace.attention import Matrix
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Token

TRAINED = ModelInfo("toy", "sha256:0", {"decoder_start_id": 0})
UNTRAINED = ModelInfo("toy", "seed:0", {"n_layers": 1})


def named(*labels):
    return tuple(Token(label, label, position=i) for i, label in enumerate(labels))


def cross(numbers, model=TRAINED, **more):
    queries, keys = named("le", "chat", "dort"), named("the", "cat", "sleeps")
    return Matrix(np.asarray(numbers), queries, keys, "L0H0", "L0H0", model, kind="cross", **more)


def looking(query):
    numbers = np.full((3, 3), 0.05)
    numbers[query] = [0.05, 0.05, 0.9]
    return numbers


@pytest.mark.parametrize("model", [TRAINED, ModelInfo("toy", "sha256:0", {"decoder_wraps": True})])
def test_a_target_that_is_written_has_a_next_word(model):
    assert in_words(cross(looking(1), model), Screen(80)) == '"chat" looks most at "sleeps" (90%); next comes "dort"'


def test_the_last_word_of_a_target_has_no_next_one():
    assert in_words(cross(looking(2)), Screen(80)) == '"dort" looks most at "sleeps" (90%)'


def test_a_decoder_that_writes_nothing_and_attention_to_the_same_text_have_no_next_word():
    assert in_words(cross(looking(1), UNTRAINED), Screen(80)) == '"chat" looks most at "sleeps" (90%)'
    itself = replace(cross(looking(1)), kind="decoder", keys=cross(looking(1)).queries)
    assert "next comes" not in in_words(itself, Screen(80))


def test_a_next_word_that_is_left_out_is_not_named():
    matrix = cross(looking(0))
    gap = (matrix.queries[0], replace(matrix.queries[1], position=2), replace(matrix.queries[2], position=3))
    assert in_words(replace(matrix, queries=gap), Screen(80)) == '"le" looks most at "sleeps" (90%)'
    pieces = (replace(gap[0], pieces=("l", "e")), *gap[1:])
    assert in_words(replace(matrix, queries=pieces), Screen(80)).endswith('; next comes "chat"')
