"""``attnviz models`` and ``--model``, from the command line."""

import numpy as np

from attnviz.checkpoints.folder import read_folder
from attnviz.checkpoints.folder_info import describe_folder, known_families
from tests.checkpoints.folders import bert_tensors, write_bert

TEXT = "the cats sat."


def test_heads_are_ignored_by_name_and_everything_else_is_told(tmp_path, cli):
    more = {"pooler.dense.weight": np.ones((6, 6)), "cls.predictions.bias": np.ones(11)}
    strange = {"encoder.layer.0.adapter.weight": np.ones((2, 2)), "extra": np.ones(1)}
    folder = write_bert(tmp_path / "bert", bert_tensors() | more | strange)
    found = read_folder(folder)
    assert found.unused == tuple(sorted(more))
    assert found.unknown == tuple(sorted(strange))
    ran = cli("show", TEXT, "--model", folder, "--json")
    assert ran.code == 0
    assert ran.err == (
        "attnviz: note: bert: 2 tensors are not known and not used (encoder.layer.0.adapter.weight, extra)\n"
    )
    assert cli("show", TEXT, "--model", folder, "--json", "-q").err == ""


def test_a_folder_is_described_with_what_becomes_of_each_tensor(tmp_path, cli):
    folder = write_bert(tmp_path / "bert", bert_tensors() | {"cls.x": np.ones(1), "strange": np.ones(1)})
    described = describe_folder(folder, "bert")
    assert (described.family, described.model_type, described.kind) == ("BERT", "bert", "encoder")
    assert described.tokenizer == {"algorithm": "WordPiece", "n_vocab": 11, "file": "vocab.txt"}
    assert described.dtypes == ["F32"]
    assert described.files == [{"name": "model.safetensors", "bytes": (folder / "model.safetensors").stat().st_size}]
    assert described.n_parameters == sum(array.size for array in bert_tensors().values())
    assert (described.used, described.unused, described.unknown) == (len(bert_tensors()), ("cls.x",), ("strange",))
    printed = " ".join(cli("models", folder).out.split())
    assert "1 NOT KNOWN and not used (strange)" in printed
    printed = cli("models", write_bert(tmp_path / "whole")).out
    assert "every tensor is accounted for" in printed


def test_families_are_listed_encoders_first(cli):
    families = known_families()
    assert [family["kind"] for family in families] == ["encoder"] * 9 + ["decoder"] * 8
    printed = cli("models").out
    for family in families:
        assert family["name"] in printed
        assert family["example"] in printed


def test_a_folder_that_is_called_as_one_on_the_hub_wins(tmp_path, cli, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    write_bert(tmp_path / "owner" / "name")
    monkeypatch.chdir(tmp_path)
    assert cli("show", "cat", "--model", "owner/name", "-q").code == 0


def test_of_a_model_a_file_and_a_seed_a_flag_wins_over_variables(tmp_path, cli, monkeypatch):
    folder = write_bert(tmp_path / "bert")
    monkeypatch.setenv("ATTNVIZ_MODEL", str(folder))
    assert "bert (sha256:" in cli("show", "cat").out
    assert "random (seed 3)" in cli("show", "cat", "--seed", "3").out
    monkeypatch.setenv("ATTNVIZ_SEED", "4")
    assert "bert (sha256:" in cli("show", "cat", "--model", folder).out
    assert cli("show", "cat").code == 2
