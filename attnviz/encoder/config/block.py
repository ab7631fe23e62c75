"""The configurable block's fields: each one is a command-line flag, a TOML key and a checkpoint header's key.

Nothing here imports NumPy: the command line reads this table for its help text.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import Field, asdict, dataclass, field, fields

from attnviz.errors import ConfigError, UsageError
from attnviz.numbers import parse_numbers, spans

SCORES = ("scaled_dot", "dot", "cosine", "additive")
MASKS = ("none", "causal", "window")
POSITIONS = ("sinusoidal", "learned", "rotary", "alibi", "relative", "none")
NORMS = ("layer", "rms")
PLACEMENTS = ("post", "pre")
ACTIVATIONS = ("relu", "gelu", "gelu_tanh", "silu")
ROTARY_SCALINGS = ("none", "linear", "llama3")
PROJECTIONS = ("none", "after", "before")

_LARGEST_FLOAT = 1e30  # a float32 holds it


def _size(default: int | None, text: str, least: int = 1) -> Field:
    return field(default=default, metadata={"type": int, "help": text, "least": least})


def _number(default: float | None, text: str, least: float | None = None) -> Field:
    return field(default=default, metadata={"type": float, "help": text, "least": least})


def _choice(choices: tuple[str, ...], text: str) -> Field:
    return field(default=choices[0], metadata={"type": str, "help": text, "choices": choices})


def _layers(text: str) -> Field:
    return field(default=None, metadata={"type": str, "help": text, "metavar": "L"})


def _switch(default: bool | None, text: str) -> Field:
    return field(default=default, metadata={"type": bool, "help": text})


@dataclass(frozen=True)
class EncoderConfig:
    """One block, stacked. ``None`` means: follows from the other fields.

    Raises:
        ConfigError: a value is of the wrong type or out of range, or fields do not fit each other. The message names
            the fields and their values.
    """

    n_layers: int = _size(2, "Blocks in the stack.")
    n_heads: int = _size(4, "Attention heads per block.")
    n_kv_heads: int | None = _size(None, "Heads for keys and values; fewer than n_heads for grouped-query attention.")
    d_model: int = _size(64, "Width of a token's vector.")
    d_head: int | None = _size(None, "Width of a head's q, k and v; d_model / n_heads unless given.")
    d_ff: int = _size(256, "Width of the feed-forward's hidden layer; 0 leaves the feed-forward out.", least=0)
    n_vocab: int = _size(4096, "Rows of the token embedding table.")
    n_ctx: int = _size(512, "Longest text, in tokens.")
    n_segments: int = _size(0, "Rows of the segment (token type) table; 0 for no table.", least=0)
    d_embed: int | None = _size(None, "Width of the embedding tables; d_model unless given (see project).")
    project: str = _choice(PROJECTIONS, "From d_embed to d_model: after or before positions are added.")
    embed_scale: float = _number(1.0, "Multiplies token vectors before positions are added.")
    embed_norm: bool = _switch(False, "Norm of the embeddings' sum.")
    score: str = _choice(SCORES, "How a query and a key are compared.")
    score_scale: float | None = _number(None, "Number that replaces the score's own scale.")
    qk_norm: bool = _switch(False, "Norm of each head's q and k.")
    mask: str = _choice(MASKS, "Which keys a query may not see.")
    window: int | None = _size(None, "Keys either side that a query sees (mask window; with causal: back only).", 0)
    window_layers: str | None = _layers("Layers that see only the window, such as 0,2-3; all unless given.")
    position: str = _choice(POSITIONS, "How positions enter.")
    pad_id: int | None = _size(None, "Token id without a position: later tokens are counted without it (learned).", 0)
    rotary_base: float = _number(10000.0, "Base of the rotary angles.", least=1.0)
    rotary_dims: int | None = _size(None, "Dimensions of q and k that are turned; d_head unless given.", 2)
    rotary_scaling: str = _choice(ROTARY_SCALINGS, "How rotary frequencies are stretched for longer texts.")
    rotary_factor: float = _number(1.0, "By how much they are stretched.", least=1e-6)
    rotary_low: float = _number(1.0, "llama3: wavelengths above rotary_ctx / this are stretched.", least=1e-6)
    rotary_high: float = _number(4.0, "llama3: wavelengths below rotary_ctx / this are kept.", least=1e-6)
    rotary_ctx: int = _size(8192, "llama3: the longest text before the stretching.")
    window_rotary_base: float | None = _number(None, "Base in layers with a window; rotary_base unless given.", 1.0)
    relative_bias: bool = _switch(False, "Relative positions (T5) besides another position.")
    relative_buckets: int = _size(32, "Distance buckets of relative positions (T5).", least=4)
    relative_max_distance: int = _size(128, "Distance from which relative positions share the last bucket.", least=2)
    norm: str = _choice(NORMS, "Layer norm or RMS norm.")
    norm_placement: str = _choice(PLACEMENTS, "Norm after each residual sum (2017 paper) or before each part.")
    norm_eps: float = _number(1e-5, "Added to the variance before its root.", least=0.0)
    first_norm: bool = _switch(True, "The first layer's first norm (pre); some models have none.")
    parallel: bool = _switch(False, "Attention and feed-forward read the same input, side by side (pre).")
    activation: str = _choice(ACTIVATIONS, "Activation of the feed-forward.")
    gated: bool = _switch(False, "Gated feed-forward: (act(x W_g) * x W_1) W_2.")
    bias: bool = _switch(True, "Biases in the projections, the feed-forward and layer norm.")
    qkv_bias: bool | None = _switch(None, "Biases of q, k and v; as bias unless given.")
    out_bias: bool | None = _switch(None, "Bias of W_O; as bias unless given.")
    ffn_bias: bool | None = _switch(None, "Biases of the feed-forward; as bias unless given.")
    gate_bias: bool = _switch(False, "Bias of the gated feed-forward's gate.")
    norm_bias: bool | None = _switch(None, "Bias of layer norm; as bias unless given.")
    seed: int = _size(0, "Seed of the random weights.", least=0)

    def __post_init__(self) -> None:
        for f in fields(self):
            object.__setattr__(self, f.name, _checked(f, getattr(self, f.name)))
        if self.d_head is None and self.d_model % self.n_heads:
            raise ConfigError(
                f"d_model, n_heads: {self.d_model} is not divisible by {self.n_heads}; "
                "expected a multiple, or d_head given"
            )
        self._fill(n_kv_heads=self.n_heads, d_head=self.d_model // self.n_heads, d_embed=self.d_model)
        self._fill(rotary_dims=self.d_head)
        self._fill(qkv_bias=self.bias, out_bias=self.bias, ffn_bias=self.bias, norm_bias=self.bias)
        if self.window_layers == "all":
            object.__setattr__(self, "window_layers", None)
        if self.window_layers is not None:
            object.__setattr__(self, "window_layers", spans(tuple(sorted(self._chosen_layers()))))
        for problem in (*_misfits(self), *_position_misfits(self)):
            raise ConfigError(problem)

    def _chosen_layers(self) -> tuple[int, ...]:
        try:
            return parse_numbers(self.window_layers, self.n_layers, "layer")
        except UsageError as error:
            raise ConfigError(f"window_layers: {error}") from error

    def _fill(self, **others: object) -> None:
        """Gives fields that are None what follows from the others."""
        for name, value in others.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)

    @property
    def windowed_layers(self) -> frozenset[int]:
        """The layers whose self-attention sees only the window."""
        if self.window is None:
            return frozenset()
        if self.window_layers is None:
            return frozenset(range(self.n_layers))
        return frozenset(self._chosen_layers())

    @property
    def has_relative_bias(self) -> bool:
        """Whether scores get T5's relative bias."""
        return self.relative_bias or self.position == "relative"

    @property
    def score_factor(self) -> float:
        """The number that multiplies a raw score: ``score_scale``, or the score's own (1/sqrt(d_head) or 1)."""
        if self.score_scale is not None:
            return self.score_scale
        return self.d_head**-0.5 if self.score == "scaled_dot" else 1.0

    def replaced(self, overrides: Mapping[str, object]) -> "EncoderConfig":
        """The configuration with some fields replaced.

        Without a mask nothing has a window; only learned positions leave out a token; key and value heads that were as
        many as all heads stay so.

        Raises:
            ConfigError: the fields do not fit.
        """
        fields = {**self.as_dict(), **overrides}
        if overrides.get("mask") == "none":
            for name in ("window", "window_layers", "window_rotary_base"):
                if name not in overrides:
                    fields[name] = None
        if overrides.get("position", "learned") != "learned" and "pad_id" not in overrides:
            fields["pad_id"] = None
        if "n_heads" in overrides and "n_kv_heads" not in overrides and self.n_kv_heads == self.n_heads:
            fields["n_kv_heads"] = None
        return EncoderConfig(**fields)

    def telling(self) -> dict[str, object]:
        """The sizes, and the fields that are not what they would be if only the sizes were given."""
        sizes = {name: getattr(self, name) for name in ("n_layers", "n_heads", "d_model", "d_ff", "n_vocab", "n_ctx")}
        usual = EncoderConfig(**sizes, d_head=self.d_head).as_dict()
        return sizes | {name: value for name, value in self.as_dict().items() if value != usual[name]}

    def as_dict(self, *, seed: bool = True) -> dict[str, object]:
        """All fields by name, ready for JSON; what followed from other fields is filled in.

        Args:
            seed: whether the weights were made from the seed; without it the seed is left out.
        """
        fields = asdict(self)
        return fields if seed else {name: value for name, value in fields.items() if name != "seed"}


def _misfits(c: EncoderConfig) -> Iterator[str]:
    """What does not fit in a configuration, each as a message that names the fields and their values."""
    if c.n_heads % c.n_kv_heads:
        yield f"n_heads, n_kv_heads: {c.n_heads} is not divisible by {c.n_kv_heads}; expected a multiple"
    if c.mask == "window" and c.window is None:
        yield "mask, window: the mask is window, and window is not given; expected both"
    if c.window is not None and c.mask == "none":
        yield f"window, mask: window is {c.window}, and the mask is none; expected mask window or causal"
    for name in ("window_layers", "window_rotary_base"):
        if c.window is None and getattr(c, name) is not None:
            yield f"{name}, window: {getattr(c, name)} is given, and no window; expected both"
    if c.project == "none" and c.d_embed != c.d_model:
        yield f"d_embed, d_model: {c.d_embed} is not {c.d_model}; expected the same, or project after or before"
    if c.norm_placement == "post" and c.parallel:
        yield "parallel, norm_placement: both parts read the normed input, and it is post; expected pre"
    if c.norm_placement == "post" and not c.first_norm:
        yield "first_norm, norm_placement: only a norm before a part can be left out, and it is post; expected pre"


def _position_misfits(c: EncoderConfig) -> Iterator[str]:
    """What does not fit in the fields of positions."""
    if c.pad_id is not None and c.position != "learned":
        yield f"pad_id, position: pad_id is {c.pad_id}, and position is {c.position}; expected position learned"
    if c.pad_id is not None and c.pad_id >= c.n_vocab:
        yield f"pad_id, n_vocab: {c.pad_id} is not the id of a token; expected less than {c.n_vocab}"
    if c.position == "rotary" and c.rotary_dims == c.d_head and c.d_head % 2:
        yield f"position, d_head: rotary turns pairs, and d_head is {c.d_head}; expected it even"
    elif c.position == "rotary" and (c.rotary_dims % 2 or c.rotary_dims > c.d_head):
        yield (
            f"rotary_dims, d_head: rotary turns pairs, and {c.rotary_dims} of {c.d_head} are given; "
            "expected an even number, at most d_head"
        )
    if c.rotary_scaling == "llama3" and c.rotary_high <= c.rotary_low:
        yield f"rotary_high, rotary_low: {c.rotary_high:g} and {c.rotary_low:g}; expected the first to be larger"
    exact = c.relative_buckets // 2  # of a causal row, which a decoder always has
    if c.has_relative_bias and c.relative_max_distance <= exact:
        yield (
            f"relative_max_distance, relative_buckets: {c.relative_max_distance} with "
            f"{c.relative_buckets} buckets; expected more than {exact}"
        )


def field_names() -> tuple[str, ...]:
    """The fields' names, in order."""
    return tuple(f.name for f in fields(EncoderConfig))


def check_fields(given: Mapping[str, object], where: str) -> None:
    """Refuses names that are no fields, and values that no combination of fields allows.

    Raises:
        ConfigError: with where they stand.
    """
    check_field_names(given, where)
    for f in fields(EncoderConfig):
        if f.name in given:
            try:
                _checked(f, given[f.name])
            except ConfigError as error:
                raise ConfigError(f"{where}: {error}") from error


def check_field_names(given: Mapping[str, object], where: str) -> None:
    """Refuses names that are no fields.

    Raises:
        ConfigError: with every unknown name and the nearest known one.
    """
    known = field_names()
    unknown = [name for name in given if name not in known]
    if not unknown:
        return
    told = [f"{name!r}{_nearest(name, known)}" for name in unknown]
    raise ConfigError(f"{where}: unknown field{'s' * (len(told) > 1)} {', '.join(told)}; expected fields of the block")


def _checked(f: Field, value: object) -> object:
    """The value in the field's own type, or the error that says what is wrong with it."""
    kind, choices, least = f.metadata["type"], f.metadata.get("choices"), f.metadata.get("least")
    if value is None and f.default is None:
        return None
    if kind is str and not choices:
        if not isinstance(value, str):
            raise ConfigError(f"{f.name}: {value!r} is no text; expected numbers such as '0,2-3'")
        return value
    if choices:
        if value not in choices:
            near = _nearest(str(value), choices)
            raise ConfigError(f"{f.name}: {value!r} is not known{near}; expected one of {', '.join(choices)}")
        return value
    if kind is bool:
        if not isinstance(value, bool):
            raise ConfigError(f"{f.name}: {value!r} is not a truth value; expected true or false")
        return value
    _check_number(f.name, value, kind, least)
    return kind(value)


def _check_number(name: str, value: object, kind: type, least: float | None) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float) if kind is float else int):
        wanted = "a number" if kind is float else "a whole number"
        raise ConfigError(f"{name}: {value!r} is not {wanted}; expected {wanted}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{name}: {value} is not finite; expected a finite number")
    if least is not None and value < least:
        raise ConfigError(f"{name}: {value} is too small; expected {least:g} or more")
    bits = {"seed": 63, "n_layers": 14, "n_heads": 14, "n_kv_heads": 14}.get(name, 31)
    if kind is int and value >= 2**bits:
        raise ConfigError(f"{name}: it is too large; expected less than 2^{bits}")
    if kind is float and abs(value) > _LARGEST_FLOAT:
        raise ConfigError(f"{name}: it is too large; expected less than {_LARGEST_FLOAT:g}")


def _nearest(name: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 (start-up time)

    near = get_close_matches(name, known, n=1, cutoff=0.5)
    return f" (did you mean {near[0]!r}?)" if near else ""
