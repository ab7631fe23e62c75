"""Every configuration equals the loops of ``reference.py``: to 1e-12 in float64, to 1e-5 in float32."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.encoder import scoring
from attnviz.encoder.config import ACTIVATIONS, NORMS, PLACEMENTS, POSITIONS, SCORES, EncoderConfig
from attnviz.encoder.params import ArrayParams
from attnviz.encoder.shapes import tensor_shapes
from attnviz.encoder.stack import Sequence, Wanted, run
from tests.encoder import reference

# Pairwise different primes wherever the block allows it, so that a swapped axis fails.
SIZES = {"n_layers": 2, "n_heads": 3, "d_model": 7, "d_head": 5, "d_ff": 11, "n_vocab": 13, "n_ctx": 17}
SOURCE, TARGET = [3, 7, 7, 0, 12, 5, 9, 1], [1, 9, 4, 2]

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
    {"n_heads": 6, "n_kv_heads": 2, "d_head": 4},
    {"n_kv_heads": 1},
    {"d_ff": 0},
    {"d_ff": 0, "norm_placement": "pre"},
    {"embed_scale": 2.5},
    {"norm_eps": 0.3},
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


def compare(config, arrays, tolerance, *, padding=None, vectors=None):
    own = EncoderConfig(**SIZES | config)
    plain = own.as_dict()
    lists = {name: array.astype(np.float64).tolist() for name, array in arrays.items()}
    given_ids = None if vectors is not None else SOURCE
    rows = None if vectors is None else vectors.tolist()
    layers, memory = reference.encode(plain, lists, ids=given_ids, vectors=rows, padding=padding)
    pairs, output = reference.decode(plain, lists, memory, ids=TARGET, padding=padding)
    expected = {("encoder", n): layer for n, layer in enumerate(layers)}
    for n, (decoder, cross) in enumerate(pairs):
        expected |= {("decoder", n): decoder, ("cross", n): cross}

    wanted = {Wanted(*key, name) for key, layer in expected.items() for name in layer}
    wanted |= {Wanted(kind, None, name) for kind in ("encoder", "decoder") for name in ("embedded", "output")}
    source = Sequence(
        ids=None if vectors is not None else np.array(SOURCE),
        vectors=vectors,
        padding=None if padding is None else np.array(padding),
    )
    trace = run(ArrayParams(arrays), own, wanted, source, Sequence(ids=np.array(TARGET)))
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
def test_float32_equals_the_loops_to_1e_5(config):
    compare(config, made(EncoderConfig(**SIZES | config), np.float32), 1e-5)


@pytest.mark.parametrize("config", [{}, {"mask": "causal"}, {"mask": "window", "window": 1}, {"position": "relative"}])
@pytest.mark.parametrize("n_real", [5, 0])
def test_padding_equals_the_loops(config, n_real):
    padding = [i >= n_real for i in range(len(SOURCE))]
    compare(config, made(EncoderConfig(**SIZES | config)), 1e-12, padding=padding)


def test_vectors_instead_of_tokens_equal_the_loops():
    vectors = np.random.default_rng(3).normal(size=(5, 7))
    compare({"embed_scale": 3.0}, made(EncoderConfig(**SIZES)), 1e-12, vectors=vectors)


@pytest.mark.parametrize("score", SCORES)
def test_a_zero_vector_equals_the_loops(score):
    config = {"score": score, "bias": False, "position": "none"}
    vectors = np.random.default_rng(3).normal(size=(5, 7))
    vectors[2] = 0
    compare(config, made(EncoderConfig(**SIZES | config)), 1e-12, vectors=vectors)


def test_additive_scores_a_few_queries_at_a_time_equal_the_loops(monkeypatch):
    monkeypatch.setattr(scoring, "_CHUNK", 3 * 3 * 8 * 5)  # room for three queries with 3 heads, 8 keys, d_head 5
    compare({"score": "additive"}, made(EncoderConfig(**SIZES, score="additive")), 1e-12)


@settings(max_examples=40, deadline=None)
@given(
    st.fixed_dictionaries(
        {
            "score": st.sampled_from(SCORES),
            "position": st.sampled_from(POSITIONS),
            "norm": st.sampled_from(NORMS),
            "norm_placement": st.sampled_from(PLACEMENTS),
            "activation": st.sampled_from(ACTIVATIONS),
            "gated": st.booleans(),
            "bias": st.booleans(),
            "n_kv_heads": st.sampled_from([1, 3]),
            "d_head": st.sampled_from([2, 6]),
            "d_ff": st.sampled_from([0, 11]),
            "score_scale": st.none() | st.floats(-2, 2),
            "embed_scale": st.floats(0.5, 2),
        }
    ),
    st.sampled_from([("none", None), ("causal", None), ("causal", 1), ("window", 2)]),
    st.none() | st.lists(st.booleans(), min_size=len(SOURCE), max_size=len(SOURCE)),
    st.integers(0, 99),
)
def test_any_mixture_of_fields_equals_the_loops(config, masking, padding, seed):
    config = config | {"mask": masking[0], "window": masking[1]}
    compare(config, made(EncoderConfig(**SIZES | config), seed=seed), 1e-12, padding=padding)


def test_alibi_slopes_are_the_papers_for_any_number_of_heads():
    from attnviz.encoder.positions import alibi_slopes

    for n in range(1, 70):
        np.testing.assert_allclose(alibi_slopes(n), reference.alibi_slopes(n), rtol=1e-12)
    assert alibi_slopes(8).tolist() == [2.0**-i for i in range(1, 9)]


@pytest.mark.parametrize("bidirectional", [True, False])
@pytest.mark.parametrize(("buckets", "distance"), [(32, 128), (8, 20), (6, 5)])
def test_relative_buckets_are_t5s_for_every_offset(buckets, distance, bidirectional):
    from attnviz.encoder.positions import relative_buckets

    offsets = np.arange(-300, 301)
    config = {"relative_buckets": buckets, "relative_max_distance": distance}
    expected = [reference.bucket(int(o), config, not bidirectional) for o in offsets]
    assert relative_buckets(offsets, buckets, distance, bidirectional=bidirectional).tolist() == expected
