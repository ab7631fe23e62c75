"""A run computes and keeps what is asked for, and nothing else."""

from dataclasses import fields

import numpy as np
import pytest

import attnviz
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.masks import masked_keys
from attnviz.encoder.parameters.params import ArrayParams, Params
from attnviz.encoder.parameters.seeded import SeededParams
from attnviz.encoder.parameters.shapes import tensor_shapes
from attnviz.encoder.stack import Address, Sequence, run
from attnviz.errors import InputError
from attnviz.trace.trace import LayerTrace

CONFIG = EncoderConfig(n_layers=3, n_heads=2, d_model=10, d_ff=7, n_vocab=50)
IDS = Sequence(ids=np.array([4, 8, 15, 16, 23]))


class Watched(Params):
    """Parameters that remember what was read."""

    def __init__(self, params):
        self._params, self.read = params, []

    def __getitem__(self, name):
        self.read.append(name)
        return self._params[name]

    def __iter__(self):
        return iter(self._params)

    def __len__(self):
        return len(self._params)

    def rows(self, name, ids):
        self.read.append(name)
        return self._params.rows(name, ids)


def kept(trace):
    return {
        (*key, f.name)
        for key, layer in trace.layers.items()
        for f in fields(LayerTrace)
        if isinstance(getattr(layer, f.name), np.ndarray)
    }


def test_the_weights_of_layer_0_need_its_queries_and_keys_and_nothing_after_them():
    params = Watched(SeededParams(CONFIG))
    trace = run(params, CONFIG, {Address("encoder", 0, "weights")}, IDS)
    assert set(params.read) == {"embed.tokens", *(f"layers.0.attn.{n}" for n in ("wq", "bq", "wk", "bk"))}
    assert kept(trace) == {("encoder", 0, "weights")}


def test_arrays_that_a_layer_does_not_have_do_not_keep_the_run_going():
    params = Watched(SeededParams(CONFIG))
    absent = {"norm3", "norm1_out", "routing"}
    trace = run(params, CONFIG, {Address("encoder", 0, name) for name in {"weights"} | absent}, IDS)
    assert not [name for name in params.read if name.startswith("layers.1")]
    assert kept(trace) == {("encoder", 0, "weights")}


def test_only_experts_that_a_token_is_sent_to_are_read():
    config = CONFIG.replaced({"n_experts": 64, "experts_per_token": 1, "n_layers": 1})
    params = Watched(SeededParams(config))
    trace = run(params, config, {Address("encoder", 0, "routing"), Address("encoder", 0, "ffn_out")}, IDS)
    sent = np.flatnonzero(trace["encoder", 0].routing.any(axis=0))
    assert 1 <= len(sent) <= 5
    read = {name.split(".")[4] for name in params.read if ".experts." in name}
    assert read == set(map(str, sent))


def test_a_target_is_not_decoded_for_the_encoders_attention():
    params = Watched(SeededParams(CONFIG, decoder=True))
    run(params, CONFIG, {Address("encoder", 2, "weights")}, IDS, IDS)
    assert not [name for name in params.read if name.startswith("decoder")]


def test_everything_that_a_layer_computes_can_be_kept():
    names = [f.name for f in fields(LayerTrace) if f.name not in ("kind", "layer", "norm3", "norm3_out", "routing")]
    config = CONFIG.replaced({"norm_placement": "sandwich", "conv_kernel": 3})
    trace = run(SeededParams(config), config, {Address("encoder", 0, name) for name in names}, IDS)
    assert kept(trace) == {("encoder", 0, name) for name in names}
    layer = trace["encoder", 0]
    assert layer.q.shape == layer.z.shape == (2, 5, 5)
    assert layer.scores.shape == layer.weights.shape == (2, 5, 5)
    assert layer.ffn_hidden.shape == (5, 7)
    for name in ("resid_pre", "attn_out", "resid_mid", "norm1", "ffn_out", "resid_post", "norm2", "out"):
        assert getattr(layer, name).shape == (5, 10), name


def test_the_residual_sums_are_sums_and_the_last_norm_is_the_output():
    names = ("resid_pre", "attn_out", "resid_mid", "norm1", "ffn_out", "resid_post", "norm2", "out")
    layer = run(SeededParams(CONFIG), CONFIG, {Address("encoder", 1, n) for n in names}, IDS)["encoder", 1]
    np.testing.assert_allclose(layer.resid_mid, layer.resid_pre + layer.attn_out, atol=1e-6)
    np.testing.assert_allclose(layer.resid_post, layer.norm1 + layer.ffn_out, atol=1e-6)
    np.testing.assert_array_equal(layer.out, layer.norm2)


def test_a_layer_goes_on_where_the_one_before_ended():
    addresses = {Address("encoder", 0, "out"), Address("encoder", 1, "resid_pre"), Address("encoder", None, "output")}
    trace = run(SeededParams(CONFIG), CONFIG, addresses | {Address("encoder", 2, "out")}, IDS)
    np.testing.assert_array_equal(trace["encoder", 0].out, trace["encoder", 1].resid_pre)
    np.testing.assert_array_equal(trace["encoder", 2].out, trace.outputs["encoder"])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"score": "additive", "position": "alibi", "activation": "gelu"},
        {"score": "cosine", "position": "relative", "norm": "rms", "gated": True, "activation": "silu"},
        {"position": "rotary", "norm_placement": "pre", "activation": "gelu_tanh", "embed_scale": 2.0},
    ],
)
def test_the_float_type_of_the_weights_is_kept_throughout(dtype, fields):
    config = EncoderConfig(n_heads=2, d_model=8, d_ff=7, n_vocab=50, **fields)
    made = SeededParams(config)
    params = ArrayParams({name: made[name].astype(dtype) for name in made})
    names = ("q", "k", "v", "scores", "weights", "z", "attn_out", "resid_mid", "ffn_hidden", "ffn_out", "out")
    trace = run(params, config, {Address("encoder", 1, name) for name in names}, IDS)
    assert {getattr(trace["encoder", 1], name).dtype for name in names} == {np.dtype(dtype)}


def test_numbers_that_overflow_are_refused_with_their_place():
    vectors = np.full((3, 10), 3e38, dtype=np.float32) * np.array([1, -1] * 5, dtype=np.float32)
    with pytest.raises(InputError) as caught:
        run(SeededParams(CONFIG), CONFIG, {Address("encoder", 0, "weights")}, Sequence(vectors=vectors))
    assert str(caught.value) == (
        "encoder layer 0: the weights are not finite; expected vectors and weights of a usual size"
    )


@pytest.mark.parametrize("sign", [1, -1])
def test_scores_that_overflow_to_infinity_are_refused_as_such(sign):
    """+inf is never a masked key: it must not get through as a score."""
    config = EncoderConfig(
        n_layers=1, n_heads=1, d_model=2, d_ff=0, n_vocab=3, bias=False, position="none", score="dot"
    )
    tensors = {name: np.array(array) for name, array in SeededParams(config).items()}
    tensors |= {"layers.0.attn.wq": np.eye(2, dtype=np.float32), "layers.0.attn.wk": sign * np.eye(2, dtype=np.float32)}
    vectors = np.array([[1e25, 0], [-1e25, 0]], dtype=np.float32)  # finite, and so are q and k
    addresses = {Address("encoder", 0, "scores")}
    for mask in ("none", "causal"):
        with pytest.raises(InputError) as caught:
            run(ArrayParams(tensors), config.replaced({"mask": mask}), addresses, Sequence(vectors=vectors))
        assert str(caught.value) == (
            "encoder layer 0: the scores are not finite; expected vectors and weights of a usual size"
        )


@pytest.mark.parametrize("decoder_layers", [1, 4])
def test_a_decoder_may_have_other_layers_positions_and_norms(decoder_layers):
    fields = {"decoder_layers": decoder_layers, "decoder_position": "learned", "decoder_norm": "rms"}
    fields |= {"decoder_norm_placement": "pre", "n_layers": 2, "n_heads": 2, "d_model": 10, "d_ff": 7}
    result = attnviz.run("one two three", target="four five", **fields)
    plain = attnviz.run("one two three", **{name: fields[name] for name in ("n_layers", "n_heads", "d_model", "d_ff")})
    np.testing.assert_array_equal(result.attention, plain.attention)  # the encoder is untouched
    assert result.cross_attention.shape == (decoder_layers, 2, 2, 3)
    assert result.views["decoder"].layers == tuple(range(decoder_layers))
    config = EncoderConfig(**fields)
    assert config.as_dict()["decoder_layers"] == decoder_layers
    assert EncoderConfig(**config.as_dict()) == config
    shapes = tensor_shapes(config, decoder=True)
    assert f"decoder.layers.{decoder_layers - 1}.attn.wq" in shapes
    assert f"decoder.layers.{decoder_layers}.attn.wq" not in shapes
    assert {"decoder.embed.positions", "decoder.final_norm.gain"} <= set(shapes)
    assert not {"embed.positions", "final_norm.gain", "decoder.final_norm.bias"} & set(shapes)


@pytest.mark.parametrize(("decoder_layers", "window_layers"), [(1, "1"), (1, None), (4, "3"), (4, "0,2"), (4, None)])
def test_a_window_is_for_the_layers_of_both_stacks(decoder_layers, window_layers):
    config = EncoderConfig(
        n_layers=2, decoder_layers=decoder_layers, mask="causal", window=1, window_layers=window_layers, d_model=12
    )
    params, source, target = SeededParams(config, decoder=True), Sequence(ids=np.arange(6)), Sequence(ids=np.arange(5))
    for kind, layers in (("encoder", range(2)), ("decoder", range(decoder_layers))):
        trace = run(params, config, {Address(kind, layer, "weights") for layer in layers}, source, target)
        hidden = masked_keys(config, kind, layers, source, target)
        windowed = [bool(hidden[layer][-1, 0]) for layer in layers]
        assert windowed == [window_layers is None or str(layer) in window_layers for layer in layers]
        for layer in layers:
            np.testing.assert_array_equal(trace[kind, layer].weights[0] == 0, hidden[layer])
