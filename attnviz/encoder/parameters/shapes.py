"""The tensors of a block and their shapes: the native checkpoint's table of contents."""

from attnviz.encoder.config.block import Block

Shape = tuple[int, ...]


def tensor_shapes(config: Block, *, decoder: bool = False) -> dict[str, Shape]:
    """Every tensor of the stack by name; matrices multiply from the right (``x @ w``).

    Args:
        config: the block's fields.
        decoder: whether a decoder with cross-attention belongs to it.
    """
    shapes = _embedding_shapes(config)
    shapes |= _stack_shapes("", ("attn",), config)
    if decoder:
        shapes |= _stack_shapes("decoder.", ("attn", "cross"), config.decoder_block)
        shapes |= _decoder_tables(config)
    return shapes


def _decoder_tables(config: Block) -> dict[str, Shape]:
    """The tables that the decoder does not share with the encoder."""
    shapes: dict[str, Shape] = {}
    if config.target.n_vocab is not None:
        shapes["decoder.embed.tokens"] = (config.target.n_vocab, config.embedding.d_embed)
    if has_decoder_positions(config):
        padding_row = config.decoder.position.pad_id is not None  # the first
        shapes["decoder.embed.positions"] = (config.n_ctx + padding_row, _summed_width(config))
    if config.target.tables and config.embedding.norm:
        shapes |= _norm_shapes("decoder.embed.norm", _summed_width(config), config)
    return shapes


def has_decoder_positions(config: Block) -> bool:
    """Whether the decoder has a table of positions to itself: it alone learns them, or it shares no table."""
    is_alone = config.target.tables or config.position.kind != "learned"
    return config.decoder.position.kind == "learned" and is_alone


def _summed_width(config: Block) -> int:
    """The width of token vectors where positions are added."""
    return config.d_model if config.embedding.project == "before" else config.embedding.d_embed


def _embedding_shapes(config: Block) -> dict[str, Shape]:
    summed = _summed_width(config)
    shapes: dict[str, Shape] = {"embed.tokens": (config.n_vocab, config.embedding.d_embed)}
    if config.position.kind == "learned":
        padding_row = config.position.pad_id is not None  # the first
        shapes["embed.positions"] = (config.n_ctx + padding_row, summed)
    if config.embedding.n_segments:
        shapes["embed.segments"] = (config.embedding.n_segments, summed)
    if config.embedding.norm:
        shapes |= _norm_shapes("embed.norm", summed, config)
    if config.embedding.project != "none":
        shapes["embed.project.w"] = (config.embedding.d_embed, config.d_model)
        if config.biases.default:
            shapes["embed.project.b"] = (config.d_model,)
    return shapes


def _stack_shapes(prefix: str, attentions: tuple[str, ...], config: Block) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {}
    if config.position.has_relative_bias and config.position.relative_shared:
        shapes[f"{prefix}embed.relative"] = (config.position.relative_buckets, config.n_heads)
    if config.disentangled.parts:
        shapes[f"{prefix}embed.offsets"] = (2 * config.disentangled.span, config.d_model)
        if config.disentangled.norm:
            shapes |= _norm_shapes(f"{prefix}embed.offsets_norm", config.d_model, config)
    for i in range(config.n_layers):
        layer = f"{prefix}layers.{i}."
        if config.position.has_relative_bias and not config.position.relative_shared:
            shapes[f"{layer}attn.relative"] = (config.position.relative_buckets, config.n_heads)
        for number, name in enumerate(attentions, start=1):
            shapes |= {f"{layer}{name}.{k}": s for k, s in _attention_shapes(config, name).items()}
            shapes |= _part_norms(f"{layer}norm{number}", config, first=(i, number) == (0, 1))
        if config.d_ff:
            shapes |= _part_norms(f"{layer}norm{len(attentions) + 1}", config)
            shapes |= {f"{layer}ffn.{k}": s for k, s in _ffn_shapes(config.at_layer(i)).items()}
    if config.convolution.kernel and not prefix:  # of the encoder
        shapes["layers.0.conv.w"] = (config.convolution.kernel * config.d_model, config.d_model)
        shapes |= {"layers.0.conv.b": (config.d_model,)} if config.biases.default else {}
        shapes |= _norm_shapes("layers.0.conv_norm", config.d_model, config)
    if not config.norm.on_sum:
        shapes |= _norm_shapes(f"{prefix}final_norm", config.d_model, config)
    return shapes


def _attention_shapes(config: Block, name: str) -> dict[str, Shape]:
    q_width, kv_width = config.n_heads * config.d_head, config.n_kv_heads * config.d_head
    k_width, v_width = config.n_kv_heads * (config.d_head - config.shared_dims), config.n_kv_heads * config.d_v
    of_q, of_kv = (width or config.d_model for width in (config.attention.q_latent, config.attention.kv_latent))
    shapes: dict[str, Shape] = {
        "wq": (of_q, q_width),
        "wk": (of_kv, k_width),
        "wv": (of_kv, v_width),
        "wo": (config.n_heads * config.d_v, config.d_model),
        **_latent_shapes(config),
    }
    if config.biases.qkv:
        shapes |= {"bq": (q_width,), "bk": (k_width,), "bv": (v_width,)}
    if config.biases.out:
        shapes["bo"] = (config.d_model,)
    if config.attention.qk_norm:
        shared = config.attention.qk_norm_width == "head"
        shapes |= _norm_shapes("q_norm", config.d_head if shared else q_width, config)
        shapes |= _norm_shapes("k_norm", config.d_head if shared else kv_width, config)
    if config.attention.sink:
        shapes["sink"] = (config.n_heads,)
    if config.attention.score == "additive":
        shapes["score_w"] = (config.n_heads, config.d_head)
    own = {"c2p": ("pk", kv_width), "p2c": ("pq", q_width)} if name == "attn" and not config.disentangled.share else {}
    for letters, width in (own[part] for part in config.disentangled.parts if part in own):
        shapes[f"w{letters}"] = (config.d_model, width)
        if config.biases.qkv:
            shapes[f"b{letters}"] = (width,)
    return shapes


def _latent_shapes(config: Block) -> dict[str, Shape]:
    """What makes the vectors that q, k and v are made of, and the part of k that all heads share."""
    shapes: dict[str, Shape] = {}
    for name, width in (("q", config.attention.q_latent), ("kv", config.attention.kv_latent)):
        if width is not None:
            shapes |= _norm_shapes(f"{name}_latent_norm", width, config) | {f"w{name}l": (config.d_model, width)}
    if config.shared_dims:
        shapes["wkr"] = (config.d_model, config.shared_dims)
    biased = {f"b{name[1:]}": shape[1:] for name, shape in shapes.items() if name.startswith("w")}
    return shapes | (biased if config.biases.latent else {})


def _part_norms(name: str, config: Block, *, first: bool = False) -> dict[str, Shape]:
    """The norms of a part; the first of all may be left out."""
    names = () if first and not config.norm.first else (name,)
    names = (*names, f"{name}_out") if config.norm.before and config.norm.on_output else names
    shapes = (_norm_shapes(one, config.d_model, config) for one in names)
    return {name: shape for some in shapes for name, shape in some.items()}


def _norm_shapes(name: str, width: int, config: Block) -> dict[str, Shape]:
    shapes: dict[str, Shape] = {f"{name}.gain": (width,)} if config.norm.gain else {}
    if config.norm.kind == "layer" and config.biases.norm:
        shapes[f"{name}.bias"] = (width,)
    return shapes


def _ffn_shapes(config: Block) -> dict[str, Shape]:
    part = config.feed_forward
    if not part.n_experts:
        return _dense_shapes("", config.d_ff, config)
    shapes: dict[str, Shape] = {"wr": (config.d_model, part.n_experts)}
    shapes |= {"br": (part.n_experts,)} if part.router_bias else {}
    shapes |= {"bc": (part.n_experts,)} if part.router_choice_bias else {}
    for expert in range(part.n_experts):
        shapes |= _dense_shapes(f"experts.{expert}.", part.d_expert, config)
    if part.d_shared:
        shapes |= _dense_shapes("shared.", part.d_shared, config)
        shapes |= {"ws": (config.d_model, 1)} if part.shared_gate else {}
    return shapes


def _dense_shapes(prefix: str, width: int, config: Block) -> dict[str, Shape]:
    """One feed-forward, whose hidden layer has this width."""
    shapes: dict[str, Shape] = {f"{prefix}w1": (config.d_model, width), f"{prefix}w2": (width, config.d_model)}
    if config.biases.ffn:
        shapes |= {f"{prefix}b1": (width,), f"{prefix}b2": (config.d_model,)}
    if config.feed_forward.gated:
        shapes[f"{prefix}wg"] = (config.d_model, width)
        if config.biases.gate:
            shapes[f"{prefix}bg"] = (width,)
    return shapes
