"""Model folders: what is read, in which layout, what it is called, and what is not believed."""

import json
import os
import re
import shutil

import numpy as np
import pytest

import attnviz
from attnviz.checkpoints.file_params import FileParams
from attnviz.checkpoints.huggingface.folder import read_folder
from attnviz.checkpoints.huggingface.registry import find_family
from attnviz.errors import CheckpointError
from tests.checkpoints.folders import bert_tensors, write_bert, write_safetensors, write_shards
from tests.checkpoints.huggingface.test_families import GOLDEN

TEXT = "the cats sat."


def attention(folder, **options):
    return attnviz.run(TEXT, model=attnviz.load(model=folder), **options).attention


def test_matrices_are_views_of_the_file_in_its_own_layout(tmp_path):
    params = read_folder(write_bert(tmp_path / "bert")).params
    for name in ("layers.0.attn.wq", "layers.1.ffn.w1", "layers.1.attn.bk"):
        array = params[name]
        assert not array.flags.owndata
        assert not array.flags.writeable
        base = array
        while isinstance(base.base, np.ndarray):
            base = base.base
        assert isinstance(base, np.memmap)
    assert params["layers.1.ffn.w1"].flags.f_contiguous


def test_only_the_rows_and_layers_that_are_needed_are_read(tmp_path, monkeypatch):
    model = attnviz.load(model=write_bert(tmp_path / "bert"))
    read = set()
    for name in ("__getitem__", "rows"):
        plain = getattr(FileParams, name)

        def spied(self, tensor, *ids, plain=plain):
            read.add((tensor, *map(tuple, ids)))
            return plain(self, tensor, *ids)

        monkeypatch.setattr(FileParams, name, spied)
    attnviz.run("cat", model=model, layers=0)
    assert {name for name, *_ in read if name.startswith("layers.")} == {
        *(f"layers.0.attn.{part}" for part in ("wq", "wk", "bq", "bk")),
    }
    assert ("embed.tokens", (2, 6, 3)) in read
    assert not any(name == "embed.tokens" for name, *ids in read if not ids)


def test_old_names_of_norms_are_read(tmp_path):
    renamed = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): array
        for name, array in bert_tensors().items()
    }
    assert set(renamed) != set(bert_tensors())
    new, old = write_bert(tmp_path / "new"), write_bert(tmp_path / "old", renamed)
    np.testing.assert_array_equal(attention(new), attention(old))


def test_unneeded_tensors_may_be_of_any_type(tmp_path):
    folder = write_bert(tmp_path / "bert")
    tensors = bert_tensors()
    write_safetensors(folder / "model.safetensors", tensors)
    with_ids = dict(tensors)
    data = (folder / "model.safetensors").read_bytes()
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + length])
    end = max(entry["data_offsets"][1] for entry in header.values())
    header["embeddings.position_ids"] = {"dtype": "I64", "shape": [1, 2], "data_offsets": [end, end + 16]}
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :] + bytes(16))
    found = read_folder(folder)
    assert found.unused == ("embeddings.position_ids",)
    assert len(with_ids) == len(found.file.shapes)


def test_a_causal_bert_is_causal(tmp_path):
    weights = attention(write_bert(tmp_path / "bert", is_decoder=True))
    assert not np.triu(weights, 1).any()


def test_fields_given_besides_a_folder_replace_its_own(tmp_path):
    folder = write_bert(tmp_path / "bert")
    model = attnviz.load(model=folder, mask="causal", window=1)
    weights = attnviz.run(TEXT, model=model).attention
    assert not np.triu(weights, 1).any()
    assert not np.tril(weights, -2).any()


def test_shards_give_the_same_attention_whatever_their_number(tmp_path):
    whole = attention(write_bert(tmp_path / "whole"))
    for n in (1, 2, 5):
        folder = write_bert(tmp_path / f"{n}")
        (folder / "model.safetensors").unlink()
        write_shards(folder, bert_tensors(), n=n)
        np.testing.assert_array_equal(attention(folder), whole)


@pytest.mark.parametrize(
    "name",
    ["../whole/model.safetensors", "/etc/passwd", "..", "a/b.safetensors", "C:x.safetensors", "", "pytorch_model.bin"],
)
def test_an_index_cannot_lead_out_of_its_folder(tmp_path, name):
    write_bert(tmp_path / "whole")
    folder = write_bert(tmp_path / "bert")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"weight_map": dict.fromkeys(bert_tensors(), name)})
    )
    with pytest.raises(CheckpointError, match="not a safetensors file in its folder"):
        read_folder(folder)


@pytest.mark.parametrize(
    "text", ["[]", "{}", "3", "[" * 100000, '{"weight_map": []}', '{"weight_map": {"a": 1}}', "\0"]
)
def test_a_damaged_index_is_one_error(tmp_path, text):
    folder = write_bert(tmp_path / "bert")
    (folder / "model.safetensors").unlink()
    (folder / "model.safetensors.index.json").write_text(text)
    with pytest.raises(CheckpointError, match="weight_map"):
        read_folder(folder)


@pytest.mark.parametrize(
    "settings",
    [
        {"hidden_size": True},
        {"hidden_size": None},
        {"hidden_size": "6"},
        {"num_attention_heads": 0},
        {"num_hidden_layers": -1},
        {"layer_norm_eps": "small"},
        {"layer_norm_eps": -1.0},
        {"hidden_act": ["gelu"]},
        {"hidden_act": {"a": 1}},
        {"is_decoder": "yes"},
        {"is_decoder": 2},
        {"vocab_size": 10**30},
        {"model_type": ["bert"]},
        {"model_type": "__init__"},
        {"model_type": "../bert"},
        {"add_cross_attention": True},
        {"max_position_embeddings": 14},
        {"model_type": "albert", "inner_group_num": 0},
        {"model_type": "modernbert", "global_attn_every_n_layers": 0},
        {"model_type": "gpt_neox", "num_attention_heads": 0},
        {"model_type": "llama", "num_attention_heads": 0},
        {"model_type": "roberta", "pad_token_id": -1},
        {"model_type": "gemma", "hidden_size": 10**400},
        {"model_type": "llama", "head_dim": 10**400},
        {"model_type": "llama", "partial_rotary_factor": 0.5},
        {"model_type": "llama", "rope_scaling": []},
        {"model_type": "gpt_neox", "rotary_pct": float("inf")},
        {"model_type": "gpt_neox", "rotary_pct": float("nan")},
        {"model_type": "gpt_neox", "head_dim": 7},
        {"model_type": "modernbert", "num_hidden_layers": 10**9},
        {"model_type": "modernbert", "layer_types": [["full_attention"], "full_attention"]},
        {"model_type": "modernbert", "rope_scaling": {"type": "linear", "factor": 2.0}},
        {"model_type": "mistral", "sliding_window": 0},
        {"model_type": "longformer", "attention_window": 5},
        {"model_type": "longformer", "attention_window": 0},
        {"model_type": "longformer", "attention_window": [4, 6]},
        {"model_type": "longformer", "attention_window": [4] * 3},
        {"model_type": "longformer", "architectures": ["LongformerForSequenceClassification"]},
        {"model_type": "longformer", "architectures": ["LongformerForQuestionAnswering"]},
        {"model_type": "deberta", "pos_att_type": "c2p|p2p"},
        {"model_type": "deberta", "pos_att_type": ["c2p", "c2p"]},
        {"model_type": "deberta", "pos_att_type": {"c2p": 1}},
        {"model_type": "deberta-v2", "embedding_size": 5},
        {"model_type": "deberta-v2", "relative_attention": "yes"},
        {"model_type": "deberta-v2", "position_buckets": -2},
        {"model_type": "deberta-v2", "relative_attention": True, "pos_att_type": "c2p", "position_buckets": 30},
    ],
    ids=str,
)
def test_a_setting_that_cannot_be_is_one_error(tmp_path, settings):
    with pytest.raises(CheckpointError, match=r"config\.json[:,] "):
        read_folder(write_bert(tmp_path / "bert", **settings))


def fields_of(model_type, **settings):
    sizes = {"num_hidden_layers": 4, "num_attention_heads": 2, "hidden_size": 8, "intermediate_size": 8}
    values = sizes | {"vocab_size": 9, "max_position_embeddings": 16, "model_type": model_type} | settings
    family = find_family(model_type)
    return family.config_fields(family.settings(values, "config.json"))


@pytest.mark.parametrize(
    ("model_type", "settings", "expected"),
    [
        ("mistral", {"sliding_window": 3}, {"window": 2, "window_layers": "all"}),
        ("mistral", {"layer_types": ["full_attention", "sliding_attention"] * 2}, {"window_layers": "all"}),
        ("qwen2", {"use_sliding_window": True, "max_window_layers": 2}, {"window": 4095, "window_layers": "2-3"}),
        ("modernbert", {"sliding_window": 5}, {"window": 5}),
        ("albert", {"is_decoder": True}, {"mask": "none"}),
        ("mpnet", {"is_decoder": True}, {"mask": "none"}),
        ("gpt2", {"n_head": 4, "n_embd": 12, "num_attention_heads": 2}, {"n_heads": 2, "d_model": 8}),
        ("distilbert", {"hidden_dim": 5}, {"n_heads": 2, "d_model": 8, "n_layers": 4}),
        ("gpt_neox", {"rotary_emb_base": 100, "partial_rotary_factor": 1.0}, {"rotary_base": 100, "rotary_dims": 1}),
        ("longformer", {"attention_window": [6] * 4}, {"mask": "window", "window": 3}),
        ("longformer", {"architectures": ["LongformerForMaskedLM"]}, {"mask": "window", "window": 256}),
        ("deberta", {"pos_att_type": "c2p | P2C"}, {"score_scale": 12**-0.5}),
        ("deberta", {"pos_att_type": ["p2c"], "relative_attention": True}, {"disentangled": "p2c"}),
        ("deberta", {"relative_attention": True, "position_buckets": 8}, {"disentangled_span": 16}),
        (
            "deberta-v2",
            {
                "relative_attention": True,
                "max_relative_positions": 9,
                "position_buckets": 4,
                "norm_rel_ebd": "x|layer_norm",
            },
            {"disentangled_span": 4, "disentangled_max": 9, "disentangled_norm": True},
        ),
        (
            "deberta-v2",
            {"relative_attention": True, "position_buckets": -1, "share_att_key": True},
            {"disentangled_span": 16, "disentangled_share": True},
        ),
        ("gemma", {"hidden_act": "silu", "hidden_activation": "relu"}, {"activation": "silu"}),
        ("starcoder2", {"hidden_act": "silu", "activation_function": "relu"}, {"activation": "silu"}),
        ("mixtral", {}, {"n_experts": 8, "experts_per_token": 2, "rotary_base": 1e6}),
        ("mixtral", {"num_experts": 3}, {"n_experts": 3}),
        ("qwen2_moe", {"mlp_only_layers": [1, 2]}, {"router_norm": False, "expert_layers": "0,3", "d_shared": 5632}),
        ("qwen3_moe", {"decoder_sparse_step": 2, "num_local_experts": 5}, {"expert_layers": "1,3", "n_experts": 5}),
        ("qwen3_moe", {"num_experts": 0}, {"n_experts": 0}),
        ("olmoe", {"clip_qkv": None, "norm_topk_prob": True}, {"clip_qkv": None, "router_norm": True}),
        ("starcoder2", {"norm_epsilon": 0.5, "layer_norm_epsilon": 0.25}, {"norm_eps": 0.5}),
        ("starcoder2", {"use_bias": False, "mlp_bias": True}, {"bias": False, "norm_bias": True, "mask": "causal"}),
        (
            "llama",
            {"rope_scaling": {"type": "linear", "factor": 2.0}, "rope_parameters": {"rope_type": "default"}},
            {"rotary_scaling": "linear"},
        ),
    ],
)
def test_settings_that_contradict_each_other_mean_what_the_published_code_makes_of_them(model_type, settings, expected):
    fields = fields_of(model_type, **settings)
    assert {name: fields[name] for name in expected} == expected


def test_the_group_of_an_albert_layer_is_rounded_as_in_the_published_code():
    family = find_family("albert")
    settings = family.settings({"num_hidden_layers": 18, "num_hidden_groups": 14}, "config.json")
    assert [family.layer(settings, i).split(".")[0] for i in (8, 9, 10)] == ["6", str(int(9 / (18 / 14))), "7"]


def test_a_longer_context_leaves_dynamic_positions_the_length_they_were_trained_for(tmp_path):
    copy = shutil.copytree(GOLDEN / "llama", tmp_path / "llama")
    settings = json.loads((copy / "config.json").read_text())
    rope = {"rope_parameters": {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}}
    (copy / "config.json").write_text(json.dumps(settings | rope | {"rope_scaling": None}))
    trained = settings["max_position_embeddings"]
    config = read_folder(copy, {"n_ctx": trained + 1}).config
    assert (config.n_ctx, config.position.rotary_ctx) == (trained + 1, trained)


@pytest.mark.parametrize("twin", ["bert.encoder.layer.0.output.dense.bias", "embeddings.LayerNorm.gamma"])
def test_a_tensor_that_is_there_twice_is_refused(tmp_path, twin):
    tensors = bert_tensors()
    own = twin.removeprefix("bert.").replace("gamma", "weight")
    with pytest.raises(CheckpointError, match="expected one of the two"):
        read_folder(write_bert(tmp_path / "bert", tensors | {twin: tensors[own]}))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "vocab.txt", "tokenizer.json"])
def test_a_pipe_in_a_folder_is_one_error_and_not_waited_for(tmp_path, name):
    folder = write_bert(tmp_path / "bert")
    (folder / name).unlink(missing_ok=True)
    os.mkfifo(folder / name)
    with pytest.raises(CheckpointError, match=f"{re.escape(name)}: it is a device or a pipe"):
        read_folder(folder)
