"""GLM-4 of 2024 (GLM Team 2024): Llama with half of each head turned in neighbouring pairs, and fused gates."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama, phi
from attnviz.checkpoints.huggingface.families.phi3 import GATE_AND_UP
from attnviz.checkpoints.huggingface.rules.interleaved import turned_pairs
from attnviz.checkpoints.huggingface.settings import number_from, switch_from

FAMILY = replace(
    llama.FAMILY,
    name="GLM",
    paper="GLM Team 2024",
    example="zai-org/glm-4-9b-chat-hf",
    fields=llama.FIELDS
    | {
        "norm_eps": number_from("rms_norm_eps", 1.5625e-07),
        "qkv_bias": switch_from("attention_bias", default=True),
    },
    more=phi.partly_rotary,
    fused=(GATE_AND_UP,),
    orders=turned_pairs("layers.{}.attn.q", "layers.{}.attn.k"),
    defaults={"partial_rotary_factor": 0.5, "head_dim": 128, "num_key_value_heads": 2},
    irrelevant=(),
    pieces=None,
    classes="Glm",
)
