"""The decoder of ModernBERT (Weller et al. 2025): its windows look back only, its projections are not fused."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import modernbert
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.settings import Settings, activation_from, number_from, switch_from, windowed


def _alternating(settings: Settings) -> dict[str, object]:
    layers, fields, local_base = modernbert.layers_and_rotary(settings)
    window = settings.number("sliding_window", settings.number("local_attention", 128) // 2, least=1)
    fields |= windowed(settings, window, layers)
    return fields | ({"window_rotary_base": local_base} if "window" in fields else {})


def _head_biases(settings: Settings) -> tuple[bool, bool]:
    """The dense layer's and its norm's."""
    dense, norm = (switch_from(name, default=False) for name in ("classifier_bias", "norm_bias"))
    return bool(dense(settings)), bool(norm(settings))


_HEAD = LanguageHead(
    ("decoder",),
    bias=switch_from("decoder_bias", default=True),
    dense="lm_head.dense",
    norm="lm_head.norm",
    activation=activation_from("classifier_activation", "gelu"),
    biased=_head_biases,
    norm_eps=number_from("norm_eps", 1e-5),
)


FAMILY = replace(
    modernbert.FAMILY,
    name="ModernBERT decoder",
    paper="Weller et al. 2025",
    example="jhu-clsp/ettin-decoder-17m",
    kind="decoder",
    more=_alternating,
    modules=modernbert.FAMILY.modules | {f"layers.{{}}.attn.{part}": f"layers.{{}}.attn.{part}_proj" for part in "qkv"},
    fused=modernbert.FAMILY.fused[1:],
    ignored={name: neutral for name, neutral in modernbert.FAMILY.ignored.items() if name != "is_causal"}
    | {"is_decoder": (True, False), "position_embedding_type": ("absolute", "sans_pos")},
    irrelevant=(*modernbert.FAMILY.irrelevant, "num_key_value_heads"),
    classes="ModernBertDecoder",
    unused=("lm_head.*", "decoder.*", *modernbert.FAMILY.unused),
    head=_HEAD,
)
