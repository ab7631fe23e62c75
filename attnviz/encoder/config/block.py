"""The resolved block: frozen groups, made from flat fields."""

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from typing import Any

from attnviz.encoder.config.convolution import ConvolutionConfig
from attnviz.encoder.config.decoder import DecoderConfig, decoder_config, decoder_fields
from attnviz.encoder.config.disentangled import DisentangledConfig
from attnviz.encoder.config.given import Given, default_of, field_names
from attnviz.encoder.config.groups import (
    AttentionConfig,
    BiasConfig,
    EmbeddingConfig,
    FeedForwardConfig,
    NormConfig,
    PositionConfig,
    Sizes,
    TargetConfig,
    flat_values,
)
from attnviz.encoder.config.misfits import field_misfits
from attnviz.encoder.config.values import MOST_LAYERS
from attnviz.errors import ConfigError, UsageError
from attnviz.numbers import parse_numbers, spans
from attnviz.records import dataclass


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
    disentangled: DisentangledConfig
    convolution: ConvolutionConfig
    norm: NormConfig
    feed_forward: FeedForwardConfig
    biases: BiasConfig
    target: TargetConfig
    decoder: DecoderConfig

    def __init__(self, **flat: object) -> None:
        values = _resolved(Given.of(flat))
        groups: dict[str, Any] = {name: group(**_values_of(group, values)) for name, group in _GROUPS.items()}
        groups["decoder"] = decoder_config(values, groups["sizes"], groups["position"], groups["norm"])
        for name, group in groups.items():
            object.__setattr__(self, name, group)
        for problem in field_misfits(self):
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
    def d_v(self) -> int:
        """Width of a head's v and z."""
        return self.sizes.d_v

    @property
    def shared_dims(self) -> int:
        """Dimensions of k that all heads share: with ``kv_latent``, those that are rotated; otherwise none."""
        is_shared = self.attention.kv_latent is not None and self.position.kind == "rotary"
        return self.position.rotary_dims if is_shared else 0

    @property
    def d_ff(self) -> int:
        """Width of the feed-forward's hidden layer; 0 for no feed-forward."""
        return self.sizes.d_ff

    @property
    def n_vocab(self) -> int:
        """Rows of the token table."""
        return self.sizes.n_vocab

    @property
    def n_target_vocab(self) -> int:
        """Rows of the token table of targets."""
        return self.n_vocab if self.target.n_vocab is None else self.target.n_vocab

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
        if self.attention.score != "scaled_dot":
            return 1.0
        return float((self.d_head * self.score_parts) ** -0.5)

    @property
    def score_parts(self) -> int:
        """The number of products that a raw score is the sum of: q.k, and those with distances."""
        return 1 + len(self.disentangled.parts)

    def layers_of(self, kind: str) -> int:
        """The number of layers with attention of a kind: ``encoder``, ``decoder`` or ``cross``."""
        return self.n_layers if kind == "encoder" else self.decoder.n_layers

    def heads_of(self, kind: str) -> int:
        """The number of heads in a layer's attention of a kind: ``encoder``, ``decoder`` or ``cross``."""
        return self.n_heads if kind == "encoder" else self.decoder.sizes.n_heads

    def of_kind(self, kind: str) -> "Block":
        """The block of the encoder, or of the decoder (kinds ``decoder`` and ``cross``)."""
        return self if kind == "encoder" else self.decoder_block

    @property
    def decoder_block(self) -> "Block":
        """The block as the decoder has it: its sizes, positions and norms in the encoder's place."""
        own = self.decoder
        if own == DecoderConfig(self.sizes, self.position, self.norm):
            return self
        return self._with(sizes=own.sizes, position=own.position, norm=own.norm)

    def at_layer(self, layer: int) -> "Block":
        """The block as one layer has it: with experts or without, and only the first with a convolution."""
        if layer and self.convolution.kernel:
            return self._with(convolution=replace(self.convolution, kernel=0)).at_layer(layer)
        part = self.feed_forward
        if not part.n_experts or layer in self._layers(part.expert_layers):
            return self
        return self._with(feed_forward=replace(part, n_experts=0, expert_layers=None, d_shared=0))

    def _with(self, **groups: object) -> "Block":
        """The block with other groups, which are not held against each other."""
        block: Block = object.__new__(Block)
        for f in fields(self):
            object.__setattr__(block, f.name, groups.get(f.name, getattr(self, f.name)))
        return block

    def replaced(self, overrides: Mapping[str, object]) -> "Block":
        """The block with some flat fields replaced.

        A field that only a value of another one allows goes with that value: without a mask nothing has a window. A
        size that followed another one still does: key and value heads that were as many as all heads stay so.

        Raises:
            ConfigError: the fields do not fit.
        """
        own = self.as_dict()
        values = {**own, **overrides}
        for name, (other, allows) in _ALLOWED_BY.items():
            if other in overrides and name not in overrides and not allows(overrides[other]):
                values[name] = default_of(name)
        for name, other in _FOLLOWING.items():
            if other in overrides and name not in overrides and own[name] == own[other]:
                values[name] = None
        return Block(**values)

    def notable_fields(self) -> dict[str, object]:
        """The main sizes, and the fields that are not what they would be if only the sizes were given."""
        sizes: dict[str, object] = {
            name: getattr(self, name) for name in ("n_layers", "n_heads", "d_model", "d_ff", "n_vocab", "n_ctx")
        }
        usual, values = Block(**sizes, d_head=self.d_head).as_dict(), self.as_dict()
        usual |= {name: values[other] for name, other in _FOLLOWING.items() if name not in sizes}
        return sizes | {name: value for name, value in values.items() if value != usual.get(name)}

    def as_dict(self, *, seed: int | None = None) -> dict[str, object]:
        """All fields under flat names, ready for JSON; the decoder's only where it differs from the encoder.

        Args:
            seed: what the weights were made from (``Params.seed``); None leaves it out.
        """
        groups = (getattr(self, f.name) for f in fields(self) if f.name not in ("target", "decoder"))
        values = dict(pair for group in groups for pair in flat_values(group))
        values |= decoder_fields(self.decoder, self.sizes, self.position, self.norm)
        values |= {name: value for name, value in flat_values(self.target) if value != default_of(name)}
        if seed is not None:
            values["seed"] = seed
        return {name: values[name] for name in field_names() if name in values}


EncoderConfig = Block  # the public name

# Fields that need some value of another one, which says whether it is one of these.
_ALLOWED_BY: dict[str, tuple[str, Callable[[Any], bool]]] = {
    **dict.fromkeys(("window", "window_layers", "window_rotary_base"), ("mask", lambda mask: mask != "none")),
    "pad_id": ("position", lambda position: position == "learned"),
    "sinusoids": ("position", lambda position: position == "sinusoidal"),
    "relative_shared": ("position", lambda position: position == "relative"),
    "rotary_layers": ("position", lambda position: position == "rotary"),
    "rotary_high": ("rotary_scaling", lambda scaling: scaling is None),  # each has a default of its own
    "qk_norm_width": ("qk_norm", bool),
    **dict.fromkeys(("gate_limit", "gate_plus"), ("gated", bool)),
    **dict.fromkeys(("expert_layers", "d_shared", "shared_gate"), ("n_experts", bool)),
}
_FOLLOWING = {
    "n_kv_heads": "n_heads",
    "d_v": "d_head",
    "latent_eps": "norm_eps",
    "d_expert": "d_ff",
    "groups_per_token": "router_groups",
}


LAYER_NUMBERS = ("window_layers", "rotary_layers", "expert_layers")  # fields that name layers

_GROUPS: dict[str, Any] = {
    "sizes": Sizes,
    "embedding": EmbeddingConfig,
    "attention": AttentionConfig,
    "position": PositionConfig,
    "disentangled": DisentangledConfig,
    "convolution": ConvolutionConfig,
    "norm": NormConfig,
    "feed_forward": FeedForwardConfig,
    "biases": BiasConfig,
    "target": TargetConfig,
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
    follows |= {"d_v": d_head, "latent_eps": values["norm_eps"]}
    follows |= {"d_expert": values["d_ff"], "groups_per_token": values["router_groups"]}
    follows |= {"decoder_layers": values["n_layers"]}  # the others of the decoder follow in its own group
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
