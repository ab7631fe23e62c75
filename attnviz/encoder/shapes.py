"""Which tensors a configuration has, and their shapes: the native checkpoint's table of contents."""

from attnviz.encoder.config import EncoderConfig

Shape = tuple[int, ...]


def tensor_shapes(config: EncoderConfig, *, decoder: bool = False) -> dict[str, Shape]:
    """Every tensor of the stack by name; matrices multiply from the right (``x @ w``).

    Args:
        config: the block's fields.
        decoder: whether a decoder of the same blocks, with cross-attention, belongs to it.
    """
    shapes: dict[str, Shape] = {"embed.tokens": (config.n_vocab, config.d_model)}
    if config.position == "learned":
        shapes["embed.positions"] = (config.n_ctx, config.d_model)
    shapes |= _stack_shapes("", ("attn",), config)
    if decoder:
        shapes |= _stack_shapes("decoder.", ("attn", "cross"), config)
    return shapes


def _stack_shapes(prefix: str, attentions: tuple[str, ...], config: EncoderConfig) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    if config.position == "relative":
        shapes[f"{prefix}embed.relative"] = (config.relative_buckets, config.n_heads)
    for i in range(config.n_layers):
        layer = f"{prefix}layers.{i}."
        for number, name in enumerate(attentions, start=1):
            shapes |= {f"{layer}{name}.{k}": s for k, s in _attention_shapes(config).items()}
            shapes |= _norm_shapes(f"{layer}norm{number}", config)
        if config.d_ff:
            shapes |= _norm_shapes(f"{layer}norm{len(attentions) + 1}", config)
            shapes |= {f"{layer}ffn.{k}": s for k, s in _ffn_shapes(config).items()}
    if config.norm_placement == "pre":
        shapes |= _norm_shapes(f"{prefix}final_norm", config)
    return shapes


def _attention_shapes(config: EncoderConfig) -> dict[str, Shape]:
    q_width, kv_width = config.n_heads * config.d_head, config.n_kv_heads * config.d_head
    shapes: dict[str, Shape] = {
        "wq": (config.d_model, q_width),
        "wk": (config.d_model, kv_width),
        "wv": (config.d_model, kv_width),
        "wo": (q_width, config.d_model),
    }
    if config.bias:
        shapes |= {"bq": (q_width,), "bk": (kv_width,), "bv": (kv_width,), "bo": (config.d_model,)}
    if config.score == "additive":
        shapes["score_w"] = (config.n_heads, config.d_head)
    return shapes


def _norm_shapes(name: str, config: EncoderConfig) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {f"{name}.gain": (config.d_model,)}
    if config.norm == "layer" and config.bias:
        shapes[f"{name}.bias"] = (config.d_model,)
    return shapes


def _ffn_shapes(config: EncoderConfig) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {"w1": (config.d_model, config.d_ff), "w2": (config.d_ff, config.d_model)}
    if config.bias:
        shapes |= {"b1": (config.d_ff,), "b2": (config.d_model,)}
    if config.gated:
        shapes["wg"] = (config.d_model, config.d_ff)
    return shapes
