"""Which tensors a configuration has, and their shapes: the native checkpoint's table of contents."""

from attnviz.encoder.config.block import EncoderConfig

Shape = tuple[int, ...]


def tensor_shapes(config: EncoderConfig, *, decoder: bool = False) -> dict[str, Shape]:
    """Every tensor of the stack by name; matrices multiply from the right (``x @ w``).

    Args:
        config: the block's fields.
        decoder: whether a decoder of the same blocks, with cross-attention, belongs to it.
    """
    shapes = _embedding_shapes(config)
    shapes |= _stack_shapes("", ("attn",), config)
    if decoder:
        shapes |= _stack_shapes("decoder.", ("attn", "cross"), config)
    return shapes


def _embedding_shapes(config: EncoderConfig) -> dict[str, Shape]:
    summed = config.d_model if config.project == "before" else config.d_embed  # where positions are added
    shapes: dict[str, Shape] = {"embed.tokens": (config.n_vocab, config.d_embed)}
    if config.position == "learned":
        shapes["embed.positions"] = (config.n_ctx + (config.pad_id is not None), summed)  # the padding's row first
    if config.n_segments:
        shapes["embed.segments"] = (config.n_segments, summed)
    if config.embed_norm:
        shapes |= _norm_shapes("embed.norm", summed, config)
    if config.project != "none":
        shapes["embed.project.w"] = (config.d_embed, config.d_model)
        if config.bias:
            shapes["embed.project.b"] = (config.d_model,)
    return shapes


def _stack_shapes(prefix: str, attentions: tuple[str, ...], config: EncoderConfig) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    if config.has_relative_bias:
        shapes[f"{prefix}embed.relative"] = (config.relative_buckets, config.n_heads)
    for i in range(config.n_layers):
        layer = f"{prefix}layers.{i}."
        for number, name in enumerate(attentions, start=1):
            shapes |= {f"{layer}{name}.{k}": s for k, s in _attention_shapes(config).items()}
            if config.first_norm or (i, number) != (0, 1):
                shapes |= _norm_shapes(f"{layer}norm{number}", config.d_model, config)
        if config.d_ff:
            shapes |= _norm_shapes(f"{layer}norm{len(attentions) + 1}", config.d_model, config)
            shapes |= {f"{layer}ffn.{k}": s for k, s in _ffn_shapes(config).items()}
    if config.norm_placement == "pre":
        shapes |= _norm_shapes(f"{prefix}final_norm", config.d_model, config)
    return shapes


def _attention_shapes(config: EncoderConfig) -> dict[str, Shape]:
    q_width, kv_width = config.n_heads * config.d_head, config.n_kv_heads * config.d_head
    shapes: dict[str, Shape] = {
        "wq": (config.d_model, q_width),
        "wk": (config.d_model, kv_width),
        "wv": (config.d_model, kv_width),
        "wo": (q_width, config.d_model),
    }
    if config.qkv_bias:
        shapes |= {"bq": (q_width,), "bk": (kv_width,), "bv": (kv_width,)}
    if config.out_bias:
        shapes["bo"] = (config.d_model,)
    if config.qk_norm:
        shapes |= _norm_shapes("q_norm", config.d_head, config) | _norm_shapes("k_norm", config.d_head, config)
    if config.score == "additive":
        shapes["score_w"] = (config.n_heads, config.d_head)
    return shapes


def _norm_shapes(name: str, width: int, config: EncoderConfig) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {f"{name}.gain": (width,)}
    if config.norm == "layer" and config.norm_bias:
        shapes[f"{name}.bias"] = (width,)
    return shapes


def _ffn_shapes(config: EncoderConfig) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {"w1": (config.d_model, config.d_ff), "w2": (config.d_ff, config.d_model)}
    if config.ffn_bias:
        shapes |= {"b1": (config.d_ff,), "b2": (config.d_model,)}
    if config.gated:
        shapes["wg"] = (config.d_model, config.d_ff)
        if config.gate_bias:
            shapes["bg"] = (config.d_ff,)
    return shapes
