"""PyTorch's own layers compute the same: golden files, made by ``golden/make*.py``, in float64 to 1e-12."""

import json
from pathlib import Path

import numpy as np
import pytest

from attnviz.encoder.attention import Geometry, attention, repeat_kv
from attnviz.encoder.config.block import EncoderConfig
from attnviz.encoder.ops import ACTIVATION_FUNCTIONS, layer_norm, rms_norm, softmax
from attnviz.encoder.parameters.params import ArrayParams
from attnviz.encoder.parameters.shapes import tensor_shapes
from attnviz.encoder.scoring import attention_scores
from attnviz.encoder.stack import Address, Sequence, run

GOLDEN = Path(__file__).parent / "golden"
ENCODERS = ("encoder_post_relu", "encoder_pre_gelu", "encoder_no_bias", "encoder_causal", "encoder_padded")
DECODERS = ("decoder_post", "decoder_pre")
MIXED = ("mixed_pre", "mixed_post", "mixed_rms", "mixed_layer", "mixed_t5")  # the decoder differs from the encoder


def load(name):
    with np.load(GOLDEN / f"{name}.npz") as file:
        arrays = {key: file[key] for key in file.files}
    return EncoderConfig(**json.loads(str(arrays.pop("config")))), arrays


def close(actual, expected):
    np.testing.assert_allclose(actual, expected, atol=1e-12)


def traced(config, arrays, addresses):
    decoder = "in.target" in arrays
    names = tensor_shapes(config, decoder=decoder)
    params = ArrayParams({name: arrays[name] for name in names})
    assert {name: params[name].shape for name in params} == names
    source = Sequence(vectors=arrays["in.source"], padding=arrays.get("in.padding"))
    return run(params, config, addresses, source, Sequence(vectors=arrays["in.target"]) if decoder else None)


@pytest.mark.parametrize("name", ENCODERS)
def test_an_encoder_is_torchs_transformer_encoder_layer(name):
    config, arrays = load(name)
    real = ~arrays["in.padding"]
    addresses = {Address("encoder", i, what) for i in range(2) for what in ("weights", "out")}
    trace = traced(config, arrays, addresses | {Address("encoder", None, "output")})
    for i in range(2):
        close(trace["encoder", i].weights, arrays[f"out.weights.{i}"])
        close(trace["encoder", i].out[real], arrays[f"out.{i}"][real])
    close(trace.outputs["encoder"][real], arrays["out.encoder"][real])


@pytest.mark.parametrize("name", DECODERS)
def test_a_decoder_is_torchs_transformer_decoder_layer(name):
    config, arrays = load(name)
    addresses = {Address(kind, i, "weights") for kind in ("decoder", "cross") for i in range(2)}
    addresses |= {Address("decoder", i, "out") for i in range(2)}
    addresses |= {Address(kind, None, "output") for kind in ("encoder", "decoder")}
    trace = traced(config, arrays, addresses)
    for i in range(2):
        close(trace["decoder", i].weights, arrays[f"out.decoder_weights.{i}"])
        close(trace["cross", i].weights, arrays[f"out.cross_weights.{i}"])
        close(trace["decoder", i].out, arrays[f"out.decoder.{i}"])
    close(trace.outputs["encoder"], arrays["out.encoder"])
    close(trace.outputs["decoder"], arrays["out.decoder"])


def settings_of(config, prefix):
    """The settings in which the two stacks of a model may differ, of one of them."""
    values = EncoderConfig(**config).as_dict()
    names = ("layers", "position", "norm", "norm_placement")
    encoder = {name: values["n_layers" if name == "layers" else name] for name in names}
    return encoder if prefix == "" else {name: values.get(f"{prefix}{name}", encoder[name]) for name in names}


def test_every_setting_of_a_decoder_has_a_golden_file_in_which_it_differs():
    unequal, pairs = set(), set()
    for name in MIXED:
        config = load(name)[0].as_dict()
        encoder, decoder = settings_of(config, ""), settings_of(config, "decoder_")
        unequal |= {setting for setting in encoder if encoder[setting] != decoder[setting]}
        pairs |= {(setting, encoder[setting], decoder[setting]) for setting in encoder}
    assert unequal == {"layers", "position", "norm", "norm_placement"}
    both_ways = (("norm_placement", "pre", "post"), ("norm", "rms", "layer"), ("position", "learned", "sinusoidal"))
    assert {(name, *order) for name, *ends in both_ways for order in (ends, ends[::-1])} <= pairs


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("name", MIXED)
def test_a_decoder_unlike_its_encoder_is_that_of_torch_layers_from_token_ids(name, dtype):
    config, arrays = load(name)
    names = tensor_shapes(config, decoder=True)
    params = ArrayParams({name: arrays[name].astype(dtype) for name in names})
    assert {name: params[name].shape for name in params} == names
    given = set(arrays) - {key for key in arrays if key.startswith(("in.", "out."))} - {"made_with"}
    assert set(names) == given, "every tensor of the golden model is used"
    addresses = {address_of(key): value for key, value in arrays.items() if key.startswith("out.")}
    padding = arrays.get("in.padding", np.zeros(len(arrays["in.source_ids"]), dtype=bool))
    source = Sequence(ids=arrays["in.source_ids"], padding=padding)
    trace = run(params, config, set(addresses), source, Sequence(ids=arrays["in.target_ids"]))
    tolerance = {np.float64: 1e-12, np.float32: 1e-5}[dtype]
    for address, expected in addresses.items():
        kind, layer, array = address
        actual = trace.outputs[kind] if layer is None else getattr(trace[kind, layer], array)
        real = ~padding if kind == "encoder" and array != "weights" else slice(None)
        assert actual.dtype == dtype
        largest = np.abs(expected[real]).max()  # sums cancel
        np.testing.assert_allclose(actual[real], expected[real], atol=tolerance * largest, rtol=0, err_msg=str(address))


def address_of(key):
    """The place in a trace of ``out.cross_weights.1``, ``out.decoder.1`` (a layer), ``out.1`` or ``out.encoder``."""
    _, name, *layer = key.split(".")
    if name.isdigit():
        name, layer = "encoder", [name]
    if name == "weights":
        name = "encoder_weights"
    kind, _, array = name.partition("_")
    return Address(kind, int(layer[0]) if layer else None, array or ("out" if layer else "output"))


@pytest.mark.parametrize("name", [*ENCODERS, *DECODERS, *MIXED])
def test_the_golden_attention_is_far_from_uniform(name):
    _, arrays = load(name)
    for key, weights in arrays.items():
        if "weights" in key:
            assert weights.max(axis=-1).mean() > 2 / weights.shape[-1], key


def test_attention_between_two_texts_is_torchs_multihead_attention():
    config, arrays = load("multihead")
    params = ArrayParams({key.removeprefix("attn."): a for key, a in arrays.items() if key.startswith("attn.")})
    steps = dict(attention(arrays["in.target"], arrays["in.source"], params, config, Geometry()))
    close(steps["weights"], arrays["out.weights"])
    close(steps["attn_out"], arrays["out.attn"])


def test_grouped_heads_are_torchs():
    _, arrays = load("grouped")
    config = EncoderConfig(n_heads=6, n_kv_heads=2, d_head=5, d_model=30)
    k, v = (repeat_kv(arrays[f"in.{name}"], 3) for name in "kv")
    close(softmax(attention_scores(arrays["in.q"], k, config, None)) @ v, arrays["out.z"])


def test_norms_and_activations_are_torchs():
    _, arrays = load("functions")
    x = arrays["in.x"]
    close(rms_norm(x, arrays["in.rms_gain"], 1e-5), arrays["out.rms"])
    close(layer_norm(x, arrays["in.gain"], arrays["in.bias"], 1e-5), arrays["out.layer"])
    for name, function in ACTIVATION_FUNCTIONS.items():
        close(function(x), arrays[f"out.{name}"])
