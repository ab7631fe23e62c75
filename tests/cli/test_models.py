"""``attnviz models`` and ``--model``, from the command line."""

import json
import os
import re
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from attnviz.checkpoints.huggingface.description import describe_folder, known_families
from attnviz.checkpoints.huggingface.folder import read_folder
from tests.checkpoints.folders import bert_tensors, write_bert
from tests.checkpoints.plugins import install
from tests.noise import ROUNDING

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


@pytest.mark.parametrize("fields", [("--n-layers", "1"), ("--d-ff", "0"), ("--position", "none")])
def test_tensors_that_replaced_fields_leave_out_are_known(tmp_path, cli, fields):
    folder = write_bert(tmp_path / "bert", bert_tensors() | {"encoder.layer.7.output.dense.bias": np.ones(6)})
    ran = cli("show", TEXT, "--model", folder, "--json", *fields)
    assert ran.code == 0
    strange = "bert: 1 tensor is not known and not used (encoder.layer.7.output.dense.bias)"
    assert ran.err == f"attnviz: note: {strange}\n"


@pytest.mark.parametrize("tokenizer", ["word", "whitespace", "char"])
def test_a_models_ids_are_of_its_own_vocabulary(tmp_path, cli, tokenizer):
    message = (
        f"attnviz: error: tokenizer: {tokenizer} has no vocabulary, and a trained model's ids mean pieces of its own; "
        "expected a tokenizers JSON file\n"
    )
    for model in (write_bert(tmp_path / "bert"), "tiny"):
        ran = cli("show", "cat", "--model", model, "--tokenizer", tokenizer)
        assert (ran.code, ran.out, ran.err) == (2, "", message)
    assert cli("weights", "init", "-o", "toy.npz", "-q").code == 0
    assert cli("show", "cat", "--weights", "toy.npz", "--tokenizer", tokenizer).code == 0


@pytest.mark.parametrize("argv", [("show", "x", "--model", ""), ("show", "x", "--model", " "), ("models", "")])
def test_a_model_without_a_name_is_wrong_usage(cli, argv):
    message = "attnviz: error: model: the name is empty; expected a model folder, or a model's id\n"
    ran = cli(*argv)
    assert (ran.code, ran.out, ran.err) == (2, "", message)


def test_an_empty_variable_names_no_model(cli, monkeypatch):
    monkeypatch.setenv("ATTNVIZ_MODEL", "")
    assert "random weights of seed 3" in cli("show", "cat", "--seed", "3").out


@pytest.mark.parametrize("address", ["https://hub.example/owner/name", "hf://owner/name"])
def test_of_an_address_only_the_id_is_a_model(cli, address):
    ran = cli("show", "x", "--model", address)
    assert ran.code == 3
    assert ran.err == (
        f"attnviz: error: {address}: no such folder; expected a model folder, or a model's id\n"
        "hint: of an address give OWNER/NAME alone\n"
    )


def test_a_device_and_a_link_to_nothing_are_named_and_not_asked_of_a_hub(cli, tmp_path):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("nothing")
    for name, fault in (
        ("./pipe", "it is a device or a pipe; expected a model folder"),
        ("link", "it is a link to nothing; expected a model folder, or a model's id"),
    ):
        for command in (("show", "x", "--model"), ("models",)):
            ran = cli(*command, name)
            assert (ran.code, ran.err) == (3, f"attnviz: error: {name.removeprefix('./')}: {fault}\n")
    ran = cli("models", "a" * 300)
    assert (ran.code, ran.err.count("\n")) == (3, 1)
    assert ran.err.startswith(f"attnviz: error: {'a' * 57}...{'a' * 20}: the name is too long; expected a model fo")


@pytest.mark.parametrize(
    ("argv", "what"),
    [
        (("show", "x", "--model", "bert/model.safetensors"), "it is a file; expected a model folder"),
        (("models", "bert/model.safetensors"), "it is a file; expected a model folder"),
        (("show", "x", "--weights", "bert/model.safetensors"), "its header has no attnviz.config; expected ..."),
        (("weights", "info", "bert/model.safetensors"), "its header has no attnviz.config; expected ..."),
        (("weights", "convert", "bert/model.safetensors", "-o", "y.npz"), "its header has no attnviz.config; ..."),
        (("show", "x", "--weights", "bert"), "it is a folder; expected a .safetensors or .npz file"),
        (("weights", "info", "bert"), "it is a folder; expected a .safetensors or .npz file"),
    ],
)
def test_a_model_folder_given_as_something_else_is_told_apart(tmp_path, cli, argv, what):
    write_bert(tmp_path / "bert")
    ran = cli(*argv)
    message, hint = ran.err.splitlines()
    assert (ran.code, ran.out) == (3, "")
    path = next(word for word in argv if word.startswith("bert"))
    assert message.startswith(f"attnviz: error: {path}: {what.removesuffix('...')}")
    assert hint == "hint: bert is a model folder: --model, attnviz models and attnviz weights convert take it"


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
    kinds = [family["kind"] for family in families]
    assert kinds == sorted(kinds, key=("encoder", "decoder", "encoder-decoder").index)
    assert set(kinds) == {"encoder", "decoder", "encoder-decoder"}
    _, encoders, decoders, both = re.split(
        r"^(?:Encoders|Decoders|Encoder-decoders)\b", cli("models").out, flags=re.MULTILINE
    )
    for family in families:
        part = {"encoder": encoders, "decoder": decoders, "encoder-decoder": both}[family["kind"]]
        assert [family["model_type"], family["example"]] in [line.split() for line in part.splitlines()]


def test_a_family_of_another_package_is_listed(cli, tmp_path, monkeypatch):
    assert "toy" not in cli("models").out
    install(tmp_path / "site", {"toy": "FAMILY"})
    monkeypatch.syspath_prepend(tmp_path / "site")
    ran = cli("models")
    assert ran.err == ""
    assert [line.split() for line in ran.out.splitlines() if "toy" in line] == [["toy", "toys/toy-base"]]
    assert json.loads(cli("models", "--json").out)["families"] == known_families()


def test_a_broken_family_of_another_package_is_one_note_beside_the_list(cli, tmp_path, monkeypatch):
    usual = cli("models")
    module = install(tmp_path / "site", {"toy": "FAMILY"}, "1 / 0")
    monkeypatch.syspath_prepend(tmp_path / "site")
    fault = "cannot be loaded (ZeroDivisionError: division by zero); expected a Family"
    ran = cli("models")
    assert ran == (0, usual.out, f"attnviz: note: family toy: its plug-in {module}:FAMILY of toy-families {fault}\n")


def test_a_folder_that_is_called_as_one_on_the_hub_wins(tmp_path, cli, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    write_bert(tmp_path / "owner" / "name")
    monkeypatch.chdir(tmp_path)
    assert cli("show", "cat", "--model", "owner/name", "-q").code == 0


def test_of_a_model_a_file_and_a_seed_a_flag_wins_over_variables(tmp_path, cli, monkeypatch):
    folder = write_bert(tmp_path / "bert")
    monkeypatch.setenv("ATTNVIZ_MODEL", str(folder))
    assert " of bert (" in cli("show", "cat").out
    assert "random weights of seed 3" in cli("show", "cat", "--seed", "3").out
    monkeypatch.setenv("ATTNVIZ_SEED", "4")
    assert " of bert (" in cli("show", "cat", "--model", folder).out
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
    np.testing.assert_allclose(documents[0]["attention"], documents[1]["attention"], atol=ROUNDING)
    assert cli("weights", "convert", folder, "-o", "bert.npz").code == 1
    assert cli("weights", "info", "bert.npz").code == 0


def test_an_encoder_decoder_is_described_with_both_stacks(cli):
    out = cli("models", str(GOLDEN / "mt5")).out
    assert "mT5 (mt5), encoder-decoder: 1 layer of 3 heads, then 2 of 3 in the decoder," in out
    assert json.loads(cli("models", str(GOLDEN / "mt5"), "--json").out)["model"]["kind"] == "encoder-decoder"
