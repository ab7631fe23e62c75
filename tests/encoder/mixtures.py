"""Configurations, texts of token ids and their models, drawn at random: every field that a batch could disturb."""

import numpy as np
from hypothesis import strategies as st

from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.config.given import ACTIVATIONS, NORMS, PLACEMENTS, POSITIONS, QK_NORM_WIDTHS, SCORES
from attnviz.encoder.embedding import Sequence
from attnviz.encoder.parameters.params import ArrayParams, Params
from attnviz.encoder.parameters.seeded import SeededParams
from attnviz.model import Model
from attnviz.sweeps.preparation import vector_tokens
from attnviz.sweeps.prepared import Prepared
from attnviz.text.tokenizer import load_tokenizer

N_VOCAB = 101
_SIZES = {"n_heads": 3, "d_model": 15, "d_head": 4, "n_layers": 2, "n_vocab": N_VOCAB, "n_ctx": 64}
_MASKS = (
    {},
    {"mask": "causal"},
    {"mask": "window", "window": 0},
    {"mask": "window", "window": 2, "window_layers": "1"},
)

_DISTANCES = (
    {},
    {"disentangled": "both", "disentangled_span": 3, "disentangled_norm": True},
    {"disentangled": "c2p", "disentangled_span": 5, "disentangled_max": 9, "disentangled_share": True},
)
_STRETCHES = (  # which depend on a text's length
    {},
    {"rotary_scaling": "dynamic", "rotary_factor": 3.0, "rotary_ctx": 3},
    {"rotary_scaling": "longrope", "rotary_ctx": 3, "rotary_short": [1.0, 1.5], "rotary_long": [3.0, 7.0]},
)
_EXPERTS = (
    {},
    {"n_experts": 5, "d_expert": 3},
    {"n_experts": 6, "router_groups": 3, "groups_per_token": 1, "router": "sigmoid", "router_choice_bias": True}
    | {"expert_layers": "1", "d_shared": 4, "shared_gate": True, "router_bias": True},
)
_LATENTS = ({}, {"q_latent": 5, "kv_latent": 3, "d_v": 2, "rotary_dims": 2}, {"d_v": 3})
_QK_NORMS = ({}, *({"qk_norm": True, "qk_norm_width": width} for width in QK_NORM_WIDTHS))


@st.composite
def configs(draw, **fixed) -> EncoderConfig:
    """Any mixture of positions, masks, norms, scores, heads and segments."""
    gated = draw(st.booleans())
    drawn = {
        **draw(st.sampled_from(_MASKS)),
        "position": draw(st.sampled_from(POSITIONS)),
        "score": draw(st.sampled_from(SCORES)),
        "norm": draw(st.sampled_from(NORMS)),
        "norm_placement": draw(st.sampled_from(PLACEMENTS)),
        "activation": draw(st.sampled_from(ACTIVATIONS)),
        "gated": gated,
        "d_ff": 17 if gated else draw(st.sampled_from([0, 17])),
        "n_kv_heads": draw(st.sampled_from([1, 3])),
        **draw(st.sampled_from(_EXPERTS)),
        **draw(st.sampled_from(_LATENTS)),
        "n_segments": draw(st.sampled_from([0, 2])),
        **draw(st.sampled_from(_QK_NORMS)),
        "score_cap": draw(st.sampled_from([None, 2.0])),
        "clip_qkv": draw(st.sampled_from([None, 1.5])),
        "norm_gain": draw(st.booleans()),
        "sink": draw(st.booleans()),
        "embed_norm": draw(st.booleans()),
        "bias": draw(st.booleans()),
    }
    if drawn["d_ff"]:
        drawn["conv_kernel"] = draw(st.sampled_from([0, 0, 3]))
    if drawn["score"] in ("scaled_dot", "dot"):
        drawn |= draw(st.sampled_from(_DISTANCES))
    if drawn["position"] == "rotary":
        drawn |= draw(st.sampled_from(_STRETCHES))
        drawn["rotary_layers"] = draw(st.sampled_from([None, "1"]))
    if drawn["position"] == "learned":
        drawn["pad_id"] = draw(st.sampled_from([None, 0, 1]))
    if drawn.get("rotary_scaling") in ("dynamic", "longrope"):  # which need all pairs of a head
        drawn = {name: value for name, value in drawn.items() if name not in ("kv_latent", "rotary_dims")}
    if drawn.get("disentangled", "none") != "none":
        drawn = {name: value for name, value in drawn.items() if name not in ("q_latent", "kv_latent")}
    if not drawn["d_ff"]:
        drawn = {name: value for name, value in drawn.items() if name not in _EXPERTS[1] | _EXPERTS[2]}
    if not fixed.get("qk_norm", True):
        drawn["qk_norm_width"] = "head"
    return EncoderConfig(**(_SIZES | drawn | fixed))


def params_of(config: EncoderConfig, dtype: type) -> Params:
    """The seeded weights, of a decoder too, with numbers in place of the zeros and ones that biases and gains are."""
    made, rng = SeededParams(config, decoder=True), np.random.default_rng(0)
    vectors = {name for name in made if made[name].ndim == 1}
    return ArrayParams(
        {
            name: (made[name] + 0.1 * rng.normal(size=made[name].shape) * (name in vectors)).astype(dtype)
            for name in made
        }
    )


def model_of(config: EncoderConfig, dtype: type) -> Model:
    return Model(config, params_of(config, dtype), load_tokenizer("word"), "drawn", lambda: "seed:0")


@st.composite
def sequences(draw, config: EncoderConfig, most: int = 9, paddings: int = 3) -> Sequence:
    """Token ids, perhaps with filling of their own at the end, with segments where the configuration has them."""
    ids = np.array(draw(st.lists(st.integers(0, N_VOCAB - 1), min_size=1, max_size=most)))
    filling = draw(st.integers(0, paddings))
    padding = None
    if filling or draw(st.booleans()):
        padding = np.arange(len(ids) + filling) >= len(ids)
        ids = np.append(ids, np.zeros(filling, ids.dtype))
    types = np.arange(len(ids)) >= draw(st.integers(0, len(ids))) if config.embedding.n_segments else None
    return Sequence(ids=ids, padding=padding, type_ids=None if types is None else types.astype(np.int64))


def prepared_of(source: Sequence, target: Sequence | None = None) -> Prepared:
    """The sequences as texts whose tokens are called by their ids."""
    tokens = vector_tokens(map(str, source.ids))
    if target is None:
        return Prepared(source, tokens)
    return Prepared(
        source, tokens, target_text="target", target=target, target_tokens=vector_tokens(map(str, target.ids))
    )
