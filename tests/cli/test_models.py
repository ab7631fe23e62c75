"""``attnviz models`` and ``--model``, from the command line."""

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from attnviz.checkpoints.folder import read_folder
from attnviz.checkpoints.folder_info import describe_folder, known_families
from tests.checkpoints.folders import bert_tensors, write_bert

TEXT = "the cats sat."
GOLDEN = Path(__file__).parents[1] / "checkpoints" / "golden"


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


def test_what_is_described_is_valid_against_the_schema(tmp_path, cli):
    schema = jsonschema.Draft202012Validator(json.loads(cli("schema").out))
    for argv in (["models"], ["models", write_bert(tmp_path / "bert")]):
        document = json.loads(cli(*argv, "--json").out)
        schema.validate(document)
    assert document["model"]["config"]["n_heads"] == 3


@pytest.mark.parametrize("name", ["modernbert", "qwen2_windowed", "mpnet", "albert_groups"])
def test_attention_of_every_kind_of_layer_is_valid_json_and_can_be_shown_again(cli, name):
    schema = jsonschema.Draft202012Validator(json.loads(cli("schema").out))
    piped = cli("show", "The dog read letters.", "--model", GOLDEN / name, "--json")
    schema.validate(json.loads(piped.out))
    again = cli("show", "--attention", "-", "--json", stdin=piped.out)
    assert again.out == piped.out


def test_a_model_folder_becomes_one_native_file(tmp_path, cli):
    folder = write_bert(tmp_path / "bert")
    ran = cli("weights", "convert", folder, "-o", "bert.npz")
    assert (ran.code, ran.err) == (0, "attnviz: note: bert.npz: written\n")
    documents = [
        json.loads(cli("show", TEXT, flag, path, "--json").out)
        for flag, path in (("--model", folder), ("--weights", "bert.npz"))
    ]
    assert documents[0]["token_ids"] == documents[1]["token_ids"]
    np.testing.assert_allclose(documents[0]["attention"], documents[1]["attention"], atol=1e-6)
    assert cli("weights", "convert", folder, "-o", "bert.npz").code == 1
    assert cli("weights", "info", "bert.npz").code == 0
