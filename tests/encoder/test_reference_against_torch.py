"""The loops of ``reference.py`` compute what PyTorch's own layers do, to 1e-12, without the package."""

import ast
import json
from pathlib import Path

import numpy as np
import pytest

from tests.encoder import reference

GOLDEN = Path(__file__).parent / "golden"
ENCODERS = ("encoder_post_relu", "encoder_pre_gelu", "encoder_no_bias", "encoder_causal", "encoder_padded")
DECODERS = ("decoder_post", "decoder_pre")
MIXED = ("mixed_pre", "mixed_post", "mixed_rms", "mixed_layer", "mixed_t5")  # the decoder differs from the encoder

# Written out, not taken from EncoderConfig: nothing of the package may decide what the reference computes.
DEFAULTS = {
    "score": "scaled_dot",
    "score_scale": None,
    "mask": "none",
    "window": None,
    "norm": "layer",
    "norm_placement": "post",
    "norm_eps": 1e-5,
    "activation": "relu",
    "gated": False,
    "bias": True,
    "embed_scale": 1.0,
    "sinusoids": "alternating",
}


def load(name):
    """The golden file's config, its parameters as nested lists, its inputs and its results."""
    with np.load(GOLDEN / f"{name}.npz") as file:
        arrays = {key: file[key] for key in file.files}
    config = DEFAULTS | json.loads(str(arrays.pop("config")))
    config = {"d_head": config["d_model"] // config["n_heads"], "n_kv_heads": config["n_heads"]} | config
    inputs = {key: a.tolist() for key, a in arrays.items() if key.startswith("in.")}
    results = {key: a for key, a in arrays.items() if key.startswith("out.")}
    params = {key: a.tolist() for key, a in arrays.items() if key not in inputs and key not in results}
    return config, params, inputs, results


def close(actual, expected):
    np.testing.assert_allclose(np.array(actual), expected, atol=1e-12, rtol=0)


def test_the_reference_imports_nothing_but_mathematics():
    tree = ast.parse(Path(reference.__file__).read_text(encoding="utf-8"))
    imports = [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))]
    assert imports == ["import math"]


@pytest.mark.parametrize("name", ENCODERS)
def test_the_reference_encodes_as_torch_does(name):
    config, params, inputs, results = load(name)
    real = ~np.array(inputs["in.padding"])
    layers, output = reference.encode(config, params, vectors=inputs["in.source"], padding=inputs["in.padding"])
    assert len(layers) == config["n_layers"]
    for i, layer in enumerate(layers):
        close(layer["weights"], results[f"out.weights.{i}"])
        close(np.array(layer["out"])[real], results[f"out.{i}"][real])
    close(np.array(output)[real], results["out.encoder"][real])


@pytest.mark.parametrize("name", DECODERS)
def test_the_reference_decodes_as_torch_does(name):
    config, params, inputs, results = load(name)
    _, memory = reference.encode(config, params, vectors=inputs["in.source"])
    layers, output = reference.decode(config, params, memory, vectors=inputs["in.target"])
    assert len(layers) == config["n_layers"]
    for i, (own, cross) in enumerate(layers):
        close(own["weights"], results[f"out.decoder_weights.{i}"])
        close(cross["weights"], results[f"out.cross_weights.{i}"])
        close(own["out"], results[f"out.decoder.{i}"])
    close(memory, results["out.encoder"])
    close(output, results["out.decoder"])


@pytest.mark.parametrize("name", MIXED)
def test_the_reference_decodes_as_torch_does_where_the_decoder_differs(name):
    config, params, inputs, results = load(name)
    ids, padding = inputs["in.source_ids"], inputs.get("in.padding")
    real = ~np.array(padding or [False] * len(ids))
    layers, memory = reference.encode(config, params, ids=ids, padding=padding)
    pairs, output = reference.decode(config, params, memory, ids=inputs["in.target_ids"], padding=padding)
    for i, layer in enumerate(layers):
        close(layer["weights"], results[f"out.weights.{i}"])
    for i, (own, cross) in enumerate(pairs):
        close(own["weights"], results[f"out.decoder_weights.{i}"])
        close(cross["weights"], results[f"out.cross_weights.{i}"])
    assert {f"out.decoder_weights.{len(pairs)}", f"out.weights.{len(layers)}"}.isdisjoint(results)
    close(np.array(memory)[real], results["out.encoder"][real])
    close(output, results["out.decoder"])


def test_the_reference_attends_between_two_texts_as_torch_does():
    config, params, inputs, results = load("multihead")
    made = reference.attention(inputs["in.target"], inputs["in.source"], params, "attn", config)
    close(made["weights"], results["out.weights"])
    close(made["attn_out"], results["out.attn"])


def test_the_reference_shares_keys_and_values_as_torch_does():
    """Projections that pick the golden q, k and v out of wider rows: torch's function has no projections."""
    _, _, inputs, results = load("grouped")
    q, k, v = (np.concatenate(inputs[f"in.{name}"], axis=-1) for name in "qkv")  # (n, heads * d_head)
    own, shared = q.shape[1], k.shape[1]
    picked = np.eye(2 * shared)
    params = {"a.wq": np.eye(own), "a.wo": np.eye(own), "a.wk": picked[:, :shared], "a.wv": picked[:, shared:]}
    config = DEFAULTS | {"n_heads": 6, "n_kv_heads": 2, "d_head": 5, "bias": False, "position": "none"}
    made = reference.attention(
        q.tolist(),
        np.concatenate([k, v], axis=-1).tolist(),
        {name: w.tolist() for name, w in params.items()},
        "a",
        config,
    )
    close(made["z"], results["out.z"])


def test_the_references_norms_and_activations_are_torchs():
    _, _, inputs, results = load("functions")
    params = {"layer.gain": inputs["in.gain"], "layer.bias": inputs["in.bias"], "rms.gain": inputs["in.rms_gain"]}
    for kind in ("layer", "rms"):
        close(reference.norms(inputs["in.x"], params, kind, DEFAULTS | {"norm": kind}), results[f"out.{kind}"])
    for kind in ("relu", "relu2", "gelu", "gelu_tanh", "quick_gelu", "silu"):
        close([[reference.activation(x, kind) for x in row] for row in inputs["in.x"]], results[f"out.{kind}"])
