"""Qwen3 (Yang et al. 2025): Llama with norms on each head's q and k, and heads of a width of their own."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama, qwen2

FAMILY = replace(
    llama.FAMILY,
    name="Qwen3",
    paper="Yang et al. 2025",
    example="Qwen/Qwen3-0.6B",
    fields=llama.FAMILY.fields | {"qk_norm": True},
    more=qwen2.windows,
    classes="Qwen3",
    defaults={"head_dim": 128} | qwen2.FAMILY.defaults,
    modules=llama.MODULES
    | {
        "layers.{}.attn.q_norm": "layers.{}.self_attn.q_norm",
        "layers.{}.attn.k_norm": "layers.{}.self_attn.k_norm",
    },
)
