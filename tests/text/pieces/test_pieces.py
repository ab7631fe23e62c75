"""SentencePiece models: ids are those of its own library, on any text; offsets, special tokens, and damaged files."""

import builtins
import json
import shutil
import struct
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import sentencepiece
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from attnviz import load, run
from attnviz.checkpoints.huggingface.registry import find_family
from attnviz.checkpoints.huggingface.tokenizer import read_tokenizer
from attnviz.cli.main import main
from attnviz.errors import CheckpointError, InputError
from attnviz.text.pieces.layout import PieceLayout
from attnviz.text.pieces.model_file import BYTE, CONTROL, read_sentencepiece
from attnviz.text.pieces.tokenizer import sentencepiece_tokenizer
from attnviz.text.reading import is_blank
from tests.text.pieces.trained import CORPUS, train

GOLDEN = Path(__file__).parents[2] / "checkpoints" / "golden"
EXPECTED = json.loads((GOLDEN / "pieces.json").read_text(encoding="utf-8"))
MODELS = {
    "unigram": {"model_type": "unigram"},
    "unigram, bytes": {"model_type": "unigram", "byte_fallback": True, "vocab_size": 430},
    "unigram, folded": {"model_type": "unigram", "normalization_rule_name": "nmt_nfkc_cf"},
    "unigram, as it is": {"model_type": "unigram", "normalization_rule_name": "identity"},
    "bpe": {"model_type": "bpe"},
    "bpe, bytes": {"model_type": "bpe", "byte_fallback": True, "vocab_size": 430, "remove_extra_whitespaces": False},
    "bpe, no prefix": {"model_type": "bpe", "add_dummy_prefix": False, "normalization_rule_name": "nfkc"},
    "unigram, symbols": {"model_type": "unigram", "user_defined_symbols": ["the", "<x>", "日本"]},
    "bpe, symbols": {"model_type": "bpe", "user_defined_symbols": ["the", "<x>", "日本"]},
}
PIECES = st.sampled_from(
    [
        *(" ", "  ", "\t", "\n", "\r\n", "\x00", "\x1b", "\x7f", "\x85", "\u00a0", "\u2003", "\u3000", "\u200b"),
        *("\ufeff", "▁", "▁▁", "<x>", "the", "The", "1,2", "９", "Ａ", "ｃ\u0301", "e\u0301", "\u0301"),
        *("\u0308", "\u200d", "ﬁ", "²", "℃", "ς", "Σ", "İ", "ǅ"),
        *( "日本", "語", "각", "\u1100\u1161\u11a8", "🙂", "👨\u200d👩", "🇩🇪", "ع", "ר", "नि"),
        *("<0x41>", "``", "''"),
    ]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=30),
    st.lists(st.one_of(PIECES, st.sampled_from(CORPUS[0].split())), min_size=1, max_size=20).map("".join),
)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return {name: train(folder / f"{i}.model", **options) for i, (name, options) in enumerate(MODELS.items())}


class Pairs(dict):
    """Each model's tokenizer and the library's own object, by name."""

    def __repr__(self):
        return "Pairs()"


@pytest.fixture(scope="module")
def pairs(models):
    made = Pairs()
    for name, path in models.items():
        reference = sentencepiece.SentencePieceProcessor()
        reference.load(str(path))
        made[name] = sentencepiece_tokenizer(path, PieceLayout(), name=name, settings={}), reference
    return made


@pytest.mark.parametrize("name", MODELS)
@given(text=TEXTS)
@example(text="  Die\tGröße   e\u0301 日本 🙂\n")
@example(text="the<x>the 日本日本 ")
@example(text="ｃ\u0301▁ \u0301 ﬁ ")
@settings(max_examples=150)
def test_ids_are_those_of_the_library_itself(pairs, name, text):
    tokenizer, reference = pairs[name]
    assume(
        not any(special in text for special in ("<s>", "</s>", "<unk>"))
    )  # wholes to families, and not to the library
    expected = reference.encode(text)
    if not expected or is_blank(text):
        with pytest.raises(InputError, match="expected at least one token"):
            tokenizer.encode(text, n_vocab=1000)
        return
    tokens = tokenizer.encode(text, n_vocab=1000)
    assert [token.id for token in tokens] == expected
    assert all(text[token.start : token.end] == token.text for token in tokens)
    assert all(a.start <= b.start and a.end <= b.end for a, b in pairwise(tokens))
    assert all(token.label.isprintable() and token.label for token in tokens)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("text", [*CORPUS[:-2], "The animal read 1,2 words.", "unknown ж and ю"])
def test_the_form_that_native_files_keep_gives_the_same_ids(pairs, name, text):
    tokenizer, reference = pairs[name]
    assert tokenizer.library.encode(text).ids == reference.encode(text)


def test_places_in_the_text_leave_out_spaces_and_keep_the_text_s_own_characters(pairs):
    tokens = pairs["unigram"][0].encode("  The  e\u0301 Ａ", n_vocab=1000)
    assert "".join(token.text for token in tokens).replace(" ", "") == "Thee\u0301Ａ"
    words = [[token.text for token in tokens if token.word == word] for word in range(tokens[-1].word + 1)]
    assert ["".join(word).strip() for word in words] == ["The", "e\u0301", "Ａ"]


def test_the_bytes_of_a_character_all_have_its_place(pairs):
    tokens = [token for token in pairs["bpe, bytes"][0].encode("a ж", n_vocab=1000) if token.piece.startswith("<0x")]
    assert [token.text for token in tokens] == ["ж", "ж"]
    assert [token.label for token in tokens] == [r"\xd0", r"\xb6"]


@pytest.fixture
def folder(tmp_path):
    """A golden folder with a model alone as its tokenizer."""

    def made(name, file=None, at="model", **settings):
        case = EXPECTED["folders"].get(name, {"model": "bert", "file": "sentencepiece.model", "settings": {}})
        copy = tmp_path / at
        shutil.copytree(GOLDEN / name, copy, ignore=shutil.ignore_patterns("tokenizer*", "golden.npz"))
        shutil.copy(GOLDEN / "pieces" / f"{case['model']}.model", copy / (file or case["file"]))
        (copy / "tokenizer_config.json").write_text(json.dumps(case["settings"] | settings))
        return copy

    return made


def tokenizer_of(folder):
    model_type = json.loads((folder / "config.json").read_text())["model_type"]
    return read_tokenizer(folder, find_family(model_type))


@pytest.mark.parametrize("name", EXPECTED["folders"])
def test_a_family_gives_the_ids_that_transformers_gives(folder, name):
    case, tokenizer = EXPECTED["folders"][name], tokenizer_of(folder(name))
    for text, ids in zip(EXPECTED["texts"], case["texts"], strict=True):
        assert [token.id for token in tokenizer.encode(text, n_vocab=1000)] == ids
    assert [token.id for token in tokenizer.encode(*EXPECTED["pair"], n_vocab=1000)] == case["pair"]


@pytest.mark.parametrize(
    ("name", "begin", "end"),
    [
        ("rembert", "[CLS]", "[SEP]"),
        ("big_bird", "[CLS]", "[SEP]"),
        ("xlm_roberta_xl", "<s>", "</s>"),
        ("bert_generation", None, None),
    ],
)
def test_further_families_put_their_tokens_around_a_text(folder, name, begin, end):
    path = folder(name)
    if name == "xlm_roberta_xl":
        shutil.copy(GOLDEN / "pieces" / "fairseq.model", path / "sentencepiece.model")
    pieces = [token.piece for token in tokenizer_of(path).encode("The dog", n_vocab=1000)]
    assert (pieces[0], pieces[-1]) == ((begin, end) if begin else ("▁The", "▁dog"))


def test_rows_of_the_segment_table_are_the_family_s(folder):
    tokens = tokenizer_of(folder("albert")).encode("The dog", "read", n_vocab=1000)
    assert [token.type_id for token in tokens] == [0] * 4 + [1] * (len(tokens) - 4)
    tokens = tokenizer_of(folder("xlm-roberta", at="other")).encode("The dog", "read", n_vocab=1000)
    assert {token.type_id for token in tokens} == {0}
    assert [token.piece for token in tokens].count("</s>") == 3


@pytest.mark.parametrize(
    ("settings", "around"),
    [
        ({}, ("<s>", "The")),
        ({"add_bos_token": False}, ("The", "The")),
        ({"add_eos_token": True}, ("<s>", "</s>")),
        ({"add_bos_token": False, "add_eos_token": True}, ("The", "</s>")),
        ({"bos_token": {"content": "</s>"}}, ("</s>", "The")),
    ],
)
def test_settings_say_what_is_around_a_text(folder, settings, around):
    tokenizer = tokenizer_of(folder("llama", **settings))
    tokens = tokenizer.encode("The The", n_vocab=1000)
    assert (tokens[0].piece.strip("▁"), tokens[-1].piece.strip("▁")) == around
    pair = tokenizer.encode("The The", "The The", n_vocab=1000)
    assert [token.id for token in pair] == [token.id for token in tokens] * 2
    assert [token.type_id for token in pair] == [0] * len(tokens) + [1] * len(tokens)
    ids = tokenizer.library.encode("The The").ids
    assert ids == [token.id for token in tokens]


def test_special_tokens_in_a_text_are_whole_and_a_mask_takes_the_space_before_it(folder):
    tokens = tokenizer_of(folder("xlm-roberta")).encode("The <mask> dog</s>", n_vocab=1000)
    inner = tokens[1:-1]
    assert [token.piece for token in inner] == ["▁The", "<mask>", "▁dog", "</s>"]
    assert [(token.start, token.end) for token in inner] == [(0, 3), (3, 10), (11, 14), (14, 18)]
    assert not any(token.special for token in inner)
    assert [token.word for token in inner] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("settings", "folded"),
    [({}, "the cafe"), ({"do_lower_case": False}, "The cafe"), ({"keep_accents": True}, "the café")],
)
def test_albert_folds_case_and_accents_as_its_settings_say(folder, settings, folded):
    plain = tokenizer_of(folder("albert", do_lower_case=False, keep_accents=True))
    tokenizer = tokenizer_of(folder("albert", at="settings", **settings))
    tokens = tokenizer.encode("The café", n_vocab=1000)
    assert [token.id for token in tokens] == [token.id for token in plain.encode(folded, n_vocab=1000)]
    assert "".join(token.text for token in tokens) == "Thecafé"
    assert tokenizer.library.encode("The café").ids == [token.id for token in tokens]


def test_a_native_file_keeps_the_tokenizer(folder, tmp_path):
    copy, native = folder("llama"), tmp_path / "native.safetensors"
    assert main(["weights", "convert", str(copy), "-o", str(native), "-q"]) == 0
    text = "The dog read unbelievable letters."
    again, first = run(text, model=load(native)), run(text, model=load(model=copy))
    assert [token.id for token in again.tokens] == [token.id for token in first.tokens]
    assert (again.attention == first.attention).all()


def test_the_description_names_the_file(folder, capfd):
    assert main(["models", str(folder("llama"))]) == 0
    assert "tokenizer: BPE, 420 ids, from tokenizer.model" in capfd.readouterr().out.replace("\n", " ")


def test_tokenizer_json_wins(folder):
    copy = folder("llama")
    shutil.copy(GOLDEN / "llama" / "tokenizer.json", copy)
    (copy / "tokenizer.model").write_bytes(b"?")
    assert tokenizer_of(copy).encode("The dog", n_vocab=1000)


def test_without_the_extra_one_line_says_which(folder, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name == "sentencepiece":
            raise ImportError(name)
        return real(name, *rest)

    copy = folder("llama")
    monkeypatch.delitem(sys.modules, "sentencepiece")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(InputError, match="needs the sentencepiece package, which is not installed") as error:
        tokenizer_of(copy)
    assert error.value.hint == "pip install 'attnviz[sentencepiece]'"


def test_a_family_without_rules_for_it_is_refused(folder):
    copy = folder("gpt2", file="tokenizer.model")
    for name in ("vocab.json", "merges.txt"):
        (copy / name).unlink(missing_ok=True)
    with pytest.raises(CheckpointError, match=r"its tokenizer\.model is not read"):
        tokenizer_of(copy)


@pytest.mark.parametrize("options", [{"model_type": "char"}, {"model_type": "word"}])
def test_models_of_characters_and_words_are_refused(tmp_path, options):
    with pytest.raises(InputError, match="a model of words or characters"):
        read_sentencepiece(train(tmp_path / "x.model", **options))


def test_pieces_that_end_in_a_space_are_refused(tmp_path):
    with pytest.raises(InputError, match="a model whose pieces end in a space"):
        read_sentencepiece(train(tmp_path / "x.model", model_type="unigram", treat_whitespace_as_suffix=True))


@pytest.mark.parametrize("name", ["llama", "bert", "gemma"])
def test_pieces_are_those_of_the_library_and_scores_are_where_they_are_said_to_be(name):
    path = GOLDEN / "pieces" / f"{name}.model"
    model, reference = read_sentencepiece(path), sentencepiece.SentencePieceProcessor()
    reference.load(str(path))
    assert [piece.text for piece in model.pieces] == [reference.id_to_piece(i) for i in range(len(reference))]
    assert [piece.score for piece in model.pieces] == [reference.get_score(i) for i in range(len(reference))]
    assert [piece.kind == CONTROL for piece in model.pieces] == [reference.is_control(i) for i in range(len(reference))]
    assert [piece.kind == BYTE for piece in model.pieces] == [reference.is_byte(i) for i in range(len(reference))]
    scores = [struct.unpack_from("<f", model.data, piece.score_at)[0] for piece in model.pieces]
    assert scores == [piece.score for piece in model.pieces]


def message(number, body):
    return bytes([number << 3 | 2, len(body)]) + body


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_the_fields_of_a_piece_may_have_any_order(tmp_path, order):
    parts = (message(1, b"<unk>"), b"\x15" + struct.pack("<f", -1.5), bytes([0x18, 2]))
    first = message(1, b"".join(parts[i] for i in order))
    second = message(1, message(1, "▁é".encode()) + b"\x15" + struct.pack("<f", -2.5))
    (tmp_path / "x.model").write_bytes(first + second + message(2, b"\x18\x01"))
    pieces = read_sentencepiece(tmp_path / "x.model").pieces
    assert [(piece.text, piece.score, piece.kind) for piece in pieces] == [("<unk>", -1.5, 2), ("▁é", -2.5, 1)]


@pytest.mark.parametrize("place", [4, -4])
def test_a_damaged_table_of_characters_is_one_line(tmp_path, place):
    """The ``tokenizers`` library would end the process at an index that leads out of it (4), or not read it (-4)."""
    path = train(tmp_path / "x.model", model_type="unigram")
    table = read_sentencepiece(path).charsmap
    at = place % len(table)
    path.write_bytes(path.read_bytes().replace(table, table[:at] + b"\xff\xff\xff\x7f" + table[at + 4 :]))
    with pytest.raises(
        InputError, match=r"it is not read \(a damaged table of characters\); expected a SentencePiece model"
    ):
        sentencepiece_tokenizer(path, PieceLayout(), name="x", settings={})


@given(changes=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=5), kept=st.floats(0, 1))
@settings(max_examples=150)
def test_a_damaged_file_is_read_or_one_line(tmp_path_factory, changes, kept):
    data = bytearray((GOLDEN / "pieces" / "llama.model").read_bytes())
    for place, value in changes:
        data[int(place * (len(data) - 1))] = value
    path = tmp_path_factory.getbasetemp() / "damaged.model"
    path.write_bytes(data if kept > 0.3 else data[: int(kept * len(data)) + 1])
    try:
        tokenizer = sentencepiece_tokenizer(path, PieceLayout(), name="x", settings={})
        tokenizer.encode("The dog", n_vocab=10**6)
    except InputError as error:
        line = str(error)
    else:
        line = "read"
    assert line.isprintable()
