"""What a decoder is fed of a target, and what its tokens are."""

import numpy as np
import pytest

import attnviz
from attnviz.encoder.config.block import EncoderConfig
from attnviz.errors import InputError
from attnviz.model import seeded_model
from attnviz.sweeps.preparation import prepare
from attnviz.text.tokenizer import load_tokenizer

SMALL = {"n_layers": 1, "n_heads": 2, "d_model": 8, "d_ff": 0, "n_vocab": 4096, "n_ctx": 6}


def fed(target, *, truncate=False, **fields):
    model = seeded_model(EncoderConfig(**SMALL | fields), load_tokenizer("word"), 0)
    return prepare(model, "the cat sat", target=target, truncate=truncate)


def test_a_target_is_fed_as_it_is_where_nothing_else_is_asked_for():
    assert [token.piece for token in fed("a b c").target_tokens] == ["a", "b", "c"]


def test_a_start_token_pushes_the_last_one_out():
    prepared = fed("a b c", decoder_start_id=7)
    first, *others = prepared.target_tokens
    assert (first.id, first.special, first.text, first.label, first.word) == (7, True, "", "[START]", None)
    assert [(token.piece, token.start, token.word) for token in others] == [("a", 0, 0), ("b", 2, 1)]
    assert prepared.target.ids.tolist() == [token.id for token in prepared.target_tokens]
    assert [token.piece for token in prepared.tokens] == ["the", "cat", "sat"]


def test_the_last_token_is_fed_first_where_the_decoder_wraps():
    for start in (None, 7):
        prepared = fed("a b c", decoder_wraps=True, decoder_start_id=start)
        assert [token.piece for token in prepared.target_tokens] == ["c", "a", "b"]


def test_a_target_that_is_too_long_is_cut_before_it_is_shifted():
    prepared = fed("a b c d e f g h", decoder_start_id=7, truncate=True)
    assert [token.piece for token in prepared.target_tokens] == ["[START]", "a", "b", "c", "d", "e"]
    assert prepared.cuts == ("target: 8 tokens cut to the first 6, the most that the model takes",)
    with pytest.raises(InputError, match="target: 8 tokens, and n_ctx is 6"):
        fed("a b c d e f g h", decoder_start_id=7)


def test_ids_of_a_target_are_rows_of_the_decoders_own_table():
    ids = [fed("a b c d", n_vocab=11, decoder_n_vocab=n).target.ids for n in (None, 5000)]
    assert ids[0].max() < 11 < ids[1].max()


def test_each_row_is_a_token_that_was_fed():
    result = attnviz.run("the cat", target="a b c", seed=0, decoder_start_id=7, decoder_n_vocab=9)
    assert [token.piece for token in result.views["cross"].queries] == ["[START]", "a", "b"]
    np.testing.assert_allclose(result.views["decoder"].matrices[:, :, 0, 0], 1)
