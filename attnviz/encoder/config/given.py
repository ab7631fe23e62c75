"""The block's fields under flat names: each is a flag, a variable, a TOML key and a key of a checkpoint's header.

Nothing here imports NumPy: the command line reads this table for its help text.
"""

from collections.abc import Iterable, Mapping
from dataclasses import Field, fields
from functools import cache
from typing import Any

from attnviz.encoder.config.values import checked, choice, layer_numbers, nearest, number, numbers, size, switch
from attnviz.errors import LISTED, ConfigError, brief, some
from attnviz.records import dataclass

SCORES = ("scaled_dot", "dot", "cosine", "additive")
MASKS = ("none", "causal", "window")
SINUSOIDS = ("alternating", "halves")
POSITIONS = ("sinusoidal", "learned", "rotary", "alibi", "relative", "none")
NORMS = ("layer", "rms")
PLACEMENTS = ("post", "pre", "sandwich", "output")
ACTIVATIONS = ("relu", "relu2", "gelu", "gelu_tanh", "quick_gelu", "silu")
ROTARY_SCALINGS = ("none", "linear", "dynamic", "llama3", "yarn", "longrope", "proportional")
DISENTANGLED = ("none", "c2p", "p2c", "both")
PROJECTIONS = ("none", "after", "before")
ROUTERS = ("softmax", "sigmoid")
QK_NORM_WIDTHS = ("head", "each", "all")


@dataclass(frozen=True)
class Given:
    """The fields that somebody asked for; None where nobody did. ``Block`` fills in the rest."""

    n_layers: int | None = size(2, "Blocks in the stack.")
    n_heads: int | None = size(4, "Attention heads per block.")
    n_kv_heads: int | None = size(
        None, "Heads for keys and values; fewer than n_heads for grouped-query attention. [default: n_heads]"
    )
    d_model: int | None = size(64, "Width of a token's vector.")
    d_head: int | None = size(None, "Width of a head's q, k and v. [default: d_model / n_heads]")
    d_v: int | None = size(None, "Width of a head's v and z. [default: d_head]")
    d_ff: int | None = size(256, "Width of the feed-forward's hidden layer; 0 leaves the feed-forward out.", least=0)
    n_vocab: int | None = size(4096, "Rows of the token embedding table.")
    n_ctx: int | None = size(512, "Longest text, in tokens.")
    n_segments: int | None = size(0, "Rows of the segment (token type) table; 0 for no table.", least=0)
    d_embed: int | None = size(None, "Width of the embedding tables (see project). [default: d_model]")
    project: str | None = choice(PROJECTIONS, "From d_embed to d_model: after or before positions are added.")
    embed_scale: float | None = number(1.0, "Multiplies token vectors before positions are added.")
    zero_id: int | None = size(
        None, "Token id whose vector is 0; the other tokens' vectors grow to make up for it (ESM).", 0
    )
    embed_norm: bool | None = switch(False, "Norm of the embeddings' sum.")
    score: str | None = choice(SCORES, "How a query and a key are compared.")
    score_scale: float | None = number(None, "Number that replaces the score's own scale.")
    score_cap: float | None = number(None, "Soft cap c of the scaled scores: c tanh(s / c).", least=1e-6)
    clip_qkv: float | None = number(None, "The numbers of q, k and v are clipped to this size.", least=0.0)
    sink: bool | None = switch(False, "A learned score per head takes a share of each row, which no key gets (rest).")
    q_latent: int | None = size(None, "Width of a normed vector that q is made of, in place of x.")
    kv_latent: int | None = size(None, "Width of a normed vector that k and v are made of; all heads rotate one part.")
    latent_eps: float | None = number(None, "norm_eps of the norms of these vectors. [default: norm_eps]", least=0.0)
    qk_norm: bool | None = switch(False, "Norm of each head's q and k.")
    qk_norm_width: str | None = choice(
        QK_NORM_WIDTHS, "qk_norm: one gain for all heads, one for each, or one norm over all heads together."
    )
    mask: str | None = choice(MASKS, "Which keys a query may not see.")
    window: int | None = size(None, "Keys visible on each side (mask window); with mask causal, keys back.", 0)
    window_layers: str | None = layer_numbers("Layers that see only the window, such as 0,2-3. [default: all]")
    position: str | None = choice(POSITIONS, "How positions enter.")
    sinusoids: str | None = choice(
        SINUSOIDS, "sinusoidal: sines and cosines alternate (2017 paper), or each fill one half (Marian)."
    )
    pad_id: int | None = size(None, "Token id without a position: later tokens are counted without it (learned).", 0)
    rotary_base: float | None = number(10000.0, "Base of the rotary angles.", least=1.0)
    rotary_dims: int | None = size(None, "Dimensions of q and k that are rotated. [default: d_head]", 1)
    rotary_layers: str | None = layer_numbers("Layers that rotate q and k, such as 0,2-3 (rotary). [default: all]")
    rotary_scaling: str | None = choice(ROTARY_SCALINGS, "How rotary frequencies are stretched for longer texts.")
    rotary_factor: float | None = number(1.0, "By how much they are stretched.", least=1e-6)
    rotary_low: float | None = number(
        1.0, "llama3, yarn: wavelengths above rotary_ctx / this are stretched.", least=1e-6
    )
    rotary_high: float | None = number(
        None, "llama3, yarn: wavelengths below rotary_ctx / this are kept. [default: 4; with yarn 32]", least=1e-6
    )
    rotary_ctx: int | None = size(8192, "The longest text before the stretching.", least=2)
    rotary_truncate: bool | None = switch(True, "yarn: the first and last pair between kept and stretched are whole.")
    rotary_short: tuple[float, ...] | None = numbers(
        "longrope: one divisor for each pair, for texts up to rotary_ctx.", least=1e-6
    )
    rotary_long: tuple[float, ...] | None = numbers("longrope: the divisors for longer texts.", least=1e-6)
    rotary_magnitude: float | None = number(None, "Multiplies rotated q and k. [default: the scaling's]", least=0.0)
    window_rotary_base: float | None = number(None, "Base in layers with a window. [default: rotary_base]", 1.0)
    relative_bias: bool | None = switch(False, "Relative positions (T5) in addition to another position.")
    relative_buckets: int | None = size(32, "Distance buckets of relative positions (T5).", least=4)
    relative_max_distance: int | None = size(
        128, "Distance from which relative positions share the last bucket.", least=2
    )
    relative_shared: bool | None = switch(
        True, "All layers share the relative positions' biases; off, each layer has its own (UMT5)."
    )
    disentangled: str | None = choice(
        DISENTANGLED, "Scores of q with keys of distances (c2p), of k with queries of distances (p2c), as in DeBERTa."
    )
    disentangled_span: int | None = size(128, "Vectors of distances on each side.", least=2)
    disentangled_max: int | None = size(
        None, "Distance from which all share a vector, in logarithmic steps from half the span on. [default: no steps]"
    )
    disentangled_share: bool | None = switch(False, "Distances use the W_Q and W_K of words.")
    disentangled_norm: bool | None = switch(False, "Norm of the vectors of distances.")
    conv_kernel: int | None = size(
        0, "Neighbouring tokens in a convolution beside the encoder's first layer; 0 for none.", least=0
    )
    conv_activation: str | None = choice(("tanh", *ACTIVATIONS), "Activation of the convolution.")
    norm: str | None = choice(NORMS, "Layer norm or RMS norm.")
    norm_placement: str | None = choice(
        PLACEMENTS, "Norm of each residual sum (2017 paper), before each part, on both its sides, on its output."
    )
    norm_eps: float | None = number(1e-5, "Added to the variance before its root.", least=0.0)
    norm_gain: bool | None = switch(True, "Learned gain of the norms; off, they have no weights of their own.")
    first_norm: bool | None = switch(True, "The first layer's first norm (pre); some models have none.")
    parallel: bool | None = switch(False, "Attention and feed-forward read the same input, side by side (pre).")
    activation: str | None = choice(ACTIVATIONS, "Activation of the feed-forward.")
    gated: bool | None = switch(False, "Gated feed-forward: (act(x W_g) * x W_1) W_2.")
    gate_limit: float | None = number(None, "gated: x W_g is at most this, x W_1 of at most this size.", least=0.0)
    gate_plus: float | None = number(0.0, "gated: added to x W_1.")
    n_experts: int | None = size(0, "Feed-forwards that a router chooses from; 0 for one without a router.", least=0)
    experts_per_token: int | None = size(2, "Experts that each token is sent to.")
    expert_layers: str | None = layer_numbers("Layers with experts, such as 0,2-3. [default: all]")
    d_expert: int | None = size(None, "Width of an expert's hidden layer. [default: d_ff]", 0)
    d_shared: int | None = size(0, "Width of the shared expert's hidden layer; 0 for no shared expert.", least=0)
    shared_gate: bool | None = switch(False, "The shared expert's output times sigmoid(x W_s).")
    router: str | None = choice(ROUTERS, "What makes shares of the router's logits.")
    router_norm: bool | None = switch(True, "The chosen experts' shares are divided by their sum.")
    router_scale: float | None = number(1.0, "Multiplies the shares of the chosen experts.")
    router_bias: bool | None = switch(False, "Bias of the router's logits.")
    router_choice_bias: bool | None = switch(False, "A bias that takes part in the choice alone.")
    router_groups: int | None = size(1, "Groups of experts, of which the best are chosen first.")
    groups_per_token: int | None = size(None, "Groups that are chosen. [default: router_groups]")
    bias: bool | None = switch(True, "Biases in the projections, the feed-forward and layer norm.")
    qkv_bias: bool | None = switch(None, "Biases of q, k and v. [default: bias]")
    latent_bias: bool | None = switch(False, "Biases of the vectors that q, k and v are made of (q_latent, kv_latent).")
    out_bias: bool | None = switch(None, "Bias of W_O. [default: bias]")
    ffn_bias: bool | None = switch(None, "Biases of the feed-forward. [default: bias]")
    gate_bias: bool | None = switch(False, "Bias of the gated feed-forward's gate.")
    norm_bias: bool | None = switch(None, "Bias of layer norm. [default: bias]")
    decoder_layers: int | None = size(None, "Blocks in the decoder. [default: n_layers]")
    decoder_heads: int | None = size(None, "Attention heads per block of the decoder. [default: n_heads]")
    decoder_kv_heads: int | None = size(
        None, "The decoder's heads for keys and values. [default: n_kv_heads, or decoder_heads where those are n_heads]"
    )
    decoder_d_head: int | None = size(
        None, "Width of the decoder's q, k and v. [default: d_head, or d_model / decoder_heads]"
    )
    decoder_d_ff: int | None = size(None, "Width of the decoder's hidden layer; 0 for none. [default: d_ff]", 0)
    decoder_position: str | None = choice(
        POSITIONS, "How positions enter the decoder. [default: position]", default=False
    )
    decoder_norm: str | None = choice(NORMS, "The decoder's norm. [default: norm]", default=False)
    decoder_norm_placement: str | None = choice(
        PLACEMENTS, "Where the decoder's norms are. [default: norm_placement]", default=False
    )
    decoder_tables: bool | None = switch(
        False, "The decoder has learned positions and a norm of embeddings of its own."
    )
    decoder_embed_scale: float | None = number(
        None, "Multiplies the decoder's token vectors before positions are added. [default: embed_scale]"
    )
    decoder_norms_tokens: bool | None = switch(
        False, "The decoder's norm of embeddings comes before positions are added (Blenderbot-small)."
    )
    decoder_n_vocab: int | None = size(None, "Rows of the decoder's own token table. [default: one table for both]")
    decoder_start_id: int | None = size(
        None, "Token id that the decoder is fed first, before the target without its last token.", 0
    )
    decoder_wraps: bool | None = switch(False, "The decoder is fed the target's last token first (mBART).")
    seed: int | None = size(0, "Seed of the random weights.", least=0)

    @classmethod
    def of(cls, values: Mapping[str, object], where: str = "block") -> "Given":
        """The fields of a mapping.

        Raises:
            ConfigError: an unknown name, or a value of a wrong type or out of range.
        """
        check_field_names(values, where)
        table: dict[str, Any] = {f.name: checked(f, values[f.name]) for f in field_table() if f.name in values}
        return cls(**table)

    def value(self, name: str) -> Any:
        """A field's value, or its default; None where neither exists."""
        value = getattr(self, name)
        return default_of(name) if value is None else value


@cache
def field_table() -> tuple[Field[Any], ...]:
    """The fields in order, with their type, default, choices and help in ``metadata``."""
    return fields(Given)


def field_names() -> tuple[str, ...]:
    """The fields' names, in order."""
    return tuple(f.name for f in field_table())


def default_of(name: str) -> Any:
    """A field's default; None where it follows from other fields, or is absent."""
    return Given.__dataclass_fields__[name].metadata["default"]


def check_fields(values: Mapping[str, object], where: str) -> None:
    """Refuses unknown names, and values that no combination of fields allows.

    Raises:
        ConfigError: the message begins with ``where``.
    """
    check_field_names(values, where)
    try:
        Given.of(values)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error


def check_field_names(names: Iterable[str], where: str) -> None:
    """Refuses unknown names.

    Raises:
        ConfigError: with the first unknown names, each with the nearest known one, and how many more there are.
    """
    known = field_names()
    unknown = [name for name in names if name not in known]
    if unknown:
        # A search for near names takes a millisecond each: not for all of a hundred thousand.
        listed = [f"{brief(name)!r}{nearest(name, known)}" for name in unknown[:LISTED]] + unknown[LISTED:]
        plural = "s" * (len(unknown) > 1)
        raise ConfigError(f"{where}: unknown field{plural} {some(listed)}; expected fields of the block")
