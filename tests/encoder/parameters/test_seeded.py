"""Seeded weights: the same numbers on every platform, and of a size that makes heads differ."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.parameters.params import ArrayParams
from attnviz.encoder.parameters.seeded import SeededParams, is_seeded, splitmix64, uniform
from attnviz.encoder.parameters.shapes import tensor_shapes
from attnviz.encoder.stack import Address, Sequence, run
from tests.noise import ROUNDING


def test_the_stream_is_splitmix64():
    # The first outputs for state 1234567, as the algorithm's authors' C code prints them.
    start = np.array([1234567], dtype=np.uint64)
    expected = [
        6457827717110365317,
        3203168211198807973,
        9817491932198370423,
        4593380528125082431,
        16408922859458223821,
    ]
    assert splitmix64(start, np.arange(5, dtype=np.uint64)).tolist() == expected


def test_an_element_is_computed_as_stated_with_python_integers():
    def by_hand(key: str, index: int) -> float:
        mask = 2**64 - 1
        state = int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "little")
        z = (state + (index + 1) * 0x9E3779B97F4A7C15) & mask
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
        z ^= z >> 31
        return (2 * (z >> 40) + 1 - 2**24) / 2**24

    index = np.array([0, 1, 17, 2**33], dtype=np.uint64)
    assert uniform("0/embed.tokens", index).tolist() == [by_hand("0/embed.tokens", int(i)) for i in index]


def test_the_stored_numbers_of_seed_0_and_7():
    stored = {
        (0, "embed.tokens"): [
            "0x1.fdd3780000000p-2",
            "-0x1.634fb60000000p+0",
            "0x1.9288c60000000p+0",
            "0x1.41b5880000000p+0",
        ],
        (7, "layers.1.attn.wq"): [
            "0x1.74262c0000000p-3",
            "-0x1.38dca20000000p-6",
            "0x1.068d7e0000000p-2",
            "0x1.5c9af00000000p-3",
        ],
    }
    for (seed, name), numbers in stored.items():
        tensor = SeededParams(EncoderConfig(), seed)[name]
        assert tensor.dtype == np.float32
        assert [float(x).hex() for x in tensor.ravel()[:4]] == numbers


def test_the_stored_attention_of_seed_0():
    params, config = SeededParams(EncoderConfig()), EncoderConfig()
    trace = run(params, config, {Address("encoder", 1, "weights")}, Sequence(ids=np.array([3, 1000, 77, 4095])))
    np.testing.assert_allclose(
        trace["encoder", 1].weights[2],
        [
            [0.003312, 0.561199, 0.349843, 0.085646],
            [0.03206, 0.519099, 0.266901, 0.18194],
            [0.024881, 0.859545, 0.032582, 0.082992],
            [0.000274, 0.992992, 0.0032, 0.003534],
        ],
        atol=ROUNDING,
    )


def test_rows_are_the_tables_rows():
    params = SeededParams(EncoderConfig(position="learned", n_ctx=11))
    ids = np.array([4095, 0, 17, 17])
    np.testing.assert_array_equal(params.rows("embed.tokens", ids), params["embed.tokens"][ids])


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_another_seed_gives_other_numbers(one, other):
    first, second = (SeededParams(EncoderConfig(), s).rows("embed.tokens", np.array([5])) for s in (one, other))
    assert (first == second).all() == (one == other)


@pytest.mark.parametrize("fields", [{}, {"score": "additive", "gated": True}, {"position": "relative", "norm": "rms"}])
def test_every_tensor_of_a_configuration_can_be_made(fields):
    config = EncoderConfig(d_ff=24, n_vocab=50, **fields)
    params = SeededParams(config, decoder=True)
    assert {name: params[name].shape for name in params} == tensor_shapes(config, decoder=True)


def test_numbers_have_the_promised_mean_and_deviation():
    params = SeededParams(EncoderConfig())
    table = params["embed.tokens"].astype(float)
    assert abs(table.mean()) < 0.01
    assert abs(table.std() - 1) < 0.01
    assert np.abs(table).max() < 3**0.5
    assert abs(params["layers.0.attn.wq"].astype(float).std() - (1.5 / 64) ** 0.5) < 0.005


def test_heads_differ_visibly_and_are_not_uniform():
    config = EncoderConfig()
    ids = np.arange(9) * 31
    addresses = {Address("encoder", layer, "weights") for layer in range(2)}
    trace = run(SeededParams(config), config, addresses, Sequence(ids=ids))
    heads = np.concatenate([trace["encoder", layer].weights for layer in range(2)])
    assert heads.max(axis=-1).mean() > 2.5 / 9
    for i in range(8):
        for j in range(i):
            assert np.abs(heads[i] - heads[j]).sum(axis=-1).mean() > 0.3


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_weights_are_of_a_seed_where_the_first_row_of_every_table_is(dtype):
    config = EncoderConfig(n_layers=2, n_heads=2, d_model=6, d_ff=5, n_vocab=7)
    made = SeededParams(config, 3)
    arrays = {name: np.array(made[name], dtype) for name in made}
    assert (made.seed, ArrayParams(arrays).seed) == (3, None)
    assert is_seeded(ArrayParams(arrays), config, 3)
    assert not is_seeded(ArrayParams(arrays), config, 4)
    for name, array in arrays.items():
        if array.ndim > 1:
            assert not is_seeded(ArrayParams(arrays | {name: array * dtype(1.001)}), config, 3)
