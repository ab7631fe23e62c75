"""Families whose settings say how stored tensors are transformed: what they refuse, and what has no golden folder."""

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.checkpoints.huggingface.known_settings import check_settings
from attnviz.checkpoints.huggingface.registry import find_family
from attnviz.encoder.config.block import Block
from attnviz.errors import CheckpointError, ConfigError

LARGE = {"hidden_size": 4096, "num_attention_heads": 32, "num_hidden_layers": 2, "vocab_size": 1000}
LARGE |= {"intermediate_size": 8192, "max_position_embeddings": 2048, "torch_dtype": "bfloat16", "use_cache": True}
GPT = {"n_embd": 4096, "n_head": 16, "n_layer": 2, "n_positions": 2048, "n_inner": None, "vocab_size": 1000}
GPT |= {"activation_function": "gelu_new", "attn_pdrop": 0.0, "gradient_checkpointing": False, "use_cache": True}
FALCON = {name: LARGE[name] for name in LARGE if name != "intermediate_size"}
FALCON |= {"alibi": False, "apply_residual_connection_post_layernorm": False, "bias": False, "parallel_attn": True}
# Settings as published models have them, and the fields that they mean.
PUBLISHED = (
    ("phi3", LARGE | {"num_key_value_heads": 32, "sliding_window": 2047, "rope_scaling": None, "resid_pdrop": 0.0,
                      "original_max_position_embeddings": 4096, "attention_bias": False, "rope_theta": 10000.0},
     {"window": 2046, "rotary_scaling": "none"}),
    ("phi3", LARGE | {"num_key_value_heads": 8, "partial_rotary_factor": 0.75, "max_position_embeddings": 131072,
                      "original_max_position_embeddings": 4096, "interpolate_factor": 1, "full_attn_mod": 1,
                      "lm_head_bias": False, "rope_scaling": {"type": "longrope", "short_factor": [1.0] * 48,
                                                              "long_factor": [2.0] * 48}},
     {"rotary_dims": 96, "rotary_factor": 32.0, "rotary_ctx": 4096, "n_kv_heads": 8}),
    ("falcon", FALCON | {"multi_query": True, "new_decoder_architecture": False},
     {"n_kv_heads": 1, "parallel": True, "d_ff": 16384}),
    ("falcon", FALCON | {"multi_query": True, "new_decoder_architecture": True, "num_kv_heads": 8}, {"n_kv_heads": 8}),
    ("granite", LARGE | {"embedding_multiplier": 12.0, "attention_multiplier": 0.015625, "residual_multiplier": 0.22,
                         "logits_scaling": 8.0, "num_key_value_heads": 8},
     {"embed_scale": 12.0, "score_scale": 0.015625}),
    ("cohere", LARGE | {"layer_norm_eps": 1e-5, "logit_scale": 0.0625, "use_qk_norm": False, "rope_theta": 8e6},
     {"rotary_base": 8e6, "qk_norm": False, "norm_bias": False, "parallel": True}),
    ("gptj", GPT | {"rotary": True, "rotary_dim": 64, "scale_attn_weights": True, "summary_type": "cls_index"},
     {"rotary_dims": 64, "d_ff": 16384}),
    ("codegen", GPT | {"n_ctx": 2048, "rotary_dim": 32, "scale_attn_weights": True}, {"rotary_dims": 32}),
    ("gpt_bigcode", GPT | {"multi_query": True, "inference_runner": 0, "pad_key_length": True, "n_ctx": 2048},
     {"n_kv_heads": 1, "activation": "gelu_tanh"}),
    ("glm4", LARGE | {"num_key_value_heads": 2, "head_dim": 128, "partial_rotary_factor": 0.5, "attention_bias": True},
     {"rotary_dims": 64, "qkv_bias": True, "out_bias": False, "norm_placement": "sandwich"}),
    ("nemotron", LARGE | {"hidden_act": "relu2", "norm_eps": 1e-5, "partial_rotary_factor": 0.5, "mlp_bias": False},
     {"activation": "relu2", "rotary_dims": 64, "gated": False}),
    ("squeezebert", LARGE | {"embedding_size": 4096, "q_groups": 4, "layer_norm_eps": 1e-12}, {"norm_eps": 1e-12}),
    ("new", LARGE | {"rope_theta": 20000, "rope_scaling": {"factor": 8.0, "type": "ntk"}, "unpad_inputs": True,
                     "type_vocab_size": 1, "position_embedding_type": "rope", "logn_attention_clip1": False},
     {"rotary_base": 160000.0, "n_segments": 1, "gated": True}),
)  # fmt: skip

GOLDEN = Path(__file__).parents[1] / "golden"


def changed(folder, tmp_path, **more):
    """A copy of a golden folder with other settings."""
    copy = tmp_path / folder
    shutil.copytree(GOLDEN / folder, copy)
    values = json.loads((copy / "config.json").read_text()) | more
    (copy / "config.json").write_text(json.dumps(values))
    return copy


def test_the_angles_of_ntk_are_those_of_the_published_loop():
    width, base, factor = 8, 20000.0, 8.0
    values = {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1, "vocab_size": 9}
    values |= {"intermediate_size": 8, "rope_theta": base, "rope_scaling": {"type": "ntk", "factor": factor}}
    family = find_family("new")
    fields = family.config_fields(family.settings(values, "config.json"))
    for pair in range(width // 2):
        rate = 1 / ((base * factor) ** (2 * pair / width)) / factor ** (2 / width)
        ours = fields["rotary_base"] ** (-2 * pair / width) / fields["rotary_factor"]
        assert math.isclose(ours, rate, rel_tol=1e-12)


@pytest.mark.parametrize(
    ("folder", "more", "said"),
    [
        ("codegen", {"n_head": 2}, "n_head is 2"),
        ("gptj", {"rotary_dim": None}, "rotary_dim is null"),
        ("falcon", {"num_ln_in_parallel_attn": 2}, "num_ln_in_parallel_attn is 2"),
        ("falcon_new", {"num_ln_in_parallel_attn": 3}, "num_ln_in_parallel_attn is 3"),
        ("falcon_new", {"parallel_attn": False}, "parallel_attn is false"),
        ("falcon_serial", {"num_kv_heads": 1}, "num_kv_heads is 1"),
        ("squeezebert", {"embedding_size": 11}, "embedding_size is 11"),
        ("squeezebert", {"layer_norm_eps": 1e-5}, "layer_norm_eps is 1e-05"),
        ("squeezebert", {"q_groups": 3}, "query.weight"),
        ("new", {"rope_scaling": {"type": "dynamic", "factor": 2.0}}, 'type is "dynamic"'),
        ("new", {"rope_scaling": {"type": "ntk", "factor": 2.0, "mixed_b": 0.6}}, "mixed_b is set"),
    ],
)
def test_what_the_published_code_cannot_compute_is_one_error(folder, more, said, tmp_path):
    with pytest.raises((CheckpointError, ConfigError), match=said):
        attnviz.run("cat", model=attnviz.load(model=changed(folder, tmp_path, **more)))


def test_xglms_sinusoids_are_those_of_its_loop():
    family = find_family("xglm")
    table = family.computed["embed.positions"](family.settings({"pad_token_id": 4}, "config.json"), (6, 7))
    for row in range(6):
        position = row + 2
        for i in range(3):
            angle = 0.0 if position == 4 else position * math.exp(-math.log(10000) / 2 * i)
            expected = (0.0, 0.0) if position == 4 else (math.sin(angle), math.cos(angle))
            np.testing.assert_allclose(table[row, [i, 3 + i]], expected, atol=1e-6)
        assert table[row, 6] == 0


@pytest.mark.parametrize(("model_type", "values", "expected"), PUBLISHED)
def test_published_settings_mean_these_fields_and_have_no_note(model_type, values, expected):
    family = find_family(model_type)
    settings = family.settings(values | {"model_type": model_type}, "config.json")
    fields = Block(**family.config_fields(settings)).as_dict()
    assert {name: fields[name] for name in expected} == expected
    assert check_settings(settings, family) == ()


@pytest.mark.parametrize(
    ("model_type", "name", "value", "noted"),
    [
        ("falcon", "apply_residual_connection_post_layernorm", True, True),
        ("falcon", "alibi", True, False),
        ("phi3", "interpolate_factor", 2, True),
        ("phi3", "rope_scaling", {"type": "ntk", "factor": 2.0}, False),
        ("gptj", "rotary", False, True),
        ("granite", "partial_rotary_factor", 0.5, False),
        ("nemotron", "hidden_act", "laplace", False),
        ("roformer", "rotary_value", True, False),
        ("new", "logn_attention_scale", True, False),
    ],
)
def test_one_unusual_setting_is_noted_or_refused_by_name(model_type, name, value, noted):
    values = LARGE | (GPT if model_type == "gptj" else {}) | {"model_type": model_type, name: value}
    family = find_family(model_type)
    settings = family.settings(values, "config.json")
    if noted:
        family.config_fields(settings)
        assert any(name in note for note in check_settings(settings, family))
        return
    with pytest.raises(CheckpointError, match=f"{name}|type is"):
        family.config_fields(settings)
