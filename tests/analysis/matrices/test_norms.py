"""Attention weights times the size of what they weigh."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.analysis.matrices.norms import moved_lengths, norms
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.parameters.seeded import SeededParams
from attnviz.encoder.stack import Address, Sequence, run


def explicit(weights, v, wo):
    """The (H, n_q, n_k, d_model) tensor of A f(x), and the lengths of its vectors, from the paper's equation 5."""
    n_heads, n_queries, n_keys = weights.shape
    n_kv_heads, _, d_head = v.shape
    wo = wo.reshape(n_heads, d_head, -1).astype(np.float64)
    result = np.zeros(weights.shape)
    for head in range(n_heads):
        for i in range(n_queries):
            for j in range(n_keys):
                vector = v[head // (n_heads // n_kv_heads), j].astype(np.float64) @ wo[head]
                result[head, i, j] = np.sqrt(sum((weights[head, i, j] * x) ** 2 for x in vector))
    return result


def case(seed, n_heads, n_kv_heads, n_queries, n_keys, d_head, d_model, dtype=np.float64):
    rng = np.random.default_rng(seed)
    weights = rng.random((n_heads, n_queries, n_keys))
    weights /= weights.sum(axis=-1, keepdims=True)
    v, wo = rng.normal(size=(n_kv_heads, n_keys, d_head)), rng.normal(size=(n_heads * d_head, d_model))
    return weights.astype(dtype), v.astype(dtype), wo.astype(dtype)


@settings(max_examples=50)
@given(
    st.integers(0, 999),
    st.sampled_from([(1, 1), (3, 3), (6, 2), (6, 3), (4, 1)]),
    st.integers(1, 5),
    st.integers(1, 7),
    st.integers(1, 5),
    st.integers(1, 11),
)
def test_they_are_the_lengths_of_the_weighed_vectors(seed, heads, n_queries, n_keys, d_head, d_model):
    weights, v, wo = case(seed, *heads, n_queries, n_keys, d_head, d_model)
    weights[:, 0] = 0  # a query that sees nothing
    np.testing.assert_allclose(norms(weights, v, wo), explicit(weights, v, wo), atol=1e-12)


def test_float32_stays_float32_and_near():
    weights, v, wo = case(0, 6, 2, 5, 7, 4, 11, np.float32)
    result = norms(weights, v, wo)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, explicit(weights, v, wo), rtol=1e-5)


def test_by_hand():
    v = np.array([[[3.0, 4.0]], [[1.0, 0.0]]])  # two heads, one key
    wo = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 2], [5, 5, 5]])
    assert moved_lengths(v, wo).tolist() == [[5.0], [2.0]]
    assert norms(np.array([[[0.5]], [[1.0]]]), v, wo).tolist() == [[[2.5]], [[2.0]]]


@pytest.mark.parametrize("n_kv_heads", [2, 4])
def test_of_a_run_the_moved_vectors_add_up_to_what_the_attention_puts_out(n_kv_heads):
    config = EncoderConfig(n_layers=2, n_heads=4, n_kv_heads=n_kv_heads, d_model=12, d_ff=7, n_vocab=50)
    params = SeededParams(config)
    names = ("weights", "v", "attn_out")
    addresses = {Address("encoder", 1, name) for name in names}
    layer = run(params, config, addresses, Sequence(ids=np.array([4, 8, 15, 16, 23])))["encoder", 1]
    wo = params["layers.1.attn.wo"]
    f = np.stack([layer.v[h * n_kv_heads // 4] @ wo[3 * h : 3 * h + 3] for h in range(4)])  # b_O is 0 here
    np.testing.assert_allclose(np.einsum("hij,hjd->id", layer.weights, f), layer.attn_out, atol=1e-5)
    np.testing.assert_allclose(moved_lengths(layer.v, wo), np.linalg.norm(f, axis=-1), rtol=1e-5)
