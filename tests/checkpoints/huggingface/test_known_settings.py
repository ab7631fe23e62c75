"""No setting of a config.json is read past in silence: it is computed, known to be harmless, noted or refused."""

import json
from pathlib import Path

import pytest

from attnviz.checkpoints.huggingface.known_settings import (
    CHANGES_ATTENTION,
    IRRELEVANT,
    check_settings,
    family_of_classes,
    matches,
)
from attnviz.checkpoints.huggingface.registry import built_in_types, families, find_family
from attnviz.errors import CheckpointError

RELEASES = json.loads((Path(__file__).parents[1] / "golden" / "settings.json").read_text())
EACH = [(release, model_type) for release, types in RELEASES.items() for model_type in types if model_type != "all"]
NEWEST = {model_type: release for release, model_type in sorted(EACH)}
# Values that say of each setting that attention is another; what no list has.
UNUSUAL = {
    "attention_type": "sparse",
    "attention_types": [[["global"], 2]],
    "is_decoder": True,
    "layer_types": ["sliding_attention", "full_attention"],
    "no_rope_layers": [1, 0],
    "partial_rotary_factor": 0.75,
    "per_layer_config": {"0": {"num_key_value_heads": 1}},
    "position_embedding_type": "relative_key",
    "pruned_heads": {"0": [1]},
    "rope_parameters": {"rope_type": "axial", "factor": 4.0},
    "rope_scaling": {"rope_type": "axial", "factor": 4.0},
    "is_causal": False,
    "sliding_window": 3,
}
SWITCHES = (
    "alibi",
    "multi_query",
    "qk_layer_norms",
    "qk_layernorm",
    "relative_attention",
    "rope_interleaved",
    "use_alibi",
    "use_qk_norm",
)
SWITCHES += ("scale_attn_by_inverse_layer_idx", "use_bidirectional_attention", "use_sliding_window")
UNUSUAL |= dict.fromkeys(SWITCHES, True)
NUMBERS = {name: 7 for name in CHANGES_ATTENTION if name not in UNUSUAL}
# Settings that change nothing by themselves, in transformers neither.
WITHOUT_EFFECT = {
    # of two layers, without a window
    *(("smollm3", name) for name in ("sliding_window", "use_sliding_window", "no_rope_layer_interval")),
    # only with use_sliding_window
    *((model_type, "sliding_window") for model_type in ("qwen2", "qwen3", "qwen2_moe", "qwen3_moe")),
    *((model_type, "layer_types") for model_type in ("qwen2", "qwen3")),  # only with use_sliding_window
    *((model_type, "use_sliding_window") for model_type in ("qwen3", "qwen2")),  # only from layer 28 on
    *((model_type, "layer_types") for model_type in ("gemma2", "gpt_oss")),  # as they have them by themselves
    ("gemma2", "layer_types"),  # as it has them by itself
    *((model_type, "multi_query") for model_type in ("falcon", "gpt_bigcode")),  # true by default
    # A decoder is one already, and an encoder looks both ways already.
    *((name, "is_decoder") for name, family in families().items() if family.kind == "decoder"),
    *((name, "is_causal") for name, family in families().items() if family.kind == "encoder"),
}


WITHOUT_DEFAULT = {"esm": {"vocab_size": 33, "pad_token_id": 1}}  # the class needs them, and has null


def settings_of(release, model_type):
    """A config.json with every setting of a release at its default, read by its family."""
    values = RELEASES[release]["all"] | RELEASES[release][model_type] | {"model_type": model_type}
    values |= WITHOUT_DEFAULT.get(model_type, {})
    return read(model_type, values)


def read(model_type, values):
    family = find_family(model_type)
    settings = family.settings(values, "config.json")
    return family, settings, family.config_fields(settings) | dict(family.factors(settings))


def checked(model_type, values):
    """The fields, and the notes."""
    family, settings, fields = read(model_type, values)
    return fields, check_settings(settings, family)


def small(model_type, **more):
    """A config.json of a small model, with the names that its family has."""
    sizes = {"num_hidden_layers": 2, "num_attention_heads": 2, "hidden_size": 8, "vocab_size": 9}
    sizes |= {"pad_token_id": 1, "max_position_embeddings": 16, "attention_types": [[["global", "local"], 1]]}
    sizes |= {"decoder_layers": 1, "decoder_attention_heads": 2, "decoder_start_token_id": 1}
    names_of_width = ("intermediate_size", "hidden_dim", "ffn_dim", "d_ff", "encoder_ffn_dim", "decoder_ffn_dim")
    widths = dict.fromkeys(names_of_width, 8)
    release = RELEASES[NEWEST[model_type]]
    names = release["all"] | release[model_type]
    known = {name: value for name, value in (sizes | widths).items() if name in names}
    return known | {"model_type": model_type} | more


def test_the_settings_of_every_family_are_recorded():
    assert sorted(NEWEST) == sorted(built_in_types()), "run tests/checkpoints/golden/make.py for the family"


@pytest.mark.parametrize(("release", "model_type"), EACH)
def test_every_setting_of_the_published_configuration_is_read_or_known_to_be_harmless(release, model_type):
    family, settings, _ = settings_of(release, model_type)
    known = (*IRRELEVANT, *CHANGES_ATTENTION, *family.irrelevant, *family.ignored)
    assert [name for name in settings.values if name not in settings.read and not matches(name, known)] == []


@pytest.mark.parametrize(("release", "model_type"), EACH)
def test_a_configuration_of_defaults_has_no_note(release, model_type):
    family, settings, _ = settings_of(release, model_type)
    assert check_settings(settings, family) == ()


@pytest.mark.parametrize("model_type", built_in_types())
@pytest.mark.parametrize("name", CHANGES_ATTENTION)
def test_a_setting_that_changes_attention_is_computed_noted_or_refused_by_name(model_type, name):
    if (model_type, name) in WITHOUT_EFFECT:
        return
    _, _, usual = read(model_type, small(model_type))
    unusual = small(model_type, **{name: (UNUSUAL | NUMBERS)[name]})
    assert outcome(model_type, unusual, name, usual) != "read past"


def outcome(model_type, values, name, usual):
    """What becomes of a setting: ``refused``, ``noted``, ``computed`` or ``read past``."""
    try:
        family, settings, fields = read(model_type, values)
        notes = check_settings(settings, family)
    except CheckpointError as error:
        return "refused" if name in str(error) or "rope_type" in str(error) else "read past"
    if any(name in note for note in notes):
        return "noted"
    return "computed" if fields != usual else "read past"


BERT_LIKE = ("albert", "bert", "camembert", "distilbert", "electra", "mpnet", "roberta", "xlm-roberta")
BERT_LIKE += (
    "big_bird",
    "bert-generation",
    "data2vec-text",
    "dpr",
    "ernie",
    "megatron-bert",
    "rembert",
    "roberta-prelayernorm",
)
BERT_LIKE += ("xlm-roberta-xl",)
ENCODERS_ONLY = ("ibert", "luke", "splinter")  # the published code has no decoder of them
ENCODER_DECODERS = sorted(name for name, family in families().items() if family.kind == "encoder-decoder")
REFUSED = {  # what the published code computes and attnviz does not, with values that it must refuse
    **{(name, "position_embedding_type"): ("relative_key", "relative_key_query") for name in BERT_LIKE + ENCODERS_ONLY},
    **{(model_type, "add_cross_attention"): (True,) for model_type in BERT_LIKE},
    **{(model_type, "is_decoder"): (True,) for model_type in ENCODER_DECODERS},  # half of it, as a causal model
    ("deberta", "talking_head"): (True,),
    ("deberta-v2", "conv_groups"): (2,),
    ("falcon", "alibi"): (True,),
    ("gpt_bigcode", "add_cross_attention"): (True,),
    ("new", "logn_attention_scale"): (True,),
    ("new", "pack_qkv"): (False,),
    ("new", "position_embedding_type"): ("absolute",),
    ("roformer", "add_cross_attention"): (True,),
    ("roformer", "rotary_value"): (True,),
    ("xglm", "add_cross_attention"): (True,),
    ("gpt2", "scale_attn_by_inverse_layer_idx"): (True,),
    ("gpt2", "add_cross_attention"): (True,),
    ("mpnet", "relative_attention_num_buckets"): (16, 64),
    ("esm", "add_cross_attention"): (True,),
    ("esm", "is_folding_model"): (True,),
    ("nomic_bert", "causal"): (True,),
    ("nomic_bert", "expert_choice_router"): (True,),
    ("nomic_bert", "moe_every_n_layers"): (2,),
    ("nomic_bert", "num_experts"): (8,),
    ("nomic_bert", "num_shared_experts"): (1,),
    ("nomic_bert", "parallel_block"): (True,),
    ("nomic_bert", "prenorm"): (True,),
    ("nomic_bert", "rotary_emb_interleaved"): (True,),
    ("nomic_bert", "scale_attn_by_inverse_layer_idx"): (True,),
    ("nomic_bert", "scale_attn_weights"): (False,),
    ("nomic_bert", "use_rms_norm"): (True,),
    ("ibert", "quant_mode"): (True,),
    ("bloom", "apply_residual_connection_post_layernorm"): (True,),
    ("mpt", "expansion_ratio"): (2,),
    ("mpt", "no_bias"): (False,),
    ("mpt", "norm_type"): ("rmsnorm",),
    ("gemma2", "use_bidirectional_attention"): (True,),
    ("deepseek_v3", "rope_interleave"): (False,),
    ("deepseek_v3", "scoring_func"): ("softmax",),
    ("deepseek_v3", "topk_method"): ("greedy",),
    ("deepseek_v3", "moe_layer_freq"): (2,),
    ("opt", "layer_norm_elementwise_affine"): (False,),
    ("opt", "_remove_final_layer_norm"): (True,),
}


def test_every_required_setting_has_values_to_refuse():
    required = {(model_type, name) for model_type in built_in_types() for name in find_family(model_type).required}
    assert required == set(REFUSED)


@pytest.mark.parametrize(("model_type", "name"), REFUSED)
def test_a_required_setting_is_refused_by_name_unless_its_value_is_allowed(model_type, name):
    for value in (*REFUSED[model_type, name], "odd", 3, [0]):
        with pytest.raises(CheckpointError) as caught:
            read(model_type, small(model_type, **{name: value}))
        said = f"config.json: {name} is {json.dumps(value)}, which attnviz does not compute; expected "
        assert str(caught.value).startswith(said)
    usual = read(model_type, small(model_type))[2]
    for allowed in (*find_family(model_type).required[name], None):
        assert read(model_type, small(model_type, **{name: allowed}))[2] == usual


@pytest.mark.parametrize("model_type", built_in_types())
def test_unknown_settings_are_one_note_that_names_them_all(model_type):
    family, settings, _ = read(model_type, small(model_type, wavelet_heads=3, warp="x", shrug=None))
    (note,) = check_settings(settings, family)
    assert note == (
        "config.json has settings that attnviz does not know: wavelet_heads, warp; "
        "if one of them changes attention, the numbers are wrong"
    )


def test_a_setting_inside_the_rotary_ones_that_is_not_read_is_named_with_its_place():
    rope = {"rope_type": "linear", "factor": 2.0, "attention_factor": 1.5}
    family, settings, _ = read("llama", small("llama", rope_parameters=rope))
    (note,) = check_settings(settings, family)
    assert "a setting that attnviz does not know: rope_parameters.attention_factor; if it changes" in note


def test_a_name_of_another_class_is_a_note():
    family, settings, _ = read("llama", small("llama", architectures=["LlamaBiModel"]))
    (note,) = check_settings(settings, family)
    assert note == "architectures names LlamaBiModel, computed as Llama: the numbers may differ"


@pytest.mark.parametrize(
    ("names", "model_type"),
    [
        (["BertModel"], "bert"),
        (["RobertaForMaskedLM"], "roberta"),
        (["XLMRobertaForTokenClassification"], "xlm-roberta"),
        (["GPT2LMHeadModel"], "gpt2"),
        (["GPTNeoXForCausalLM"], "gpt_neox"),
        (["Qwen2ForCausalLM"], "qwen2"),
        (["T5Model"], "t5"),
        (["T5EncoderModel"], "t5"),
        (["MT5ForConditionalGeneration"], "mt5"),
        (["BertGenerationEncoder"], "bert-generation"),
        (["DPRQuestionEncoder"], "dpr"),
        (["CLIPTextModelWithProjection"], "clip_text_model"),
        (["Bert"], None),
        ("BertModel", None),
        ([3], None),
        (None, None),
    ],
)
def test_the_classes_say_the_family(names, model_type):
    assert family_of_classes({"architectures": names}, families()) == model_type


@pytest.mark.parametrize(
    ("model_type", "settings", "expected"),
    [
        ("llama", {"is_causal": False}, {"mask": "none"}),
        ("llama", {"is_causal": None}, {"mask": "none"}),  # null is not true, in transformers too
        ("gpt2", {"is_causal": False}, {"mask": "none"}),
        ("gpt_neox", {"is_causal": False}, {"mask": "none"}),
        ("opt", {"is_causal": False}, {"mask": "none"}),
        ("gemma", {"is_causal": False}, {"mask": "none"}),
        ("gemma", {"use_bidirectional_attention": True}, {"mask": "none"}),
        ("mistral", {"is_causal": False, "sliding_window": 3}, {"mask": "window", "window": 3}),
        ("gemma3_text", {"sliding_window": 6}, {"mask": "causal", "window": 5, "window_layers": "0-1"}),
        (
            "gemma3_text",
            {"sliding_window": 6, "use_bidirectional_attention": True, "sliding_window_pattern": 2},
            {"mask": "window", "window": 3, "window_layers": "0"},
        ),
        (
            "gemma3_text",
            {"sliding_window": 6, "use_bidirectional_attention": True, "is_causal": False},
            {"mask": "window", "window": 4, "window_layers": "0-1"},
        ),
        ("gemma3_text", {"is_causal": False, "sliding_window": 6}, {"mask": "window", "window": 6}),
        ("gemma3_text", {"sliding_window_pattern": 1, "use_bidirectional_attention": True}, {"mask": "none"}),
        ("gemma2", {"is_causal": False, "sliding_window": 3}, {"mask": "window", "window": 3, "window_layers": "0"}),
        (
            "qwen3",
            {"is_causal": False, "use_sliding_window": True, "sliding_window": 3, "max_window_layers": 1},
            {"mask": "window", "window": 3, "window_layers": "1"},
        ),
        ("bert", {"is_decoder": True}, {"mask": "causal"}),
        ("bert", {"is_decoder": True, "is_causal": False}, {"mask": "none"}),
        ("bert", {"is_causal": False}, {"mask": "none"}),
        ("qwen2", {"layer_types": ["attention", "attention"]}, {"mask": "causal"}),
        (
            "qwen2_moe",
            {"use_sliding_window": True, "sliding_window": 3},
            {"mask": "causal", "window": 2, "window_layers": "0"},
        ),
        ("qwen3_moe", {"use_sliding_window": True, "sliding_window": 3}, {"window": 2, "window_layers": "all"}),
        ("mixtral", {"sliding_window": 3}, {"mask": "causal", "window": 2, "window_layers": "all"}),
        ("smollm3", {"no_rope_layer_interval": 2}, {"mask": "causal", "rotary_layers": "0"}),
        ("smollm3", {"no_rope_layers": [0, 0]}, {"mask": "causal", "position": "none"}),
        (
            "smollm3",
            {"no_rope_layers": [0, 1], "use_sliding_window": True, "sliding_window": 3},
            {"rotary_layers": "1", "window": 2, "window_layers": "0"},
        ),
        ("exaone4", {"sliding_window": None}, {"mask": "causal", "position": "rotary"}),
        ("exaone4", {"sliding_window_pattern": 2}, {"window": 4095, "window_layers": "0", "rotary_layers": "0"}),
        (
            "exaone4",
            {"sliding_window_pattern": "LG", "layer_types": ["full_attention"] * 2},
            {"mask": "causal", "position": "none"},
        ),
        ("olmo3", {"rope_theta": 7.0}, {"rotary_base": 7.0, "window_rotary_base": 5e5, "window_layers": "0-1"}),
    ],
)
def test_a_setting_of_the_mask_is_the_mask_of_the_published_code(model_type, settings, expected):
    _, _, fields = read(model_type, small(model_type, **settings))
    assert {name: fields[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("model_type", "name"),
    [("gpt_neox", "use_parallel_residual"), ("gpt2", "scale_attn_weights"), ("opt", "do_layer_norm_before")],
)
def test_a_null_in_place_of_true_is_noted(model_type, name):
    family, settings, _ = read(model_type, small(model_type, **{name: None}))
    (note,) = check_settings(settings, family)
    assert note.startswith(f"{name} is null, taken as true")


def test_factors_of_dynamic_positions_are_known():
    rope = {"rope_type": "dynamic", "factor": 2.0}
    family, settings, _ = read("llama", small("llama", rope_parameters=rope))
    assert check_settings(settings, family) == ()


@pytest.mark.parametrize(
    ("model_type", "settings", "message"),
    [
        ("mpt", {"attn_config": {"alibi": False}}, "config.json, attn_config: alibi is false"),
        ("mpt", {"attn_config": {"alibi_bias_max": 16}}, "config.json, attn_config: alibi_bias_max is 16"),
        ("mpt", {"attn_config": {"qk_ln": True}}, "config.json, attn_config: qk_ln is true"),
        ("mpt", {"attn_config": {"prefix_lm": True}}, "config.json, attn_config: prefix_lm is true"),
        ("mpt", {"attn_config": {"attn_type": "multiquery_attention"}}, "attn_config: attn_type is"),
        ("mpt", {"attn_config": {"sliding_window": 4}}, "attn_config.sliding_window is 4"),
        ("mpt", {"is_causal": False}, "config.json: is_causal is false"),
        ("bloom", {"is_causal": False}, "config.json: is_causal is false"),
        ("bloom", {"pretraining_tp": 4, "slow_but_exact": True}, "config.json: slow_but_exact is true"),
        ("gpt_neo", {"attention_types": [[["global", "far"], 1]]}, "attention_types is not a list of"),
        ("gpt_neo", {"attention_types": [[["global"], 2**40]]}, "attention_types is not a list of"),
        ("gpt_neo", {"attention_types": "local"}, "attention_types is not a list of"),
        (
            "modernbert",
            {"rope_parameters": {"full_attention": {"partial_rotary_factor": 0.5}}},
            "partial_rotary_factor",
        ),
        ("nomic_bert", {"rotary_emb_fraction": 0.5}, "rotary_emb_fraction is 0.5"),
        ("esm", {"token_dropout": True}, "it has no mask_token_id"),
        ("esm", {"position_embedding_type": "relative_key"}, 'position_embedding_type is "relative_key"'),
        ("ibert", {"hidden_act": "relu"}, 'hidden_act is "relu"'),
    ],
)
def test_what_a_family_does_not_compute_is_refused_by_name(model_type, settings, message):
    with pytest.raises(CheckpointError) as caught:
        checked(model_type, small(model_type, **settings))
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("model_type", "settings", "expected"),
    [
        ("bloom", {"pretraining_tp": 1, "slow_but_exact": True}, {"out_bias": None}),
        ("bloom", {"n_embed": 24}, {"d_model": 24, "d_ff": 96}),
        ("stablelm", {"qk_layernorm": True}, {"qk_norm": True, "qk_norm_width": "each"}),
        ("big_bird", {"block_size": 1, "num_random_blocks": 2}, {"n_ctx": 9}),
        ("big_bird", {"block_size": 1, "attention_type": "original_full"}, {"n_ctx": 16}),
        ("big_bird", {"rescale_embeddings": True, "use_bias": False}, {"embed_scale": 8**0.5, "qkv_bias": False}),
        ("nomic_bert", {"n_embd": 12, "n_head": 3, "rotary_emb_base": 30}, {"d_head": 4, "rotary_base": 30}),
        ("nomic_bert", {"activation_function": "geglu"}, {"activation": "gelu", "rotary_base": 1000.0}),
        ("mpt", {"attn_config": {"clip_qkv": 8}}, {"clip_qkv": 8}),
        ("mpt", {"attn_config": {"softmax_scale": 0.25}}, {"score_scale": 0.25}),
        ("gpt_neo", {"attention_types": [[["local"], 2]]}, {"window": 255, "window_layers": "0-1"}),
        ("gpt_neo", {"attention_types": [[["global"], 2]]}, {"window": None}),
        ("phi", {"qk_layernorm": True}, {"qk_norm": True}),
        ("phi", {"partial_rotary_factor": 0.5, "rope_parameters": {"partial_rotary_factor": 0.25}}, {"rotary_dims": 1}),
        ("biogpt", {"scale_embedding": False}, {"embed_scale": 1.0}),
        ("ministral3", {}, {"n_ctx": 16, "rotary_scaling": "yarn", "rotary_factor": 16.0}),
        ("ministral3", {"max_position_embeddings": 99999}, {"n_ctx": 16384}),
        ("ministral", {"sliding_window": None}, {"mask": "causal", "window": None}),
        ("clip_text_model", {"is_causal": False}, {"mask": "none"}),
        ("esm", {"position_embedding_type": "rotary"}, {"position": "rotary", "n_ctx": 16, "pad_id": None}),
        ("esm", {}, {"position": "learned", "n_ctx": 14, "pad_id": 1, "zero_id": None, "embed_norm": False}),
        ("esm", {"token_dropout": True, "mask_token_id": 3}, {"zero_id": 3, "embed_scale": 0.88}),
        ("esm", {"emb_layer_norm_before": True}, {"embed_norm": True}),
        ("seed_oss", {"attention_out_bias": True}, {"out_bias": True, "qkv_bias": True}),
    ],
)
def test_a_setting_of_one_family_is_the_field_that_it_means(model_type, settings, expected):
    fields, notes = checked(model_type, small(model_type, **settings))
    assert notes == ()
    assert {name: fields.get(name) for name in expected} == expected


def test_the_layers_of_gpt_neo_win_over_what_makes_them_as_in_transformers():
    fields, (note,) = checked("gpt_neo", small("gpt_neo", attention_layers=["local", "local"]))
    assert fields["window_layers"] == "0-1"
    assert note == "attention_layers is not what attention_types makes: only attention_layers is read"


@pytest.mark.parametrize("layers", [["local"], ["local", "banded"], ["local", ["local"]], "local", {}, 2])
def test_layers_of_gpt_neo_that_are_not_one_kind_each_are_refused(layers):
    with pytest.raises(CheckpointError, match="attention_layers is not a list of 2 of global and local"):
        checked("gpt_neo", small("gpt_neo", attention_layers=layers))


@pytest.mark.parametrize("names", [[["LongformerModel"]], [{}, None], [1], {"a": 1}, "LongformerModel"])
def test_classes_that_are_not_texts_are_passed_over(names):
    file = Path(__file__).parents[1] / "golden" / "longformer" / "config.json"
    fields, _ = checked("longformer", json.loads(file.read_text()) | {"architectures": names})
    assert fields["mask"] == "window"
