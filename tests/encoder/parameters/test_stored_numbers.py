"""Seeded weights never change: the first and the last number of every kind of tensor, in both stacks."""

import numpy as np
import pytest

from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.parameters.seeded import SeededParams

CONFIG = EncoderConfig(
    n_layers=1, n_heads=2, d_model=6, d_head=5, d_ff=7, n_vocab=11, n_ctx=13, n_segments=2, d_embed=4, project="after",
    score="additive", gated=True, position="learned", relative_bias=True, embed_norm=True, qk_norm=True, gate_bias=True,
)  # fmt: skip
STORED = {
    "embed.tokens": ("0x1.4850380000000p+0", "0x1.cf1f100000000p-2"),
    "embed.positions": ("-0x1.30a2120000000p-2", "-0x1.79374c0000000p-1"),
    "embed.segments": ("-0x1.41e0e00000000p-3", "-0x1.d323aa0000000p-1"),
    "embed.project.w": ("0x1.f2b3aa0000000p-2", "-0x1.026c7e0000000p-4"),
    "embed.relative": ("-0x1.2c297c0000000p-2", "0x1.936abe0000000p-2"),
    "layers.0.attn.wq": ("-0x1.a66e300000000p-3", "-0x1.ff73e40000000p-5"),
    "layers.0.attn.wk": ("-0x1.3732ae0000000p-1", "-0x1.3c1ee20000000p-4"),
    "layers.0.attn.wv": ("0x1.00a79a0000000p-2", "-0x1.9d70ae0000000p-2"),
    "layers.0.attn.wo": ("0x1.1a51e80000000p-2", "-0x1.dc8c400000000p-3"),
    "layers.0.attn.score_w": ("-0x1.74a5c20000000p+0", "0x1.0cd9540000000p+0"),
    "layers.0.ffn.w1": ("0x1.bd0faa0000000p-2", "-0x1.9db7560000000p-6"),
    "layers.0.ffn.w2": ("-0x1.4d6f240000000p-1", "-0x1.16eb1c0000000p-1"),
    "layers.0.ffn.wg": ("0x1.76e3d20000000p-3", "0x1.65a02c0000000p-1"),
    "decoder.embed.relative": ("-0x1.0ef07a0000000p-1", "-0x1.6c211e0000000p-1"),
    "decoder.layers.0.attn.wq": ("0x1.6fb96a0000000p-1", "0x1.a9e9ee0000000p-1"),
    "decoder.layers.0.attn.wk": ("-0x1.52bdce0000000p-1", "0x1.2407240000000p-2"),
    "decoder.layers.0.attn.wv": ("-0x1.0bcada0000000p-2", "0x1.31092c0000000p-2"),
    "decoder.layers.0.attn.wo": ("-0x1.0545bc0000000p-1", "-0x1.ec4ef80000000p-10"),
    "decoder.layers.0.attn.score_w": ("0x1.46ed080000000p-1", "0x1.6781980000000p+0"),
    "decoder.layers.0.cross.wq": ("0x1.de26aa0000000p-2", "-0x1.1fa3cc0000000p-2"),
    "decoder.layers.0.cross.wk": ("-0x1.69d68a0000000p-1", "0x1.7466ee0000000p-2"),
    "decoder.layers.0.cross.wv": ("-0x1.c284240000000p-3", "-0x1.56d79a0000000p-1"),
    "decoder.layers.0.cross.wo": ("-0x1.33d4c40000000p-3", "0x1.131c8c0000000p-3"),
    "decoder.layers.0.cross.score_w": ("-0x1.129e1e0000000p-1", "-0x1.9024580000000p-5"),
    "decoder.layers.0.ffn.w1": ("-0x1.e1c0100000000p-3", "0x1.743aa60000000p-2"),
    "decoder.layers.0.ffn.w2": ("-0x1.1736c60000000p-5", "-0x1.5410a20000000p-2"),
    "decoder.layers.0.ffn.wg": ("-0x1.39c7680000000p-2", "-0x1.73ba320000000p-2"),
}


@pytest.mark.parametrize("name", STORED)
def test_a_table_or_matrix_has_its_stored_numbers(name):
    numbers = SeededParams(CONFIG, 3, decoder=True)[name].ravel()
    assert numbers.dtype == np.float32
    assert (float(numbers[0]).hex(), float(numbers[-1]).hex()) == STORED[name]


def test_all_other_tensors_are_gains_of_one_and_biases_of_zero():
    params = SeededParams(CONFIG, 3, decoder=True)
    others = [name for name in params if name not in STORED]
    assert {name.rsplit(".", 1)[-1] for name in others} == {
        "bq",
        "bk",
        "bv",
        "bo",
        "b1",
        "b2",
        "bg",
        "b",
        "gain",
        "bias",
    }
    for name in others:
        assert (params[name] == (1 if name.endswith("gain") else 0)).all(), name


def test_learned_positions_are_as_large_as_sinusoids():
    table = SeededParams(EncoderConfig(position="learned"), 0)["embed.positions"].astype(float)
    assert abs(table.std() - 0.5**0.5) < 0.005  # the root mean square of sine and cosine
    assert abs(table.mean()) < 0.01
