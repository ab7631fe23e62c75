"""Gemma 2 (Rivière et al. 2024): Gemma with norms on both sides of each part, and scores that are softly capped."""

from dataclasses import replace
from typing import Any

from attnviz.checkpoints.huggingface.families import gemma, llama
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.rules.windows import window_of
from attnviz.checkpoints.huggingface.settings import (
    SettingRule,
    Settings,
    activation_from,
    layer_types,
    switch_from,
    windowed,
)

MODULES = llama.MODULES | {
    "layers.{}.norm1_out": "layers.{}.post_attention_layernorm",
    "layers.{}.norm2": "layers.{}.pre_feedforward_layernorm",
    "layers.{}.norm2_out": "layers.{}.post_feedforward_layernorm",
}
_BIASES = {name: switch_from("attention_bias", default=False) for name in ("qkv_bias", "out_bias")}
FIELDS = {name: rule for name, rule in gemma.FAMILY.fields.items() if name != "mask"} | {
    **_BIASES,
    "norm_placement": "sandwich",
    "activation": activation_from("hidden_activation", "gelu_pytorch_tanh"),
    "score_scale": lambda settings: settings.number("query_pre_attn_scalar", 256, float, least=1e-6) ** -0.5,
}


def cap_from(name: str, default: Any, least: float = 0) -> SettingRule:
    """A soft cap under this name; null means no cap, a missing setting the default."""

    def read(settings: Settings) -> object:
        usual: Any = None if settings.is_null(name) else default
        return settings.number(name, usual, float, least)

    return read


def _windows(settings: Settings) -> dict[str, object]:
    """Every second layer sees only the window, from the first on."""
    layers = layer_types(settings, lambda i: i % 2 == 0)
    return llama.rotary_fields(settings) | windowed(settings, window_of(settings, layers), layers)


FAMILY = replace(
    gemma.FAMILY,
    name="Gemma 2",
    paper="Rivière et al. 2024",
    example="google/gemma-2-2b",
    fields=FIELDS | {"score_cap": cap_from("attn_logit_softcapping", 50.0)},
    more=_windows,
    modules=MODULES,
    defaults={"head_dim": 256, "num_key_value_heads": 4, "sliding_window": 4096},
    required={"use_bidirectional_attention": (False,)},
    ignored={"hidden_act": ("gelu_pytorch_tanh", "gelu")},
    classes="Gemma2",
    head=LanguageHead(cap=cap_from("final_logit_softcapping", 30.0, least=1e-6)),
)
