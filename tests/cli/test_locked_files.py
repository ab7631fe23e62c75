"""Files and folders that may not be read are invalid input, each in a line that names it."""

import errno
import json
from pathlib import Path

import pytest

from attnviz import files
from tests.checkpoints.folders import write_bert

OTHERS = {"generation_config.json": {}, "special_tokens_map.json": {"unk_token": "[UNK]"}, "added_tokens.json": {}}
READ = ("config.json", "model.safetensors", "vocab.txt", "tokenizer_config.json", *list(OTHERS)[1:])


@pytest.fixture
def locked(monkeypatch):
    """Locks the files of a name: the tests may run as root, who may read everything."""
    opened, lstat = files._opened, Path.lstat

    def lock(name, *, folder=False):
        def refuse(path):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))

        monkeypatch.setattr(files, "_opened", lambda path: (refuse if path.name == name else opened)(path))
        if folder:
            monkeypatch.setattr(Path, "lstat", lambda path: (refuse if path.name == name else lstat)(path))

    return lock


@pytest.fixture
def model(tmp_path):
    """A BERT of older files."""
    folder = write_bert(tmp_path / "bert")
    assert not (folder / "tokenizer.json").exists()
    for name, content in OTHERS.items():
        (folder / name).write_text(json.dumps(content))
    if not (folder / "tokenizer_config.json").exists():
        (folder / "tokenizer_config.json").write_text("{}")
    return folder


@pytest.mark.parametrize("name", READ)
def test_each_file_of_a_model_folder_is_named(cli, model, locked, name):
    locked(name)
    for command in (("show", "a", "--json", "--model", "bert"), ("models", "bert")):
        ran = cli(*command)
        assert (ran.code, ran.out) == (3, "")
        assert ran.err.startswith(f"attnviz: error: bert/{name}: no permission to read it; expected ")
        assert ran.err.count("\n") == 1


@pytest.mark.parametrize("name", ["config.json", "special_tokens_map.json", "tokenizer_config.json"])
def test_a_folder_that_cannot_be_searched_is_one_line(cli, model, locked, name):
    locked(name, folder=True)
    message = f"attnviz: error: bert/{name}: no permission to read it; expected a file that can be read\n"
    assert cli("show", "a", "--json", "--model", "bert") == (3, "", message)


def test_a_link_to_nothing_in_a_model_folder_is_not_a_file_that_is_missing(cli, model):
    for name in READ:
        data = (model / name).read_bytes()
        (model / name).unlink()
        (model / name).symlink_to("nothing")
        ran = cli("show", "a", "--json", "--model", "bert")
        assert (ran.code, ran.err.partition("; ")[0]) == (3, f"attnviz: error: bert/{name}: it is a link to nothing")
        (model / name).unlink()
        (model / name).write_bytes(data)


@pytest.mark.parametrize("option", ["vectors", "weights", "config", "labels", "attention", "file"])
def test_a_file_of_every_option_is_invalid_input(cli, tmp_path, locked, option):
    (tmp_path / "a").write_text("x")
    locked("a")
    ran = cli("heads", *(["x"] if option in ("weights", "config", "labels") else []), f"--{option}", "a")
    assert (ran.code, ran.err.partition("; ")[0]) == (3, "attnviz: error: a: no permission to read it")
