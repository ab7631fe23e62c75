"""Folders as they are found: other prefixes, no model_type, weights in a form that is not read."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from attnviz import load, run
from attnviz.checkpoints.formats.tensors import open_tensors
from attnviz.checkpoints.huggingface.folder import read_folder
from attnviz.checkpoints.huggingface.registry import find_family
from attnviz.errors import CheckpointError
from tests.checkpoints.folders import write_safetensors

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def copy_of(tmp_path):
    """A golden folder to change: its settings, and the names of its tensors."""

    def copied(name, rename=str, more=None, **settings):
        source, copy = GOLDEN / name, tmp_path / "model"
        shutil.copytree(source, copy, ignore=shutil.ignore_patterns("golden.npz", "*.safetensors"))
        values = json.loads((copy / "config.json").read_text()) | settings
        (copy / "config.json").write_text(json.dumps({key: v for key, v in values.items() if v is not None}))
        file = open_tensors(source / "model.safetensors")
        tensors = {rename(tensor): np.array(file.array(tensor)) for tensor in file.shapes}
        write_safetensors(copy / "model.safetensors", tensors | (more or {}))
        return copy

    return copied


def attention(folder):
    return run("The dog read unbelievable letters.", model=load(model=folder)).attention


def without_prefix(name, folder):
    family = find_family(json.loads((GOLDEN / folder / "config.json").read_text())["model_type"])
    return next((name.removeprefix(prefix) for prefix in family.prefixes if name.startswith(prefix)), name)


@pytest.mark.parametrize("folder", ["bert", "distilbert", "gpt2", "llama", "mpnet", "opt", "gpt_neox", "modernbert"])
@pytest.mark.parametrize(
    "prefix",
    [
        "model.",
        "transformer.",
        "module.",
        "_orig_mod.",
        "base_model.model.",
        "0.auto_model.",
        "module._orig_mod.model.",
    ],
)
def test_the_prefixes_of_wrappers_are_left_out(copy_of, folder, prefix):
    copy = copy_of(folder, lambda name: prefix + without_prefix(name, folder))
    np.testing.assert_array_equal(attention(copy), attention(GOLDEN / folder))
    assert load(model=copy).unknown == ()


def test_a_wrapper_may_stand_before_the_prefix_of_the_family(copy_of):
    copy = copy_of("bert", lambda name: f"module.{name}")
    np.testing.assert_array_equal(attention(copy), attention(GOLDEN / "bert"))
    assert load(model=copy).unknown == ()


@pytest.mark.parametrize("wrapper", ["_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module."])
def test_wrappers_of_single_layers_are_left_out_inside_a_name(copy_of, wrapper):
    copy = copy_of("llama", lambda name: re.sub(r"(layers\.\d+\.)", rf"\1{wrapper}", name))
    np.testing.assert_array_equal(attention(copy), attention(GOLDEN / "llama"))
    assert load(model=copy).unknown == ()


def test_a_prefix_that_all_names_share_and_that_is_not_known_is_named(copy_of):
    with pytest.raises(CheckpointError, match="missing") as error:
        read_folder(copy_of("llama", lambda name: f"policy.net.{name}"))
    assert error.value.hint == (
        "all names in the file begin with policy.net., which is not a prefix of Llama's names: "
        "save the model without it"
    )


def test_two_tensors_of_one_name_are_refused(copy_of):
    more = {"module.embed_tokens.weight": np.zeros((397, 12), np.float32)}
    with pytest.raises(CheckpointError, match=r"module\.embed_tokens\.weight; expected one of the two"):
        read_folder(copy_of("llama", more=more))


def test_the_classes_say_the_family_where_there_is_no_model_type(copy_of):
    copy = copy_of("bert", model_type=None, architectures=["BertModel"])
    np.testing.assert_array_equal(attention(copy), attention(GOLDEN / "bert"))
    assert read_folder(copy).model_type == "bert"


def test_a_folder_whose_classes_are_not_known_either_is_refused(copy_of):
    with pytest.raises(CheckpointError, match=r"it has no model_type; expected one of the \d+ that"):
        read_folder(copy_of("bert", model_type=None, architectures=["Wav2Vec2Model"]))


def test_code_of_the_models_own_is_a_note(copy_of):
    model = load(model=copy_of("llama", auto_map={"AutoModel": "modeling_x.XModel"}))
    assert model.notes == (
        "auto_map names the model's own code, which attnviz does not run: the numbers may differ from its own",
    )


@pytest.mark.parametrize(
    ("quantised", "by"),
    [
        ({"quant_method": "gptq", "bits": 4}, "by GPTQ "),
        ({"quant_method": "awq"}, "by AWQ "),
        ({"quant_method": "bitsandbytes", "load_in_4bit": True}, "by bitsandbytes "),
        ({"load_in_8bit": True}, "by bitsandbytes "),
        ({"quant_method": "compressed-tensors", "format": "pack-quantized"}, "by scales "),
        ({"quant_method": "aqlm"}, "by aqlm "),
        ({}, ""),
    ],
)
def test_quantised_weights_are_refused_by_their_method(copy_of, quantised, by):
    with pytest.raises(CheckpointError, match=rf"its weights are quantised {by}\(quantization_config\), which attnviz"):
        read_folder(copy_of("llama", quantization_config=quantised))


@pytest.mark.parametrize(
    ("suffix", "form"),
    [
        ("qweight", "GPTQ or AWQ"),
        ("weight.absmax", "bitsandbytes"),
        ("weight_scale_inv", "fp8"),
        ("lora_A.default.weight", "LoRA"),
    ],
)
def test_weights_in_another_form_are_named_where_the_plain_ones_are_missing(copy_of, suffix, form):
    copy = copy_of("llama", lambda name: name.replace("q_proj.weight", f"q_proj.{suffix}"))
    with pytest.raises(CheckpointError, match=form):
        read_folder(copy)


def test_an_adapter_is_named_with_the_model_it_is_for_and_the_command_that_merges_it(tmp_path):
    (tmp_path / "adapter_config.json").write_text(
        json.dumps({"base_model_name_or_path": "some/base", "task_type": "CAUSAL_LM", "peft_type": "LORA"})
    )
    with pytest.raises(CheckpointError, match=r"it is an adapter \(PEFT\) for some/base, not a model") as error:
        read_folder(tmp_path)
    assert error.value.hint.startswith('python -c "from transformers import AutoTokenizer, AutoModelForCausalLM as M; ')
    assert "M.from_pretrained('some/base')" in error.value.hint
    assert f".save_pretrained('{tmp_path}-merged')" in error.value.hint


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"base_model_name_or_path": 3}', '{"base_model_name_or_path": "a\\u001bb"}']
)
def test_an_adapter_with_strange_settings_is_still_one_line(tmp_path, text):
    (tmp_path / "adapter_config.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"it is an adapter \(PEFT\) for ") as error:
        read_folder(tmp_path)
    assert str(error.value).isprintable()
    assert error.value.hint.isprintable()


def test_an_adapter_beside_a_model_is_noted(copy_of):
    copy = copy_of("llama")
    (copy / "adapter_config.json").write_text("{}")
    (note,) = load(model=copy).notes
    assert note.startswith("the folder also holds an adapter (PEFT), which is not applied")


@pytest.mark.parametrize(
    ("folder", "setting"), [("xlm-roberta", {"add_prefix_space": False}), ("qwen2", {"add_prefix_space": True})]
)
def test_a_setting_that_contradicts_the_tokenizers_file_is_noted(copy_of, folder, setting):
    copy = copy_of(folder)
    file = copy / "tokenizer_config.json"
    assert load(model=copy).notes == ()
    file.write_text(json.dumps(json.loads(file.read_text()) | setting))
    (note,) = load(model=copy).notes
    ((name, value),) = setting.items()
    assert note.startswith(f"tokenizer_config.json says {name} is {json.dumps(value)} and tokenizer.json")
