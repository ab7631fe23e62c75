"""Every family's tokens and attention are those of transformers (``golden/make.py`` made the files)."""

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.checkpoints.formats.tensors import open_tensors
from attnviz.checkpoints.huggingface.registry import built_in_types, find_family
from attnviz.errors import CheckpointError, InputError
from attnviz.model import save
from attnviz.names import KINDS
from attnviz.output.terminal.explained.view import ExplanationLooks, ExplanationView
from attnviz.output.terminal.screen import Screen
from tests.checkpoints.folders import write_safetensors, write_shards
from tests.output.printing import printed

GOLDEN = Path(__file__).parents[1] / "golden"
FOLDERS = sorted(file.parent for file in GOLDEN.glob("*/golden.npz"))
WIDE = Screen(200, ascii=True)
ARRAYS = {"encoder": "", "decoder": "decoder_", "cross": "cross_"}
CLOSE = 2e-5  # the largest difference of any weight, in float32


@pytest.fixture(params=FOLDERS, ids=lambda folder: folder.name)
def folder(request):
    return request.param


def texts_of(folder):
    """Each text, its pair or None, and what transformers made of them: ids and attention."""
    with np.load(folder / "golden.npz") as golden:
        texts = [str(text) for text in golden["texts"]]
        cases = [(text, None, golden[f"t{i}_ids"], golden[f"t{i}_attention"]) for i, text in enumerate(texts[:2])]
        if "pair_ids" in golden:
            cases.append((texts[2], texts[3], golden["pair_ids"], golden["pair_attention"]))
        if "pad_ids" in golden:
            cases.append((str(golden["pad_text"]), None, golden["pad_ids"], golden["pad_attention"]))
        return cases


def targets_of(folder):
    """Each text and its target, what the decoder is fed, and the attention by kind; nothing without a decoder."""
    with np.load(folder / "golden.npz") as golden:
        return [
            (
                str(golden["texts"][i]),
                str(target),
                golden[f"t{i}_target_ids"],
                {kind: golden[f"t{i}_{name}attention"] for kind, name in ARRAYS.items()},
            )
            for i, target in enumerate(golden.get("targets", ()))
        ]


def assert_is_golden(model, folder, tolerance=CLOSE):
    for text, target, ids, attention in targets_of(folder):
        result = attnviz.run(text, target=target, model=model)
        assert [token.id for token in result.target_tokens] == ids.tolist()
        for kind, weights in attention.items():
            np.testing.assert_allclose(result.views[kind].matrices, weights, atol=tolerance, rtol=0)
    for text, pair, ids, attention in texts_of(folder):
        result = attnviz.run(text, pair=pair, model=model)
        assert [token.id for token in result.tokens] == ids.tolist()
        np.testing.assert_allclose(result.attention, attention, atol=tolerance, rtol=0)


def tensors_of(folder):
    file = open_tensors(folder / "model.safetensors")
    return {name: np.array(file.array(name)) for name in file.shapes}


def copied(folder, tmp_path):
    """A copy to change, without its weights."""
    copy = tmp_path / folder.name
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("*.safetensors", "golden.npz"))
    return copy


def test_every_family_has_golden_files_and_its_files_say_what_it_is():
    made = {json.loads((folder / "config.json").read_text())["model_type"] for folder in FOLDERS}
    assert made == set(built_in_types())


def test_token_ids_and_attention_are_those_of_transformers(folder):
    assert_is_golden(attnviz.load(model=folder), folder)


def test_the_golden_attention_is_far_from_uniform_and_from_one_hot(folder):
    for text, _, ids, attention in texts_of(folder):
        if "<pad>" in text:  # its padding tokens are alike
            continue
        peaks = attention.max(axis=-1).mean(axis=-1)
        assert len(ids) >= 10
        assert peaks.min() > 0.3
        assert peaks.max() < 0.98


def test_every_tensor_and_every_setting_is_accounted_for(folder):
    model = attnviz.load(model=folder)
    assert model.unknown == ()
    assert [note for note in model.notes if "in transformers does not read it" not in note] == []


def test_every_layer_can_be_explained(folder):
    model, targets = attnviz.load(model=folder), targets_of(folder)
    target = targets[0][1] if targets else None
    prepared = attnviz.prepare(model, texts_of(folder)[0][0], target=target)
    for kind in KINDS if targets else ("encoder",):
        for layer in range(model.config.layers_of(kind)):
            explanation = attnviz.explain(model, prepared, layer=layer, head=-1, kind=kind)
            assert explanation.steps[-1].name == ("residual" if kind == "decoder" else "output")
            text = printed(ExplanationView(explanation, WIDE, ExplanationLooks(precision=6)), WIDE)
            equations = [float(line.split(" = ")[-1]) for line in text.split("\n") if ": q . k = " in line]
            expected = [explanation.unmasked_scores[key] for key in explanation.compared]
            np.testing.assert_allclose(equations, expected, atol=1e-6)


@pytest.mark.parametrize("dtype", ["F32", "F16", "BF16", "F64"])
def test_every_number_type_gives_the_same_attention(folder, tmp_path, dtype):
    copy = copied(folder, tmp_path)
    write_safetensors(copy / "model.safetensors", tensors_of(folder), dtype)
    assert_is_golden(attnviz.load(model=copy), folder)


def test_shards_give_the_same_attention(folder, tmp_path):
    copy = copied(folder, tmp_path)
    write_shards(copy, tensors_of(folder), "BF16")
    assert_is_golden(attnviz.load(model=copy), folder)


def test_tensors_are_found_with_every_prefix_and_without_one(folder, tmp_path):
    family = find_family(json.loads((folder / "config.json").read_text())["model_type"])
    bare = {}
    for name, array in tensors_of(folder).items():
        prefix = next((prefix for prefix in family.prefixes if name.startswith(prefix)), "")
        bare[name.removeprefix(prefix)] = array
    for prefix in ("", *family.prefixes):
        copy = copied(folder, tmp_path / f"of {prefix}")
        write_safetensors(copy / "model.safetensors", {prefix + name: array for name, array in bare.items()})
        assert_is_golden(attnviz.load(model=copy), folder)


def test_a_native_file_made_of_a_folder_gives_the_same_attention(folder, tmp_path):
    model = attnviz.load(model=folder)
    native = tmp_path / "native.safetensors"
    save(model, native)
    assert_is_golden(attnviz.load(native), folder)


OLDER = {
    "llama": lambda rope: {"rope_theta": rope["rope_theta"], "rope_scaling": None},
    "llama3": lambda rope: {"rope_theta": rope["rope_theta"], "rope_scaling": without(rope, "rope_theta")},
    "qwen2_windowed": lambda rope: {"rope_theta": rope["rope_theta"], "layer_types": None},
    "gpt_neox": lambda rope: {
        "rotary_emb_base": rope["rope_theta"],
        "rotary_pct": rope["partial_rotary_factor"],
        "rope_scaling": None,
    },
    "modernbert": lambda rope: {
        "global_rope_theta": rope["full_attention"]["rope_theta"],
        "local_rope_theta": rope["sliding_attention"]["rope_theta"],
        "global_attn_every_n_layers": 3,
        "layer_types": None,
    },
    "gemma": lambda rope: {"rope_theta": rope["rope_theta"], "hidden_act": "gelu"},
    "gemma2": lambda rope: {"rope_theta": rope["rope_theta"], "layer_types": None},
    "gemma3": lambda rope: {
        "rope_theta": rope["full_attention"]["rope_theta"],
        "rope_local_base_freq": rope["sliding_attention"]["rope_theta"],
        "rope_scaling": {"type": "linear", "factor": 3.0},
        "sliding_window_pattern": 2,
        "layer_types": None,
    },
}


def without(settings, name):
    return {key: value for key, value in settings.items() if key != name}


@pytest.mark.parametrize("name", OLDER)
def test_the_older_spelling_of_settings_means_the_same(name, tmp_path):
    copy = tmp_path / name
    shutil.copytree(GOLDEN / name, copy)
    settings = json.loads((copy / "config.json").read_text())
    older = OLDER[name](settings.pop("rope_parameters"))
    settings |= older
    (copy / "config.json").write_text(json.dumps({key: value for key, value in settings.items() if value is not None}))
    assert_is_golden(attnviz.load(model=copy), GOLDEN / name)


@pytest.mark.parametrize(
    ("rope", "message"),
    [
        ({"rope_type": "axial", "factor": 4.0}, 'rope_type is "axial"'),
        ({"type": "ntk"}, 'type is "ntk"'),
        ({"type": "longrope"}, "it has no short_factor"),
        ({"type": "longrope", "short_factor": [1, 1], "long_factor": "x"}, 'long_factor is "x"'),
        ({"type": "longrope", "short_factor": [1, 1], "long_factor": [True, 1]}, r"long_factor is \[true, 1\]"),
        (
            {"type": "longrope", "short_factor": [1, 1], "long_factor": [1]},
            r"rotary_long \(rope_scaling.long_factor\), rotary_dims \(head_dim\): 1 given; expected 2",
        ),
        ({"rope_type": "yarn"}, "it has no factor"),
        ({"rope_type": "yarn", "factor": 2.0, "beta_fast": "x"}, 'beta_fast is "x"'),
        ({"rope_type": "yarn", "factor": 2.0, "truncate": 3}, "truncate is 3"),
        ({"rope_type": "linear"}, "it has no factor"),
        ({"rope_type": "llama3", "factor": 2.0}, "it has no low_freq_factor"),
        ({"rope_type": "linear", "factor": "x"}, 'factor is "x"'),
        ([1], r"rope_scaling is \[1\]"),
    ],
)
def test_rotary_positions_that_are_not_computed_here_are_refused(rope, message, tmp_path):
    copy = tmp_path / "llama"
    shutil.copytree(GOLDEN / "llama", copy)
    settings = without(json.loads((copy / "config.json").read_text()), "rope_parameters")
    (copy / "config.json").write_text(json.dumps(settings | {"rope_scaling": rope}))
    with pytest.raises(CheckpointError, match=message):
        attnviz.load(model=copy)


def test_linear_scaling_divides_the_angles(tmp_path):
    copy = tmp_path / "llama"
    shutil.copytree(GOLDEN / "llama", copy)
    settings = without(json.loads((copy / "config.json").read_text()), "rope_parameters")
    (copy / "config.json").write_text(json.dumps(settings | {"rope_scaling": {"type": "linear", "factor": 2.0}}))
    assert attnviz.load(model=copy).config.position.rotary_scaling == "linear"
    assert attnviz.load(model=copy).config.position.rotary_factor == 2.0


@pytest.mark.parametrize(("family", "name"), [("esm", "inv_freq"), ("roformer", "embed_positions.weight")])
def test_frequencies_that_a_file_has_rounded_are_noted_where_the_published_code_takes_them(family, name, tmp_path):
    copy = copied(GOLDEN / family, tmp_path)
    tensors = tensors_of(GOLDEN / family)
    write_safetensors(copy / "model.safetensors", tensors, "F32")
    assert attnviz.load(model=copy).notes == ()
    write_safetensors(copy / "model.safetensors", tensors, "F16")
    (note,) = attnviz.load(model=copy).notes
    spelled = find_family(family).name
    assert f"{name} is stored as F16: {spelled} in transformers takes these rounded numbers, attnviz the exact" in note


def test_texts_that_are_too_short_for_sparse_attention_see_everything(tmp_path):
    copy = tmp_path / "big_bird"
    shutil.copytree(GOLDEN / "big_bird", copy)
    settings = json.loads((copy / "config.json").read_text())
    settings |= {"attention_type": "block_sparse", "block_size": 2, "num_random_blocks": 3}
    (copy / "config.json").write_text(json.dumps(settings))
    model = attnviz.load(model=copy)
    assert_is_golden(model, GOLDEN / "big_bird")
    with pytest.raises(InputError, match=r"at most 22"):
        attnviz.run("the dog sat on the mat and the cat sat on the log again and again", model=model)


NOMIC = {
    r"encoder\.layers\.(\d+)\.attn\.out_proj": r"layers.\1.self_attn.o_proj",
    r"encoder\.layers\.(\d+)\.mlp\.fc11": r"layers.\1.mlp.up_proj",
    r"encoder\.layers\.(\d+)\.mlp\.fc12": r"layers.\1.mlp.gate_proj",
    r"encoder\.layers\.(\d+)\.mlp\.fc2": r"layers.\1.mlp.down_proj",
    r"encoder\.layers\.(\d+)\.norm1": r"layers.\1.post_attention_layernorm",
    r"encoder\.layers\.(\d+)\.norm2": r"layers.\1.post_mlp_layernorm",
    r"emb_ln": "embeddings.LayerNorm",
}


def test_both_spellings_of_nomic_berts_tensors_and_settings_are_known(tmp_path):
    """Its own code has older ones, which transformers writes, and converts to its own (conversion_mapping.py)."""
    copy = copied(GOLDEN / "nomic_bert", tmp_path)
    tensors = {name.removeprefix("nomic_bert."): array for name, array in tensors_of(GOLDEN / "nomic_bert").items()}
    for i in range(2):
        parts = np.split(tensors.pop(f"encoder.layers.{i}.attn.Wqkv.weight"), 3)
        names = [f"layers.{i}.self_attn.{part}_proj.weight" for part in "qkv"]
        tensors |= dict(zip(names, parts, strict=True))
    for old, new in NOMIC.items():
        tensors = {re.sub(rf"^{old}\.", f"{new}.", name): array for name, array in tensors.items()}
    assert not any("encoder" in name for name in tensors)
    write_safetensors(copy / "model.safetensors", tensors)
    own = json.loads((copy / "config.json").read_text())
    settings = {
        "model_type": "nomic_bert", "activation_function": "swiglu", "n_embd": own["hidden_size"],
        "n_head": own["num_attention_heads"], "n_inner": own["intermediate_size"], "n_layer": own["num_hidden_layers"],
        "n_positions": own["max_position_embeddings"], "vocab_size": own["vocab_size"], "causal": False,
        "layer_norm_epsilon": own["layer_norm_eps"], "rotary_emb_base": own["rope_parameters"]["rope_theta"],
        "rotary_emb_fraction": 1.0, "prenorm": False, "qkv_proj_bias": False, "mlp_fc1_bias": False,
    }  # fmt: skip
    (copy / "config.json").write_text(json.dumps(settings))
    model = attnviz.load(model=copy)
    assert_is_golden(model, GOLDEN / "nomic_bert")
    assert (model.notes, model.unknown) == ((), ())


def test_a_table_of_tasks_must_be_there_where_settings_ask_for_it(tmp_path):
    copy = copied(GOLDEN / "ernie_tasks", tmp_path)
    tensors = {name: array for name, array in tensors_of(GOLDEN / "ernie_tasks").items() if "task_type" not in name}
    write_safetensors(copy / "model.safetensors", tensors)
    with pytest.raises(CheckpointError, match=r"1 missing \(embeddings.task_type_embeddings.weight\)"):
        attnviz.load(model=copy)


def test_a_norm_of_one_head_that_is_missing_is_named(tmp_path):
    copy = copied(GOLDEN / "stablelm_norms", tmp_path)
    tensors = {name: array for name, array in tensors_of(GOLDEN / "stablelm_norms").items() if "norms.2." not in name}
    write_safetensors(copy / "model.safetensors", tensors)
    with pytest.raises(CheckpointError, match=r"1 missing \(layers.0.self_attn.q_layernorm.norms.2.weight\)"):
        attnviz.load(model=copy)
