"""Makes the golden files beside it: what PyTorch's own layers compute, under attnviz's names.

    python tests/encoder/golden/make.py      (needs torch and numpy; made with torch 2.13.0, CPU, in float64)

Each ``.npz`` holds the config (JSON text), the parameters under the native checkpoint's names and orientation (matrices
multiply from the right), the inputs ``in.source``, ``in.target``, ``in.padding``, and PyTorch's results ``out.*``. The
tests need no PyTorch.
"""

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

HERE = Path(__file__).parent
D_MODEL, HEADS, D_FF, N, N_TARGET, LAYERS = 15, 3, 17, 7, 5, 2
torch.set_default_dtype(torch.float64)


def shaken(module):
    """Parameters far from their initial values, so that attention is far from uniform and no bias is 0.

    Rounded to 1/64, so that the files stay small.
    """
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            spread = 0.7 if parameter.ndim == 2 else 0.2
            values = torch.randn_like(parameter) * spread + (1.0 if "norm" in name and "weight" in name else 0)
            parameter.copy_((values * 64).round() / 64)
    return module.eval()


def attention_tensors(attention, at):
    """nn.MultiheadAttention's fused projection, split and turned."""
    weights = attention.in_proj_weight.chunk(3)
    tensors = {f"{at}.w{name}": w.T for name, w in zip("qkv", weights, strict=True)}
    tensors[f"{at}.wo"] = attention.out_proj.weight.T
    if attention.in_proj_bias is not None:
        tensors |= {f"{at}.b{name}": b for name, b in zip("qkv", attention.in_proj_bias.chunk(3), strict=True)}
        tensors[f"{at}.bo"] = attention.out_proj.bias
    return tensors


def norm_tensors(norm, at):
    bias = getattr(norm, "bias", None)  # nn.RMSNorm does not have the attribute
    return {f"{at}.gain": norm.weight} | ({} if bias is None else {f"{at}.bias": bias})


def layer_tensors(layer, at, parts):
    tensors = {f"{at}.ffn.w1": layer.linear1.weight.T, f"{at}.ffn.w2": layer.linear2.weight.T}
    if layer.linear1.bias is not None:
        tensors |= {f"{at}.ffn.b1": layer.linear1.bias, f"{at}.ffn.b2": layer.linear2.bias}
    for name, module in parts.items():
        tensors |= attention_tensors(module, f"{at}.{name}")
    for number in range(1, len(parts) + 2):
        tensors |= norm_tensors(getattr(layer, f"norm{number}"), f"{at}.norm{number}")
    return tensors


def weights_of(attention, x, source, **masks):
    return attention(x, source, source, need_weights=True, average_attn_weights=False, **masks)[1][0]


def save(name, config, tensors, **arrays):
    config = {"d_model": D_MODEL, "n_heads": HEADS, "d_ff": D_FF, "n_vocab": 1, "n_layers": LAYERS} | config
    plain = {"embed.tokens": np.zeros((1, D_MODEL))}
    plain |= {key: value.detach().numpy() for key, value in (tensors | arrays).items()}
    plain["config"] = np.array(json.dumps({"position": "none"} | config))
    plain["made_with"] = np.array(f"torch {torch.__version__}")
    np.savez_compressed(HERE / f"{name}.npz", **plain)


def encoder(name, *, norm_first=False, activation="relu", bias=True, causal=False, padded=0, config=None):
    """A stack of nn.TransformerEncoderLayer, with the weights that each layer's attention has on the way."""
    layers = [
        shaken(
            nn.TransformerEncoderLayer(
                D_MODEL, HEADS, D_FF, 0.0, activation, batch_first=True, norm_first=norm_first, bias=bias
            )
        )
        for _ in range(LAYERS)
    ]
    final = shaken(nn.LayerNorm(D_MODEL, bias=bias)) if norm_first else None
    x = torch.randn(1, N, D_MODEL)
    padding = torch.arange(N)[None] >= N - padded
    mask = torch.ones(N, N, dtype=torch.bool).triu(1) if causal else None
    masks = {"attn_mask": mask, "key_padding_mask": padding if padded else None}
    tensors, outputs, y = {}, {}, x
    for i, layer in enumerate(layers):
        tensors |= layer_tensors(layer, f"layers.{i}", {"attn": layer.self_attn})
        seen = layer.norm1(y) if norm_first else y
        outputs[f"out.weights.{i}"] = weights_of(layer.self_attn, seen, seen, **masks)
        y = layer(y, src_mask=mask, src_key_padding_mask=padding if padded else None)
        outputs[f"out.{i}"] = y[0]
    if final is not None:
        tensors |= norm_tensors(final, "final_norm")
        y = final(y)
    outputs["out.encoder"] = y[0]
    fields = {"norm_placement": "pre" if norm_first else "post", "activation": activation, "bias": bias}
    fields |= {"mask": "causal"} if causal else {}
    save(name, fields | (config or {}), tensors, **{"in.source": x[0], "in.padding": padding[0]}, **outputs)


def decoder(name, *, norm_first):
    """nn.TransformerEncoderLayer and nn.TransformerDecoderLayer together."""
    kinds = {"batch_first": True, "norm_first": norm_first, "activation": "gelu"}
    encoders = [shaken(nn.TransformerEncoderLayer(D_MODEL, HEADS, D_FF, 0.0, **kinds)) for _ in range(LAYERS)]
    decoders = [shaken(nn.TransformerDecoderLayer(D_MODEL, HEADS, D_FF, 0.0, **kinds)) for _ in range(LAYERS)]
    finals = [shaken(nn.LayerNorm(D_MODEL)) for _ in range(2)] if norm_first else [nn.Identity(), nn.Identity()]
    source, target = torch.randn(1, N, D_MODEL), torch.randn(1, N_TARGET, D_MODEL)
    mask = torch.ones(N_TARGET, N_TARGET, dtype=torch.bool).triu(1)
    tensors, outputs, memory, y = {}, {}, source, target
    for i, layer in enumerate(encoders):
        tensors |= layer_tensors(layer, f"layers.{i}", {"attn": layer.self_attn})
        memory = layer(memory)
    memory = finals[0](memory)
    for i, layer in enumerate(decoders):
        parts = {"attn": layer.self_attn, "cross": layer.multihead_attn}
        tensors |= layer_tensors(layer, f"decoder.layers.{i}", parts)
        seen = layer.norm1(y) if norm_first else y
        outputs[f"out.decoder_weights.{i}"] = weights_of(layer.self_attn, seen, seen, attn_mask=mask)
        own = layer.self_attn(seen, seen, seen, attn_mask=mask)[0]
        after = y + own if norm_first else layer.norm1(y + own)
        seen = layer.norm2(after) if norm_first else after
        outputs[f"out.cross_weights.{i}"] = weights_of(layer.multihead_attn, seen, memory)
        y = layer(y, memory, tgt_mask=mask)
        outputs[f"out.decoder.{i}"] = y[0]
    if norm_first:
        tensors |= norm_tensors(finals[0], "final_norm") | norm_tensors(finals[1], "decoder.final_norm")
    outputs |= {"out.encoder": memory[0], "out.decoder": finals[1](y)[0]}
    fields = {"norm_placement": "pre" if norm_first else "post", "activation": "gelu"}
    save(name, fields, tensors, **{"in.source": source[0], "in.target": target[0]}, **outputs)


def attention_alone():
    """nn.MultiheadAttention with more keys than queries; grouped heads by scaled_dot_product_attention."""
    module = shaken(nn.MultiheadAttention(D_MODEL, HEADS, batch_first=True))
    x, source = torch.randn(1, N_TARGET, D_MODEL), torch.randn(1, N, D_MODEL)
    out, weights = module(x, source, source, average_attn_weights=False)
    tensors = attention_tensors(module, "attn")
    arrays = {"in.source": source[0], "in.target": x[0], "out.attn": out[0], "out.weights": weights[0]}
    save("multihead", {}, tensors, **arrays)

    q, k, v = torch.randn(1, 6, N_TARGET, 5), torch.randn(1, 2, N, 5), torch.randn(1, 2, N, 5)
    z = nn.functional.scaled_dot_product_attention(q, k, v, enable_gqa=True)
    save("grouped", {}, {}, **{"in.q": q[0], "in.k": k[0], "in.v": v[0], "out.z": z[0]})


def functions():
    """Norms and activations."""
    x = torch.randn(N, D_MODEL) * 3
    rms = shaken(nn.RMSNorm(D_MODEL, eps=1e-5))
    layer = shaken(nn.LayerNorm(D_MODEL, eps=1e-5))
    arrays = {"in.x": x, "in.rms_gain": rms.weight, "in.gain": layer.weight, "in.bias": layer.bias}
    arrays |= {"out.rms": rms(x), "out.layer": layer(x)}
    functional = nn.functional
    arrays |= {"out.relu": functional.relu(x), "out.gelu": functional.gelu(x), "out.silu": functional.silu(x)}
    arrays |= {"out.gelu_tanh": functional.gelu(x, approximate="tanh"), "out.quick_gelu": x * (1.702 * x).sigmoid()}
    arrays |= {"out.relu2": functional.relu(x) ** 2}
    save("functions", {}, {}, **arrays)


if __name__ == "__main__":
    torch.manual_seed(17)
    encoder("encoder_post_relu")
    encoder("encoder_pre_gelu", norm_first=True, activation="gelu")
    encoder("encoder_no_bias", bias=False)
    encoder("encoder_causal", causal=True)
    encoder("encoder_padded", padded=2)
    decoder("decoder_post", norm_first=False)
    decoder("decoder_pre", norm_first=True)
    attention_alone()
    functions()
