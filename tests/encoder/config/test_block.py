"""The block's fields: defaults, what follows from what, and the one line that each mistake gets."""

import pytest

from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.config.given import check_field_names, default_of, field_names
from attnviz.encoder.config.spelling import assigned
from attnviz.errors import ConfigError


def test_the_defaults_are_the_documented_ones():
    config = EncoderConfig()
    assert (config.n_layers, config.n_heads, config.d_model, config.d_ff) == (2, 4, 64, 256)
    assert (config.n_vocab, config.n_ctx, config.d_head, config.n_kv_heads) == (4096, 512, 16, 4)
    assert (config.attention.score, config.attention.mask, config.position.kind) == ("scaled_dot", "none", "sinusoidal")
    assert (config.norm.kind, config.norm.placement, config.norm.eps) == ("layer", "post", 1e-5)
    assert (config.feed_forward.activation, config.feed_forward.gated) == ("relu", False)
    assert (config.biases.default, config.embedding.scale, default_of("seed")) == (True, 1.0, 0)


def test_every_field_is_in_the_dictionary_and_makes_the_same_config_again():
    config = EncoderConfig(n_heads=2, mask="window", window=3, score_scale=0.5)
    own = tuple(name for name in field_names() if not name.startswith("decoder_"))
    assert tuple(config.as_dict(seed=3)) == own
    assert EncoderConfig(**config.as_dict()) == config
    assert EncoderConfig(**config.as_dict(seed=3)) == config  # the seed belongs to the weights
    assert "seed" not in config.as_dict()


@pytest.mark.parametrize(
    ("fields", "factor"),
    [
        ({}, 16**-0.5),
        ({"score": "dot"}, 1.0),
        ({"score": "cosine"}, 1.0),
        ({"score": "additive"}, 1.0),
        ({"score_scale": 0.3}, 0.3),
        ({"score": "cosine", "score_scale": 10.0}, 10.0),
    ],
)
def test_the_scale_is_the_scores_own_unless_one_is_given(fields, factor):
    assert EncoderConfig(**fields).score_factor == factor


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"d_model": 65}, "d_model, n_heads: 65 is not divisible by 4; expected a multiple, or d_head given"),
        ({"n_kv_heads": 3}, "n_heads, n_kv_heads: 4 is not divisible by 3; expected a multiple"),
        (
            {"decoder_heads": 5},
            "d_model, decoder_heads: 64 is not divisible by 5; expected a multiple, or decoder_d_head given",
        ),
        (
            {"n_kv_heads": 2, "decoder_heads": 1},
            "decoder_heads, decoder_kv_heads: 1 is not divisible by 2; expected a multiple",
        ),
        (
            {"position": "rotary", "decoder_d_head": 5},
            "position, decoder_d_head: rotary turns pairs, and decoder_d_head is 5; expected it even",
        ),
        (
            {"position": "rotary", "rotary_dims": 12, "decoder_d_head": 8},
            "rotary_dims, decoder_d_head: rotary turns pairs, and 12 of 8 are given; expected an even number, at most "
            "decoder_d_head",
        ),
        (
            {"position": "rotary", "d_head": 7},
            "position, d_head: rotary turns pairs, and d_head is 7; expected it even",
        ),
        ({"mask": "window"}, "mask, window: the mask is window, and window is not given; expected both"),
        ({"window": 2}, "window, mask: window is 2, and the mask is none; expected mask window or causal"),
        (
            {"position": "relative", "relative_max_distance": 8},
            "relative_max_distance, relative_buckets: 8 with 32 buckets; expected more than 16",
        ),
        ({"pad_id": 1}, "pad_id, position: pad_id is 1, and position is sinusoidal; expected position learned"),
        (
            {"position": "learned", "pad_id": 9, "n_vocab": 9},
            "pad_id, n_vocab: 9 is not the id of a token; expected less than 9",
        ),
        (
            {"decoder_norms_tokens": True},
            "decoder_norms_tokens, embed_norm: there is no norm of embeddings; expected embed_norm too",
        ),
        (
            {"decoder_start_id": 9, "n_vocab": 9},
            "decoder_start_id, n_vocab: 9 is not the id of a token; expected less than 9",
        ),
        (
            {"decoder_start_id": 9, "decoder_n_vocab": 9},
            "decoder_start_id, decoder_n_vocab: 9 is not the id of a token; expected less than 9",
        ),
        (
            {"sinusoids": "halves", "position": "none"},
            "sinusoids, position: halves is given, and position is none; expected position sinusoidal",
        ),
        (
            {"relative_shared": False},
            "relative_shared, position: it is off, and position is sinusoidal; expected position relative, or "
            "relative_bias",
        ),
        ({"zero_id": 9, "n_vocab": 9}, "zero_id, n_vocab: 9 is not the id of a token; expected less than 9"),
        (
            {"qk_norm_width": "all"},
            "qk_norm_width, qk_norm: all is given, and no qk_norm; expected both",
        ),
        (
            {"rotary_layers": "0"},
            "rotary_layers, position: 0 is given, and position is sinusoidal; expected position rotary",
        ),
        (
            {"position": "rotary", "rotary_layers": "2"},
            "rotary_layers: layer: there is no layer 2; expected 0-1 (or from the end, -1)",
        ),
        (
            {"norm_placement": "output", "first_norm": False},
            "first_norm, norm_placement: only a norm before a part can be left out, and it is output; "
            "expected pre or sandwich",
        ),
        ({"gate_limit": 7}, "gate_limit, gated: 7 is given, and no gate; expected both"),
        ({"gate_plus": 1}, "gate_plus, gated: 1 is given, and no gate; expected both"),
        ({"expert_layers": "1"}, "expert_layers, n_experts: 1 is given, and no expert; expected both"),
        ({"d_shared": 8}, "d_shared, n_experts: 8 is given, and no expert; expected both"),
        (
            {"n_experts": 4, "shared_gate": True},
            "shared_gate, d_shared: a gate of the shared expert, and there is none; expected both",
        ),
        (
            {"n_experts": 4, "router_groups": 3},
            "n_experts, router_groups: 4 is not divisible by 3; expected a multiple",
        ),
        (
            {"n_experts": 4, "router_groups": 2, "groups_per_token": 3},
            "groups_per_token, router_groups: 3 of 2; expected at most as many",
        ),
        (
            {"n_experts": 4, "router_groups": 2, "groups_per_token": 1, "experts_per_token": 3},
            "experts_per_token, n_experts: 3 of 2; expected at most as many",
        ),
        (
            {"n_experts": 4, "d_ff": 0},
            "n_experts, d_ff, d_expert: 4 experts of no width; expected it larger",
        ),
        ({"n_experts": 2**14}, "n_experts: it is too large; expected less than 2^14"),
        (
            {"n_experts": 2**13, "n_layers": 33},
            "n_experts, n_layers: 270336 experts in all; expected at most 262144",
        ),
        ({"score_cap": 0}, "score_cap: 0 is too small; expected 1e-06 or more"),
        ({"n_layers": 0}, "n_layers: 0 is too small; expected 1 or more"),
        ({"n_layers": 2.5}, "n_layers: 2.5 is not a whole number; expected a whole number"),
        ({"n_layers": True}, "n_layers: True is not a whole number; expected a whole number"),
        ({"n_layers": None}, "n_layers: None is not a whole number; expected a whole number"),
        ({"n_vocab": 2**31}, "n_vocab: it is too large; expected less than 2^31"),
        ({"n_ctx": 10**400}, "n_ctx: it is too large; expected less than 2^31"),
        ({"score_scale": 10**400}, "score_scale: it is too large; expected less than 1e+30"),
        ({"seed": -1}, "seed: -1 is too small; expected 0 or more"),
        ({"score_scale": "big"}, "score_scale: 'big' is not a number; expected a number"),
        ({"score_scale": float("nan")}, "score_scale: nan is not finite; expected a finite number"),
        ({"bias": 1}, "bias: 1 is not a truth value; expected true or false"),
        (
            {"score": "cosin"},
            "score: 'cosin' is not known (did you mean 'cosine'?); expected one of scaled_dot, dot, cosine, additive",
        ),
        ({"norm": 3}, "norm: 3 is not known; expected one of layer, rms"),
        ({"rotary_long": 3}, "rotary_long: 3 is not a list of numbers; expected numbers such as 1,1.5,2"),
        ({"rotary_long": "1,x"}, "rotary_long: '1,x' is not a list of numbers; expected numbers such as 1,1.5,2"),
        ({"rotary_long": []}, "rotary_long: [] is not a list of numbers; expected numbers such as 1,1.5,2"),
        ({"rotary_long": [1, True]}, "rotary_long: True is not a number; expected a number"),
        ({"rotary_long": "1,0"}, "rotary_long: 0.0 is too small; expected 1e-06 or more"),
        (
            {"rotary_scaling": "longrope", "d_head": 6, "rotary_short": [1, 2, 3], "rotary_long": [1]},
            "rotary_long, rotary_dims: 1 given; expected 3, one for each pair of 6",
        ),
        (
            {"rotary_scaling": "longrope", "d_head": 6},
            "rotary_short, rotary_dims: none given; expected 3, one for each pair of 6",
        ),
        (
            {"rotary_scaling": "yarn", "rotary_low": 32.0},
            "rotary_high, rotary_low: 32 and 32; expected the first to be larger",
        ),
        (
            {"rotary_scaling": "yarn", "rotary_base": 1.0},
            "rotary_base, rotary_scaling: yarn tells pairs apart by it; expected more than 1",
        ),
        (
            {"rotary_scaling": "dynamic", "rotary_dims": 2},
            "rotary_dims, rotary_scaling: 2 with dynamic; expected more than 2",
        ),
        ({"conv_kernel": 4}, "conv_kernel: 4 tokens have no middle; expected an odd number, or 0"),
        (
            {"conv_kernel": 3, "d_ff": 0},
            "conv_kernel, d_ff: 3 tokens, after no feed-forward; expected d_ff above 0",
        ),
    ],
)
def test_a_field_that_does_not_fit_gets_one_line(fields, message):
    with pytest.raises(ConfigError) as caught:
        EncoderConfig(**fields)
    assert str(caught.value) == message
    assert caught.value.exit_code == 2


def test_unknown_fields_are_told_all_at_once_with_the_nearest_known_one():
    with pytest.raises(ConfigError) as caught:
        check_field_names({"n_head": 4, "seed": 1, "zzz": 2}, "block.toml")
    assert str(caught.value) == (
        "block.toml: unknown fields 'n_head' (did you mean 'n_heads'?), 'zzz'; expected fields of the block"
    )


@pytest.mark.parametrize(
    ("fields", "sizes"),
    [
        ({}, (4, 4, 16, 16, 256)),
        ({"decoder_heads": 2}, (2, 2, 32, 32, 256)),
        ({"decoder_heads": 2, "d_head": 8}, (2, 2, 8, 8, 256)),
        ({"decoder_heads": 2, "decoder_d_head": 16}, (2, 2, 16, 16, 256)),
        ({"decoder_heads": 8, "n_kv_heads": 2, "d_v": 3}, (8, 2, 8, 3, 256)),
        ({"decoder_heads": 8, "decoder_kv_heads": 4, "decoder_d_ff": 0}, (8, 4, 8, 8, 0)),
    ],
)
def test_a_decoders_sizes_follow_from_the_encoders_unless_they_are_given(fields, sizes):
    config = EncoderConfig(**fields)
    own = config.decoder_block
    assert (own.n_heads, own.n_kv_heads, own.d_head, own.d_v, own.d_ff) == sizes
    assert EncoderConfig(**config.as_dict()) == config
    assert (config.heads_of("encoder"), config.heads_of("decoder"), config.heads_of("cross")) == (4, *sizes[:1] * 2)
    assert config.of_kind("encoder") is config


def test_a_head_may_be_wider_or_narrower_than_its_share():
    assert EncoderConfig(d_model=65, d_head=10).d_head == 10


def test_a_window_may_narrow_a_causal_mask():
    assert EncoderConfig(mask="causal", window=3).attention.window == 3


def test_key_and_value_heads_that_were_as_many_as_all_heads_stay_so():
    assert EncoderConfig(n_heads=4).replaced({"n_heads": 2}).n_kv_heads == 2
    assert EncoderConfig(n_heads=4).replaced({"n_heads": 4, "n_kv_heads": 2}).n_kv_heads == 2
    assert EncoderConfig(n_heads=4, n_kv_heads=2).replaced({"n_heads": 8}).n_kv_heads == 2
    assert EncoderConfig(n_heads=4).replaced({"mask": "causal"}).n_kv_heads == 4


@pytest.mark.parametrize(
    ("fields", "overrides"),
    [
        ({"mask": "causal", "window": 2, "window_layers": "0"}, {"mask": "none"}),
        ({"position": "rotary", "rotary_layers": "0"}, {"position": "alibi"}),
        ({"position": "learned", "pad_id": 1}, {"position": "none"}),
        ({"qk_norm": True, "qk_norm_width": "all"}, {"qk_norm": False}),
        ({"gated": True, "gate_limit": 7.0, "gate_plus": 1.0}, {"gated": False}),
        ({"n_experts": 4, "expert_layers": "1", "d_shared": 5, "shared_gate": True}, {"n_experts": 0}),
    ],
)
def test_a_field_goes_with_the_value_that_allowed_it(fields, overrides):
    assert EncoderConfig(**fields).replaced(overrides) == EncoderConfig(**overrides)


def test_a_layer_without_experts_is_a_block_without_them():
    config = EncoderConfig(n_experts=4, expert_layers="1", d_shared=5, d_ff=7, d_expert=3)
    assert config.at_layer(1) is config
    assert config.at_layer(0).feed_forward.n_experts == 0
    assert config.at_layer(0).d_ff == 7
    plain = EncoderConfig()
    assert plain.at_layer(0) is plain


def test_a_list_of_numbers_is_spelled_with_commas_too():
    spelled = {"rotary_scaling": "longrope", "d_head": 4, "rotary_short": "1, 1.5", "rotary_long": [2, 3]}
    config = EncoderConfig(**spelled)
    assert (config.position.rotary_short, config.position.rotary_long) == ((1.0, 1.5), (2.0, 3.0))
    assert assigned(["rotary_short=1,1.5"]) == {"rotary_short": (1.0, 1.5)}


def test_another_stretching_has_its_own_bound():
    assert EncoderConfig(rotary_scaling="yarn").position.rotary_high == 32
    assert EncoderConfig(rotary_scaling="llama3").replaced({"rotary_scaling": "yarn"}).position.rotary_high == 32
    assert EncoderConfig(rotary_high=7.0).replaced({"mask": "causal"}).position.rotary_high == 7
