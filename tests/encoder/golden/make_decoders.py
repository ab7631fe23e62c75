"""Makes the golden files of decoders that differ from their encoder in layers, positions, norms and their placement.

    python tests/encoder/golden/make_decoders.py      (needs torch, transformers and numpy)

Made with torch 2.13.0 and transformers 5.23.0, CPU, in float64. The files ``mixed_*.npz`` are as those of ``make.py``,
with ``in.source_ids`` and ``in.target_ids`` in place of vectors. The stacks are PyTorch's own layers; ``mixed_t5.npz``
is the T5 of transformers, with PyTorch's RMS norm in place of its own, which computes in float32.
"""

import math

import torch
import transformers
from make import D_FF, D_MODEL, HEADS, layer_tensors, norm_tensors, save, shaken, weights_of
from torch import nn

N_VOCAB, N_CTX, D_KV = 11, 13, 4
SOURCE, TARGET = torch.tensor([[3, 7, 7, 0, 10, 5, 9]]), torch.tensor([[1, 9, 4, 2, 4]])
torch.backends.mha.set_fastpath_enabled(False)  # it expects layer norms


def position_rows(kind, n, table):
    """The vectors added to n token vectors: rows of a table, or Vaswani et al. 2017 as the PyTorch tutorial has it."""
    if kind == "learned":
        return table.weight[:n]
    rows = torch.zeros(n, D_MODEL)
    if kind == "sinusoidal":
        turns = torch.arange(n)[:, None] * torch.exp(torch.arange(0, D_MODEL, 2) * (-math.log(10000.0) / D_MODEL))
        rows[:, 0::2], rows[:, 1::2] = turns.sin(), turns.cos()[:, : D_MODEL // 2]
    return rows


def stack_of(layer_class, fields):
    """The layers of a stack and its final norm, with the norm and the placement that the fields name."""
    norm_class = {"layer": nn.LayerNorm, "rms": nn.RMSNorm}[fields["norm"]]
    layers = []
    for _ in range(fields["layers"]):
        first = fields["norm_placement"] == "pre"
        layer = layer_class(D_MODEL, HEADS, D_FF, 0.0, "gelu", batch_first=True, norm_first=first)
        for name, module in list(layer.named_children()):
            if isinstance(module, nn.LayerNorm):
                setattr(layer, name, norm_class(D_MODEL, eps=1e-5))
        layers.append(shaken(layer))
    final = shaken(norm_class(D_MODEL, eps=1e-5)) if fields["norm_placement"] == "pre" else None
    return layers, final


def encoded(x, fields, padding):
    """The encoder's output for x (1, n, d_model), its tensors and the results of each layer."""
    layers, final = stack_of(nn.TransformerEncoderLayer, fields)
    tensors, results = {}, {}
    for i, layer in enumerate(layers):
        tensors |= layer_tensors(layer, f"layers.{i}", {"attn": layer.self_attn})
        seen = layer.norm1(x) if layer.norm_first else x
        results[f"out.weights.{i}"] = weights_of(layer.self_attn, seen, seen, key_padding_mask=padding)
        x = layer(x, src_key_padding_mask=padding)
        results[f"out.{i}"] = x[0]
    if final is not None:
        tensors |= norm_tensors(final, "final_norm")
        x = final(x)
    return x, tensors, results | {"out.encoder": x[0]}


def decoded(y, memory, fields, padding):
    """The decoder's tensors and the results of each layer, for y (1, n_target, d_model)."""
    layers, final = stack_of(nn.TransformerDecoderLayer, fields)
    mask = torch.ones(y.shape[1], y.shape[1], dtype=torch.bool).triu(1)
    tensors, results = {}, {}
    for i, layer in enumerate(layers):
        tensors |= layer_tensors(layer, f"decoder.layers.{i}", {"attn": layer.self_attn, "cross": layer.multihead_attn})
        seen = layer.norm1(y) if layer.norm_first else y
        results[f"out.decoder_weights.{i}"] = weights_of(layer.self_attn, seen, seen, attn_mask=mask)
        attended = y + layer.self_attn(seen, seen, seen, attn_mask=mask)[0]
        seen = layer.norm2(attended) if layer.norm_first else layer.norm1(attended)
        results[f"out.cross_weights.{i}"] = weights_of(layer.multihead_attn, seen, memory, key_padding_mask=padding)
        y = layer(y, memory, tgt_mask=mask, memory_key_padding_mask=padding)
        results[f"out.decoder.{i}"] = y[0]
    if final is not None:
        tensors |= norm_tensors(final, "decoder.final_norm")
        y = final(y)
    return tensors, results | {"out.decoder": y[0]}


def mixed(name, encoder, decoder, *, padded=0):
    """nn.TransformerEncoderLayer and nn.TransformerDecoderLayer with settings of their own, from token ids."""
    tokens = shaken(nn.Embedding(N_VOCAB, D_MODEL))
    tables = {stack: shaken(nn.Embedding(N_CTX, D_MODEL)) for stack in ("encoder", "decoder")}
    tensors = {"embed.tokens": tokens.weight}
    if encoder["position"] == "learned":
        tables["decoder"] = tables["encoder"]  # both stacks share one table
        tensors["embed.positions"] = tables["encoder"].weight
    elif decoder["position"] == "learned":
        tensors["decoder.embed.positions"] = tables["decoder"].weight
    padding = torch.arange(SOURCE.shape[1])[None] >= SOURCE.shape[1] - padded
    x = tokens(SOURCE) + position_rows(encoder["position"], SOURCE.shape[1], tables["encoder"])
    y = tokens(TARGET) + position_rows(decoder["position"], TARGET.shape[1], tables["decoder"])
    memory, parameters, results = encoded(x, encoder, padding if padded else None)
    more_parameters, more_results = decoded(y, memory, decoder, padding if padded else None)
    config = {"n_vocab": N_VOCAB, "n_ctx": N_CTX, "activation": "gelu", "n_layers": encoder["layers"]}
    config |= {field: encoder[field] for field in ("position", "norm", "norm_placement")}
    config |= {f"decoder_{field}": value for field, value in decoder.items()}
    inputs = {"in.source_ids": SOURCE[0], "in.target_ids": TARGET[0], "in.padding": padding[0]}
    save(name, config, tensors | parameters | more_parameters, **inputs, **results, **more_results)


def t5_layer_tensors(layer, at, attentions):
    """The tensors of a T5 block."""
    tensors = {}
    for number, name in enumerate(attentions):
        part = layer.layer[number]
        module = part.SelfAttention if name == "attn" else part.EncDecAttention
        tensors |= {f"{at}.{name}.w{kind}": getattr(module, kind).weight.T for kind in "qkvo"}
        tensors[f"{at}.norm{number + 1}.gain"] = part.layer_norm.weight
    part = layer.layer[-1]
    feed_forward = part.DenseReluDense
    tensors[f"{at}.norm{len(attentions) + 1}.gain"] = part.layer_norm.weight
    names = {"wg": "wi_0", "w1": "wi_1", "w2": "wo"}
    return tensors | {f"{at}.ffn.{own}": getattr(feed_forward, name).weight.T for own, name in names.items()}


def in_float64(model):
    """The model with nn.RMSNorm in place of T5's norms; to float32 precision it gives the same."""
    before = model(input_ids=SOURCE, decoder_input_ids=TARGET).last_hidden_state
    for module in list(model.modules()):
        for name, norm in list(module.named_children()):
            if name in ("layer_norm", "final_layer_norm"):
                setattr(module, name, nn.RMSNorm(D_MODEL, eps=norm.variance_epsilon))
                getattr(module, name).weight = norm.weight
    after = model(input_ids=SOURCE, decoder_input_ids=TARGET).last_hidden_state
    assert 0 < (after - before).abs().max() < 1e-5
    return model


def t5():
    """T5 with three layers in the decoder and two in the encoder, each stack with its table of relative positions."""
    settings = transformers.T5Config(
        vocab_size=N_VOCAB, d_model=D_MODEL, d_kv=D_KV, d_ff=D_FF, num_layers=2, num_decoder_layers=3, num_heads=HEADS,
        relative_attention_num_buckets=6, relative_attention_max_distance=5, feed_forward_proj="gated-gelu",
        layer_norm_epsilon=1e-5, attn_implementation="eager",
    )  # fmt: skip
    model = in_float64(shaken(transformers.T5Model(settings).double()))
    out = model(input_ids=SOURCE, decoder_input_ids=TARGET, output_attentions=True)
    tensors = {"embed.tokens": model.shared.weight}
    for prefix, stack, attentions in (("", model.encoder, ["attn"]), ("decoder.", model.decoder, ["attn", "cross"])):
        table = stack.block[0].layer[0].SelfAttention.relative_attention_bias
        tensors |= {f"{prefix}embed.relative": table.weight}
        tensors[f"{prefix}final_norm.gain"] = stack.final_layer_norm.weight
        for i, layer in enumerate(stack.block):
            tensors |= t5_layer_tensors(layer, f"{prefix}layers.{i}", attentions)
    results = {"out.encoder": out.encoder_last_hidden_state[0], "out.decoder": out.last_hidden_state[0]}
    results |= {f"out.weights.{i}": weights[0] for i, weights in enumerate(out.encoder_attentions)}
    results |= {f"out.decoder_weights.{i}": weights[0] for i, weights in enumerate(out.decoder_attentions)}
    results |= {f"out.cross_weights.{i}": weights[0] for i, weights in enumerate(out.cross_attentions)}
    config = {
        "n_vocab": N_VOCAB, "n_layers": 2, "decoder_layers": 3, "d_head": D_KV, "score": "dot", "position": "relative",
        "relative_buckets": 6, "relative_max_distance": 5, "norm": "rms", "norm_placement": "pre", "bias": False,
        "activation": "gelu_tanh", "gated": True,
    }  # fmt: skip
    inputs = {"in.source_ids": SOURCE[0], "in.target_ids": TARGET[0]}
    save("mixed_t5", config, tensors, **inputs, **results)


def settings_of(layers, position, norm, norm_placement):
    return {"layers": layers, "position": position, "norm": norm, "norm_placement": norm_placement}


if __name__ == "__main__":
    torch.manual_seed(29)
    mixed("mixed_pre", settings_of(2, "sinusoidal", "layer", "post"), settings_of(3, "learned", "layer", "pre"))
    mixed(
        "mixed_post", settings_of(3, "learned", "layer", "pre"), settings_of(1, "sinusoidal", "layer", "post"), padded=2
    )
    mixed("mixed_rms", settings_of(1, "none", "layer", "pre"), settings_of(2, "learned", "rms", "pre"))
    mixed("mixed_layer", settings_of(2, "learned", "rms", "post"), settings_of(1, "none", "layer", "pre"))
    t5()
