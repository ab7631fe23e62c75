"""Gemma (Mesnard et al. 2024): Llama with embeddings times the root of d_model, and norms that multiply by 1 + w."""

from dataclasses import replace

from attnviz.checkpoints.families import llama
from attnviz.checkpoints.family import ACTIVATIONS, Settings, choice


def _activation(settings: Settings) -> str:
    """``hidden_activation`` replaced ``hidden_act``; ``gelu`` has always meant its approximation here."""
    name = "hidden_activation" if settings.get("hidden_activation") else "hidden_act"
    return settings.one_of(name, ACTIVATIONS | {"gelu": "gelu_tanh"}, "gelu_pytorch_tanh")


FAMILY = replace(
    llama.FAMILY,
    name="Gemma",
    paper="Mesnard et al. 2024",
    example="google/gemma-2b",
    fields=llama.FAMILY.fields
    | {
        "activation": _activation,
        "embed_scale": lambda settings: settings.number("hidden_size") ** 0.5,
        "mask": choice("use_bidirectional_attention", {False: "causal", True: "none"}, False),
    },
    norm_plus=1.0,
    defaults={"head_dim": 256, "num_key_value_heads": 16},
)
