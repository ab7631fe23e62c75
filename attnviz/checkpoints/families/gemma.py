"""Gemma (Mesnard et al. 2024): Llama with embeddings times the root of d_model, and norms that multiply by 1 + w."""

from dataclasses import replace

from attnviz.checkpoints.families import llama
from attnviz.checkpoints.settings import ACTIVATIONS, choice

FAMILY = replace(
    llama.FAMILY,
    name="Gemma",
    paper="Mesnard et al. 2024",
    example="google/gemma-2b",
    fields=llama.FAMILY.fields
    | {
        # ``gelu`` has always meant its approximation here; ``hidden_activation`` of some files is not read any more.
        "activation": choice("hidden_act", ACTIVATIONS | {"gelu": "gelu_tanh"}, "gelu_pytorch_tanh"),
        "embed_scale": lambda settings: settings.number("hidden_size", least=1) ** 0.5,
        "mask": choice("use_bidirectional_attention", {False: "causal", True: "none"}, False),
    },
    norm_plus=1.0,
    defaults={"head_dim": 256, "num_key_value_heads": 16},
)
