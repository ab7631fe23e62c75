"""Qwen3-MoE (Yang et al. 2025): Qwen3 with experts."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama, qwen2_moe, qwen3
from attnviz.checkpoints.huggingface.rules.experts import experts
from attnviz.checkpoints.huggingface.settings import Settings, switch_from, windowed


def _fields(settings: Settings) -> dict[str, object]:
    """All layers see only the window, if ``use_sliding_window`` says so."""
    used, window = switch_from("use_sliding_window", default=False)(settings), settings.number("sliding_window", None)
    fields = llama.rotary_fields(settings) | windowed(settings, window if used else None, "all") | experts(settings)
    width = settings.number("moe_intermediate_size", least=1)
    return fields | ({"d_expert": width} if fields["n_experts"] else {})


FAMILY = replace(
    qwen3.FAMILY,
    name="Qwen3-MoE",
    example="Qwen/Qwen3-30B-A3B",
    more=_fields,
    modules=qwen3.FAMILY.modules | qwen2_moe.EXPERTS,
    aliases={"num_local_experts": "num_experts"},
    irrelevant=(*qwen2_moe.LOSSES, "max_window_layers"),
    ignored={"layer_types": ()},
    classes="Qwen3Moe",
    defaults={
        "num_key_value_heads": 4,
        "num_experts": 128,
        "num_experts_per_tok": 8,
        "moe_intermediate_size": 768,
        "sliding_window": 4096,
    },
)
