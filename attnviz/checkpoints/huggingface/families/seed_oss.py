"""Seed-OSS (ByteDance Seed 2025): Llama with biases of q, k and v."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama
from attnviz.checkpoints.huggingface.settings import switch_from

FAMILY = replace(
    llama.FAMILY,
    name="Seed-OSS",
    paper="ByteDance Seed 2025",
    example="ByteDance-Seed/Seed-OSS-36B-Instruct",
    fields=llama.FAMILY.fields
    | {
        "qkv_bias": switch_from("attention_bias", default=True),
        "out_bias": switch_from("attention_out_bias", default=False),
    },
    classes="SeedOss",
    defaults={"num_key_value_heads": 8, "head_dim": 128},
)
