"""GPT-OSS (OpenAI 2025): experts with clipped gates, windows in every second layer, and a sink for each head."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama, qwen2_moe
from attnviz.checkpoints.huggingface.family import Stacked
from attnviz.checkpoints.huggingface.rules.rotary import rope_settings, stretching
from attnviz.checkpoints.huggingface.rules.windows import window_of
from attnviz.checkpoints.huggingface.settings import (
    Settings,
    layer_types,
    number_from,
    size_from,
    switch_from,
    windowed,
)
from attnviz.errors import CheckpointError

_YARN = {  # where no setting says how positions are rotated
    "rope_type": "yarn",
    "factor": 32.0,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "truncate": False,
    "original_max_position_embeddings": 4096,
}
_ALPHA = 1.702  # of quick_gelu


def _fields(settings: Settings) -> dict[str, object]:
    layers = layer_types(settings, lambda i: i % 2 == 0)
    rope = rope_settings(settings)
    rope = rope if rope.values else Settings(_YARN, settings.where, settings.family)
    alpha = settings.number("swiglu_alpha", _ALPHA, float)
    if alpha != _ALPHA:
        raise CheckpointError(
            f"{settings.where}: swiglu_alpha is {alpha}, which attnviz does not compute; expected {_ALPHA}"
        )
    return {
        "position": "rotary",
        "rotary_base": rope.number("rope_theta", settings.number("rope_theta", 150000.0, float), float),
        **stretching(settings, rope),
        **windowed(settings, window_of(settings, layers), layers),
    }


_EXPERTS = "layers.{}.mlp.experts."

FAMILY = replace(
    llama.FAMILY,
    name="GPT-OSS",
    paper="OpenAI 2025",
    example="openai/gpt-oss-20b",
    fields=llama.FIELDS
    | {
        "norm_eps": number_from("rms_norm_eps", 1e-5),
        "sink": True,
        "qkv_bias": switch_from("attention_bias", default=True),
        "out_bias": switch_from("attention_bias", default=True),
        "ffn_bias": True,
        "gate_bias": True,
        "activation": "quick_gelu",
        "gate_limit": number_from("swiglu_limit", 7.0),
        "gate_plus": 1.0,
        "n_experts": size_from("num_local_experts", 128),
        "experts_per_token": size_from("num_experts_per_tok", 4),
        "router_bias": True,
    },
    more=_fields,
    modules={name: module for name, module in llama.MODULES.items() if ".ffn." not in name}
    | {"layers.{}.ffn.r": "layers.{}.mlp.router"},
    tensors={"layers.{}.attn.sink": "layers.{}.self_attn.sinks"},
    stacked={
        "layers.{}.ffn.experts.{}.wg": Stacked(f"{_EXPERTS}gate_up_proj", 0, 2),
        "layers.{}.ffn.experts.{}.w1": Stacked(f"{_EXPERTS}gate_up_proj", 1, 2),
        "layers.{}.ffn.experts.{}.bg": Stacked(f"{_EXPERTS}gate_up_proj_bias", 0, 2),
        "layers.{}.ffn.experts.{}.b1": Stacked(f"{_EXPERTS}gate_up_proj_bias", 1, 2),
        "layers.{}.ffn.experts.{}.w2": Stacked(f"{_EXPERTS}down_proj"),
        "layers.{}.ffn.experts.{}.b2": Stacked(f"{_EXPERTS}down_proj_bias"),
    },
    aliases={"num_experts": "num_local_experts"},
    irrelevant=(*qwen2_moe.LOSSES, "experts_per_token", "initial_context_length"),
    ignored={"hidden_act": ("silu",)},
    classes="GptOss",
    defaults={"head_dim": 64, "num_key_value_heads": 8, "sliding_window": 128},
)
