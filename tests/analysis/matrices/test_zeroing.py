"""What outputs lose with a value or a head, against whole runs in which the value or the head's z is really 0."""

import math
from contextlib import contextmanager
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import attnviz.encoder.attention
import attnviz.encoder.projections
from attnviz.analysis.matrices import rerun
from attnviz.analysis.matrices.rerun import Ran
from attnviz.analysis.matrices.zeroing import ablation, zeroing, zeroing_addresses
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.config.given import ACTIVATIONS, MASKS, NORMS, PLACEMENTS, POSITIONS, SCORES
from attnviz.encoder.parameters.params import ArrayParams
from attnviz.encoder.parameters.seeded import SeededParams
from attnviz.encoder.projections import linear
from attnviz.encoder.stack import Address, Sequence, run

SMALL = {"n_heads": 3, "d_model": 15, "d_head": 4, "d_ff": 17, "n_vocab": 101, "n_layers": 3, "n_ctx": 64}
SOURCE = Sequence(ids=np.array([5, 17, 17, 80, 3]), padding=np.array([False] * 4 + [True]))
TARGET = Sequence(ids=np.array([7, 41, 7]))
STACKS = {"encoder": "encoder", "decoder": "decoder", "cross": "decoder"}
CONFIGS = {
    "post": {},
    "pre": {"norm_placement": "pre", "position": "rotary", "score": "cosine"},
    "parallel": {"norm_placement": "pre", "parallel": True, "norm": "rms", "gated": True, "activation": "silu"},
    "parallel, no first norm": {"norm_placement": "pre", "parallel": True, "first_norm": False, "qk_norm": True},
    "grouped, causal": {"n_kv_heads": 1, "mask": "causal", "position": "alibi", "activation": "gelu"},
    "disentangled, with a convolution": {"disentangled": "both", "conv_kernel": 3},
    "windowed layers": {"mask": "window", "window": 1, "window_layers": "1", "position": "relative"},
    "additive, no feed-forward": {"score": "additive", "d_ff": 0, "bias": False},
}


def doubled(config, spread=0.3):
    """Weights in float64 whose biases and gains are not those of a start, so that each of them matters."""
    made, rng = SeededParams(config, decoder=True), np.random.default_rng(0)
    return ArrayParams({name: made[name] + spread * rng.normal(size=made[name].shape) for name in made})


@contextmanager
def changed(params, kind, layer, name, change):
    """Runs in which an attention's projection ``name`` is ``change`` of what it gets (z) or gives (v)."""
    prefix = "" if kind == "encoder" else "decoder."
    target = params[f"{prefix}layers.{layer}.{'cross' if kind == 'cross' else 'attn'}.w{name}"]

    def other(x, params, which, *, bias):
        here = which == name and params[f"w{which}"] is target
        x = change(x) if here and name == "o" else x
        y = linear(x, params, which, bias=bias)
        return change(y) if here and name == "v" else y

    module = attnviz.encoder.attention if name == "o" else attnviz.encoder.projections
    with mock.patch.object(module, "linear", other):
        yield


def zero(axis, where):
    def change(x):
        x = x.copy()
        x[(slice(None),) * axis + (where,)] = 0
        return x

    return change


def cosine(a, b):
    return sum(a * b) / math.sqrt(sum(a * a) * sum(b * b))


def zeroing_by_runs(params, config, kind, layer):
    """A whole run for each key."""
    addresses = {Address(STACKS[kind], layer, "out"), Address(kind, layer, "weights")}
    whole = run(params, config, addresses, SOURCE, TARGET)
    before = whole[STACKS[kind], layer].out
    n_queries, n_keys = whole[kind, layer].weights.shape[1:]
    result = np.zeros((n_queries, n_keys))
    for j in range(n_keys):
        with changed(params, kind, layer, "v", zero(0, j)):
            after = run(params, config, addresses, SOURCE, TARGET)[STACKS[kind], layer].out
        for i in range(n_queries):
            result[i, j] = 1 - cosine(before[i], after[i])
    return result / result.sum(axis=1, keepdims=True)


def zeroing_of(params, config, kind, layer, source=SOURCE, target=TARGET):
    trace = run(params, config, zeroing_addresses(kind, layer), source, target)
    return zeroing(Ran(params, config, trace, source, target), kind, layer)


def ablation_by_runs(params, config, kind, layer, head):
    addresses = {Address(STACKS[kind], None, "output")}
    before = run(params, config, addresses, SOURCE, TARGET).outputs[STACKS[kind]]
    columns = slice(head * config.d_head, (head + 1) * config.d_head)
    with changed(params, kind, layer, "o", zero(1, columns)):
        after = run(params, config, addresses, SOURCE, TARGET).outputs[STACKS[kind]]
    tokens = range(4) if kind == "encoder" else range(3)  # without the padding
    return sum(1 - cosine(before[i], after[i]) for i in tokens) / len(tokens)


@pytest.mark.parametrize("kind", STACKS)
@pytest.mark.parametrize("fields", CONFIGS.values(), ids=CONFIGS)
def test_zeroing_is_what_a_run_without_the_value_differs_by(fields, kind):
    config = EncoderConfig(**(SMALL | fields))
    params = doubled(config)
    for layer in (0, 1):
        result = zeroing_of(params, config, kind, layer)
        np.testing.assert_allclose(result, zeroing_by_runs(params, config, kind, layer), atol=1e-11)
        np.testing.assert_allclose(result.sum(axis=-1), 1, atol=1e-12)


@pytest.mark.parametrize("kind", STACKS)
@pytest.mark.parametrize("fields", CONFIGS.values(), ids=CONFIGS)
def test_ablation_is_what_a_run_without_the_head_differs_by(fields, kind):
    config = EncoderConfig(**(SMALL | fields))
    params = doubled(config)
    result = ablation(params, config, kind, SOURCE, TARGET, layers=(2, 0), heads=(1, 2))
    expected = [[ablation_by_runs(params, config, kind, layer, head) for head in (1, 2)] for layer in (2, 0)]
    np.testing.assert_allclose(result, expected, atol=1e-12)
    assert (result > 1e-6).all()


@pytest.mark.parametrize("kind", STACKS)
def test_a_few_variants_at_a_time_give_the_same(monkeypatch, kind):
    config = EncoderConfig(**SMALL)
    params = doubled(config)
    cuts = {"layers": (0, 1, 2), "heads": (0, 1, 2)}
    zeroed, ablated = (
        zeroing_of(params, config, kind, 1),
        ablation(params, config, kind, SOURCE, TARGET, **cuts),
    )
    for n in (1, 2):
        monkeypatch.setattr("attnviz.analysis.matrices.zeroing.variants_at_once", lambda *_, n=n: n)
        np.testing.assert_allclose(zeroing_of(params, config, kind, 1), zeroed, atol=1e-12)
        np.testing.assert_allclose(ablation(params, config, kind, SOURCE, TARGET, **cuts), ablated, atol=1e-12)


def test_no_more_variants_than_fit_but_always_one(monkeypatch):
    config = EncoderConfig(**SMALL)
    ran = Ran(SeededParams(config), config, run(SeededParams(config), config, set(), SOURCE), SOURCE)
    monkeypatch.setattr(rerun, "_CHUNK", 1000)
    assert rerun.variants_at_once(ran, "encoder") == 1000 // (5 * 17)
    monkeypatch.setattr(rerun, "_CHUNK", 10)
    assert rerun.variants_at_once(ran, "encoder") == 1


def test_zeroing_by_hand():
    # One head without projections, positions and feed-forward; norms that keep directions: y_i = x_i + Σ_j A_ij x_j
    eye, ones = np.eye(2), np.ones(2)
    config = EncoderConfig(
        n_layers=1, n_heads=1, d_model=2, d_ff=0, n_vocab=1, position="none", bias=False, norm="rms", score_scale=0.0
    )
    names = {f"layers.0.attn.w{n}": eye for n in "qkvo"} | {"layers.0.norm1.gain": ones, "layers.0.norm2.gain": ones}
    source = Sequence(vectors=np.array([[1.0, 0.0], [0.0, 1.0]]))
    params = ArrayParams(names)
    trace = run(params, config, zeroing_addresses("encoder", 0), source)
    # weights are 1/2 each: y_0 = (3/2, 1/2); without v_0 it is (1, 1/2), without v_1 (3/2, 0)
    first = 1 - 1.75 / math.sqrt(2.5 * 1.25)
    second = 1 - 1.5 / math.sqrt(2.5)
    expected = [first / (first + second), second / (first + second)]
    np.testing.assert_allclose(zeroing(Ran(params, config, trace, source), "encoder", 0), [expected, expected[::-1]])


@st.composite
def configs(draw):
    mask, placement = draw(st.sampled_from(MASKS)), draw(st.sampled_from(PLACEMENTS))
    return EncoderConfig(
        **SMALL
        | {
            "score": draw(st.sampled_from(SCORES)),
            "mask": mask,
            "window": draw(st.integers(0, 4)) if mask == "window" else None,
            "position": draw(st.sampled_from(POSITIONS)),
            "norm": draw(st.sampled_from(NORMS)),
            "norm_placement": placement,
            "parallel": placement == "pre" and draw(st.booleans()),
            "activation": draw(st.sampled_from(ACTIVATIONS)),
            "gated": draw(st.booleans()),
            "n_kv_heads": draw(st.sampled_from([1, 3])),
            "d_ff": draw(st.sampled_from([0, 17])),
            "seed": draw(st.integers(0, 99)),
        }
    )


token_ids = st.lists(st.integers(0, 100), min_size=1, max_size=5)


@settings(max_examples=50)
@given(configs(), token_ids, token_ids, st.sampled_from(list(STACKS)))
def test_of_the_models_own_float32_rows_sum_to_one_and_masked_keys_lose_nothing(config, ids, others, kind):
    params, source, target = (
        SeededParams(config, decoder=True),
        Sequence(ids=np.array(ids)),
        Sequence(ids=np.array(others)),
    )
    trace = run(params, config, zeroing_addresses(kind, 1), source, target)
    result = zeroing(Ran(params, config, trace, source, target), kind, 1)
    np.testing.assert_allclose(result.sum(axis=-1), 1, atol=1e-12)
    assert (result[(trace[kind, 1].weights == 0).all(axis=0)] == 0).all()
    heads = ablation(params, config, kind, source, target, layers=(0, 2), heads=(0, 1, 2))
    assert ((heads >= 0) & (heads <= 2)).all()


def test_float32_is_near_float64():
    config = EncoderConfig(**SMALL)
    params = SeededParams(config, decoder=True)
    np.testing.assert_allclose(
        zeroing_of(params, config, "encoder", 1), zeroing_of(doubled(config, 0), config, "encoder", 1), atol=1e-5
    )


def test_queries_that_see_nothing_lose_nothing_even_where_variants_are_rounded_otherwise(monkeypatch):
    def rounded_otherwise(ran, kind, layer, z):
        return rerun.layer_output(ran, kind, layer, z) * np.linspace(1, 1 + 1e-6 * z.ndim, ran.config.d_model)

    monkeypatch.setattr("attnviz.analysis.matrices.zeroing.layer_output", rounded_otherwise)
    config = EncoderConfig(**SMALL)
    padded = Sequence(ids=np.array([5, 17, 80]), padding=np.ones(3, dtype=bool))
    assert (zeroing_of(SeededParams(config), config, "encoder", 1, padded, None) == 0).all()
