"""Folders of encoder-decoders: tables under several names, files of one stack, settings that published models have."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import attnviz
from attnviz.checkpoints.formats.tensors import open_tensors
from attnviz.checkpoints.huggingface.description import describe_folder
from attnviz.errors import CheckpointError, InputError
from tests.checkpoints.folders import write_safetensors
from tests.checkpoints.huggingface.test_known_settings import checked

T5 = Path(__file__).parents[1] / "golden" / "t5"
TEXTS = ("the cat sat", "Das Tier")
PUBLISHED = {
    "t5-small": {
        "architectures": ["T5WithLMHeadModel"], "d_ff": 2048, "d_kv": 64, "d_model": 512, "decoder_start_token_id": 0,
        "dropout_rate": 0.1, "eos_token_id": 1, "initializer_factor": 1.0, "is_encoder_decoder": True,
        "layer_norm_epsilon": 1e-6, "model_type": "t5", "n_positions": 512, "num_heads": 8, "num_layers": 6,
        "output_past": True, "pad_token_id": 0, "relative_attention_num_buckets": 32, "vocab_size": 32128,
        "task_specific_params": {"summarization": {"prefix": "summarize: "}},
    },
    "flan-t5-small": {
        "architectures": ["T5ForConditionalGeneration"], "d_ff": 1024, "d_kv": 64, "d_model": 512,
        "decoder_start_token_id": 0, "feed_forward_proj": "gated-gelu", "is_encoder_decoder": True, "model_type": "t5",
        "n_positions": 512, "num_decoder_layers": 8, "num_heads": 6, "num_layers": 8, "pad_token_id": 0,
        "relative_attention_max_distance": 128, "relative_attention_num_buckets": 32, "tie_word_embeddings": False,
        "use_cache": True, "vocab_size": 32128,
    },
    "mt5-small": {
        "architectures": ["MT5ForConditionalGeneration"], "d_ff": 1024, "d_kv": 64, "d_model": 512,
        "decoder_start_token_id": 0, "feed_forward_proj": "gated-gelu", "model_type": "mt5", "num_decoder_layers": 8,
        "num_heads": 6, "num_layers": 8, "relative_attention_num_buckets": 32, "tie_word_embeddings": False,
        "tokenizer_class": "T5Tokenizer", "vocab_size": 250112,
    },
    "umt5-small": {
        "architectures": ["UMT5ForConditionalGeneration"], "d_ff": 1024, "d_kv": 64, "d_model": 512,
        "dense_act_fn": "gelu_new", "feed_forward_proj": "gated-gelu", "is_gated_act": True, "model_type": "umt5",
        "num_decoder_layers": 8, "num_heads": 6, "num_layers": 8, "relative_attention_num_buckets": 32,
        "scalable_attention": True, "vocab_size": 256384,
    },
}  # fmt: skip
BLENDERBOT = {
    "d_model": 16, "decoder_attention_heads": 2, "decoder_ffn_dim": 8, "decoder_layers": 1, "encoder_ffn_dim": 8,
    "encoder_attention_heads": 2, "encoder_layers": 1, "max_position_embeddings": 32, "vocab_size": 40,
}  # fmt: skip
GATED = {"gated": True, "activation": "gelu_tanh", "decoder_start_id": 0, "d_head": 64}
EXPECTED = {
    "t5-small": {"gated": False, "activation": "relu", "decoder_layers": None, "d_head": 64, "n_ctx": 512},
    "flan-t5-small": GATED | {"decoder_layers": 8},
    "mt5-small": GATED | {"n_ctx": 1024},
    "umt5-small": GATED | {"relative_shared": False},
}


@pytest.fixture(scope="module")
def tensors():
    file = open_tensors(T5 / "model.safetensors")
    return {name: np.array(file.array(name)) for name in file.shapes}


@pytest.fixture(scope="module")
def usual():
    return attnviz.run(*TEXTS[:1], target=TEXTS[1], model=attnviz.load(model=T5)).cross_attention


def folder_of(tmp_path, tensors):
    """A copy of the golden folder with other tensors."""
    copy = tmp_path / "t5"
    shutil.copytree(T5, copy, ignore=shutil.ignore_patterns("*.safetensors", "golden.npz"))
    write_safetensors(copy / "model.safetensors", tensors)
    return copy


@pytest.mark.parametrize("model", PUBLISHED)
def test_published_settings_are_computed_and_leave_no_note(model):
    fields, notes = checked(PUBLISHED[model]["model_type"], PUBLISHED[model])
    assert notes == ()
    assert {name: fields[name] for name in EXPECTED[model]} == EXPECTED[model]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"feed_forward_proj": "gated-silu"}, {"gated": True, "activation": "silu"}),
        ({"feed_forward_proj": "gelu"}, {"gated": False, "activation": "gelu"}),
        ({"dense_act_fn": "silu", "is_gated_act": True}, {"gated": True, "activation": "silu"}),
        ({"decoder_start_token_id": None, "pad_token_id": 5}, {"decoder_start_id": 5}),
    ],
)
def test_a_setting_of_t5_is_the_field_that_it_means(more, expected):
    fields, _ = checked("t5", PUBLISHED["t5-small"] | more)
    assert {name: fields[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"feed_forward_proj": "gated-tanh"}, 'feed_forward_proj is "gated-tanh", which attnviz does not compute'),
        ({"is_gated_act": "yes"}, 'is_gated_act is "yes"'),
        ({"is_decoder": True}, "is_decoder is true, which attnviz does not compute"),
    ],
)
def test_a_setting_of_t5_that_is_not_computed_is_refused_by_name(more, message):
    with pytest.raises(CheckpointError, match=message):
        checked("t5", PUBLISHED["t5-small"] | more)


@pytest.mark.parametrize("names", [("encoder",), ("decoder",), ("encoder", "decoder"), ("shared", "encoder")])
def test_the_shared_table_may_have_any_of_its_names(names, tensors, usual, tmp_path):
    table = tensors["shared.weight"]
    renamed = {"shared.weight" if name == "shared" else f"{name}.embed_tokens.weight": table for name in names}
    others = {name: array for name, array in tensors.items() if name != "shared.weight"}
    model = attnviz.load(model=folder_of(tmp_path, others | renamed))
    assert (model.unknown, model.notes) == ((), ())
    np.testing.assert_array_equal(attnviz.run(TEXTS[0], target=TEXTS[1], model=model).cross_attention, usual)


def test_what_older_files_hold_besides_is_known_and_not_used(tensors, usual, tmp_path):
    table = tensors["shared.weight"]
    more = {f"{stack}.embed_tokens.weight": table for stack in ("encoder", "decoder")} | {"lm_head.weight": table}
    more["decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight"] = np.ones((8, 3))
    folder = folder_of(tmp_path, tensors | more)
    info = describe_folder(folder, "t5")
    assert (set(info.unused), info.unknown) == (set(more), ())
    assert attnviz.run(TEXTS[0], target=TEXTS[1], model=attnviz.load(model=folder)).cross_attention == pytest.approx(
        usual
    )


def test_a_file_of_the_encoder_alone_is_an_encoder(tensors, tmp_path):
    alone = {name: array for name, array in tensors.items() if not name.startswith("decoder.")}
    folder = folder_of(tmp_path, alone)
    model, whole = attnviz.load(model=folder), attnviz.load(model=T5)
    texts = [attnviz.run(TEXTS[0], model=one).attention for one in (model, whole)]
    np.testing.assert_array_equal(*texts)
    assert (model.has_decoder, describe_folder(folder, "t5").kind) == (False, "encoder")
    with pytest.raises(InputError, match="t5: these weights have no decoder"):
        attnviz.run(TEXTS[0], target=TEXTS[1], model=model)


def test_tensors_of_the_decoder_that_are_missing_or_misshapen_are_named(tensors, tmp_path):
    name = "decoder.block.0.layer.1.EncDecAttention.q.weight"
    broken = {key: array for key, array in tensors.items() if key != name}
    broken["decoder.final_layer_norm.weight"] = np.ones(3)
    with pytest.raises(CheckpointError) as caught:
        attnviz.load(model=folder_of(tmp_path, broken))
    assert f"1 missing ({name}), 1 misshapen (decoder.final_layer_norm.weight is (3,), not (11,))" in str(caught.value)


def test_fields_that_the_decoders_tensors_do_not_fit_are_refused():
    with pytest.raises(CheckpointError, match="its weights have decoder_layers=1, not decoder_layers=2"):
        attnviz.load(model=T5, decoder_layers=2)


def test_a_description_has_both_stacks(tmp_path):
    info = describe_folder(T5, "t5")
    settings = json.loads((T5 / "config.json").read_text())
    assert (info.kind, info.config.layers_of("cross")) == ("encoder-decoder", settings["num_decoder_layers"])
    assert not info.unused


@pytest.mark.parametrize("file", ["tokenizer_config.json", "config.json"])
def test_the_tokenizer_of_byt5_needs_no_vocabulary(file, tmp_path):
    copy = tmp_path / "byt5"
    shutil.copytree(T5.parent / "byt5", copy, ignore=shutil.ignore_patterns("*token*"))
    settings = json.loads((copy / file).read_text()) if file == "config.json" else {}
    settings |= {"tokenizer_class": "ByT5Tokenizer", "vocab_size": 264}
    (copy / file).write_text(json.dumps(settings))
    model = attnviz.load(model=copy)
    tokens = attnviz.prepare(model, "café <extra_id_1>").tokens
    assert [token.id for token in tokens] == [102, 100, 105, 198, 172, 35, 260, 1]
    assert [token.word for token in tokens[:-1]] == [0, 0, 0, 0, 0, 1, 2]
    assert [token.text for token in tokens[3:5]] == ["é", "é"]
    assert model.tokenizer.n_vocab == 384
    (note,) = model.notes
    assert "120 tokens have no row in the embedding table of 264 rows" in note


def test_the_decoder_of_blenderbot_small_does_not_scale_its_tokens():
    """As the published code has it: the norm that follows makes the difference small."""
    fields, _ = checked("blenderbot-small", {"scale_embedding": True} | BLENDERBOT)
    assert (fields["embed_scale"], fields["decoder_embed_scale"]) == (4.0, 1.0)
    fields, _ = checked("blenderbot", {"scale_embedding": True} | BLENDERBOT)
    assert (fields["embed_scale"], fields.get("decoder_embed_scale")) == (4.0, None)
