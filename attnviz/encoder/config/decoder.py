"""What may differ between a decoder and its encoder, and what follows from the encoder where nothing is said."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from attnviz.encoder.config.groups import NormConfig, PositionConfig, Sizes, is_before
from attnviz.errors import ConfigError
from attnviz.records import dataclass


@dataclass(frozen=True)
class DecoderConfig:
    """The decoder's groups, where they may differ from the encoder's."""

    sizes: Sizes
    position: PositionConfig
    norm: NormConfig

    @property
    def n_layers(self) -> int:
        """Blocks in the decoder."""
        return self.sizes.n_layers


def decoder_config(
    values: Mapping[str, Any], sizes: Sizes, position: PositionConfig, norm: NormConfig
) -> DecoderConfig:
    """The decoder's groups from the fields that begin with ``decoder_`` and the encoder's groups.

    Only norms before a part leave out the first.

    Raises:
        ConfigError: heads that do not share keys and values, or do not divide the model's width.
    """
    own = _sizes(values, sizes)
    kind = position.kind if values["decoder_position"] is None else values["decoder_position"]
    placement = values["decoder_norm_placement"] or norm.placement
    return DecoderConfig(
        own,
        replace(
            position,
            kind=kind,
            pad_id=position.pad_id if kind == "learned" else None,
            rotary_dims=own.d_head if position.rotary_dims == sizes.d_head else position.rotary_dims,
        ),
        replace(
            norm,
            kind=values["decoder_norm"] or norm.kind,
            placement=placement,
            first=norm.first or not is_before(placement),
        ),
    )


def _sizes(values: Mapping[str, Any], sizes: Sizes) -> Sizes:
    """The decoder's sizes: those that are given, and what follows from them and from the encoder's."""
    n_heads = values["decoder_heads"] or sizes.n_heads
    d_head, n_kv_heads = values["decoder_d_head"], values["decoder_kv_heads"]
    if d_head is None:
        d_head = _usual_d_head(sizes, n_heads)
    if d_head is None:
        raise ConfigError(
            f"d_model, decoder_heads: {sizes.d_model} is not divisible by {n_heads}; "
            "expected a multiple, or decoder_d_head given"
        )
    if n_kv_heads is None:
        n_kv_heads = _usual_kv_heads(sizes, n_heads)
    if n_heads % n_kv_heads:
        raise ConfigError(
            f"decoder_heads, decoder_kv_heads: {n_heads} is not divisible by {n_kv_heads}; expected a multiple"
        )
    return replace(
        sizes,
        n_layers=values["decoder_layers"],
        n_heads=n_heads,
        n_kv_heads=n_kv_heads,
        d_head=d_head,
        d_v=d_head if sizes.d_v == sizes.d_head else sizes.d_v,
        d_ff=sizes.d_ff if values["decoder_d_ff"] is None else values["decoder_d_ff"],
    )


def _usual_d_head(sizes: Sizes, n_heads: int) -> int | None:
    """The width of a decoder's head where it is not given: as heads share the model's width, or the encoder's.

    None where they cannot share it.
    """
    if n_heads == sizes.n_heads or sizes.n_heads * sizes.d_head != sizes.d_model:
        return sizes.d_head
    return None if sizes.d_model % n_heads else sizes.d_model // n_heads


def _usual_kv_heads(sizes: Sizes, n_heads: int) -> int:
    """The decoder's heads for keys and values where they are not given."""
    return n_heads if sizes.n_kv_heads == sizes.n_heads else sizes.n_kv_heads


def decoder_fields(
    decoder: DecoderConfig, sizes: Sizes, position: PositionConfig, norm: NormConfig
) -> dict[str, object]:
    """The fields that make these groups of the encoder's; only those that differ from what would follow."""
    own = decoder.sizes
    pairs: dict[str, tuple[object, object]] = {
        "decoder_layers": (own.n_layers, sizes.n_layers),
        "decoder_heads": (own.n_heads, sizes.n_heads),
        "decoder_kv_heads": (own.n_kv_heads, _usual_kv_heads(sizes, own.n_heads)),
        "decoder_d_head": (own.d_head, _usual_d_head(sizes, own.n_heads)),
        "decoder_d_ff": (own.d_ff, sizes.d_ff),
        "decoder_position": (decoder.position.kind, position.kind),
        "decoder_norm": (decoder.norm.kind, norm.kind),
        "decoder_norm_placement": (decoder.norm.placement, norm.placement),
    }
    return {name: one for name, (one, other) in pairs.items() if one != other}
