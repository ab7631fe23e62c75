"""The commands that errors suggest do what they promise: each is run as it is printed (PyTorch, transformers, peft)."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from attnviz import load
from attnviz.checkpoints.huggingface.folder import read_folder
from attnviz.checkpoints.huggingface.hints import save_again
from attnviz.checkpoints.huggingface.registry import find_family
from attnviz.checkpoints.huggingface.tokenizer import read_tokenizer
from attnviz.errors import CheckpointError

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
    folder = tmp_path / name
    folder.mkdir()
    words = shlex.split(save_again(str(folder)))
    assert words[:2] == ["python", "-c"]
    assert len(words) == 3
    compile(words[2], "hint", "exec")
    assert repr(str(folder)) in words[2]
    assert repr(f"{folder}-safetensors") in words[2]


def test_the_new_folder_is_beside_the_old_one(tmp_path, monkeypatch):
    (tmp_path / "model").mkdir()
    monkeypatch.chdir(tmp_path / "model")
    assert "save_pretrained('../model-safetensors')" in save_again(".")
    monkeypatch.chdir(tmp_path)
    assert "save_pretrained('model-safetensors')" in save_again("model/")
    assert "save_pretrained('model-safetensors')" in save_again("owner/model")


def test_the_class_of_the_model_with_its_head_is_the_one_that_is_named(tmp_path):
    assert "BertForMaskedLM as M" in save_again(str(tmp_path), {"architectures": ["BertForMaskedLM"]})
    for strange in (None, [], ["x; import os"], [3], "BertModel"):
        assert "AutoModel as M" in save_again(str(tmp_path), {"architectures": strange})


@with_transformers
def test_saving_a_pickle_again_keeps_the_head_and_the_folder(tmp_path):
    import torch
    import transformers

    folder = tmp_path / "pickled"
    model = transformers.BertForSequenceClassification.from_pretrained(GOLDEN / "bert", num_labels=3)
    model.config.save_pretrained(folder)
    settings = json.loads((folder / "config.json").read_text()) | {"architectures": ["BertForSequenceClassification"]}
    (folder / "config.json").write_text(json.dumps(settings))
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).write_bytes((GOLDEN / "bert" / name).read_bytes())
    torch.save(model.state_dict(), folder / "pytorch_model.bin")
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    do(hint_of(folder), tmp_path)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    again = transformers.BertForSequenceClassification.from_pretrained(f"{folder}-safetensors")
    torch.testing.assert_close(again.classifier.weight, model.classifier.weight)
    assert load(model=f"{folder}-safetensors").unknown == ()


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
    import transformers

    folder = tmp_path / "mute"
    transformers.BertConfig.from_pretrained(GOLDEN / "bert").save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes((GOLDEN / "bert" / "tokenizer.json").read_bytes())
    command = _hint_of_the_tokenizer(folder)
    made, _, given = command.partition("; then give --tokenizer ")
    do(made, tmp_path)
    assert Path(shlex.split(given)[0]).is_file()
    assert load(model=GOLDEN / "bert", tokenizer=shlex.split(given)[0]).tokenizer.n_vocab > 0


def _hint_of_the_tokenizer(folder):
    """What is suggested without tokenizer.json, which is put back for transformers."""
    kept = (folder / "tokenizer.json").read_bytes()
    (folder / "tokenizer.json").unlink()
    with pytest.raises(CheckpointError) as error:
        read_tokenizer(folder, find_family("bert"))
    (folder / "tokenizer.json").write_bytes(kept)
    return error.value.hint
