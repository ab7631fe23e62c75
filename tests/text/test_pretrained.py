"""Tokenizers built here, saved as JSON as the library saves them, padding and truncation asked for."""

import base64
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from attnviz.errors import InputError
from attnviz.text.pretrained import pretrained_tokenizer
from attnviz.text.spelling import byte_of_character
from attnviz.text.tokenizer import load_tokenizer, raw_labels

WORD_PIECES = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "play", "##ing", "the", "un", "##do", "日", "!", "#", "cafe"]


@pytest.mark.parametrize("is_inside", [False, True])
def test_a_damaged_table_of_characters_is_one_line_before_the_library_reads_it(tmp_path, is_inside):
    table = base64.b64encode(bytes([0, 4, 0, 0]) + b"\xff" * 1024).decode()
    step = {"type": "Precompiled", "precompiled_charsmap": table}
    step = {"type": "Sequence", "normalizers": [{"type": "NFC"}, step]} if is_inside else step
    described = json.loads(Tokenizer(models.WordLevel({"a": 0}, unk_token="a")).to_str()) | {"normalizer": step}
    path = tmp_path / "tokenizer.json"
    path.write_text(json.dumps(described))
    with pytest.raises(
        InputError, match=r"it is not a tokenizer \(its table of characters, precompiled_charsmap, is dam"
    ):
        pretrained_tokenizer(path)


def word_piece():
    tokenizer = Tokenizer(models.WordPiece({p: i for i, p in enumerate(WORD_PIECES)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.add_special_tokens(["[PAD]", "[CLS]", "[SEP]"])
    tokenizer.enable_padding(length=16)
    tokenizer.enable_truncation(max_length=5)
    return tokenizer.to_str()


def byte_level(**options):
    vocabulary = {c: i for i, c in enumerate(sorted(byte_of_character()))}
    merges = [("Ġ", "t"), ("Ġt", "h"), ("Ġth", "e")]
    for left, right in merges:
        vocabulary[left + right] = len(vocabulary)
    tokenizer = Tokenizer(models.BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(**options)
    tokenizer.add_tokens([AddedToken("Ünï", normalized=False)])
    return tokenizer.to_str()


def sentence_piece():
    pieces = ["<unk>", "▁the", "▁", "x", "s", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokenizer = Tokenizer(models.BPE({p: i for i, p in enumerate(pieces)}, [], byte_fallback=True))
    tokenizer = Tokenizer.from_str(
        json.dumps(
            json.loads(tokenizer.to_str())
            | {
                "normalizer": {
                    "type": "Sequence",
                    "normalizers": [
                        {"type": "Prepend", "prepend": "▁"},
                        {"type": "Replace", "pattern": {"String": " "}, "content": "▁"},
                    ],
                },
                "decoder": {
                    "type": "Sequence",
                    "decoders": [
                        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
                        {"type": "ByteFallback"},
                        {"type": "Fuse"},
                    ],
                },
            }
        )
    )
    return tokenizer.to_str()


def refusal(call, *arguments, **options):
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    return str(caught.value)


def test_word_pieces_with_their_special_tokens_and_neither_padding_nor_truncation():
    tokens = pretrained_tokenizer(word_piece()).encode("Playing the Café 日!", n_vocab=13)

    assert [t.label for t in tokens] == ["[CLS]", "play", "ing", "the", "cafe", "日", "!", "[SEP]"]
    assert [t.piece for t in tokens] == ["[CLS]", "play", "##ing", "the", "cafe", "日", "!", "[SEP]"]
    assert [t.text for t in tokens] == ["", "Play", "ing", "the", "Café", "日", "!", ""]
    assert [t.id for t in tokens] == [2, 4, 5, 6, 12, 9, 10, 3]
    assert [(t.start, t.end) for t in tokens][4:7] == [(12, 16), (17, 18), (18, 19)]
    assert [t.special for t in tokens] == [True, *[False] * 6, True]
    assert [t.word for t in tokens] == [None, 0, 0, 1, 2, 3, 4, None]
    assert not any(t.padding for t in tokens)


def test_a_pair_keeps_its_own_offsets_words_and_segment():
    tokens = pretrained_tokenizer(word_piece()).encode("the 日", "undo!", n_vocab=13)

    assert [t.label for t in tokens] == ["[CLS]", "the", "日", "[SEP]", "un", "do", "!", "[SEP]"]
    assert [t.segment for t in tokens] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert [t.word for t in tokens] == [None, 0, 1, None, 0, 0, 1, None]
    assert [t.text for t in tokens] == ["", "the", "日", "", "un", "do", "!", ""]


def test_a_special_token_typed_by_the_user_is_text():
    tokens = pretrained_tokenizer(word_piece()).encode("the [SEP]", n_vocab=13)
    assert [(t.text, t.label, t.special) for t in tokens][2:] == [("[SEP]", "[SEP]", False), ("", "[SEP]", True)]


def test_byte_level_pieces_are_shown_as_text_and_half_characters_as_bytes():
    tokens = pretrained_tokenizer(byte_level()).encode("s the é  日\n", n_vocab=999)

    assert [t.label for t in tokens] == [
        *("s", "the", "␣", "\\xc3", "\\xa9", "␣", "␣", "\\xe6", "\\x97", "\\xa5", "⏎"),
    ]
    assert [t.label for t in raw_labels(tokens)][:3] == ["s", "Ġthe", "Ġ"]
    assert [t.text for t in tokens][-4:] == ["日", "日", "日", "\n"]
    assert [t.word for t in tokens] == [0, 1, 2, 2, 2, 3, 4, 4, 4, 4, 5]


@pytest.mark.parametrize(("trim", "expected"), [(True, ("the", 2, 5)), (False, (" the", 1, 5))])
def test_offsets_are_the_tokenizers_own(trim, expected):
    token = pretrained_tokenizer(byte_level(trim_offsets=trim)).encode("s the", n_vocab=999)[1]
    assert (token.text, token.start, token.end, token.label) == (*expected, "the")


def test_added_tokens_are_not_spelled_in_bytes():
    tokens = pretrained_tokenizer(byte_level()).encode("Ünï s", n_vocab=999)
    assert [t.label for t in tokens] == ["Ünï", "␣", "s"]


def test_spaces_spelled_as_blocks_start_words_and_bytes_are_shown():
    json_text = sentence_piece()
    tokens = pretrained_tokenizer(json_text).encode("xs xsé", n_vocab=999)

    assert [t.piece for t in tokens] == ["▁", "x", "s", "▁", "x", "s", "<0xC3>", "<0xA9>"]
    assert [t.label for t in tokens] == ["␣", "x", "s", "␣", "x", "s", "\\xc3", "\\xa9"]
    assert [t.word for t in tokens] == [0, 0, 0, 1, 1, 1, 1, 1]
    assert pretrained_tokenizer(json_text).spelling.label("▁the") == "the"


@given(st.text(min_size=1, max_size=15).map(lambda t: "x" + t))
def test_byte_level_pieces_spell_the_text_and_offsets_slice_back(text):
    tokens = pretrained_tokenizer(BYTE_LEVEL).encode(text, n_vocab=999)

    table = byte_of_character()
    assert bytes(table[c] for t in tokens for c in t.piece).decode() == text
    assert all(text[t.start : t.end] == t.text != "" for t in tokens)
    assert all(t.label for t in tokens)


BYTE_LEVEL = byte_level(trim_offsets=False)


def test_the_byte_table_is_the_librarys():
    assert set(byte_of_character()) == set(pre_tokenizers.ByteLevel.alphabet())
    assert sorted(byte_of_character().values()) == list(range(256))


def test_n_vocab_is_the_largest_id_plus_one():
    tokenizer = Tokenizer(models.WordLevel({"a": 0, "b": 70}, unk_token="a"))
    assert pretrained_tokenizer(tokenizer.to_str()).n_vocab == 71


def test_a_file_is_loaded_by_its_path_and_keeps_its_text(tmp_path):
    path = tmp_path / "tiny.json"
    path.write_text(word_piece(), encoding="utf-8")
    tokenizer = load_tokenizer(str(path))

    assert tokenizer.name == "tiny.json"
    assert tokenizer.json_text == word_piece()
    assert tokenizer.encode("the", n_vocab=13) == pretrained_tokenizer(word_piece()).encode("the", n_vocab=13)


@pytest.mark.parametrize(
    ("text", "pair", "n_vocab", "expected"),
    [
        ("", None, 13, "text: empty or blank; expected at least one token"),
        ("the", "\n", 13, "pair: empty or blank; expected at least one token"),
        ("\x00", None, 13, "text: tokenizer finds no token in it; expected at least one token"),
        ("the", "\x00", 13, "pair: tokenizer finds no token in it; expected at least one token"),
        ("the!", None, 10, "tokenizer: '!' has id 10, and n_vocab is 10; expected ids below 10"),
        (
            "\udcff",
            None,
            13,
            "text: character 1 is \\udcff, half a surrogate pair or a byte that is not UTF-8; expected Unicode text",
        ),
    ],
)
def test_texts_that_cannot_be_encoded_are_refused(text, pair, n_vocab, expected):
    assert refusal(pretrained_tokenizer(word_piece()).encode, text, pair, n_vocab=n_vocab) == expected


def test_what_the_library_cannot_encode_is_refused():
    tokenizer = Tokenizer(models.WordLevel({"a": 0}, unk_token="none"))
    assert refusal(pretrained_tokenizer(tokenizer.to_str()).encode, "b", n_vocab=9) == (
        "tokenizer: cannot encode the text (WordLevel error: Missing [UNK] token from the vocabulary); "
        "expected a text it knows"
    )


def test_files_that_are_no_tokenizer_are_refused_in_words(tmp_path):
    binary, other, cut = tmp_path / "binary.json", tmp_path / "other.json", tmp_path / "cut.json"
    binary.write_bytes(b"{\xff}")
    other.write_text("[1, 2]")
    cut.write_text(word_piece()[:40])
    missing = tmp_path / "none.json"

    assert refusal(pretrained_tokenizer, missing) == f"{missing}: no such file; expected a tokenizer JSON file"
    assert refusal(pretrained_tokenizer, tmp_path) == f"{tmp_path}: it is a folder; expected a tokenizer JSON file"
    assert refusal(pretrained_tokenizer, binary) == f"{binary}: byte 2 is not UTF-8; expected a tokenizer JSON file"
    for path in (other, cut):
        message = refusal(pretrained_tokenizer, path)
        assert message.startswith(f"{path}: it is not a tokenizer (")
        assert message.endswith("); expected JSON of the tokenizers library")


def test_each_list_of_the_library_is_read_once_whatever_the_length():
    tokenizer = pretrained_tokenizer(word_piece())
    text = "the cat " * 20
    encoding = tokenizer.library.encode(text)
    reads: Counter[str] = Counter()

    class Counted:
        def __getattr__(self, name: str) -> object:
            reads[name] += 1
            return getattr(encoding, name)

    assert tokenizer._tokens(Counted(), (text, "")) == tokenizer.encode(text, n_vocab=len(WORD_PIECES))
    assert max(reads.values()) <= 2
