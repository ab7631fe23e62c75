"""The tokenizers made from a GGUF's vocabulary, against the ids of llama.cpp (``make_llama_cpp.py``)."""

import json
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from attnviz.errors import CheckpointError, InputError, some
from attnviz.text.gguf.read import read_gguf_tokenizer
from attnviz.text.gguf.splits import SPLITS
from attnviz.text.pieces.charsmap import is_sound_charsmap

CASES = json.loads(Path(__file__).with_name("llama_cpp.json").read_text(encoding="utf-8"))
TEXTS = CASES["texts"]
KEY = "tokenizer.ggml."

# llama.cpp's expressions only come close to those of these models: the numbers of the texts that differ.
# transformers' conversion of a GGUF's tokenizer agrees with attnviz where it knows the name (gpt-4o, tekken).
COMES_CLOSE = {"gpt-4o": {6, 7}, "tekken": {6, 7}, "tiny_aya": {5}, "kimi-k2": {5, 6, 7}, "youtu": {5}, "superbpe": {6}}
BERT, LLAMA, T5 = (CASES["cases"][name]["metadata"] for name in ("bert", "llama", "t5"))
BYTES = {**CASES["bytes"], "pre": "gpt-2"}


def metadata(values, **changes):
    """The metadata of a file: arrays of numbers are NumPy arrays, as the reader of files gives them."""
    merged = {**values, **changes}
    return {
        KEY + name: np.array(value) if isinstance(value, list) and not isinstance(value[0], str) else value
        for name, value in merged.items()
        if value is not None
    }


def tokens(values, text, pair=None, **changes):
    return read_gguf_tokenizer(metadata(values, **changes), "model.gguf").encode(text, pair, n_vocab=10_000)


def differing(values, wanted, **changes):
    made = read_gguf_tokenizer(metadata(values, **changes), "model.gguf")
    got = [[token.id for token in made.encode(text, n_vocab=10_000)] for text in TEXTS]
    return {number for number, (ids, row) in enumerate(zip(got, wanted, strict=True)) if ids != row}


@pytest.mark.parametrize("name", CASES["pre"])
def test_texts_are_split_as_llama_cpp_splits_them_by_the_name_in_the_file(name):
    wanted = [CASES["rows"][text][at] for text, at in enumerate(CASES["pre"][name])]
    assert differing(CASES["bytes"], wanted, pre=name) == COMES_CLOSE.get(name, set())


@pytest.mark.parametrize("name", CASES["cases"])
def test_each_kind_of_vocabulary_gives_the_ids_of_llama_cpp(name):
    case = CASES["cases"][name]
    assert differing(case["metadata"], case["ids"]) == set()


def test_switches_say_what_is_around_a_text_and_whether_a_space_is_before_it():
    plain = CASES["plain"]
    assert differing(CASES["cases"]["llama"]["metadata"], plain["ids"], **plain["metadata"]) == set()


def pieces(values, text, pair=None, **changes):
    return [token.piece for token in tokens(values, text, pair, **changes)]


def test_a_second_text_has_the_special_tokens_of_its_vocabulary():
    assert pieces(BERT, "the cat", "a b") == ["[CLS]", "the", "cat", "[SEP]", "a", "b", "[SEP]"]
    assert [token.segment for token in tokens(BERT, "the", "a")] == [0, 0, 0, 1, 1]
    assert pieces(LLAMA, "a", "b") == ["<s>", "▁a", "<s>", "▁", "b"]
    around = {"add_bos_token": True, "add_eos_token": True, "seperator_token_id": 1, "add_sep_token": True}
    assert pieces(BYTES, "a", "b") == ["a", "b"]
    assert pieces(BYTES, "a", "b", **around) == ["<s>", "a", "</s>", "</s>", "b", "</s>"]


def test_words_and_labels_are_those_of_the_text():
    rows = [(token.piece, token.label, token.word, token.special) for token in tokens(LLAMA, "at é")]
    assert rows == [
        ("<s>", "<s>", None, True),
        ("▁", "␣", 0, False),
        ("at", "at", 0, False),
        ("▁", "␣", 1, False),
        ("é", "é", 1, False),
    ]
    rows = [(token.piece, token.label, token.word, token.text) for token in tokens(BERT, "naive cats")]
    assert rows[1:-1] == [
        ("na", "na", 0, "na"),
        ("##ive", "ive", 0, "ive"),
        ("cat", "cat", 1, "cat"),
        ("##s", "s", 1, "s"),
    ]


def test_tokens_that_a_file_marks_are_found_in_a_text_as_wholes():
    assert pieces(BYTES, "a<s>b<x>c") == ["a", "<s>", "b", "<x>", "c"]
    # Without kinds only the special tokens that ids name are.
    assert pieces(BYTES, "a<s>b", token_type=None)[:3] == ["a", "<s>", "b"]
    assert "<x>" not in pieces(BYTES, "a<x>b", token_type=None)


@pytest.mark.parametrize(
    ("values", "more", "token", "wanted"),
    [
        ({"pre": "jina-v2-es"}, {}, "<mask>", ["a", "<mask>", "Ġ", "b"]),
        ({}, {"general.name": "Phi-3 mini"}, "<|end|>", ["a", "Ġ", "<|end|>", "b"]),
        ({}, {}, "<|end|>", ["a", "Ġ", "<|end|>", "Ġ", "b"]),
    ],
)
def test_tokens_that_llama_cpp_gives_the_spaces_beside_them_have_them(values, more, token, wanted):
    added = {"tokens": [*BYTES["tokens"], token], "token_type": [*BYTES["token_type"], 3], "merges": ["q u"]}
    made = read_gguf_tokenizer({**metadata(BYTES, **added, **values), **more}, "model.gguf")
    assert [piece.piece for piece in made.encode(f"a {token} b", n_vocab=1000)] == wanted


def test_a_vocabulary_of_word_pieces_as_bert_itself_writes_it_is_read_too():
    plain = [
        piece[1:] if piece.startswith("▁") else piece if number < 5 else f"##{piece}" for number, piece in BERT_PIECES
    ]
    for text in TEXTS:
        assert tokens(BERT, text) == tokens(BERT, text, tokens=plain)


def test_the_case_of_letters_is_kept_where_the_file_says_so():
    assert "hello" in pieces(BERT, "Hello")
    assert pieces(BERT, "Hello", **{"normalizer.lowercase": False}) == ["[CLS]", "[UNK]", "[SEP]"]


def test_a_text_is_padded_with_the_token_of_the_file():
    made = read_gguf_tokenizer(metadata(BERT), "model.gguf")
    assert made.padding_token(100).id == 0
    assert read_gguf_tokenizer(metadata(BYTES, padding_token_id=2), "model.gguf").padding_token(1000).piece == "<x>"


BERT_PIECES = list(enumerate(BERT["tokens"]))
HINT = "give its tokenizer.json with --tokenizer FILE"
TABLE = "tokenizer.ggml.precompiled_charsmap"
ERRORS = [
    (BYTES, {"model": None}, "it has no tokenizer (tokenizer.ggml.model); expected one"),
    (
        BYTES,
        {"model": "rwkv"},
        "tokenizer.ggml.model is rwkv, which is not known; expected gpt2, gemma4, llama, bert, t5",
    ),
    (BYTES, {"pre": "new"}, f"tokenizer.ggml.pre is new, which is not known; expected {some(sorted(SPLITS), 20)}"),
    (BYTES, {"tokens": None}, "tokenizer.ggml.tokens is missing; expected the texts of the vocabulary"),
    (BYTES, {"tokens": 3}, "tokenizer.ggml.tokens has no texts; expected the texts of the vocabulary"),
    (BYTES, {"tokens": ["a", "b", "a"]}, "tokenizer.ggml.tokens has a twice (ids 0 and 2); expected each token once"),
    (BYTES, {"tokens": ["a", "\udc80"]}, "tokenizer.ggml.tokens 1 is not UTF-8; expected texts"),
    (
        BYTES,
        {"token_type": [1]},
        f"tokenizer.ggml.token_type has 1 numbers; expected one per token ({len(BYTES['tokens'])})",
    ),
    (BYTES, {"token_type": "x"}, "tokenizer.ggml.token_type has no numbers; expected one per token"),
    (BYTES, {"merges": None}, "tokenizer.ggml.merges is missing; expected two pieces per line"),
    (BYTES, {"merges": ["ab"]}, "tokenizer.ggml.merges has ab at 0; expected two pieces per line"),
    (
        BYTES,
        {"add_bos_token": True, "bos_token_id": 9999},
        "tokenizer.ggml.bos_token_id is 9999; expected an id less than",
    ),
    (
        BYTES,
        {"add_eos_token": True, "eos_token_id": None},
        "tokenizer.ggml.eos_token_id is missing; expected an id less",
    ),
    (BYTES, {"add_bos_token": 3}, "tokenizer.ggml.add_bos_token is 3; expected true or false"),
    (BYTES, {"padding_token_id": -1}, "tokenizer.ggml.padding_token_id is -1; expected an id less than"),
    (LLAMA, {"scores": None}, "tokenizer.ggml.scores is missing; expected one number per token"),
    (
        LLAMA,
        {"scores": [float("nan")] * 400},
        "tokenizer.ggml.scores has a value that is not a number; expected one number",
    ),
    (T5, {"precompiled_charsmap": [1, 2, 3]}, f"{TABLE} is damaged; expected SentencePiece's table of characters"),
    (T5, {"precompiled_charsmap": [1, 999]}, f"{TABLE} has no bytes; expected an array of them"),
    (BYTES, {"token_type": [1.5] * 500}, "tokenizer.ggml.token_type has numbers that are not whole; expected one kind"),
]


@pytest.mark.parametrize(("values", "changes", "message"), ERRORS, ids=[message[:60] for _, _, message in ERRORS])
def test_a_damaged_or_unknown_tokenizer_is_one_line(values, changes, message):
    with pytest.raises(CheckpointError) as caught:
        read_gguf_tokenizer(metadata(values, **changes), "model.gguf")
    assert str(caught.value).startswith(f"model.gguf: {message}")
    assert "\n" not in str(caught.value)
    assert (caught.value.hint == HINT) == ("model" in changes)


def test_merges_of_pieces_that_are_not_in_the_vocabulary_are_one_line():
    with pytest.raises(
        CheckpointError, match=r"tokenizer\.ggml\.merges does not fit its tokens \(.*\); expected pieces of them"
    ):
        read_gguf_tokenizer(metadata(BYTES, merges=["zz yy"]), "model.gguf")


JUNK = [True, -1, 2**63, "x", ["a", "a b"], np.zeros(0), np.array([np.nan] * 500), np.full(500, 2**40)]
NAMES = sorted(
    {name for case in (BYTES, LLAMA, T5, BERT) for name in case} | {"cls_token_id", "add_sep_token", "add_bos_token"}
)


@pytest.mark.parametrize("values", [BYTES, LLAMA, T5, BERT], ids=["gpt2", "llama", "t5", "bert"])
def test_whatever_a_key_holds_is_unused_or_an_error_of_one_line(values):
    messages = []
    for name, junk in product(NAMES, JUNK):
        try:
            read_gguf_tokenizer({**metadata(values), KEY + name: junk}, "model.gguf").encode("Hello 12", n_vocab=10**6)
        except InputError as error:
            messages.append(str(error))
    assert len(messages) > 40
    assert not any("\n" in message for message in messages)


def test_a_table_of_characters_is_refused_where_an_index_leads_out_of_it():
    table = T5["precompiled_charsmap"]
    messages, n_read = set(), 0
    for at in (*range(0, 40, 3), *range(len(table) - 30, len(table), 3)):
        for value in (0, 128, 255):
            try:
                tokens(T5, TEXTS[7], precompiled_charsmap=[*table[:at], value, *table[at + 1 :]])
                n_read += 1
            except CheckpointError as error:
                messages.add(str(error))
    assert messages == {f"model.gguf: {TABLE} is damaged; expected SentencePiece's table of characters"}
    assert n_read
    assert not is_sound_charsmap(bytes(table[:-40]))
    assert not is_sound_charsmap(b"")
    assert not is_sound_charsmap(bytes([0, 4, 0, 0]) + b"\xff" * 1024)  # a root that is a value, and leads outside
