"""Nemotron (Parmar et al. 2024): layer norms that multiply by 1 + weight, a squared ReLU, partly rotary positions."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama, phi
from attnviz.checkpoints.huggingface.settings import activation_from, number_from, switch_from

FAMILY = replace(
    llama.FAMILY,
    name="Nemotron",
    paper="Parmar et al. 2024",
    example="nvidia/Minitron-4B-Base",
    fields={name: rule for name, rule in llama.FAMILY.fields.items() if name not in ("norm", "gated", "gate_bias")}
    | {
        "norm_bias": True,
        "norm_eps": number_from("norm_eps", 1e-5),
        "activation": activation_from("hidden_act", "relu2"),
        "ffn_bias": switch_from("mlp_bias", default=False),
    },
    more=phi.partly_rotary,
    norm_plus=1.0,
    defaults={"partial_rotary_factor": 0.5},
    irrelevant=(),
    classes="Nemotron",
)
