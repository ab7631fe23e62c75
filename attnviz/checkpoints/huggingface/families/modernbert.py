"""ModernBERT (Warner et al. 2024): rotary positions, and layers that see only a window between those that see all."""

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.family import Family, Fused
from attnviz.checkpoints.huggingface.rules.rotary import rope_type, stretching
from attnviz.checkpoints.huggingface.settings import (
    Settings,
    activation_from,
    layer_types,
    number_from,
    switch_from,
)


def layers_and_rotary(settings: Settings) -> tuple[str | None, dict[str, object], float]:
    """The layers with a window, the rotary fields of all others, and the base of the angles in those with a window."""
    every = settings.number("global_attn_every_n_layers", 3, least=1)
    layers = layer_types(settings, lambda i: i % every != 0)
    rope = settings.object("rope_parameters")
    wide, near = rope.object("full_attention"), rope.object("sliding_attention")
    for one in (settings.object("rope_scaling"), rope, near):
        rope_type(one, {"default": None})
    base = wide.number("rope_theta", settings.number("global_rope_theta", 160000.0, float), float)
    older_base = settings.number("local_rope_theta", base if settings.is_null("local_rope_theta") else 10000.0, float)
    stretch = stretching(settings, wide)
    stretch.pop("rotary_truncate", None)  # the published code looks for it beside the two
    fields = {"position": "rotary", "rotary_base": base, **stretch}
    return layers, fields, near.number("rope_theta", older_base, float)


def _alternating(settings: Settings) -> dict[str, object]:
    """Layers with a window have rotary angles of another base."""
    windowed, fields, local_base = layers_and_rotary(settings)
    window = settings.number("sliding_window", settings.number("local_attention", 128) // 2)
    if windowed is not None:
        fields |= {
            "mask": "window",
            "window": window,
            "window_layers": windowed,
            "window_rotary_base": local_base,
        }
    return fields


FAMILY = Family(
    name="ModernBERT",
    paper="Warner et al. 2024",
    example="answerdotai/ModernBERT-base",
    fields={
        **{name: bert.FIELDS[name] for name in ("n_layers", "n_heads", "d_model", "d_ff", "n_vocab", "n_ctx")},
        "embed_norm": True,
        "norm_placement": "pre",
        "first_norm": False,
        "norm_eps": number_from("norm_eps", 1e-5),
        "activation": activation_from("hidden_activation", "gelu"),
        "gated": True,
        "bias": False,
        "qkv_bias": switch_from("attention_bias", default=False),
        "out_bias": switch_from("attention_bias", default=False),
        "ffn_bias": switch_from("mlp_bias", default=False),
        "gate_bias": switch_from("mlp_bias", default=False),
        "norm_bias": switch_from("norm_bias", default=False),
    },
    more=_alternating,
    modules={
        "embed.tokens": "embeddings.tok_embeddings",
        "embed.norm": "embeddings.norm",
        "layers.{}.norm1": "layers.{}.attn_norm",
        "layers.{}.attn.o": "layers.{}.attn.Wo",
        "layers.{}.norm2": "layers.{}.mlp_norm",
        "layers.{}.ffn.2": "layers.{}.mlp.Wo",
        "final_norm": "final_norm",
    },
    fused=(
        Fused("layers.{}.attn.Wqkv", ("layers.{}.attn.q", "layers.{}.attn.k", "layers.{}.attn.v")),
        Fused("layers.{}.mlp.Wi", ("layers.{}.ffn.g", "layers.{}.ffn.1")),
    ),
    irrelevant=(
        "decoder_bias",
        "deterministic_flash_attn",
        "layer_norm_eps",  # older files have it beside norm_eps
        "reference_compile",
        "repad_logits_with_grad",
        "sparse_pred_ignore_index",
        "sparse_prediction",
    ),
    ignored={"is_causal": (False,), "is_decoder": (False,), "position_embedding_type": ("absolute",)}
    | {"rope_theta": (160000.0,)},
    classes="ModernBert",
    prefixes=("model.",),
    unused=("head.*", "decoder.*", "classifier.*", "qa_outputs.*", "layers.*.attn.rotary_emb.inv_freq"),
)
