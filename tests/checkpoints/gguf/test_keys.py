"""Every key is computed, without a part in attention, or refused by name."""

from dataclasses import replace

import gguf
import numpy as np
import pytest

from attnviz.checkpoints.gguf.architecture import SETTINGS_OF_KEYS
from attnviz.checkpoints.gguf.keys import IRRELEVANT_KEYS, REFUSED_KEYS
from attnviz.checkpoints.gguf.model import read_gguf
from attnviz.checkpoints.huggingface.known_settings import matches
from attnviz.errors import CheckpointError, UsageError
from tests.checkpoints.gguf.conversion import config_of, convert, tensors_of, usual_keys, write_gguf
from tests.checkpoints.gguf.recipes import RECIPES

BY_FOLDER = {recipe.folder: recipe for recipe in RECIPES}


def keys_of(names: type):
    """The keys below an architecture's name that the package knows."""
    for value in vars(names).values():
        if isinstance(value, type):
            yield from keys_of(value)
        elif isinstance(value, str) and value.startswith("{arch}."):
            yield value.removeprefix("{arch}.")


def file_with(tmp_path, folder="qwen2", without=(), **changes):
    recipe, path = BY_FOLDER[folder], tmp_path / f"{folder}.gguf"
    config = config_of(folder)
    keys = usual_keys(config) | dict(recipe.keys(config)) | {key.replace("__", "."): v for key, v in changes.items()}
    tensors = {name: array for name, array in tensors_of(recipe, config).items() if name not in without}
    write_gguf(path, recipe.architecture, keys, tensors)
    return path


def message(path, **options) -> str:
    with pytest.raises(CheckpointError) as raised:
        read_gguf(path, **options)
    return str(raised.value).removeprefix(f"{path}: ")


def test_no_key_that_the_package_knows_is_unknown():
    known = set(keys_of(gguf.Keys))
    assert len(known) > 80
    left = {key for key in known if not matches(key, (*IRRELEVANT_KEYS, *REFUSED_KEYS))}
    assert left <= set(SETTINGS_OF_KEYS)


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"attention__sliding_window": 4}, "qwen2.attention.sliding_window is 4"),
        ({"attention__clamp_kqv": 2.5}, "qwen2.attention.clamp_kqv is 2.5"),
        ({"attn_logit_softcapping": 50.0}, "qwen2.attn_logit_softcapping is 50.0"),
        ({"expert_count": 8}, "qwen2.expert_count is 8"),
        ({"ssm__inner_size": 8}, "qwen2.ssm.inner_size is 8"),
        ({"attention__key_length_mla": 8}, "qwen2.attention.key_length_mla is 8"),
        (
            {"rope__dimension_sections": [1, 2, 3], "residual_scale": 0.5},
            "qwen2.rope.dimension_sections is [1, 2, 3], qwen2.residual_scale is 0.5",
        ),
        (
            {f"ssm__{name}": 8 for name in "abcdefg"},
            "qwen2.ssm.a is 8, qwen2.ssm.b is 8, qwen2.ssm.c is 8 and 4 more",
        ),
    ],
)
def test_a_key_that_changes_attention_is_refused_by_name(tmp_path, changes, refused):
    expected = f"{refused}, which attnviz does not compute for Qwen2; expected keys that it computes"
    assert message(file_with(tmp_path, **changes)) == expected


def test_values_that_change_nothing_and_keys_of_the_head_are_silent(tmp_path):
    neutral = {"attention__sliding_window": 0, "attention__clamp_kqv": 0.0, "residual_scale": 1.0, "expert_count": 0}
    head = {"vocab_size": 397, "final_logit_softcapping": 30.0, "logit_scale": 0.5, "vision__block_count": 3}
    path = file_with(tmp_path, **neutral, **head, **{"general.name": "a", "general.quantized_by": "b"})
    assert read_gguf(path).notes == ()


def test_an_unknown_key_is_a_note(tmp_path):
    notes = read_gguf(file_with(tmp_path, novelty=1, novelties=2)).notes
    assert notes == (
        "its metadata has keys that attnviz does not know: novelty, novelties; "
        "if one of them changes attention, the numbers are wrong",
    )


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"block_count": None}, "it has no block_count; expected it of a qwen2 model"),
        ({"embedding_length": "x"}, 'embedding_length is "x"; expected a number'),
        ({"attention__head_count": [6, 3]}, "attention.head_count is [6, 3]; expected a number"),
        ({"attention__head_count": 0}, "attention.head_count is 0; expected 1 or more, below 2147483648"),
        (
            {"attention__layer_norm_rms_epsilon": None},
            "it has no qwen2.attention.layer_norm_rms_epsilon; expected it of a Qwen2 model",
        ),
        (
            {"attention__value_length": 8},
            "attention.key_length is 4 and attention.value_length 8, which attnviz does not compute; "
            "expected the same number",
        ),
        (
            {"rope__scaling__type": "dynamic"},
            "rope.scaling.type is \"dynamic\", which attnviz does not compute; expected none, linear, yarn, longrope",
        ),
        (
            {"attention__head_count_kv": 5},
            "n_heads (qwen2.attention.head_count), n_kv_heads (qwen2.attention.head_count_kv): "
            "6 is not divisible by 5; expected a multiple",
        ),
    ],
)  # fmt: skip
def test_a_key_that_is_missing_or_wrong_is_named_as_the_file_has_it(tmp_path, changes, fault):
    assert message(file_with(tmp_path, **changes)) == fault


def test_the_same_number_for_each_layer_is_that_number(tmp_path):
    assert read_gguf(file_with(tmp_path, attention__head_count=[6, 6])).config.n_heads == 6


def test_missing_and_misshapen_tensors_are_named(tmp_path):
    path = file_with(tmp_path, without=("blk.1.attn_q.weight",), feed_forward_length=40)
    said = message(path)
    assert said.startswith("1 missing (blk.1.attn_q.weight), 6 misshapen (")
    assert said.endswith("expected the tensors of this Qwen2 configuration")
    assert "it has no token_embd.weight" in message(file_with(tmp_path, without=("token_embd.weight",)))


def test_tensors_that_are_not_known_are_reported_and_those_of_pictures_are_not(tmp_path):
    recipe = replace(
        BY_FOLDER["qwen2"], more=lambda _: {"v.blk.0.ln1.weight": np.ones(3), "blk.0.attn_q.scale": np.ones(1)}
    )
    convert(recipe, tmp_path / "model.gguf")
    checkpoint = read_gguf(tmp_path / "model.gguf")
    assert checkpoint.unknown == ("blk.0.attn_q.scale",)
    assert "v.blk.0.ln1.weight" in checkpoint.unused


def test_an_architecture_that_is_not_known_is_refused_with_those_that_are_and_can_be_read_as_one(tmp_path):
    path = tmp_path / "model.gguf"
    config = config_of("qwen2")
    write_gguf(path, "qwen9", usual_keys(config), tensors_of(BY_FOLDER["qwen2"], config))
    assert message(path).startswith(
        "general.architecture 'qwen9' is not known (did you mean 'qwen3'?); expected one of bert, bloom, chatglm, "
    )
    read = read_gguf(path, architecture="qwen2")
    assert read.notes == (
        "general.architecture is qwen9, read as qwen2 (--as): the numbers may differ from the model's own",
    )
    with pytest.raises(
        UsageError, match=r"as: 'gwen2' is not known \(did you mean 'qwen2'\?\); expected one of bert, "
    ):
        read_gguf(path, architecture="gwen2")


@pytest.mark.parametrize(
    ("architecture", "fault"),
    [
        ("mamba", "'mamba' is a state-space model, which has no attention matrix; expected a transformer"),
        ("rwkv7", "'rwkv7' is a recurrent network, which has no attention matrix; expected a transformer"),
        ("clip", "'clip' is the part of another model that reads pictures or sound; expected a transformer"),
    ],
)
def test_models_without_attention_are_refused_with_the_reason(tmp_path, architecture, fault):
    write_gguf(tmp_path / "model.gguf", architecture, {}, {})
    assert message(tmp_path / "model.gguf") == f"general.architecture {fault}"


def test_an_adapter_is_not_a_model(tmp_path):
    write_gguf(tmp_path / "model.gguf", "llama", {"general.type": "adapter"}, {})
    assert message(tmp_path / "model.gguf") == "general.type is adapter; expected a model"


def test_gemma_3_of_ollama_has_the_keys_that_its_converter_leaves_out(tmp_path):
    own = {"rope__local__freq_base": 20.0, "rope__global__freq_base": 60.0, "vision__block_count": 3}
    left = {"rope__freq_base": None, "rope__freq_base_swa": None, "rope__scaling__factor": None}
    path = file_with(tmp_path, "gemma3", **own, **left, rope__scaling__type=None)
    checkpoint = read_gguf(path)
    fields = checkpoint.config.as_dict()
    assert [fields[name] for name in ("rotary_base", "window_rotary_base")] == [60.0, 20.0]
    assert [fields[name] for name in ("rotary_scaling", "rotary_factor")] == ["linear", 8.0]
    assert checkpoint.notes == (
        "it has no gemma3.rope.scaling.factor: 8, as in the published models that read pictures",
    )


def test_fields_that_the_tensors_do_not_fit_are_named(tmp_path):
    path = file_with(tmp_path)
    assert read_gguf(path, {"mask": "none"}).config.attention.mask == "none"
    with pytest.raises(CheckpointError, match=r"its weights have d_ff=43, not d_ff=40"):
        read_gguf(path, {"d_ff": 40})
