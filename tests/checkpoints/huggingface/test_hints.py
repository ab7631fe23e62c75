"""The commands that errors suggest do what they promise: each is run as it is printed (PyTorch, transformers, peft)."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from attnviz import load
from attnviz.checkpoints.huggingface.folder import read_folder
from attnviz.checkpoints.huggingface.hints import save_tokenizer
from attnviz.checkpoints.huggingface.registry import find_family
from attnviz.checkpoints.huggingface.tokenizer import read_tokenizer
from attnviz.errors import CheckpointError
from tests.checkpoints.folders import write_safetensors
from tests.checkpoints.formats.pytorch.pytorch_files import write_bin

GOLDEN = Path(__file__).parents[1] / "golden"


def with_transformers(test):
    """Needs PyTorch, transformers and peft, whose own warnings are no fault here."""
    return pytest.mark.transformers(pytest.mark.filterwarnings("default")(test))


def hint_of(folder):
    """What attnviz suggests for a folder that it cannot read."""
    with pytest.raises(CheckpointError) as error:
        read_folder(folder)
    return error.value.hint


def do(command, tmp_path):
    """Runs a command as a person would paste it, with this environment's Python, away from any hub."""
    words = shlex.split(command)
    assert words[:2] == ["python", "-c"]
    variables = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path / "hub"),
        "TOKENIZERS_PARALLELISM": "false",
    }
    subprocess.run([sys.executable, *words[1:]], check=True, cwd=tmp_path, env=variables, capture_output=True)


@pytest.mark.parametrize("name", ["model", "it's $HOME", "café `x`", 'a"b', "back\\slash!"])
def test_a_command_survives_any_name_of_a_folder(tmp_path, name):
    folder = with_vocabulary(tmp_path / name)
    words = shlex.split(save_tokenizer(folder).partition(" && ")[0])
    assert words[:2] == ["python", "-c"]
    assert len(words) == 3
    compile(words[2], "hint", "exec")
    assert repr(str(folder)) in words[2]
    assert repr(f"{folder}-tokenizer") in words[2]


def test_the_new_folder_is_beside_the_old_one(tmp_path, monkeypatch):
    monkeypatch.chdir(with_vocabulary(tmp_path / "model"))
    assert "save_pretrained('../model-tokenizer')" in save_tokenizer(Path())
    monkeypatch.chdir(tmp_path)
    assert "save_pretrained('model-tokenizer')" in save_tokenizer(Path("model"))


def with_vocabulary(folder):
    """A folder with a vocabulary that transformers can make a tokenizer of."""
    folder.mkdir()
    (folder / "spiece.model").write_text("")
    return folder


@with_transformers
@pytest.mark.parametrize("labels", [2, 3, 5])
def test_merging_an_adapter_of_a_classifier_keeps_all_its_labels(tmp_path, labels):
    import peft
    import transformers

    kind = transformers.BertForSequenceClassification
    base = kind.from_pretrained(GOLDEN / "bert", num_labels=labels)
    config = peft.LoraConfig(task_type="SEQ_CLS", target_modules=["query"], modules_to_save=["classifier"], r=2)
    adapted = peft.get_peft_model(base, config)
    adapted.peft_config["default"].base_model_name_or_path = str(GOLDEN / "bert")
    adapted.save_pretrained(tmp_path / "adapter")
    do(hint_of(tmp_path / "adapter"), tmp_path)
    merged = kind.from_pretrained(tmp_path / "adapter-merged")
    assert merged.classifier.weight.shape[0] == labels
    expected = adapted.base_model.model.classifier.modules_to_save["default"].weight
    assert (merged.classifier.weight == expected).all()
    assert load(model=tmp_path / "adapter-merged").unknown == ()


@pytest.mark.parametrize(
    "name",
    [
        "base_model.model.classifier.weight",
        "base_model.model.score.weight",
        "base_model.model.classifier.out_proj.weight",
        "base_model.model.classifier.modules_to_save.default.weight",
    ],
)
def test_the_hint_of_a_classifiers_adapter_says_how_many_labels_it_has(tmp_path, name):
    write_adapter(tmp_path, {name: (3, 4), "base_model.model.classifier.dense.weight": (4, 4)})
    assert "M.from_pretrained('owner/base', num_labels=3)" in hint_of(tmp_path)


@pytest.mark.parametrize("damaged", [False, True])
def test_the_hint_of_another_adapter_says_nothing_of_labels(tmp_path, damaged):
    write_adapter(tmp_path, {"base_model.model.h.0.attn.c_attn.lora_A.weight": (2, 4)})
    if damaged:
        (tmp_path / "adapter_model.safetensors").write_bytes(b"?")
    assert "M.from_pretrained('owner/base'), " in hint_of(tmp_path)


def test_an_adapter_in_a_file_of_pytorch_says_as_much(tmp_path):
    write_adapter(tmp_path, {})
    (tmp_path / "adapter_model.safetensors").unlink()
    write_bin(tmp_path / "adapter_model.bin", {"base_model.model.classifier.weight": np.zeros((3, 4), np.float32)})
    assert "M.from_pretrained('owner/base', num_labels=3)" in hint_of(tmp_path)


def write_adapter(folder, shapes):
    settings = {"base_model_name_or_path": "owner/base", "task_type": "SEQ_CLS", "peft_type": "LORA"}
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    tensors = {name: np.zeros(shape, np.float32) for name, shape in shapes.items()}
    write_safetensors(folder / "adapter_model.safetensors", tensors)


@with_transformers
def test_merging_an_adapter_gives_a_model_that_loads(tmp_path):
    import peft
    import transformers

    base = transformers.LlamaForCausalLM.from_pretrained(GOLDEN / "llama")
    adapted = peft.get_peft_model(base, peft.LoraConfig(task_type="CAUSAL_LM", target_modules=["q_proj"], r=2))
    adapted.peft_config["default"].base_model_name_or_path = str(GOLDEN / "llama")
    adapted.save_pretrained(tmp_path / "adapter")
    do(hint_of(tmp_path / "adapter"), tmp_path)
    assert load(model=tmp_path / "adapter-merged").unknown == ()


@with_transformers
def test_a_tokenizer_saved_again_is_one_that_loads(tmp_path):
    folder = tmp_path / "pieces"
    shutil.copytree(GOLDEN / "gpt_neox", folder, ignore=shutil.ignore_patterns("tokenizer*"))
    model = json.loads((GOLDEN / "gpt_neox" / "tokenizer.json").read_text())["model"]
    (folder / "vocab.json").write_text(json.dumps(model["vocab"]))
    merges = [pair if isinstance(pair, str) else " ".join(pair) for pair in model["merges"]]
    (folder / "merges.txt").write_text("\n".join(["#version: 0.2", *merges]))
    made, _, use = _hint_of_the_tokenizer(folder, "gpt_neox").partition(" && ")
    do(made, tmp_path)
    words = shlex.split(use)
    assert words[:4] == ["attnviz", "show", "The cat sat", "--model"]
    subprocess.run([sys.executable, "-m", *words], check=True, capture_output=True)
    assert load(model=folder, tokenizer=words[-1]).tokenizer.n_vocab == len(model["vocab"])


def test_a_folder_without_a_vocabulary_is_not_told_to_write_a_tokenizer(tmp_path):
    assert _hint_of_the_tokenizer(tmp_path, "bert") == (
        "add the tokenizer.json of the model that it was trained from, or give one: --tokenizer FILE"
    )
    (tmp_path / "vocab.json").write_text("{}")  # without merges it is half of one
    assert "python" not in _hint_of_the_tokenizer(tmp_path, "gpt_neox")


def test_a_vocabulary_of_lines_that_the_family_has_no_rule_for_may_be_of_a_regular_expression(tmp_path):
    (tmp_path / "vocab.txt").write_text("")
    assert "--tokenizer regex:PATTERN" in _hint_of_the_tokenizer(tmp_path, "gpt_neox")


@pytest.mark.parametrize("files", [("spiece.model",), ("vocab.json", "merges.txt")])
def test_the_hint_of_a_vocabulary_that_is_not_read_is_one_command(tmp_path, files):
    folder = tmp_path / "it's"
    folder.mkdir()
    for name in files:
        (folder / name).write_text("")
    made, _, use = _hint_of_the_tokenizer(folder, "gpt_neox").partition(" && ")
    assert shlex.split(made)[:2] == ["python", "-c"]
    command = [
        "attnviz",
        "show",
        "The cat sat",
        "--model",
        str(folder),
        "--tokenizer",
        f"{folder}-tokenizer/tokenizer.json",
    ]
    assert shlex.split(use) == command


def _hint_of_the_tokenizer(folder, family):
    """What is suggested for a folder without ``tokenizer.json``."""
    with pytest.raises(CheckpointError) as error:
        read_tokenizer(folder, find_family(family))
    return error.value.hint
