"""Groups of fields that do not fit each other."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from attnviz.encoder.config.groups import PositionConfig, Sizes

if TYPE_CHECKING:
    from attnviz.encoder.config.block import Block

_MOST_EXPERTS = 2**18  # of all layers: each has tensors of its own


def field_misfits(block: "Block") -> Iterator[str]:
    """Messages about groups that do not fit each other, with the fields and their values."""
    sizes, position = block.sizes, block.position
    if block.attention.window is None and position.window_rotary_base is not None:
        yield (f"window_rotary_base, window: {position.window_rotary_base} is given, and no window; expected both")
    if block.embedding.project == "none" and block.embedding.d_embed != sizes.d_model:
        yield (
            f"d_embed, d_model: {block.embedding.d_embed} is not {sizes.d_model}; "
            "expected the same, or project after or before"
        )
    if block.embedding.zero_id is not None and block.embedding.zero_id >= sizes.n_vocab:
        yield (
            f"zero_id, n_vocab: {block.embedding.zero_id} is not the id of a token; expected less than {sizes.n_vocab}"
        )
    if "post" in (block.norm.placement, block.decoder.norm.placement) and block.feed_forward.parallel:
        yield "parallel, norm_placement: both parts read the same input, and it is post; expected another"
    if position.rotary_layers is not None and "rotary" not in (position.kind, block.decoder.position.kind):
        yield (
            f"rotary_layers, position: {position.rotary_layers} is given, and position is {position.kind}; "
            "expected position rotary"
        )
    yield from _target_misfits(block)
    yield from _kind_misfits(block)
    yield from _expert_misfits(block)
    yield from _deberta_misfits(block)
    yield from _latent_misfits(block)
    yield from _position_misfits(sizes, position)
    own, has_width = block.decoder, block.decoder.sizes.d_head != sizes.d_head
    if own.position.kind == "rotary" and (position.kind != "rotary" or has_width):
        yield from _position_misfits(own.sizes, own.position, "decoder_d_head" if has_width else "d_head")


def _target_misfits(block: "Block") -> Iterator[str]:
    if block.target.start_id is not None and block.target.start_id >= block.n_target_vocab:
        name = "n_vocab" if block.target.n_vocab is None else "decoder_n_vocab"
        yield (
            f"decoder_start_id, {name}: {block.target.start_id} is not the id of a token; "
            f"expected less than {block.n_target_vocab}"
        )
    if block.target.norms_tokens and not block.embedding.norm:
        yield "decoder_norms_tokens, embed_norm: there is no norm of embeddings; expected embed_norm too"


def _kind_misfits(block: "Block") -> Iterator[str]:
    """Fields of one kind of positions, where neither stack has it."""
    position = block.position
    if position.sinusoids != "alternating" and "sinusoidal" not in (position.kind, block.decoder.position.kind):
        yield (
            f"sinusoids, position: {position.sinusoids} is given, and position is {position.kind}; "
            "expected position sinusoidal"
        )
    if not (position.relative_shared or position.has_relative_bias or block.decoder.position.has_relative_bias):
        yield (
            f"relative_shared, position: it is off, and position is {position.kind}; "
            "expected position relative, or relative_bias"
        )


def _expert_misfits(block: "Block") -> Iterator[str]:
    sizes = block.sizes
    if block.feed_forward.n_experts and not (sizes.d_ff and block.feed_forward.d_expert):
        yield f"n_experts, d_ff, d_expert: {block.feed_forward.n_experts} experts of no width; expected it larger"
    n_experts = block.feed_forward.n_experts * max(sizes.n_layers, block.decoder.n_layers)
    if n_experts > _MOST_EXPERTS:
        yield f"n_experts, n_layers: {n_experts} experts in all; expected at most {_MOST_EXPERTS}"


def _latent_misfits(block: "Block") -> Iterator[str]:
    for one in (block, block.decoder_block):
        if one.shared_dims >= one.d_head:
            yield (
                f"rotary_dims, d_head: with kv_latent all heads share what is rotated, and that is {one.shared_dims} "
                f"of {one.d_head}; expected less"
            )
    if block.disentangled.parts and (block.attention.q_latent or block.attention.kv_latent):
        yield "disentangled, q_latent, kv_latent: distances have no such vectors; expected one of these fields"


def _deberta_misfits(block: "Block") -> Iterator[str]:
    if block.disentangled.parts and block.attention.score not in ("scaled_dot", "dot"):
        yield (
            f"disentangled, score: distances add to products, and the score is {block.attention.score}; "
            "expected scaled_dot or dot"
        )
    if block.convolution.kernel and not block.d_ff:
        yield f"conv_kernel, d_ff: {block.convolution.kernel} tokens, after no feed-forward; expected d_ff above 0"


def _position_misfits(sizes: Sizes, position: PositionConfig, width: str = "d_head") -> Iterator[str]:
    kind, pad_id, dims = position.kind, position.pad_id, position.rotary_dims
    if pad_id is not None and kind != "learned":
        yield f"pad_id, position: pad_id is {pad_id}, and position is {kind}; expected position learned"
    if pad_id is not None and pad_id >= sizes.n_vocab:
        yield f"pad_id, n_vocab: {pad_id} is not the id of a token; expected less than {sizes.n_vocab}"
    if kind != "rotary":
        return
    if dims == sizes.d_head and dims % 2:
        yield f"position, {width}: rotary turns pairs, and {width} is {dims}; expected it even"
    elif dims % 2 or dims > sizes.d_head:
        yield (
            f"rotary_dims, {width}: rotary turns pairs, and {dims} of {sizes.d_head} are given; "
            f"expected an even number, at most {width}"
        )
