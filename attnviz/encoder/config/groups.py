"""The block's fields in groups, as the code reads them. Each group checks itself.

Nothing has to be filled in: a field that is None is absent (no window, no padding id, the score's own scale).
"""

import math
from collections.abc import Iterator
from dataclasses import field, fields
from typing import Any

from attnviz.errors import ConfigError
from attnviz.records import dataclass


def _named(flat: str) -> Any:
    """An attribute whose flat name is another one: ``position.kind`` is the field ``position``."""
    return field(metadata={"flat": flat})


def flat_values(group: object) -> Iterator[tuple[str, object]]:
    """A group's values under their flat names."""
    for f in fields(group):  # type: ignore[arg-type]  # every group is a dataclass
        yield f.metadata.get("flat", f.name), getattr(group, f.name)


@dataclass(frozen=True)
class Sizes:
    """The sizes that shape the tensors."""

    n_layers: int
    n_heads: int
    n_kv_heads: int
    d_model: int
    d_head: int
    d_v: int
    d_ff: int
    n_vocab: int
    n_ctx: int

    def __post_init__(self) -> None:
        if self.n_heads % self.n_kv_heads:
            raise ConfigError(
                f"n_heads, n_kv_heads: {self.n_heads} is not divisible by {self.n_kv_heads}; expected a multiple"
            )


@dataclass(frozen=True)
class EmbeddingConfig:
    """The tables of tokens and segments, and the way from their width to the model's."""

    n_segments: int
    d_embed: int
    project: str
    zero_id: int | None
    scale: float = _named("embed_scale")
    norm: bool = _named("embed_norm")


@dataclass(frozen=True)
class TargetConfig:
    """The decoder's own tables, and what it is fed of a target.

    A token of id ``start_id`` is fed first, or the target's own last one (``wraps``), then the others but the last.
    """

    tables: bool = _named("decoder_tables")
    embed_scale: float | None = _named("decoder_embed_scale")
    norms_tokens: bool = _named("decoder_norms_tokens")
    n_vocab: int | None = _named("decoder_n_vocab")
    start_id: int | None = _named("decoder_start_id")
    wraps: bool = _named("decoder_wraps")


@dataclass(frozen=True)
class AttentionConfig:
    """The comparison of queries and keys, and the mask."""

    score: str
    score_scale: float | None
    score_cap: float | None
    clip_qkv: float | None
    sink: bool
    q_latent: int | None
    kv_latent: int | None
    latent_eps: float
    qk_norm: bool
    qk_norm_width: str
    mask: str
    window: int | None
    window_layers: str | None

    def __post_init__(self) -> None:
        if self.qk_norm_width != "head" and not self.qk_norm:
            raise ConfigError(f"qk_norm_width, qk_norm: {self.qk_norm_width} is given, and no qk_norm; expected both")
        if self.mask == "window" and self.window is None:
            raise ConfigError("mask, window: the mask is window, and window is not given; expected both")
        if self.window is not None and self.mask == "none":
            raise ConfigError(
                f"window, mask: window is {self.window}, and the mask is none; expected mask window or causal"
            )
        if self.window is None and self.window_layers is not None:
            raise ConfigError(f"window_layers, window: {self.window_layers} is given, and no window; expected both")


@dataclass(frozen=True, kw_only=True)
class PositionConfig:
    """The kind of positions, and the settings of each kind."""

    kind: str = _named("position")
    sinusoids: str
    pad_id: int | None
    rotary_base: float
    rotary_dims: int
    rotary_layers: str | None
    rotary_scaling: str
    rotary_factor: float
    rotary_low: float
    rotary_high: float
    rotary_ctx: int
    rotary_truncate: bool
    rotary_short: tuple[float, ...] | None
    rotary_long: tuple[float, ...] | None
    rotary_magnitude: float | None
    window_rotary_base: float | None
    relative_bias: bool
    relative_buckets: int
    relative_max_distance: int
    relative_shared: bool

    def __post_init__(self) -> None:
        self._check_rotary()
        exact = self.relative_buckets // 2  # of a causal row, which a decoder always has
        if self.has_relative_bias and self.relative_max_distance <= exact:
            raise ConfigError(
                f"relative_max_distance, relative_buckets: {self.relative_max_distance} with "
                f"{self.relative_buckets} buckets; expected more than {exact}"
            )

    def _check_rotary(self) -> None:
        kind, dims = self.rotary_scaling, self.rotary_dims
        if kind in ("llama3", "yarn") and self.rotary_high <= self.rotary_low:
            raise ConfigError(
                f"rotary_high, rotary_low: {self.rotary_high:g} and {self.rotary_low:g}; "
                "expected the first to be larger"
            )
        if kind == "yarn" and self.rotary_base == 1:
            raise ConfigError("rotary_base, rotary_scaling: yarn tells pairs apart by it; expected more than 1")
        if kind == "dynamic" and dims <= 2:
            raise ConfigError(f"rotary_dims, rotary_scaling: {dims} with dynamic; expected more than 2")
        for name in ("rotary_short", "rotary_long") if kind == "longrope" else ():
            divisors = getattr(self, name)
            if divisors is None or len(divisors) != dims // 2:
                amount = "none" if divisors is None else len(divisors)
                raise ConfigError(
                    f"{name}, rotary_dims: {amount} given; expected {dims // 2}, one for each pair of {dims}"
                )

    @property
    def follows_length(self) -> bool:
        """Whether a text's rotary angles depend on its length."""
        return self.rotary_scaling in ("dynamic", "longrope")

    @property
    def attention_factor(self) -> float:
        """The number that multiplies rotated q and k: ``rotary_magnitude``, or the scaling's own.

        YaRN's is 0.1 ln(factor) + 1 (Peng et al. 2023, equation 22), LongRoPE's sqrt(1 + ln(factor) / ln(rotary_ctx))
        (Ding et al. 2024), and 1 where nothing is stretched.
        """
        if self.rotary_magnitude is not None:
            return self.rotary_magnitude
        stretch = math.log(max(self.rotary_factor, 1.0))
        if self.rotary_scaling == "yarn":
            return 0.1 * stretch + 1
        if self.rotary_scaling == "longrope" and stretch:
            return math.sqrt(1 + stretch / math.log(self.rotary_ctx))
        return 1.0

    @property
    def has_relative_bias(self) -> bool:
        """Whether scores get T5's relative bias."""
        return self.relative_bias or self.kind == "relative"


def is_before(placement: str) -> bool:
    """Whether norms of a placement come before each part."""
    return placement in ("pre", "sandwich")


@dataclass(frozen=True)
class NormConfig:
    """The norm, and its place: after each sum, before each part, on its output, or on both sides of it."""

    kind: str = _named("norm")
    placement: str = _named("norm_placement")
    eps: float = _named("norm_eps")
    gain: bool = _named("norm_gain")
    first: bool = _named("first_norm")

    def __post_init__(self) -> None:
        if not (self.before or self.first):
            raise ConfigError(
                "first_norm, norm_placement: only a norm before a part can be left out, and it is "
                f"{self.placement}; expected pre or sandwich"
            )

    @property
    def before(self) -> bool:
        """Whether each part reads its input normed (``pre``, ``sandwich``)."""
        return is_before(self.placement)

    @property
    def on_output(self) -> bool:
        """Whether each part's output is normed before it is added (``output``, ``sandwich``)."""
        return self.placement in ("output", "sandwich")

    @property
    def on_sum(self) -> bool:
        """Whether each residual sum is normed (``post``); otherwise there is one norm at the end of the stack."""
        return self.placement == "post"

    def output_norm(self, name: str) -> str:
        """The name of the norm on a part's output, where ``name`` is the part's: ``norm1``, or ``norm1_out``."""
        return f"{name}_out" if self.before else name


@dataclass(frozen=True)
class FeedForwardConfig:
    """The feed-forward: its activation, its gate, what it reads, and its experts."""

    parallel: bool
    activation: str
    gated: bool
    gate_limit: float | None
    gate_plus: float
    n_experts: int
    experts_per_token: int
    expert_layers: str | None
    d_expert: int
    d_shared: int
    shared_gate: bool
    router: str
    router_norm: bool
    router_scale: float
    router_bias: bool
    router_choice_bias: bool
    router_groups: int
    groups_per_token: int

    def __post_init__(self) -> None:
        for name in ("gate_limit", "gate_plus"):
            if getattr(self, name) and not self.gated:
                raise ConfigError(f"{name}, gated: {getattr(self, name):g} is given, and no gate; expected both")
        if not self.n_experts:
            for name in ("expert_layers", "d_shared"):
                if getattr(self, name):
                    raise ConfigError(
                        f"{name}, n_experts: {getattr(self, name)} is given, and no expert; expected both"
                    )
            return
        if self.shared_gate and not self.d_shared:
            raise ConfigError("shared_gate, d_shared: a gate of the shared expert, and there is none; expected both")
        if self.n_experts % self.router_groups:
            raise ConfigError(
                f"n_experts, router_groups: {self.n_experts} is not divisible by {self.router_groups}; "
                "expected a multiple"
            )
        if self.groups_per_token > self.router_groups:
            raise ConfigError(
                f"groups_per_token, router_groups: {self.groups_per_token} of {self.router_groups}; "
                "expected at most as many"
            )
        within = self.n_experts // self.router_groups * self.groups_per_token
        if self.experts_per_token > within:
            raise ConfigError(
                f"experts_per_token, n_experts: {self.experts_per_token} of {within}; expected at most as many"
            )


@dataclass(frozen=True)
class BiasConfig:
    """Which linear maps and norms have a bias; the others follow ``default`` unless they are given."""

    default: bool = _named("bias")
    qkv: bool = _named("qkv_bias")
    latent: bool = _named("latent_bias")
    out: bool = _named("out_bias")
    ffn: bool = _named("ffn_bias")
    gate: bool = _named("gate_bias")
    norm: bool = _named("norm_bias")
