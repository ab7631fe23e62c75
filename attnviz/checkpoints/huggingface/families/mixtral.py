"""Mixtral (Jiang et al. 2024): Mistral with a mixture of experts in every layer."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama, mistral
from attnviz.checkpoints.huggingface.settings import Settings, number_from, size_from, windowed

EXPERT = "layers.{}.block_sparse_moe.experts.{}"
MODULES = {name: module for name, module in llama.MODULES.items() if ".ffn." not in name} | {
    "layers.{}.ffn.r": "layers.{}.block_sparse_moe.gate",
    "layers.{}.ffn.experts.{}.g": f"{EXPERT}.w1",
    "layers.{}.ffn.experts.{}.1": f"{EXPERT}.w3",
    "layers.{}.ffn.experts.{}.2": f"{EXPERT}.w2",
}


def _window(settings: Settings) -> dict[str, object]:
    window = settings.number("sliding_window", None, least=1)
    return llama.rotary_fields(settings) | windowed(settings, window, "all")


FAMILY = replace(
    mistral.FAMILY,
    name="Mixtral",
    paper="Jiang et al. 2024",
    example="mistralai/Mixtral-8x7B-v0.1",
    fields=llama.FIELDS
    | {
        "norm_eps": number_from("rms_norm_eps", 1e-5),
        "n_experts": size_from("num_local_experts", 8),
        "experts_per_token": size_from("num_experts_per_tok", 2),
    },
    more=_window,
    modules=MODULES,
    aliases={"num_experts": "num_local_experts"},
    irrelevant=("router_jitter_noise", "router_aux_loss_coef", "output_router_logits"),
    classes="Mixtral",
    defaults={"num_key_value_heads": 8, "rope_theta": 1e6},
)
