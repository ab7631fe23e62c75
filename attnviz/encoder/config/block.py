"""The resolved block: frozen groups, made from flat fields."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from attnviz.encoder.config.given import Given, field_names
from attnviz.encoder.config.groups import (
    AttentionConfig,
    BiasConfig,
    DecoderConfig,
    EmbeddingConfig,
    FeedForwardConfig,
    NormConfig,
    PositionConfig,
    Sizes,
    flat_values,
)
from attnviz.encoder.config.values import MOST_LAYERS
from attnviz.errors import ConfigError, UsageError
from attnviz.numbers import parse_numbers, spans


@dataclass(frozen=True, init=False)
class Block:
    """One block, stacked, in groups: ``config.n_heads``, ``config.position.rotary_base``.

    ``attnviz.EncoderConfig(n_heads=8, position="rotary")`` makes it from flat names, which ``as_dict`` gives back. A
    seed is checked and not kept: it belongs to the weights (``Params.seed``).

    Raises:
        ConfigError: an unknown name, a value of the wrong type or out of range, or fields that do not fit each other.
            The message names the fields and their values.
    """

    sizes: Sizes
    embedding: EmbeddingConfig
    attention: AttentionConfig
    position: PositionConfig
    norm: NormConfig
    feed_forward: FeedForwardConfig
    biases: BiasConfig
    decoder: DecoderConfig

    def __init__(self, **flat: object) -> None:
        values = _resolved(Given.of(flat))
        groups: dict[str, Any] = {name: group(**_values_of(group, values)) for name, group in _GROUPS.items()}
        groups["decoder"] = _decoder(values, groups["position"], groups["norm"])
        for name, group in groups.items():
            object.__setattr__(self, name, group)
        for problem in _misfits(self):
            raise ConfigError(problem)

    @property
    def n_layers(self) -> int:
        """Blocks in the stack."""
        return self.sizes.n_layers

    @property
    def n_heads(self) -> int:
        """Attention heads per block."""
        return self.sizes.n_heads

    @property
    def n_kv_heads(self) -> int:
        """Heads for keys and values."""
        return self.sizes.n_kv_heads

    @property
    def d_model(self) -> int:
        """Width of a token's vector."""
        return self.sizes.d_model

    @property
    def d_head(self) -> int:
        """Width of a head's q, k and v."""
        return self.sizes.d_head

    @property
    def d_ff(self) -> int:
        """Width of the feed-forward's hidden layer; 0 for no feed-forward."""
        return self.sizes.d_ff

    @property
    def n_vocab(self) -> int:
        """Rows of the token table."""
        return self.sizes.n_vocab

    @property
    def n_ctx(self) -> int:
        """Longest text, in tokens."""
        return self.sizes.n_ctx

    @property
    def windowed_layers(self) -> frozenset[int]:
        """The layers, of the encoder and of the decoder, whose self-attention sees only the window."""
        return frozenset() if self.attention.window is None else self._layers(self.attention.window_layers)

    @property
    def rotary_layers(self) -> frozenset[int]:
        """The layers, of the encoder and of the decoder, whose self-attention rotates q and k, if any does."""
        return self._layers(self.position.rotary_layers)

    def _layers(self, spelled: str | None) -> frozenset[int]:
        """Numbers of layers from their spelling; all layers for None."""
        if spelled is None:
            return frozenset(range(max(self.n_layers, self.decoder.n_layers)))
        # A decoder's block may have fewer layers than the encoder that the numbers are also for.
        return frozenset(parse_numbers(spelled, MOST_LAYERS, "layer"))

    @property
    def score_factor(self) -> float:
        """The number that multiplies a raw score: ``score_scale``, or the score's own (1/sqrt(d_head) or 1)."""
        if self.attention.score_scale is not None:
            return self.attention.score_scale
        return float(self.d_head**-0.5) if self.attention.score == "scaled_dot" else 1.0

    def layers_of(self, kind: str) -> int:
        """The number of layers with attention of a kind: ``encoder``, ``decoder`` or ``cross``."""
        return self.n_layers if kind == "encoder" else self.decoder.n_layers

    @property
    def decoder_block(self) -> "Block":
        """The block as the decoder has it: its layers, positions and norms in the encoder's place."""
        if self.decoder == DecoderConfig(self.n_layers, self.position, self.norm):
            return self
        block: Block = object.__new__(Block)
        groups = {f.name: getattr(self, f.name) for f in fields(self)}
        groups["sizes"] = replace(self.sizes, n_layers=self.decoder.n_layers)
        groups |= {"position": self.decoder.position, "norm": self.decoder.norm}
        for name, group in groups.items():
            object.__setattr__(block, name, group)
        return block

    def replaced(self, overrides: Mapping[str, object]) -> "Block":
        """The block with some flat fields replaced.

        Without a mask nothing has a window; only learned positions leave out a token, and only rotary ones layers; key
        and value heads that were as many as all heads stay so.

        Raises:
            ConfigError: the fields do not fit.
        """
        values = {**self.as_dict(), **overrides}
        if overrides.get("mask") == "none":
            for name in ("window", "window_layers", "window_rotary_base"):
                if name not in overrides:
                    values[name] = None
        for name, kind in (("pad_id", "learned"), ("rotary_layers", "rotary")):
            if overrides.get("position", kind) != kind and name not in overrides:
                values[name] = None
        if "n_heads" in overrides and "n_kv_heads" not in overrides and self.n_kv_heads == self.n_heads:
            values["n_kv_heads"] = None
        return Block(**values)

    def notable_fields(self) -> dict[str, object]:
        """The main sizes, and the fields that are not what they would be if only the sizes were given."""
        sizes: dict[str, object] = {
            name: getattr(self, name) for name in ("n_layers", "n_heads", "d_model", "d_ff", "n_vocab", "n_ctx")
        }
        usual = Block(**sizes, d_head=self.d_head).as_dict()
        return sizes | {name: value for name, value in self.as_dict().items() if value != usual.get(name)}

    def as_dict(self, *, seed: int | None = None) -> dict[str, object]:
        """All fields under flat names, ready for JSON; the decoder's only where it differs from the encoder.

        Args:
            seed: what the weights were made from (``Params.seed``); None leaves it out.
        """
        groups = (getattr(self, f.name) for f in fields(self) if f.name != "decoder")
        values = dict(pair for group in groups for pair in flat_values(group))
        values |= dict(_decoder_differences(self))
        if seed is not None:
            values["seed"] = seed
        return {name: values[name] for name in field_names() if name in values}


EncoderConfig = Block  # the public name

LAYER_NUMBERS = ("window_layers", "rotary_layers")  # fields that name layers

_GROUPS: dict[str, Any] = {
    "sizes": Sizes,
    "embedding": EmbeddingConfig,
    "attention": AttentionConfig,
    "position": PositionConfig,
    "norm": NormConfig,
    "feed_forward": FeedForwardConfig,
    "biases": BiasConfig,
}


def _resolved(given: Given) -> dict[str, Any]:
    """Every field's value: what was asked, or the default, or what follows from other fields."""
    values = {name: given.value(name) for name in field_names()}
    if values["d_head"] is None and values["d_model"] % values["n_heads"]:
        raise ConfigError(
            f"d_model, n_heads: {values['d_model']} is not divisible by {values['n_heads']}; "
            "expected a multiple, or d_head given"
        )
    d_head = values["d_model"] // values["n_heads"] if values["d_head"] is None else values["d_head"]
    follows = {"n_kv_heads": values["n_heads"], "d_head": d_head, "d_embed": values["d_model"], "rotary_dims": d_head}
    follows["rotary_high"] = 32.0 if values["rotary_scaling"] == "yarn" else 4.0
    follows |= {f"{part}_bias": values["bias"] for part in ("qkv", "out", "ffn", "norm")}
    follows |= {"decoder_layers": values["n_layers"], "decoder_position": values["position"]}
    follows |= {"decoder_norm": values["norm"], "decoder_norm_placement": values["norm_placement"]}
    values |= {name: value for name, value in follows.items() if values[name] is None}
    values |= {name: _layer_numbers(name, values) for name in LAYER_NUMBERS}
    return values


def _layer_numbers(name: str, values: Mapping[str, Any]) -> str | None:
    """The layers that a field names in their shortest spelling; None for all."""
    if values[name] in (None, "all"):
        return None
    most = max(values["n_layers"], values["decoder_layers"])
    try:
        return spans(tuple(sorted(parse_numbers(values[name], most, "layer"))))
    except UsageError as error:
        raise ConfigError(f"{name}: {error}") from error


def _values_of(group: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    return {f.name: values[f.metadata.get("flat", f.name)] for f in fields(group)}


def _decoder(values: Mapping[str, Any], position: PositionConfig, norm: NormConfig) -> DecoderConfig:
    """The decoder's group; what the encoder's norms leave out, norms of another placement do not."""
    placement = values["decoder_norm_placement"]
    first = norm.first if placement == norm.placement else True
    kind = values["decoder_position"]
    return DecoderConfig(
        values["decoder_layers"],
        replace(position, kind=kind, pad_id=position.pad_id if kind == "learned" else None),
        replace(norm, kind=values["decoder_norm"], placement=placement, first=first),
    )


def _decoder_differences(block: Block) -> Iterator[tuple[str, object]]:
    pairs = {
        "decoder_layers": (block.decoder.n_layers, block.n_layers),
        "decoder_position": (block.decoder.position.kind, block.position.kind),
        "decoder_norm": (block.decoder.norm.kind, block.norm.kind),
        "decoder_norm_placement": (block.decoder.norm.placement, block.norm.placement),
    }
    return ((name, one) for name, (one, other) in pairs.items() if one != other)


def _misfits(block: Block) -> Iterator[str]:
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
    yield from _position_misfits(sizes, position)
    if block.decoder.position.kind == "rotary" != position.kind:
        yield from _position_misfits(sizes, block.decoder.position)


def _position_misfits(sizes: Sizes, position: PositionConfig) -> Iterator[str]:
    kind, pad_id, dims = position.kind, position.pad_id, position.rotary_dims
    if pad_id is not None and kind != "learned":
        yield f"pad_id, position: pad_id is {pad_id}, and position is {kind}; expected position learned"
    if pad_id is not None and pad_id >= sizes.n_vocab:
        yield f"pad_id, n_vocab: {pad_id} is not the id of a token; expected less than {sizes.n_vocab}"
    if kind != "rotary":
        return
    if dims == sizes.d_head and dims % 2:
        yield f"position, d_head: rotary turns pairs, and d_head is {dims}; expected it even"
    elif dims % 2 or dims > sizes.d_head:
        yield (
            f"rotary_dims, d_head: rotary turns pairs, and {dims} of {sizes.d_head} are given; "
            "expected an even number, at most d_head"
        )
