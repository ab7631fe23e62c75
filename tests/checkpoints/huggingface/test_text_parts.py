"""Models that also read pictures load their text part, and a model of an unknown type loads as one of a known type."""

import json
import re
import shutil

import numpy as np
import pytest

import attnviz
from attnviz.checkpoints.huggingface.description import describe_folder
from attnviz.checkpoints.huggingface.folder import _read_family
from attnviz.checkpoints.huggingface.known_settings import check_settings
from attnviz.checkpoints.huggingface.rules.text_part import TEXT_MODELS, text_part
from attnviz.encoder.config.block import Block
from attnviz.errors import CheckpointError, UsageError
from tests.checkpoints.folders import write_bert, write_safetensors
from tests.checkpoints.huggingface.test_families import GOLDEN, assert_is_golden, copied, tensors_of

WRAPPED = sorted(file.parent for file in (GOLDEN / "wrapped").glob("*/golden.npz"))
TYPES = {"llava": "llama", "qwen2_vl": "qwen2", "gemma3": "gemma3_text"}


@pytest.fixture(params=WRAPPED, ids=lambda folder: folder.name)
def folder(request):
    return request.param


def settings_of(folder):
    return json.loads((folder / "config.json").read_text())


def rewritten(folder, tmp_path, settings):
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy)
    (copy / "config.json").write_text(json.dumps(settings))
    return copy


def test_the_text_part_gives_the_attention_of_transformers(folder):
    model = attnviz.load(model=folder)
    assert_is_golden(model, folder)
    assert model.unknown == ()
    assert model.notes[:1] == (
        f"model_type is {folder.name}: its text part alone is read (text_config, {TYPES[folder.name]})",
    )


def test_a_description_names_the_family_of_the_text_part(folder):
    assert describe_folder(folder, folder.name).model_type == TYPES[folder.name]


@pytest.mark.parametrize(
    "prefix", ["model.language_model.", "language_model.model.", "model.", "model.text_model.", ""]
)
def test_older_and_newer_prefixes_of_wrappers_are_known(folder, prefix, tmp_path):
    copy, tensors = copied(folder, tmp_path), {}
    for name, array in tensors_of(folder).items():
        found = re.fullmatch(r"(?:model\.|language_model\.)*((?:embed_tokens|layers|norm)\..*)", name)
        if found:
            tensors[prefix + found[1]] = array
    write_safetensors(copy / "model.safetensors", tensors)
    assert_is_golden(attnviz.load(model=copy), folder)


def test_a_text_config_leaves_out_the_defaults_of_its_text_model():
    part = text_part({"model_type": "llava", "text_config": {"vocab_size": 32064}}, "config.json")
    assert part.model_type == "llama"
    assert part.where == "config.json, text_config"
    sizes = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers", "max_position_embeddings")
    assert [part.values[name] for name in sizes] == [32064, 4096, 11008, 32, 2048]


def test_older_files_of_qwen2_vl_have_one_level(tmp_path):
    folder = GOLDEN / "wrapped" / "qwen2_vl"
    settings = settings_of(folder)
    rope = settings["text_config"].pop("rope_parameters")
    flat = settings | settings.pop("text_config") | {"model_type": "qwen2_vl", "rope_theta": rope["rope_theta"]}
    flat["rope_scaling"] = {"type": "mrope", "mrope_section": rope["mrope_section"]}
    for name in ("image_token_id", "video_token_id", "vision_config"):
        assert name in flat
    assert_is_golden(attnviz.load(model=rewritten(folder, tmp_path, flat)), folder)


def test_an_unknown_wrapper_is_read_with_a_note(tmp_path):
    folder = GOLDEN / "wrapped" / "llava"
    model = attnviz.load(model=rewritten(folder, tmp_path, settings_of(folder) | {"model_type": "sees"}))
    assert_is_golden(model, folder)
    assert model.notes[0] == (
        "model_type is sees: its text part alone is read (text_config, llama), which was not compared with transformers"
        ": the numbers may differ"
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"text_config": 3}, "config.json: text_config is not an object; expected the settings of a text model"),
        ({"model_type": "sees", "text_config": {}}, "config.json, text_config: it has no model_type; expected that of"),
        ({"text_config": {"model_type": "wav2vec2"}}, "config.json, text_config: model_type 'wav2vec2' is not known"),
        ({"text_config": {"model_type": "llama", "qk_layernorm": True}}, "text_config: qk_layernorm is true"),
        ({"text_config": {"model_type": "llama", "quantization_config": {"quant_method": "awq"}}}, "text_config: its"),
    ],
)
def test_a_text_config_that_does_not_load_is_named_with_its_place(settings, message, tmp_path):
    folder = GOLDEN / "wrapped" / "llava"
    with pytest.raises(CheckpointError) as caught:
        attnviz.load(model=rewritten(folder, tmp_path, settings_of(folder) | settings))
    assert message in str(caught.value)


def test_every_wrapper_with_a_known_text_model_says_which():
    assert all(isinstance(text_type, str) for text_type in TEXT_MODELS.values())
    assert text_part({"model_type": "bert"}, "config.json") is None


def test_clip_loads_its_texts_and_leaves_its_pictures(tmp_path):
    folder = GOLDEN / "clip_text_model"
    copy = copied(folder, tmp_path)
    (copy / "config.json").write_text(json.dumps({"model_type": "clip", "text_config": settings_of(folder)}))
    tensors = {name: array for name, array in tensors_of(folder).items() if name.startswith("text_model.")}
    sight = {f"vision_model.{name.removeprefix('text_model.')}": array + 1 for name, array in tensors.items()}
    more = {"visual_projection.weight": np.ones((2, 2), np.float32), "logit_scale": np.ones((1,), np.float32)}
    write_safetensors(copy / "model.safetensors", sight | tensors | more)
    model = attnviz.load(model=copy)
    assert_is_golden(model, folder)
    assert model.unknown == ()


def test_an_unknown_model_type_is_read_as_a_known_one_with_a_note(tmp_path):
    folder = GOLDEN / "llama"
    copy = rewritten(folder, tmp_path, settings_of(folder) | {"model_type": "yi"})
    with pytest.raises(CheckpointError, match="model_type 'yi' is not known") as caught:
        attnviz.load(model=copy)
    assert "--as TYPE" in caught.value.hint
    model = attnviz.load(model=copy, family="llama")
    assert_is_golden(model, folder)
    assert model.notes == ("model_type is yi, read as llama (--as): the numbers may differ from the model's own",)
    assert describe_folder(copy, "yi", family_type="llama").family == "Llama"


def test_a_family_to_read_as_must_be_known_and_needs_a_model(tmp_path):
    folder = write_bert(tmp_path / "bert")
    with pytest.raises(UsageError, match=r"as: 'lama' is not known \(did you mean 'llama'\?\); expected one of"):
        attnviz.load(model=folder, family="lama")
    with pytest.raises(UsageError, match="as: it is the family of a model, and no model is given; expected both"):
        attnviz.load(family="llama")


@pytest.mark.parametrize(
    ("model_type", "reason"),
    [
        ("mamba", "a state-space model, which has no attention matrix"),
        ("mamba2", "a state-space model, which has no attention matrix"),
        ("falcon_mamba", "a state-space model, which has no attention matrix"),
        ("rwkv", "a recurrent network, which has no attention matrix"),
        ("fnet", "a Fourier mixer, which has no attention matrix"),
        ("jamba", "a mixture of attention and layers that have no attention matrix"),
    ],
)
def test_models_without_attention_are_refused_with_the_reason(model_type, reason, tmp_path):
    with pytest.raises(CheckpointError) as caught:
        attnviz.load(model=write_bert(tmp_path / "model", model_type=model_type))
    assert f"config.json: model_type {model_type!r} is {reason}" in str(caught.value)
    assert str(caught.value).endswith("; expected a transformer")


def test_nllb_with_experts_is_refused_by_name(tmp_path):
    message = (
        "model_type 'nllb-moe' is NLLB with experts, which attnviz does not compute; expected a transformer without"
    )
    with pytest.raises(CheckpointError, match=message):
        attnviz.load(model=write_bert(tmp_path / "model", model_type="nllb-moe"))


PUBLISHED = {
    "llava": {
        "model_type": "llava", "image_token_index": 32000, "projector_hidden_act": "gelu", "vision_feature_layer": -2,
        "text_config": {
            "_name_or_path": "lmsys/vicuna-7b-v1.5", "architectures": ["LlamaForCausalLM"], "model_type": "llama",
            "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "torch_dtype": "float16", "vocab_size": 32064,
        },
    },
    "llava_next": {
        "model_type": "llava_next", "use_image_newline_parameter": True,
        "text_config": {
            "architectures": ["MistralForCausalLM"], "intermediate_size": 14336, "max_position_embeddings": 32768,
            "model_type": "mistral", "num_key_value_heads": 8, "rms_norm_eps": 1e-5, "rope_theta": 1000000.0,
            "sliding_window": None, "vocab_size": 32064,
        },
    },
    "mistral3": {
        "model_type": "mistral3", "spatial_merge_size": 2,
        "text_config": {
            "attention_dropout": 0.0, "head_dim": 128, "hidden_size": 5120, "intermediate_size": 32768,
            "max_position_embeddings": 131072, "model_type": "mistral", "num_attention_heads": 32,
            "num_hidden_layers": 40, "num_key_value_heads": 8, "rms_norm_eps": 1e-5, "rope_theta": 1e9,
            "sliding_window": None, "vocab_size": 131072,
        },
    },
    "paligemma": {
        "model_type": "paligemma", "projection_dim": 2048,
        "text_config": {
            "hidden_size": 2048, "intermediate_size": 16384, "model_type": "gemma", "num_attention_heads": 8,
            "num_hidden_layers": 18, "num_image_tokens": 256, "num_key_value_heads": 1, "vocab_size": 257216,
        },
    },
    "qwen2_vl": {
        "architectures": ["Qwen2VLForConditionalGeneration"], "attention_dropout": 0.0, "hidden_act": "silu",
        "hidden_size": 1536, "image_token_id": 151655, "intermediate_size": 8960, "max_position_embeddings": 32768,
        "max_window_layers": 28, "model_type": "qwen2_vl", "num_attention_heads": 12, "num_hidden_layers": 28,
        "num_key_value_heads": 2, "rms_norm_eps": 1e-6, "rope_theta": 1000000.0, "sliding_window": 32768,
        "rope_scaling": {"type": "mrope", "mrope_section": [16, 24, 24]}, "use_sliding_window": False,
        "vision_config": {"depth": 32}, "vision_start_token_id": 151652, "vocab_size": 151936,
    },
    "smolvlm": {
        "model_type": "smolvlm", "scale_factor": 4,
        "text_config": {
            "_flash_attn_2_enabled": True, "architectures": ["LlamaForCausalLM"], "head_dim": 64, "hidden_size": 576,
            "intermediate_size": 1536, "is_llama_config": True, "max_position_embeddings": 8192, "model_type": "llama",
            "neftune_noise_alpha": 0.0, "num_attention_heads": 9, "num_hidden_layers": 30, "num_key_value_heads": 3,
            "perceiver_config": {"depth": 6}, "pixel_shuffle_factor": 4, "qk_layer_norms": False,
            "rope_interleaved": False, "rope_theta": 100000, "use_resampler": False, "vocab_size": 49280,
        },
    },
}  # fmt: skip
FIELDS = {
    "llava": {"d_model": 4096, "d_ff": 11008, "n_layers": 32, "n_ctx": 4096, "n_vocab": 32064},
    "llava_next": {"d_model": 4096, "n_kv_heads": 8, "rotary_base": 1e6, "window": None},
    "mistral3": {"d_head": 128, "rotary_base": 1e9, "window": None},
    "paligemma": {"d_head": 256, "n_kv_heads": 1, "n_ctx": 8192, "embed_scale": 2048**0.5},
    "qwen2_vl": {"qkv_bias": True, "rotary_base": 1e6, "rotary_scaling": "none", "window": None},
    "smolvlm": {"n_kv_heads": 3, "norm_eps": 1e-5},
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_settings_of_wrappers_are_read_without_another_note(name):
    _, family, settings, notes = _read_family(PUBLISHED[name], "config.json", None)
    fields = Block(**family.config_fields(settings)).as_dict()
    assert {field: fields[field] for field in FIELDS[name]} == FIELDS[name]
    assert check_settings(settings, family) == ()
    assert len(notes) == 1
