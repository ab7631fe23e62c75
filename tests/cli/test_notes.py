"""What a model's files have that may matter is a note, not a refusal."""

import json

import pytest

import attnviz
from attnviz.errors import InputError
from tests.checkpoints.folders import write_bert


@pytest.mark.parametrize(
    ("extra", "note"),
    [
        (["[X]"], "1 token has no row in the embedding table of 11 rows ([X]); a text that uses it is an error"),
        (
            ["[X]", "[Y]"],
            "2 tokens have no row in the embedding table of 11 rows ([X], [Y]); a text that uses one is an error",
        ),
    ],
)
def test_tokens_without_a_row_are_a_note_and_an_error_only_where_they_occur(extra, note, tmp_path, cli):
    folder = write_bert(tmp_path / "bert")
    (folder / "tokenizer_config.json").write_text(json.dumps({"extra_special_tokens": extra, "pad_token": "[X]"}))
    assert attnviz.load(model=folder).notes == (note,)
    plain = cli("show", "the cat sat", "--model", write_bert(tmp_path / "plain"), "--json")
    ran = cli("show", "the cat sat", "--model", folder, "--json")
    assert (ran.code, ran.err) == (0, f"attnviz: note: bert: {note}\n")
    assert json.loads(ran.out)["attention"] == json.loads(plain.out)["attention"]
    refused = "attnviz: error: bert, tokenizer: '[X]' has id 11, and n_vocab is 11; expected ids below 11\n"
    for argv in (("the [X] sat",), ("the cat sat", "--pad-to", "9")):
        ran = cli("show", *argv, "--model", folder, "-q")
        assert (ran.code, ran.out, ran.err) == (3, "", refused)
    assert json.loads(cli("models", folder, "--json").out)["model"]["notes"] == [note]
    assert f"note: {note}" in " ".join(cli("models", folder).out.split())


def test_a_native_file_of_such_a_folder_says_so_too(tmp_path, cli):
    folder, native = write_bert(tmp_path / "bert"), tmp_path / "bert.npz"
    (folder / "tokenizer_config.json").write_text(json.dumps({"extra_special_tokens": ["[X]"]}))
    assert cli("weights", "convert", folder, "-o", native, "-q").code == 0
    assert attnviz.load(native).notes == attnviz.load(model=folder).notes != ()
    with pytest.raises(InputError, match=r"'\[X\]' has id 11, and n_vocab is 11"):
        attnviz.run("the [X]", model=attnviz.load(native))
