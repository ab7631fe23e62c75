"""T5 (Raffel et al. 2020): an encoder-decoder with relative positions, RMS norms before each part, and no scale."""

from attnviz.checkpoints.huggingface.family import Family, TokenizerKind, Vocabulary
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.settings import ACTIVATION_NAMES, Settings, number_from, size_from
from attnviz.text.pieces.layout import PieceLayout


def _is_gated(settings: Settings) -> bool:
    """Whether ``is_gated_act`` says so, or without it ``feed_forward_proj``."""
    spelled = str(settings.get("feed_forward_proj", "relu")).startswith("gated-")
    return bool(settings.one_of("is_gated_act", {True: True, False: False}, default=spelled))


def _activation(settings: Settings) -> object:
    """The last part of ``feed_forward_proj``, unless ``dense_act_fn`` says it; ``gated-gelu`` is the one by tanh."""
    known = {**ACTIVATION_NAMES, **{f"gated-{name}": own for name, own in ACTIVATION_NAMES.items()}}
    usual = settings.one_of("feed_forward_proj", known | {"gated-gelu": "gelu_tanh"}, "relu")
    return settings.one_of("dense_act_fn", ACTIVATION_NAMES) if settings.get("dense_act_fn") else usual


def _start(settings: Settings) -> int:
    return settings.number("decoder_start_token_id", settings.number("pad_token_id", 0))


def _attention(native: str, stored: str, name: str) -> dict[str, str]:
    return {f"{native}.{part}": f"{stored}.{name}.{part}" for part in "qkvo"}


_BIAS = "block.0.layer.0.SelfAttention.relative_attention_bias"

MODULES = {
    "embed.tokens": "shared",
    "embed.relative": f"encoder.{_BIAS}",
    **_attention("layers.{}.attn", "encoder.block.{}.layer.0", "SelfAttention"),
    "layers.{}.norm1": "encoder.block.{}.layer.0.layer_norm",
    "layers.{}.ffn.1": "encoder.block.{}.layer.1.DenseReluDense.wi",
    "layers.{}.ffn.2": "encoder.block.{}.layer.1.DenseReluDense.wo",
    "layers.{}.norm2": "encoder.block.{}.layer.1.layer_norm",
    "final_norm": "encoder.final_layer_norm",
    "decoder.embed.relative": f"decoder.{_BIAS}",
    **_attention("decoder.layers.{}.attn", "decoder.block.{}.layer.0", "SelfAttention"),
    "decoder.layers.{}.norm1": "decoder.block.{}.layer.0.layer_norm",
    **_attention("decoder.layers.{}.cross", "decoder.block.{}.layer.1", "EncDecAttention"),
    "decoder.layers.{}.norm2": "decoder.block.{}.layer.1.layer_norm",
    "decoder.layers.{}.ffn.1": "decoder.block.{}.layer.2.DenseReluDense.wi",
    "decoder.layers.{}.ffn.2": "decoder.block.{}.layer.2.DenseReluDense.wo",
    "decoder.layers.{}.norm3": "decoder.block.{}.layer.2.layer_norm",
    "decoder.final_norm": "decoder.final_layer_norm",
}


def _gates(settings: Settings) -> dict[str, str]:
    """The names of a feed-forward that has a gate."""
    parts = {f"{stack}layers.{{}}.ffn": MODULES[f"{stack}layers.{{}}.ffn.1"] for stack in ("", "decoder.")}
    gated = {f"{native}.{part}": f"{stored}_{i}" for native, stored in parts.items() for i, part in enumerate("g1")}
    return gated if _is_gated(settings) else {}


def _output_scale(settings: Settings) -> float:
    """What logits are multiplied by: in models whose two tables are one, as the published code knows them."""
    tied = settings.get("tie_word_embeddings") is not False
    return settings.number("d_model", least=1) ** -0.5 if settings.get("scale_decoder_outputs", tied) else 1.0


_BYTES = Vocabulary("utf8", "$A eos", "$A eos $B eos", {"pad": "<pad>", "eos": "</s>", "unk": "<unk>"}, n_extra=125)

FAMILY = Family(
    name="T5",
    paper="Raffel et al. 2020",
    example="google-t5/t5-small",
    kind="encoder-decoder",
    fields={
        "n_layers": size_from("num_layers"),
        "decoder_layers": size_from("num_decoder_layers", None),
        "n_heads": size_from("num_heads"),
        "d_model": size_from("d_model"),
        "d_head": size_from("d_kv", 64),
        "d_ff": size_from("d_ff"),
        "n_vocab": size_from("vocab_size"),
        "n_ctx": size_from("n_positions", 512),
        "score": "dot",
        "position": "relative",
        "relative_buckets": size_from("relative_attention_num_buckets", 32),
        "relative_max_distance": size_from("relative_attention_max_distance", 128),
        "norm": "rms",
        "norm_placement": "pre",
        "norm_eps": number_from("layer_norm_epsilon", 1e-6),
        "activation": _activation,
        "gated": _is_gated,
        "bias": False,
        "decoder_start_id": _start,
    },
    modules=MODULES,
    more_modules=_gates,
    aliases={
        "num_hidden_layers": "num_layers",
        "num_attention_heads": "num_heads",
        "hidden_size": "d_model",
        "head_dim": "d_kv",
    },
    copies={"shared.weight": ("encoder.embed_tokens.weight", "decoder.embed_tokens.weight")},
    prefixes=("transformer.",),
    unused=(
        "lm_head.*",
        "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight",
        "classification_head.*",
        "classifier.*",
        "qa_outputs.*",
    ),
    required={"is_decoder": (False,)},
    irrelevant=("scale_decoder_outputs",),
    pieces=PieceLayout(single="$A </s>", pair="$A </s> $B </s>", extra="<extra_id_{}>", n_extra=100),
    tokenizers={"ByT5": TokenizerKind(vocabulary=_BYTES)},
    classes="T5(?:Encoder|With)?",
    head=LanguageHead(reads_tied=False, scale=_output_scale),
)
