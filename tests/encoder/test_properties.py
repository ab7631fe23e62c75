"""What the textbooks say of attention, as properties of ours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.encoder.attention import Geometry, attention
from attnviz.encoder.block import cross_attention_part, self_attention_part
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.config.given import ACTIVATIONS, MASKS, NORMS, PLACEMENTS, POSITIONS, SCORES
from attnviz.encoder.masks import masked_keys
from attnviz.encoder.ops import softmax
from attnviz.encoder.parameters.params import ArrayParams, Params
from attnviz.encoder.parameters.seeded import SeededParams
from attnviz.encoder.stack import Address, Sequence, run

SMALL = {"n_heads": 3, "d_model": 15, "d_head": 4, "d_ff": 17, "n_vocab": 101, "n_layers": 2, "n_ctx": 64}


def doubled(config: EncoderConfig) -> Params:
    """The seeded weights in float64, where differences of 1e-12 can be seen."""
    made = SeededParams(config, decoder=True)
    return ArrayParams({name: made[name].astype(np.float64) for name in made})


def weights_of(config, ids, *, target=None, padding=None, kind="encoder", layer=1):
    source = Sequence(ids=np.asarray(ids), padding=padding)
    other = None if target is None else Sequence(ids=np.asarray(target))
    return run(doubled(config), config, {Address(kind, layer, "weights")}, source, other)[kind, layer].weights


@st.composite
def configs(draw, **fixed):
    mask = draw(st.sampled_from(MASKS))
    fields = {
        "score": draw(st.sampled_from(SCORES)),
        "score_cap": draw(st.sampled_from([None, 0.5])),
        "mask": mask,
        "window": draw(st.integers(0, 4)) if mask == "window" else None,
        "position": draw(st.sampled_from(POSITIONS)),
        "norm": draw(st.sampled_from(NORMS)),
        "norm_placement": draw(st.sampled_from(PLACEMENTS)),
        "norm_gain": draw(st.booleans()),
        "activation": draw(st.sampled_from(ACTIVATIONS)),
        "gated": draw(st.booleans()),
        "bias": draw(st.booleans()),
        "n_kv_heads": draw(st.sampled_from([1, 3])),
        "d_ff": draw(st.sampled_from([0, 17])),
        "seed": draw(st.integers(0, 99)),
    }
    return EncoderConfig(**(SMALL | fields | fixed))


token_ids = st.lists(st.integers(0, 100), min_size=1, max_size=7)


@settings(max_examples=60)
@given(configs(), token_ids, token_ids)
def test_every_row_sums_to_one_and_masked_keys_get_nothing(config, ids, target):
    for kind in ("encoder", "decoder", "cross"):
        weights = weights_of(config, ids, target=target, kind=kind)
        np.testing.assert_allclose(weights.sum(axis=-1), 1, atol=1e-12)
        hidden = masked_keys(config, kind, (0,), Sequence(ids=np.array(ids)), Sequence(ids=np.array(target)))
        if hidden is not None:
            assert (weights[:, hidden[0]] == 0).all()


@settings(max_examples=40)
@given(configs(mask="causal", window=None), token_ids, st.integers(0, 100))
def test_a_causal_row_ignores_what_comes_later(config, ids, other):
    changed = [*ids[:-1], other]
    earlier = len(ids) - 1
    before, after = weights_of(config, ids), weights_of(config, changed)
    np.testing.assert_allclose(before[:, :earlier], after[:, :earlier], atol=1e-12)


@settings(max_examples=40)
@given(configs(position="none", mask="none", window=None), st.permutations(range(6)))
def test_without_positions_permuting_the_tokens_permutes_rows_and_columns(config, order):
    ids = np.array([5, 17, 17, 80, 3, 41])
    straight, permuted = weights_of(config, ids), weights_of(config, ids[order])
    np.testing.assert_allclose(permuted, straight[:, order][:, :, order], atol=1e-12)


@pytest.mark.parametrize("position", [p for p in POSITIONS if p != "none"])
def test_with_positions_permuting_the_tokens_changes_more_than_the_order(position):
    config, ids, order = EncoderConfig(**SMALL, position=position), np.array([5, 17, 9, 80, 3, 41]), [2, 0, 1, 5, 3, 4]
    straight, permuted = weights_of(config, ids), weights_of(config, ids[order])
    assert np.abs(permuted - straight[:, order][:, :, order]).max() > 1e-3


@settings(max_examples=40)
@given(configs(), token_ids, st.integers(1, 5))
def test_padding_changes_nothing_for_real_tokens(config, ids, more):
    n = len(ids)
    padding = np.array([False] * n + [True] * more)
    padded = weights_of(config, ids + [0] * more, padding=padding)
    np.testing.assert_allclose(padded[:, :n, :n], weights_of(config, ids), atol=1e-12)
    assert (padded[:, :, n:] == 0).all()


def test_a_row_whose_keys_are_all_masked_is_zero_not_nan():
    assert softmax(np.full((2, 3), -np.inf)).tolist() == [[0, 0, 0]] * 2
    config = EncoderConfig(**SMALL, mask="window", window=1)
    weights = weights_of(config, [1, 2, 3, 4, 5, 6], padding=np.array([False, False, True, True, True, True]), layer=0)
    assert (weights[:, 3:].sum(axis=-1) == 0).all()
    np.testing.assert_allclose(weights[:, :3].sum(axis=-1), 1, atol=1e-12)


def attend(x, source, params, config, geometry=None):
    return dict(attention(x, source, params, config, geometry or Geometry()))


@pytest.mark.parametrize("score", SCORES)
def test_the_matrix_form_equals_one_query_at_a_time(score):
    config = EncoderConfig(**SMALL, score=score)
    params, rng = doubled(config).at("layers.0.attn"), np.random.default_rng(1)
    x, source = rng.normal(size=(7, 15)), rng.normal(size=(5, 15))
    whole = attend(x, source, params, config)
    for i in range(7):
        alone = attend(x[i : i + 1], source, params, config)
        for name in ("scores", "weights", "z"):
            np.testing.assert_allclose(alone[name][:, 0], whole[name][:, i], atol=1e-12)
        np.testing.assert_allclose(alone["attn_out"][0], whole["attn_out"][i], atol=1e-12)


@pytest.mark.parametrize("score", SCORES)
def test_heads_together_equal_heads_alone_concatenated(score):
    config = EncoderConfig(**SMALL, score=score, bias=False)
    params, rng = doubled(config).at("layers.0.attn"), np.random.default_rng(2)
    x = rng.normal(size=(7, 15))
    whole, total = attend(x, x, params, config), 0
    for h in range(3):
        own = slice(4 * h, 4 * h + 4)
        one = {name: params[name][:, own] for name in ("wq", "wk", "wv")} | {"wo": params["wo"][own]}
        if score == "additive":
            one["score_w"] = params["score_w"][h : h + 1]
        alone = attend(x, x, ArrayParams(one), config.replaced({"n_heads": 1, "n_kv_heads": 1}))
        np.testing.assert_allclose(alone["weights"][0], whole["weights"][h], atol=1e-12)
        np.testing.assert_allclose(alone["z"][0], whole["z"][h], atol=1e-12)
        total = total + alone["attn_out"]
    np.testing.assert_allclose(total, whole["attn_out"], atol=1e-12)


def test_self_attention_is_cross_attention_of_a_text_with_itself():
    config = EncoderConfig(**SMALL, position="none")
    own = doubled(config)
    arrays = {name: own[name] for name in own}
    cross = arrays | {f"decoder.layers.0.cross.{n}": arrays[f"layers.0.attn.{n}"] for n in own.at("layers.0.attn")}
    x, memory = np.random.default_rng(3).normal(size=(2, 7, 15))
    params = ArrayParams(cross).at("decoder.layers.0")
    between = dict(cross_attention_part(x, memory, params, config, Geometry()))
    alone = attend(x, memory, own.at("layers.0.attn"), config)
    for name in ("q", "k", "scores", "weights", "z", "attn_out"):
        np.testing.assert_array_equal(between[name], alone[name])
    itself = dict(cross_attention_part(x, x, params, config, Geometry()))
    encoder = dict(self_attention_part(x, own.at("layers.0"), config, Geometry()))
    np.testing.assert_array_equal(itself["attn_out"], encoder["attn_out"])


def test_grouped_heads_equal_full_heads_whose_keys_and_values_are_repeated():
    grouped = EncoderConfig(**SMALL | {"n_heads": 6, "d_head": 4}, n_kv_heads=2)
    params = doubled(grouped)
    arrays = {name: params[name] for name in params}
    for i in range(2):
        for name in ("wk", "wv", "bk", "bv"):
            key = f"layers.{i}.attn.{name}"
            by_head = arrays[key].reshape(*arrays[key].shape[:-1], 2, 4)
            arrays[key] = np.repeat(by_head, 3, axis=-2).reshape(*arrays[key].shape[:-1], 24)
    addresses, ids = {Address("encoder", 1, "weights")}, Sequence(ids=np.array([4, 8, 15, 16, 23]))
    full = grouped.replaced({"n_kv_heads": 6})
    np.testing.assert_allclose(
        run(ArrayParams(arrays), full, addresses, ids)["encoder", 1].weights,
        run(params, grouped, addresses, ids)["encoder", 1].weights,
        atol=1e-12,
    )


def test_rotary_scores_depend_on_distance_alone():
    config = EncoderConfig(**SMALL, position="rotary")
    scores = run(doubled(config), config, {Address("encoder", 0, "scores")}, Sequence(ids=np.full(9, 7)))[
        "encoder", 0
    ].scores
    for offset in range(-8, 9):
        diagonal = np.diagonal(scores, offset, axis1=1, axis2=2)
        np.testing.assert_allclose(diagonal, diagonal[:, :1].repeat(diagonal.shape[1], axis=1), atol=1e-12)


def test_the_embedding_scale_multiplies_token_vectors_but_not_given_vectors():
    config = EncoderConfig(**SMALL, embed_scale=3.0, position="none")
    params, address = doubled(config), Address("encoder", None, "embedded")
    ids = np.array([4, 8, 15])
    looked_up = run(params, config, {address}, Sequence(ids=ids)).embeddings["encoder"].embedded
    np.testing.assert_allclose(looked_up, 3 * params["embed.tokens"][ids])
    vectors = np.random.default_rng(5).normal(size=(4, 15))
    given_ones = run(params, config, {address}, Sequence(vectors=vectors)).embeddings["encoder"].embedded
    np.testing.assert_array_equal(given_ones, vectors)
