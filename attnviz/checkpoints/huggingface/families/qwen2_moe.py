"""Qwen2-MoE (Yang et al. 2024): Qwen2 with experts, and one that all tokens share, times a gate of its own."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama, qwen2
from attnviz.checkpoints.huggingface.rules.experts import experts
from attnviz.checkpoints.huggingface.rules.windows import window_of
from attnviz.checkpoints.huggingface.settings import Settings, layer_types, switch_from, windowed

EXPERTS = {
    "layers.{}.ffn.r": "layers.{}.mlp.gate",
    **{
        f"layers.{{}}.ffn.experts.{{}}.{own}": f"layers.{{}}.mlp.experts.{{}}.{theirs}"
        for own, theirs in (("g", "gate_proj"), ("1", "up_proj"), ("2", "down_proj"))
    },
}
SHARED = {
    "layers.{}.ffn.s": "layers.{}.mlp.shared_expert_gate",
    **{
        f"layers.{{}}.ffn.shared.{own}": f"layers.{{}}.mlp.shared_expert.{theirs}"
        for own, theirs in (("g", "gate_proj"), ("1", "up_proj"), ("2", "down_proj"))
    },
}
LOSSES = ("router_aux_loss_coef", "output_router_logits")


def _windows(settings: Settings) -> dict[str, object]:
    """Every second layer below ``max_window_layers`` sees a window, if ``use_sliding_window`` says so."""
    used = switch_from("use_sliding_window", default=False)(settings)
    end = settings.number("max_window_layers", 28)
    layers = layer_types(settings, lambda i: bool(used) and i % 2 == 0 and i < end)
    return windowed(settings, window_of(settings, layers, used=bool(used)), layers)


def _fields(settings: Settings) -> dict[str, object]:
    fields = llama.rotary_fields(settings) | _windows(settings) | experts(settings)
    sizes = {
        "d_expert": settings.number("moe_intermediate_size", least=1),
        "d_shared": settings.number("shared_expert_intermediate_size", least=1),
        "shared_gate": True,
    }
    return fields | sizes if fields["n_experts"] else fields


FAMILY = replace(
    qwen2.FAMILY,
    name="Qwen2-MoE",
    example="Qwen/Qwen1.5-MoE-A2.7B",
    fields=llama.FIELDS | {"qkv_bias": switch_from("qkv_bias", default=True)},
    more=_fields,
    modules=llama.MODULES | EXPERTS | SHARED,
    irrelevant=LOSSES,
    classes="Qwen2Moe",
    defaults=qwen2.FAMILY.defaults
    | {
        "num_experts": 60,
        "num_experts_per_tok": 4,
        "moe_intermediate_size": 1408,
        "shared_expert_intermediate_size": 5632,
        "num_key_value_heads": 16,
    },
)
