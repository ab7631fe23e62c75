"""A folder's texts become the tokens that its model expects, from whichever files the tokenizer comes in."""

import json
import shutil

import pytest

import attnviz
from attnviz.errors import InputError
from tests.checkpoints.folders import CONFIG, bert_tensors, write_bert, write_older_files
from tests.checkpoints.huggingface.test_families import GOLDEN, texts_of

OLDER = ("bert", "distilbert", "electra", "mpnet", "roberta", "gpt2", "opt")


def without_tokenizer_json(name, tmp_path, **how):
    """A golden folder whose tokenizer is in the vocabulary files of before ``tokenizer.json``."""
    copy = tmp_path / name
    shutil.copytree(GOLDEN / name, copy)
    write_older_files(copy, **how)
    return copy


@pytest.mark.parametrize("name", OLDER)
def test_the_older_vocabulary_files_give_the_same_tokens(name, tmp_path):
    model = attnviz.load(model=without_tokenizer_json(name, tmp_path))
    for text, pair, ids, _ in texts_of(GOLDEN / name):
        tokens = model.tokenizer.encode(text, pair, n_vocab=model.config.n_vocab)
        assert [token.id for token in tokens] == ids.tolist()


def tokens_of(folder, text, pair=None):
    model = attnviz.load(model=folder)
    return [token.piece for token in model.tokenizer.encode(text, pair, n_vocab=model.config.n_vocab)]


def test_a_vocabulary_file_gets_its_special_tokens_segments_and_lower_case(tmp_path):
    folder = write_bert(tmp_path / "bert")
    assert tokens_of(folder, "The CAT uncat") == ["[CLS]", "the", "cat", "[UNK]", "[SEP]"]
    assert tokens_of(folder, "cats", "sat.") == ["[CLS]", "cat", "##s", "[SEP]", "sat", ".", "[SEP]"]
    model = attnviz.load(model=folder)
    tokens = model.tokenizer.encode("cats", "sat.", n_vocab=11)
    assert [token.type_id for token in tokens] == [0, 0, 0, 0, 1, 1, 1]
    assert [token.special for token in tokens] == [True, False, False, True, False, False, True]


def test_settings_say_whether_a_vocabulary_file_is_of_lower_case(tmp_path):
    folder = write_bert(tmp_path / "bert")
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    assert tokens_of(folder, "The cat") == ["[CLS]", "[UNK]", "cat", "[SEP]"]


def saved(folder):
    """The folder, its tokenizer now in a ``tokenizer.json``."""
    (folder / "tokenizer.json").write_text(attnviz.load(model=folder).tokenizer.json_text, encoding="utf-8")
    (folder / "vocab.txt").unlink()
    return folder


def test_settings_win_over_the_tokenizer_s_own(tmp_path):
    folder = saved(write_bert(tmp_path / "bert"))
    assert tokens_of(folder, "The cat") == ["[CLS]", "the", "cat", "[SEP]"]
    (folder / "tokenizer_config.json").write_text('{"do_lower_case": false}')
    assert tokens_of(folder, "The cat") == ["[CLS]", "[UNK]", "cat", "[SEP]"]


@pytest.mark.parametrize(
    ("settings", "pieces"),
    [
        ({}, ["[CLS]", "cat", "[UNK]", "[SEP]"]),
        ({"strip_accents": True}, ["[CLS]", "cat", "cat", "[SEP]"]),
        ({"strip_accents": None, "do_lower_case": True}, ["[CLS]", "cat", "cat", "[SEP]"]),
        ({"strip_accents": None, "do_lower_case": False}, ["[CLS]", "cat", "[UNK]", "[SEP]"]),
        ({"tokenize_chinese_chars": False, "add_bos_token": False}, ["[CLS]", "cat", "[UNK]", "[SEP]"]),
    ],
)
def test_settings_say_what_becomes_of_accents(tmp_path, settings, pieces):
    folder = write_bert(tmp_path / "bert")
    (folder / "tokenizer_config.json").write_text('{"strip_accents": false}')
    folder = saved(folder)
    (folder / "tokenizer_config.json").write_text(json.dumps(settings))
    assert tokens_of(folder, "cat c\u00e0t") == pieces


def test_settings_say_whether_a_byte_level_vocabulary_begins_with_a_space(tmp_path):
    folder = tmp_path / "gpt2"
    shutil.copytree(GOLDEN / "gpt2", folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text())
    (folder / "tokenizer_config.json").write_text(json.dumps(settings | {"add_prefix_space": True}))
    model = attnviz.load(model=folder)
    assert model.tokenizer.encode("dog", n_vocab=400)[0].piece.startswith("\u0120")
    assert model.tokenizer.json_text != (folder / "tokenizer.json").read_text(encoding="utf-8")


def test_padding_and_truncation_are_switched_off(tmp_path):
    folder = saved(write_bert(tmp_path / "bert"))
    described = json.loads((folder / "tokenizer.json").read_text())
    described["padding"] = {"strategy": {"Fixed": 12}, "direction": "Right", "pad_to_multiple_of": None, "pad_id": 0}
    described["padding"] |= {"pad_type_id": 0, "pad_token": "[PAD]"}
    described["truncation"] = {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0}
    (folder / "tokenizer.json").write_text(json.dumps(described))
    assert tokens_of(folder, "the cat sat") == ["[CLS]", "the", "cat", "sat", "[SEP]"]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("added_tokens.json", {"uncat": 11}),
        ("tokenizer_config.json", {"added_tokens_decoder": {"11": {"content": "uncat", "special": False}}}),
        ("tokenizer_config.json", {"additional_special_tokens": ["uncat"]}),
        ("tokenizer_config.json", {"extra_special_tokens": {"animal": {"content": "uncat"}}}),
    ],
)
@pytest.mark.parametrize("prepare", [lambda folder: folder, saved], ids=["vocabulary", "json"])
def test_tokens_that_the_vocabulary_lacks_are_added_behind_it(tmp_path, file, content, prepare):
    folder = prepare(write_bert(tmp_path / "bert", bert_tensors(CONFIG | {"vocab_size": 12}), vocab_size=12))
    (folder / file).write_text(json.dumps(content))
    assert tokens_of(folder, "the uncat") == ["[CLS]", "the", "uncat", "[SEP]"]


def test_an_added_token_with_an_id_that_it_cannot_have_is_one_error(tmp_path):
    folder = write_bert(tmp_path / "bert")
    (folder / "added_tokens.json").write_text('{"uncat": 300}')
    with pytest.raises(InputError, match="uncat has id 300, and the vocabulary's next is 11"):
        attnviz.load(model=folder)


def test_a_tokenizer_that_splits_special_tokens_is_refused(tmp_path):
    folder = write_bert(tmp_path / "bert")
    (folder / "tokenizer_config.json").write_text('{"split_special_tokens": true}')
    with pytest.raises(InputError, match="split_special_tokens"):
        attnviz.load(model=folder)
