"""Vocabulary files of before ``tokenizer.json`` give transformers' ids, pieces and offsets (``make_older.py``)."""

import json
import shutil

import pytest

import attnviz
from attnviz.checkpoints.huggingface.registry import find_family
from attnviz.checkpoints.huggingface.tokenizer import read_tokenizer
from tests.checkpoints.folders import write_bert, write_older_files
from tests.checkpoints.huggingface.test_families import GOLDEN
from tests.checkpoints.huggingface.test_tokenizer import OLDER, tokens_of

CASES = json.loads((GOLDEN / "older.json").read_text(encoding="utf-8"))


def older(case, tmp_path, **how):
    """The tokenizer of a case's folder, and its settings' file."""
    folder = tmp_path / case["folder"]
    shutil.copytree(GOLDEN / case["folder"], folder, ignore=shutil.ignore_patterns("*.npz", "*.safetensors"))
    write_older_files(folder, **how)
    (folder / "tokenizer_config.json").write_text(json.dumps(case["settings"]))
    model_type = json.loads((folder / "config.json").read_text())["model_type"]
    return read_tokenizer(folder, find_family(model_type))


def assert_is_the_case(tokenizer, case):
    for text, ids, pieces, offsets in case["texts"]:
        tokens = tokenizer.encode(text, n_vocab=999)
        assert [token.id for token in tokens] == ids
        assert [token.piece for token in tokens] == pieces
        assert [[token.start, token.end] for token in tokens] == offsets


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['folder']} {list(case['settings'])[-1:]}")
def test_pieces_and_offsets_are_those_of_transformers(case, tmp_path):
    assert_is_the_case(older(case, tmp_path), case)


def test_there_is_a_case_of_each_family_with_older_files():
    assert {case["folder"] for case in CASES} == set(OLDER)


@pytest.mark.parametrize(
    "how", [{"end": "\r\n"}, {"end": "\r"}, {"more": "\n\n"}, {"end": "\r\n", "more": "\r\n\r\n"}], ids=str
)
@pytest.mark.parametrize("name", ["bert", "mpnet", "roberta", "gpt2"])
def test_lines_may_end_as_other_systems_end_them(name, how, tmp_path):
    case = next(case for case in CASES if case["folder"] == name)
    tokenizer = older(case, tmp_path, **how)
    assert_is_the_case(tokenizer, case)
    assert tokenizer.n_vocab == older(case, tmp_path / "usual").n_vocab


def test_robertas_mask_token_takes_the_space_before_it_whether_or_not_settings_say_so(tmp_path):
    case = next(case for case in CASES if case["folder"] == "roberta")
    assert_is_the_case(older(case | {"settings": {}}, tmp_path), case)


def test_a_mask_token_is_found_as_the_folder_says(tmp_path):
    folder = write_bert(tmp_path / "bert")
    offsets = {}
    for strips in (False, True):
        (folder / "special_tokens_map.json").write_text(
            json.dumps({"mask_token": {"content": "[MASK]", "lstrip": strips}})
        )
        tokens = read_tokenizer(folder, find_family("bert")).encode("the [MASK] sat", n_vocab=11)
        offsets[strips] = [(token.start, token.end) for token in tokens]
        assert [token.piece for token in tokens] == ["[CLS]", "the", "[MASK]", "sat", "[SEP]"]
    assert offsets[False] == [(0, 0), (0, 3), (4, 10), (11, 14), (0, 0)]
    assert offsets[True] == [(0, 0), (0, 3), (3, 10), (11, 14), (0, 0)]


# As transformers 5.23 and 4.57 do with and without a tokenizer.json.
@pytest.mark.parametrize(
    "settings",
    [
        {"additional_special_tokens": ["cat"]},
        {"extra_special_tokens": ["cat"]},
        {"added_tokens_decoder": {"6": {"content": "cat", "special": True}}},
        {"pad_token": "cat"},
    ],
    ids=str,
)
@pytest.mark.parametrize("has_json", [False, True])
def test_a_piece_that_settings_name_is_found_as_a_whole(settings, has_json, tmp_path):
    folder = write_bert(tmp_path / "bert")
    if has_json:
        (folder / "tokenizer.json").write_text(attnviz.load(model=folder).tokenizer.json_text, encoding="utf-8")
    assert tokens_of(folder, "uncat") == ["[CLS]", "[UNK]", "[SEP]"]
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    assert tokens_of(folder, "uncat") == ["[CLS]", "un", "cat", "[SEP]"]


@pytest.mark.parametrize("has_json", [False, True])
def test_settings_say_how_an_added_token_is_found(has_json, tmp_path):
    folder = write_bert(tmp_path / "bert")
    if has_json:
        (folder / "tokenizer.json").write_text(attnviz.load(model=folder).tokenizer.json_text, encoding="utf-8")
    by_id = {"4": {"content": "[MASK]", "lstrip": True, "rstrip": True}}
    (folder / "tokenizer_config.json").write_text(json.dumps({"added_tokens_decoder": by_id}))
    tokens = read_tokenizer(folder, find_family("bert")).encode("the [MASK] sat", n_vocab=11)
    assert [(token.piece, token.start, token.end) for token in tokens][1:4] == [
        ("the", 0, 3), ("[MASK]", 3, 11), ("sat", 11, 14),
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "end"), [("trim_offsets", False, 1), ("trim_offsets", True, 2)])
def test_settings_say_whether_robertas_offsets_leave_out_the_space(name, value, end, tmp_path):
    folder = tmp_path / "roberta"
    shutil.copytree(GOLDEN / "roberta", folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {name: value}))
    tokens = read_tokenizer(folder, find_family("roberta")).encode("a dog", n_vocab=999)
    assert [(token.piece, token.start) for token in tokens][1:3] == [("a", 0), ("\u0120dog", end)]


def test_settings_name_the_padding_token(tmp_path):
    folder = write_bert(tmp_path / "bert")
    assert attnviz.load(model=folder).tokenizer.padding == "[PAD]"
    (folder / "tokenizer_config.json").write_text('{"pad_token": "."}')
    assert attnviz.run("the cat", model=attnviz.load(model=folder), pad_to=6).tokens[-1].piece == "."


def test_a_pair_of_splinter_has_the_question_token_and_a_full_stop(tmp_path):
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[QUESTION]", ".", "the", "cat", "sat"]
    (tmp_path / "vocab.txt").write_text("\n".join(words) + "\n")
    tokenizer = read_tokenizer(tmp_path, find_family("splinter"))
    tokens = tokenizer.encode("the cat", pair="sat .", n_vocab=99)
    assert [token.id for token in tokens] == [2, 7, 8, 5, 6, 3, 9, 6, 3]
    assert [token.segment for token in tokens] == [0, 0, 0, 0, 0, 0, 1, 1, 1]
    assert [token.id for token in tokenizer.encode("sat.", n_vocab=99)] == [2, 9, 6, 3]


ESM_WORDS = ["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWCXBUZO.-", "<null_1>", "<mask>"]


@pytest.mark.parametrize(  # as EsmTokenizer of transformers 5.23 has them
    ("text", "ids"),
    [
        ("MKTAYIAKQR", [0, 20, 15, 11, 5, 19, 12, 5, 15, 16, 10, 2]),
        ("M<mask>T <mask>A", [0, 20, 32, 11, 32, 5, 2]),
        ("M K  T", [0, 20, 15, 11, 2]),
        ("MxyzT low", [0, 20, 3, 11, 3, 2]),
        ("A-B.<null_1>J", [0, 5, 30, 25, 29, 31, 3, 2]),
        ("<cls>A<eos>", [0, 0, 5, 2, 2]),
    ],
)
def test_tokens_of_esm_are_found_as_wholes(text, ids, tmp_path):
    (tmp_path / "vocab.txt").write_text("\n".join(ESM_WORDS))
    tokens = read_tokenizer(tmp_path, find_family("esm")).encode(text, n_vocab=99)
    assert [token.id for token in tokens] == ids
