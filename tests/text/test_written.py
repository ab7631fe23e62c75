"""Ids that a model wrote as text and tokens: those of the whole text, where the tokenizer cuts it so."""

from pathlib import Path

import pytest

import attnviz
from attnviz.text.continuation.written import with_written, written_text

GOLDEN = Path(__file__).parents[1] / "checkpoints" / "golden"
TEXT, MORE = "The dog", " read unbelievable letters, größe 日本 🙂"


@pytest.fixture(scope="module", params=["llama", "gpt2", "gpt_neox", "qwen2", "gemma"])
def tokenizer(request):
    return attnviz.load(model=GOLDEN / request.param).tokenizer


def fields(token):
    return token.text, token.label, token.start, token.end, token.id, token.piece, token.word, token.special


def test_written_tokens_are_those_of_the_whole_text(tokenizer):
    whole = tokenizer.encode(TEXT + MORE, n_vocab=10**6)
    given = tokenizer.encode(TEXT, n_vocab=10**6)
    n = len(given)
    assert [t.id for t in whole[:n]] == [t.id for t in given]
    text, tokens = with_written(tokenizer, TEXT, given, [t.id for t in whole[n:]], 10**6)
    assert [*map(fields, tokens)] == [*map(fields, whole)]
    assert [t.generated for t in tokens] == [False] * n + [True] * (len(whole) - n)
    assert text.startswith(TEXT)


def test_pieces_that_the_tokenizer_would_not_choose_have_places_and_words_too():
    tokenizer = attnviz.load(model=GOLDEN / "llama").tokenizer
    ids = [tokenizer.library.token_to_id(piece) for piece in ("▁", "r", "e", "ad", "</s>")]
    given = tokenizer.encode(TEXT, n_vocab=10**6)
    text, tokens = with_written(tokenizer, TEXT, given, ids, 10**6)
    assert text == "The dog read"
    assert [text[t.start : t.end] for t in tokens[-5:]] == [" ", "r", "e", "ad", ""]
    assert [(t.word, t.special) for t in tokens[-5:]] == [(2, False)] * 4 + [(None, True)]


def test_pieces_of_one_character_have_its_place_and_half_a_character_has_none():
    tokenizer = attnviz.load(model=GOLDEN / "llama").tokenizer
    ids = [tokenizer.library.token_to_id(f"<0x{byte:02X}>") for byte in "é".encode()]
    given = tokenizer.encode(TEXT, n_vocab=10**6)
    text, tokens = with_written(tokenizer, TEXT, given, [*ids, ids[0]], 10**6)
    assert text == "The dogé"
    assert [(t.start, t.end) for t in tokens[-3:]] == [(7, 8), (7, 8), (8, 8)]
    assert [t.label for t in tokens[-3:]] == ["\\xc3", "\\xa9", "\\xc3"]


def test_a_tokenizer_without_a_vocabulary_calls_tokens_by_their_ids():
    tokenizer = attnviz.load(seed=0).tokenizer
    given = tokenizer.encode(TEXT, n_vocab=50)
    assert written_text(tokenizer, [], [7, 8]) == " #7 #8"
    text, tokens = with_written(tokenizer, TEXT, given, [7, 8], 50)
    assert text == "The dog #7 #8"
    assert [(t.text, text[t.start : t.end], t.word) for t in tokens[-2:]] == [("#7", "#7", 2), ("#8", "#8", 3)]
    text, tokens = with_written(tokenizer, "", (tokenizer.special_token(0),), [7, 8], 50)
    assert (text, [text[t.start : t.end] for t in tokens]) == ("#7 #8", ["", "#7", "#8"])
