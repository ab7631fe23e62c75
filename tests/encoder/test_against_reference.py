"""Every configuration equals the loops of ``reference.py``: to 1e-12 in float64, to 1e-5 in float32."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.encoder import scoring
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.config.given import (
    ACTIVATIONS,
    DISENTANGLED,
    NORMS,
    PLACEMENTS,
    POSITIONS,
    QK_NORM_WIDTHS,
    ROTARY_SCALINGS,
    SCORES,
    SINUSOIDS,
)
from attnviz.encoder.parameters.params import ArrayParams
from attnviz.encoder.parameters.shapes import tensor_shapes
from attnviz.encoder.stack import Address, Sequence, run
from tests.encoder import reference

# Pairwise different primes wherever the block allows it, so that a swapped axis fails.
SIZES = {"n_layers": 2, "n_heads": 3, "d_model": 7, "d_head": 5, "d_ff": 11, "n_vocab": 13, "n_ctx": 17}
SOURCE, TARGET = [3, 7, 7, 0, 12, 5, 9, 1], [1, 9, 4, 2]
SOURCE_TYPES, TARGET_TYPES = [0, 0, 0, 1, 1, 0, 1, 1], [1, 0, 0, 1]

ROTARY = {"position": "rotary", "d_head": 6, "rotary_base": 31.0}
# Of the three wavelengths that ROTARY has, one is kept, one lies between, one is stretched in full.
LLAMA3 = ROTARY | {"rotary_scaling": "llama3", "rotary_factor": 8.0, "rotary_ctx": 40}
YARN = ROTARY | {"rotary_scaling": "yarn", "rotary_factor": 8.0, "rotary_ctx": 60, "rotary_high": 8.0}
LONGROPE = ROTARY | {
    "rotary_scaling": "longrope",
    "rotary_factor": 8.0,
    "rotary_ctx": 5,
    "rotary_short": [1.0, 1.5, 2.0],
    "rotary_long": [1.2, 3.0, 7.0],
}
PRE = {"norm_placement": "pre"}
BIASES = ("qkv_bias", "out_bias", "ffn_bias", "norm_bias")

CONFIGS = [
    {},
    *({"score": score} for score in SCORES),
    *({"score": score, "score_scale": 0.37} for score in SCORES),
    {"score": "dot", "score_scale": -0.7},
    {"score_scale": 0.0},
    {"mask": "causal"},
    {"mask": "window", "window": 1},
    {"mask": "window", "window": 0},
    {"mask": "causal", "window": 2},
    *({"position": position, "d_head": 6} for position in POSITIONS),
    {"position": "sinusoidal", "d_model": 10},
    {"position": "rotary", "d_head": 6, "rotary_base": 31.0},
    {"position": "relative", "relative_buckets": 4, "relative_max_distance": 3},
    {"position": "relative", "relative_buckets": 6, "relative_max_distance": 5, "mask": "causal"},
    {"position": "alibi", "n_heads": 4, "n_kv_heads": 2},
    *({"norm": norm, "norm_placement": placement} for norm in NORMS for placement in PLACEMENTS),
    *({"activation": activation, "gated": gated} for activation in ACTIVATIONS for gated in (False, True)),
    {"bias": False},
    {"bias": False, "gated": True, "norm_placement": "pre"},
    {"gate_bias": True, "gated": True},
    {"gate_bias": True},
    {"n_heads": 6, "n_kv_heads": 2, "d_head": 4},
    {"n_kv_heads": 1},
    {"d_ff": 0},
    {"d_ff": 0, "norm_placement": "pre"},
    {"embed_scale": 2.5},
    {"norm_eps": 0.3},
]

# The fields that trained models need, one at a time.
CONFIGS += [
    {"n_segments": 2},
    {"n_segments": 3, "position": "none"},
    *(
        {"project": project, "d_embed": 5, "position": position}
        for project in ("after", "before")
        for position in ("learned", "sinusoidal", "none")
    ),
    *({"project": project} for project in ("after", "before")),
    *({"project": project, "d_embed": 5, "bias": False} for project in ("after", "before")),
    *(
        {"position": "learned", "pad_id": pad_id} for pad_id in (7, 3, 1, 11)
    ),  # twice in a row, first, last and in the target, nowhere
    {"position": "learned", "pad_id": 7, "project": "before", "d_embed": 5},
    {"position": "learned", "pad_id": 7, "project": "after", "d_embed": 5, "n_segments": 2, "embed_norm": True},
    {"embed_norm": True},
    {"embed_norm": True, "norm": "rms"},
    PRE | {"first_norm": False},
    PRE | {"first_norm": False, "norm": "rms", "n_layers": 1},
    PRE | {"parallel": True},
    PRE | {"parallel": True, "first_norm": False},
    PRE | {"parallel": True, "d_ff": 0},
    *({"qk_norm": True, "norm": norm} for norm in NORMS),
    *({"qk_norm": True, "score": score, "norm_eps": 0.3} for score in SCORES),
    {"qk_norm": True, "norm_bias": False},
    *({name: False} for name in BIASES),
    *({name: True, "bias": False} for name in BIASES),
    {"norm_bias": True, "bias": False, "norm": "rms"},
    {"position": "rotary", "rotary_dims": 4},
    ROTARY | {"rotary_dims": 2},
    ROTARY | {"rotary_scaling": "linear", "rotary_factor": 2.5},
    LLAMA3,
    LLAMA3 | {"rotary_low": 2.0, "rotary_high": 3.0},
    *(ROTARY | {"rotary_scaling": "dynamic", "rotary_factor": 4.0, "rotary_ctx": ctx} for ctx in (3, 5, 90)),
    *(ROTARY | {"rotary_scaling": "proportional", "rotary_factor": 2.5, "rotary_dims": dims} for dims in (2, 4, 6)),
    YARN,
    YARN | {"rotary_truncate": False},
    YARN | {"rotary_truncate": False, "rotary_low": 2.0, "rotary_high": 5.0, "rotary_dims": 4},
    YARN | {"rotary_ctx": 3},
    YARN | {"rotary_factor": 0.5},
    YARN | {"rotary_magnitude": 0.7},
    ROTARY | {"rotary_magnitude": 1.3, "rotary_dims": 2},
    *(LONGROPE | {"rotary_ctx": ctx} for ctx in (3, 5, 90)),
    LONGROPE | {"rotary_magnitude": 1.0},
    LONGROPE | {"rotary_factor": 0.5},
    *({"relative_bias": True, "position": position, "d_head": 6} for position in POSITIONS),
    {"relative_bias": True, "relative_buckets": 6, "relative_max_distance": 5, "mask": "causal"},
    {"mask": "window", "window": 1, "window_layers": "1"},
    {"mask": "causal", "window": 1, "window_layers": "1"},
    {"mask": "window", "window": 2, "window_layers": "0,2", "n_layers": 3},
    ROTARY | {"mask": "window", "window": 2, "window_rotary_base": 7.0},
    *(
        stretched | {"mask": mask, "window": 2, "window_layers": "0", "window_rotary_base": base}
        for stretched in (LLAMA3, YARN, LONGROPE)
        for mask in ("window", "causal")
        for base in (None, 7.0)
    ),
]

# Norms on a part's output, softly capped scores, layers without rotation, norms over several heads.
CONFIGS += [
    *({"norm_placement": one, "norm": norm, "norm_gain": False} for one in PLACEMENTS for norm in NORMS),
    *({"norm_placement": one, "d_ff": 0} for one in ("sandwich", "output")),
    *({"norm_placement": one, "parallel": True} for one in ("sandwich", "output")),
    {"norm_placement": "sandwich", "first_norm": False},
    {"norm_placement": "sandwich", "first_norm": False, "parallel": True, "gated": True, "bias": False},
    {"norm_gain": False, "norm_bias": False},
    *({"score": score, "score_cap": 0.7} for score in SCORES),
    {"score_cap": 1.3, "mask": "causal", "position": "relative"},
    {"score_cap": 1.3, "position": "alibi", "score_scale": 0.9},
    {"clip_qkv": 0.4},
    {"clip_qkv": 0.0},
    ROTARY | {"clip_qkv": 0.6, "n_kv_heads": 1, "qk_norm": True, "qk_norm_width": "all", "norm": "rms"},
    *({"qk_norm": True, "qk_norm_width": width, "norm": norm} for width in ("each", "all") for norm in NORMS),
    {"qk_norm": True, "qk_norm_width": "each", "n_heads": 6, "n_kv_heads": 2, "norm_bias": False},
    {"qk_norm": True, "qk_norm_width": "each", "norm_gain": False},
    ROTARY | {"qk_norm": True, "qk_norm_width": "all", "n_kv_heads": 1, "norm_bias": False},
    *(ROTARY | {"rotary_layers": layers} for layers in ("0", "1")),
    ROTARY | {"rotary_layers": "0,2", "n_layers": 3, "norm_placement": "pre"},
    LLAMA3 | {"rotary_layers": "1", "mask": "causal", "window": 2, "window_layers": "0", "decoder_layers": 3},
    ROTARY | {"rotary_layers": "1", "decoder_position": "alibi"},
    {"position": "alibi", "d_head": 6, "decoder_position": "rotary", "rotary_layers": "0"},
]

CONFIGS += [
    *({"disentangled": parts, "disentangled_span": 3} for parts in DISENTANGLED),
    *({"disentangled": parts, "disentangled_share": True, "score": "dot"} for parts in DISENTANGLED),
    *({"disentangled": "both", "disentangled_span": 4, "disentangled_max": far} for far in (4, 5, 7, 30)),
    {"disentangled": "both", "disentangled_span": 5, "disentangled_max": 6, "disentangled_norm": True},
    {"disentangled": "c2p", "disentangled_span": 2, "disentangled_max": 3},
    {"disentangled": "p2c", "qkv_bias": False, "score_scale": 0.37, "mask": "causal", "score_cap": 3.0},
    {"disentangled": "both", "n_heads": 6, "n_kv_heads": 2, "d_head": 4, "qk_norm": True, "clip_qkv": 0.8},
    {"disentangled": "both", "n_kv_heads": 1, "disentangled_share": True, "position": "rotary", "d_head": 6},
    *({"conv_kernel": kernel, "conv_activation": "gelu"} for kernel in (1, 3, 5, 17)),
    {"conv_kernel": 3, "norm_placement": "pre", "parallel": True, "bias": False, "norm": "rms"},
    {"conv_kernel": 5, "disentangled": "both", "embed_norm": True, "n_experts": 3, "expert_layers": "1", "d_model": 10},
    {"disentangled": "both", "disentangled_norm": True, "norm": "rms", "relative_bias": True, "decoder_norm": "layer"},
]

# Experts, and gates that are clipped.
EXPERTS = {"n_experts": 5, "experts_per_token": 3, "d_expert": 2}
GROUPS = EXPERTS | {"n_experts": 6, "router_groups": 3, "groups_per_token": 2, "experts_per_token": 3}
CONFIGS += [
    EXPERTS,
    EXPERTS | {"experts_per_token": 1},
    EXPERTS | {"experts_per_token": 5, "d_expert": None},
    EXPERTS | {"expert_layers": "1", "gated": True, "gate_bias": True},
    EXPERTS | {"expert_layers": "0", "decoder_layers": 3, "norm_placement": "output", "bias": False},
    EXPERTS | PRE | {"d_shared": 3, "parallel": True},
    EXPERTS | PRE | {"d_shared": 3, "shared_gate": True, "gated": True, "bias": False},
    EXPERTS | {"router": "sigmoid", "router_norm": False, "router_bias": True},
    *(EXPERTS | {"router": r, "router_choice_bias": True, "router_scale": 2.5} for r in ("softmax", "sigmoid")),
    *(GROUPS | {"router": r, "router_choice_bias": True, "n_kv_heads": 1} for r in ("softmax", "sigmoid")),
    GROUPS | {"groups_per_token": 3, "router_norm": False},
    GROUPS | {"router_groups": 6, "groups_per_token": 3},
    {"gated": True, "gate_limit": 0.4},
    {"gated": True, "gate_plus": 1.0, "activation": "silu"},
    EXPERTS | {"gated": True, "gate_plus": 1.0, "gate_limit": 0.5, "activation": "silu", "gate_bias": True},
]

# Vectors of other widths, and sinks.
LATENT = {"q_latent": 4, "kv_latent": 3, "d_v": 2}
CONFIGS += [
    {"d_v": 3},
    {"d_v": 7, "n_kv_heads": 1, "mask": "causal"},
    {"q_latent": 4},
    {"kv_latent": 4, "norm": "rms", "qk_norm": True},
    LATENT,
    LATENT | {"latent_eps": 0.3, "latent_bias": True, "bias": False},
    LATENT | ROTARY | {"rotary_dims": 2, "n_kv_heads": 1, "latent_bias": True},
    LATENT | ROTARY | {"rotary_dims": 4, "norm": "rms", "qk_norm": True, "qk_norm_width": "all", "clip_qkv": 1.5},
    LATENT | ROTARY | {"rotary_dims": 4, "qk_norm": True, "qk_norm_width": "each", "n_kv_heads": 1},
    LATENT | ROTARY | {"rotary_dims": 2, "decoder_position": "alibi", "norm_gain": False},
    {"sink": True},
    *({"sink": True, "score": score, "mask": "causal", "score_cap": 2.0} for score in SCORES),
    {"sink": True, "mask": "window", "window": 0, "n_kv_heads": 1, "norm_placement": "output"},
]

# Mixtures as families have them.
CONFIGS += [
    {"d_embed": 5, "project": "after", "position": "learned", "embed_norm": True, "n_segments": 2},  # ELECTRA
    {"d_embed": 5, "project": "before", "position": "learned", "embed_norm": True, "n_segments": 2},
    {"d_embed": 5, "project": "before", "position": "learned", "mask": "causal", "embed_scale": 1.5},  # OPT-350m
    {"position": "learned", "pad_id": 7, "n_segments": 2, "embed_norm": True, "activation": "gelu"},  # RoBERTa
    {"position": "learned", "pad_id": 1, "relative_bias": True, "embed_norm": True, "activation": "gelu"},  # MPNet
    PRE | ROTARY | {"zero_id": 7, "embed_scale": 0.88, "activation": "gelu"},  # ESM-2
    PRE | {"position": "alibi", "embed_norm": True, "mask": "causal", "activation": "gelu_tanh"},  # BLOOM
    PRE | {"position": "learned", "mask": "causal", "activation": "quick_gelu"},  # CLIP's texts
    PRE | ROTARY | {"rotary_dims": 2, "mask": "causal", "activation": "relu2", "bias": False},  # Nemotron
    PRE
    | ROTARY
    | {
        "n_layers": 3,
        "bias": False,
        "first_norm": False,
        "embed_norm": True,
        "gated": True,
        "activation": "gelu",
        "mask": "window",
        "window": 2,
        "window_layers": "1-2",
        "window_rotary_base": 7.0,
    },  # ModernBERT
    PRE | ROTARY | {"parallel": True, "rotary_dims": 4, "mask": "causal", "activation": "gelu"},  # GPT-NeoX
    PRE
    | ROTARY
    | {"parallel": True, "rotary_dims": 4, "mask": "causal", "qkv_bias": False, "out_bias": False},  # GPT-J
    PRE
    | ROTARY
    | {
        "norm": "rms",
        "qk_norm": True,
        "gated": True,
        "activation": "silu",
        "mask": "causal",
        "bias": False,
        "n_kv_heads": 1,
    },  # Qwen3
    PRE | ROTARY | {"norm": "rms", "gated": True, "mask": "causal", "bias": False, "qkv_bias": True},  # Qwen2
    PRE | LLAMA3 | {"norm": "rms", "gated": True, "activation": "silu", "mask": "causal", "bias": False},  # Llama 3
    PRE
    | ROTARY
    | {
        "norm": "rms",
        "qk_norm": True,
        "gated": True,
        "activation": "gelu_tanh",
        "bias": False,
        "score_scale": 0.5,
        "embed_scale": 7**0.5,
        "mask": "causal",
        "window": 2,
        "window_layers": "0",
        "window_rotary_base": 7.0,
        "rotary_scaling": "linear",
        "rotary_factor": 8.0,
    },  # Gemma 3's attention
    ROTARY
    | {
        "norm_placement": "sandwich",
        "norm": "rms",
        "gated": True,
        "activation": "gelu_tanh",
        "bias": False,
        "score_scale": 0.5,
        "score_cap": 2.0,
        "embed_scale": 7**0.5,
        "n_kv_heads": 1,
        "mask": "causal",
        "window": 2,
        "window_layers": "0",
    },  # Gemma 2
    LLAMA3
    | {
        "norm_placement": "output",
        "norm": "rms",
        "qk_norm": True,
        "qk_norm_width": "all",
        "gated": True,
        "activation": "silu",
        "bias": False,
        "n_kv_heads": 1,
        "mask": "causal",
        "window": 2,
        "window_layers": "0",
        "window_rotary_base": 7.0,
    },  # OLMo 3
]

# Decoders that differ from their encoder.
CONFIGS += [
    {"decoder_layers": 1},
    *({"decoder_layers": n, "window": 1, "mask": "causal", "window_layers": "1"} for n in (1, 3)),
    *({"decoder_layers": 3, "window": 1, "mask": "causal", "window_layers": layers} for layers in ("2", None)),
    *(
        {"position": position, "decoder_position": other, "d_head": 6}
        for position in POSITIONS
        for other in POSITIONS
        if other != position
    ),
    *({"norm": norm, "decoder_norm": other} for norm, other in (NORMS, NORMS[::-1])),
    *(
        {"norm_placement": one, "decoder_norm_placement": other}
        for one in PLACEMENTS
        for other in PLACEMENTS
        if one != other
    ),
    PRE | {"decoder_norm_placement": "post", "first_norm": False},
    {"norm": "rms", "decoder_norm": "layer", "embed_norm": True, "bias": False},
    {"position": "rotary", "d_head": 6, "relative_bias": True, "decoder_position": "alibi", "decoder_layers": 1},
    *({"decoder_heads": heads, "score": score} for heads, score in ((1, "scaled_dot"), (5, "additive"))),
    {"decoder_heads": 4, "decoder_kv_heads": 2, "decoder_d_ff": 13, "sink": True, "position": "relative"},
    {"d_model": 12, "d_head": 4, "decoder_heads": 2, "position": "rotary", "score": "cosine", "qk_norm": True},
    {"d_model": 12, "d_head": 4, "decoder_heads": 2, "decoder_d_head": 4, "d_v": 3, "decoder_position": "alibi"},
    {"decoder_d_head": 4, "decoder_position": "rotary", "decoder_d_ff": 0, "n_kv_heads": 1},
    {"decoder_tables": True, "decoder_n_vocab": 29},
    {"decoder_tables": True, "position": "learned", "embed_norm": True, "embed_scale": 3.0},
    {"decoder_norms_tokens": True, "embed_norm": True, "embed_scale": 3.0, "decoder_embed_scale": 0.5, "n_segments": 2},
    {"decoder_tables": True, "decoder_norms_tokens": True, "embed_norm": True, "d_embed": 4, "project": "before"},
    {"decoder_tables": True, "position": "learned", "pad_id": 7, "embed_norm": True, "norm": "rms", "bias": False},
    {"decoder_tables": True, "decoder_position": "learned", "sinusoids": "halves", "n_segments": 2},
    {"decoder_tables": True, "position": "learned", "embed_norm": True, "decoder_norms_tokens": True, "n_segments": 2},
    {"embed_norm": True, "decoder_norms_tokens": True, "norm": "rms", "d_embed": 4, "project": "after"},
    {"decoder_n_vocab": 29, "sinusoids": "halves", "d_embed": 4, "project": "after"},
    {"position": "alibi", "decoder_position": "sinusoidal", "sinusoids": "halves"},
    {"position": "relative", "relative_shared": False, "decoder_layers": 3},
    {"relative_bias": True, "relative_shared": False, "mask": "causal", "decoder_position": "none"},
]


def made(config, dtype=np.float64, seed=0):
    """Random parameters, norms and biases too, of a size that makes attention far from uniform."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for name, shape in tensor_shapes(config, decoder=True).items():
        arrays[name] = rng.normal(size=shape) * (0.6 if len(shape) == 2 else 0.3)
        if name.endswith("gain"):
            arrays[name] += 1
    return {name: array.astype(dtype) for name, array in arrays.items()}


def compare(config, arrays, tolerance, *, padding=None, vectors=None, types=(SOURCE_TYPES, TARGET_TYPES)):
    own = EncoderConfig(**SIZES | config)
    plain = own.as_dict()
    lists = {name: array.astype(np.float64).tolist() for name, array in arrays.items()}
    given_ids = None if vectors is not None else SOURCE
    rows = None if vectors is None else vectors.tolist()
    layers, memory = reference.encode(plain, lists, ids=given_ids, vectors=rows, padding=padding, type_ids=types[0])
    pairs, output = reference.decode(plain, lists, memory, ids=TARGET, padding=padding, type_ids=types[1])
    expected = {("encoder", n): layer for n, layer in enumerate(layers)}
    for n, (decoder, cross) in enumerate(pairs):
        expected |= {("decoder", n): decoder, ("cross", n): cross}

    addresses = {Address(*key, name) for key, layer in expected.items() for name in layer}
    addresses |= {Address(kind, None, name) for kind in ("encoder", "decoder") for name in ("embedded", "output")}
    source_types, target_types = (None if ids is None else np.array(ids) for ids in types)
    source = Sequence(
        ids=None if vectors is not None else np.array(SOURCE),
        vectors=vectors,
        padding=None if padding is None else np.array(padding),
        type_ids=source_types,
    )
    target = Sequence(ids=np.array(TARGET), type_ids=target_types)
    trace = run(ArrayParams(arrays), own, addresses, source, target)
    for key, layer in expected.items():
        for name, numbers in layer.items():
            assert_equal(getattr(trace[key], name), numbers, tolerance, f"{key} {name}")
    entered = {"encoder": layers[0]["resid_pre"], "decoder": pairs[0][0]["resid_pre"]}
    for kind, numbers in entered.items():
        assert_equal(trace.embeddings[kind].embedded, numbers, tolerance, f"{kind} embedded")
    assert_equal(trace.outputs["encoder"], memory, tolerance, "encoder output")
    assert_equal(trace.outputs["decoder"], output, tolerance, "decoder output")


def assert_equal(actual, numbers, tolerance, what):
    """Equal within the tolerance, relative to the largest number of the array: sums cancel."""
    expected = np.array(numbers)
    largest = np.abs(expected[np.isfinite(expected)]).max(initial=1.0)
    np.testing.assert_allclose(actual, expected, atol=tolerance * largest, rtol=0, err_msg=what)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_float64_equals_the_loops_to_1e_12(config):
    compare(config, made(EncoderConfig(**SIZES | config)), 1e-12)


@pytest.mark.parametrize("config", CONFIGS, ids=str)
def test_float32_equals_the_loops_to_2e_5(config):
    compare(config, made(EncoderConfig(**SIZES | config), np.float32), 2e-5)  # each kernel adds in its own order


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"sink": True},
        {"mask": "causal"},
        {"mask": "window", "window": 1},
        {"position": "relative"},
        {"position": "learned", "pad_id": 7},
        {"zero_id": 7},
        {"conv_kernel": 3},
        {"disentangled": "both"},
        ROTARY | {"rotary_scaling": "dynamic", "rotary_factor": 4.0, "rotary_ctx": 4},
    ],
)
@pytest.mark.parametrize("n_real", [5, 0])
def test_padding_equals_the_loops(config, n_real):
    padding = [i >= n_real for i in range(len(SOURCE))]
    compare(config, made(EncoderConfig(**SIZES | config)), 1e-12, padding=padding)


def test_vectors_instead_of_tokens_equal_the_loops():
    vectors = np.random.default_rng(3).normal(size=(5, 7))
    compare({"embed_scale": 3.0}, made(EncoderConfig(**SIZES)), 1e-12, vectors=vectors)


@pytest.mark.parametrize("position", ["learned", "sinusoidal", "none"])
@pytest.mark.parametrize("widths", [{}, *({"project": how, "d_embed": 5} for how in ("after", "before"))], ids=str)
def test_vectors_enter_past_segments_norm_and_projection_as_in_the_loops(widths, position):
    config = widths | {"position": position, "n_segments": 2, "embed_norm": True, "embed_scale": 3.0}
    vectors = np.random.default_rng(3).normal(size=(5, 7))
    compare(config, made(EncoderConfig(**SIZES | config)), 1e-12, vectors=vectors, types=(None, TARGET_TYPES))


def test_vectors_instead_of_tokens_all_have_a_position():
    vectors = np.random.default_rng(3).normal(size=(5, 7))
    config = {"position": "learned", "pad_id": 7}
    compare(config, made(EncoderConfig(**SIZES | config)), 1e-12, vectors=vectors)


def test_without_type_ids_every_token_is_of_the_first_segment_as_in_the_loops():
    compare({"n_segments": 2}, made(EncoderConfig(**SIZES, n_segments=2)), 1e-12, types=(None, None))


@pytest.mark.parametrize("score", SCORES)
def test_a_zero_vector_equals_the_loops(score):
    config = {"score": score, "bias": False, "position": "none"}
    vectors = np.random.default_rng(3).normal(size=(5, 7))
    vectors[2] = 0
    compare(config, made(EncoderConfig(**SIZES | config)), 1e-12, vectors=vectors)


def test_additive_scores_a_few_queries_at_a_time_equal_the_loops(monkeypatch):
    monkeypatch.setattr(scoring, "_CHUNK", 3 * 3 * 8 * 5)  # room for three queries with 3 heads, 8 keys, d_head 5
    compare({"score": "additive"}, made(EncoderConfig(**SIZES, score="additive")), 1e-12)


def mixed(*choices):
    """Draws one dict of each choice and merges them."""
    return st.tuples(*choices).map(lambda drawn: {name: value for part in drawn for name, value in part.items()})


FREE = st.fixed_dictionaries(
    {
        "zero_id": st.sampled_from([None, 7]),
        "score": st.sampled_from(SCORES),
        "position": st.sampled_from(POSITIONS),
        "norm": st.sampled_from(NORMS),
        "activation": st.sampled_from(ACTIVATIONS),
        **{name: st.booleans() for name in ("gated", "gate_bias", "bias", "embed_norm", "relative_bias", "norm_gain")},
        **{name: st.none() | st.booleans() for name in BIASES},
        "n_kv_heads": st.sampled_from([1, 3]),
        "d_ff": st.sampled_from([0, 11]),
        "n_segments": st.sampled_from([0, 2]),
        "disentangled": st.sampled_from(DISENTANGLED),
        "disentangled_span": st.integers(2, 9),
        "disentangled_share": st.booleans(),
        "conv_kernel": st.sampled_from([0, 0, 1, 3]),
        "disentangled_norm": st.booleans(),
        "disentangled_max": st.none() | st.integers(6, 20),
        "score_scale": st.none() | st.floats(-2, 2),
        "score_cap": st.none() | st.floats(0.1, 9),
        "clip_qkv": st.none() | st.floats(0.1, 2),
        "sink": st.booleans(),
        "q_latent": st.none() | st.just(4),
        "d_v": st.none() | st.just(3),
        "embed_scale": st.floats(0.5, 2),
        "decoder_layers": st.none() | st.integers(1, 3),
        "decoder_heads": st.none() | st.sampled_from([3, 6]),
        "decoder_d_ff": st.sampled_from([None, 0, 5]),
        "decoder_position": st.none() | st.sampled_from(POSITIONS),
        "decoder_norm": st.none() | st.sampled_from(NORMS),
        "decoder_tables": st.booleans(),
        "decoder_n_vocab": st.none() | st.just(29),
        "sinusoids": st.sampled_from(SINUSOIDS),
        "relative_shared": st.booleans(),
    }
)
OF_DECODER = st.none() | st.sampled_from(PLACEMENTS)
BLOCKS = (
    st.fixed_dictionaries({"norm_placement": st.sampled_from(["post", "output"]), "decoder_norm_placement": OF_DECODER})
    | st.fixed_dictionaries(
        {
            "norm_placement": st.sampled_from(["pre", "sandwich"]),
            "first_norm": st.booleans(),
            "decoder_norm_placement": OF_DECODER,
        }
    )
    | st.fixed_dictionaries(
        {"norm_placement": st.sampled_from(["pre", "sandwich"]), "first_norm": st.booleans(), "parallel": st.booleans()}
    )
    | st.fixed_dictionaries({"norm_placement": st.just("output"), "parallel": st.booleans()})
)
QK_NORMS = st.just({}) | st.fixed_dictionaries(
    {"qk_norm": st.just(True), "qk_norm_width": st.sampled_from(QK_NORM_WIDTHS)}
)
WIDTHS = st.just({}) | st.fixed_dictionaries(
    {"project": st.sampled_from(["after", "before"]), "d_embed": st.sampled_from([None, 5])}
)
MASKS = st.sampled_from([{}, {"mask": "causal"}]) | st.fixed_dictionaries(
    {
        "mask": st.sampled_from(["causal", "window"]),
        "window": st.integers(0, 2),
        "window_layers": st.sampled_from([None, "0", "1", "0-1"]),
        "window_rotary_base": st.sampled_from([None, 7.0]),
    }
)
TURNS = st.just({}) | st.fixed_dictionaries(
    {"position": st.just("rotary"), "rotary_layers": st.sampled_from(["0", "1"])}
)
PADS = st.just({}) | st.fixed_dictionaries({"position": st.just("learned"), "pad_id": st.sampled_from([7, 3, 0, 1])})
HEADS = st.sampled_from([{"d_head": 2}, {"d_head": 6}, *({"d_head": 6, "rotary_dims": n} for n in (2, 4))])
STRETCHES = st.fixed_dictionaries(
    {
        "rotary_base": st.sampled_from([31.0, 10000.0]),
        "rotary_scaling": st.sampled_from(ROTARY_SCALINGS),
        "rotary_truncate": st.booleans(),
        "rotary_magnitude": st.none() | st.floats(0.5, 2),
        "rotary_factor": st.floats(0.5, 9),
        "rotary_ctx": st.integers(4, 90),
        "rotary_high": st.floats(1.5, 5),
    }
)


def fitted(config):
    """A mixture whose rotary scaling has enough pairs and one divisor for each; distances only with products."""
    kinds = (config["position"], config["decoder_position"] or config["position"])
    if "sinusoidal" not in kinds:
        config = config | {"sinusoids": "alternating"}
    if "relative" not in kinds and not config["relative_bias"]:
        config = config | {"relative_shared": True}
    if config["score"] in ("cosine", "additive"):
        config = config | {"disentangled": "none"}
    if config["disentangled"] != "none":
        config = config | {"q_latent": None}
    if not config["d_ff"]:
        config = config | {"conv_kernel": 0}
    pairs = config.get("rotary_dims", config["d_head"]) // 2
    if config["rotary_scaling"] == "dynamic" and pairs == 1:
        return config | {"rotary_scaling": "linear"}
    divisors = {name: LONGROPE[name][:pairs] for name in ("rotary_short", "rotary_long")}
    return config | divisors if config["rotary_scaling"] == "longrope" else config


@settings(max_examples=60)
@given(
    mixed(FREE, BLOCKS, QK_NORMS, WIDTHS, MASKS, st.one_of(PADS, TURNS), HEADS, STRETCHES).map(fitted),
    st.none() | st.lists(st.booleans(), min_size=len(SOURCE), max_size=len(SOURCE)),
    st.integers(0, 99),
)
def test_any_mixture_of_fields_equals_the_loops(config, padding, seed):
    # Where a norm is of few numbers that happen to be close, it magnifies the rounding of what comes before it.
    compare(config, made(EncoderConfig(**SIZES | config), seed=seed), 1e-11, padding=padding)


def test_llama3_keeps_blends_and_stretches_frequencies_at_these_sizes():
    plain, scaled = (reference.rotary_frequencies(EncoderConfig(**SIZES | c).as_dict(), 0) for c in (ROTARY, LLAMA3))
    kept, blended, stretched = (b / a for a, b in zip(plain, scaled, strict=True))
    assert kept == 1
    assert 1 / 8 < blended < 1
    assert stretched == 1 / 8


def test_alibi_slopes_are_the_papers_for_any_number_of_heads():
    from attnviz.encoder.positions.bias import alibi_slopes

    for n in range(1, 70):
        np.testing.assert_allclose(alibi_slopes(n), reference.alibi_slopes(n), rtol=1e-12)
    assert alibi_slopes(8).tolist() == [2.0**-i for i in range(1, 9)]


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize(("buckets", "distance"), [(32, 128), (8, 20), (6, 5)])
def test_relative_buckets_are_t5s_for_every_offset(buckets, distance, bidirectional):
    from attnviz.encoder.positions.bias import relative_buckets

    offsets = np.arange(-300, 301)
    config = {"relative_buckets": buckets, "relative_max_distance": distance}
    expected = [reference.bucket(int(o), config, not bidirectional) for o in offsets]
    assert relative_buckets(offsets, buckets, distance, bidirectional=bidirectional).tolist() == expected
