"""OLMoE (Muennighoff et al. 2024): Llama with experts, and with norms of q and k over all heads together."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama, qwen2_moe
from attnviz.checkpoints.huggingface.rules.experts import experts
from attnviz.checkpoints.huggingface.settings import Settings, number_from, switch_from

Q_AND_K_NORMS = {
    "layers.{}.attn.q_norm": "layers.{}.self_attn.q_norm",
    "layers.{}.attn.k_norm": "layers.{}.self_attn.k_norm",
}


def clip(settings: Settings) -> float | None:
    """The size to which q, k and v are clipped, if there is one."""
    return None if settings.get("clip_qkv") is None else settings.number("clip_qkv", kind=float)


def _fields(settings: Settings) -> dict[str, object]:
    return llama.rotary_fields(settings) | experts(settings)


FAMILY = replace(
    llama.FAMILY,
    name="OLMoE",
    paper="Muennighoff et al. 2024",
    example="allenai/OLMoE-1B-7B-0924",
    fields=llama.FIELDS
    | {
        "qkv_bias": switch_from("attention_bias", default=False),
        "out_bias": switch_from("attention_bias", default=False),
        "norm_eps": number_from("rms_norm_eps", 1e-5),
        "clip_qkv": clip,
        "qk_norm": True,
        "qk_norm_width": "all",
    },
    more=_fields,
    modules=llama.MODULES | Q_AND_K_NORMS | qwen2_moe.EXPERTS,
    aliases={"num_local_experts": "num_experts"},
    irrelevant=qwen2_moe.LOSSES,
    classes="Olmoe",
    defaults={"num_experts": 64, "num_experts_per_tok": 8},
)
