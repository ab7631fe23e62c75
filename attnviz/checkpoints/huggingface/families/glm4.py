"""GLM-4 of 2025 (GLM Team 2025): its predecessor with norms on both sides of each part."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import glm

FAMILY = replace(
    glm.FAMILY,
    name="GLM-4",
    paper="GLM Team 2025",
    example="zai-org/GLM-4-9B-0414",
    fields=glm.FAMILY.fields | {"norm_placement": "sandwich"},
    modules=glm.FAMILY.modules
    | {
        "layers.{}.norm1_out": "layers.{}.post_self_attn_layernorm",
        "layers.{}.norm2": "layers.{}.post_attention_layernorm",
        "layers.{}.norm2_out": "layers.{}.post_mlp_layernorm",
    },
    classes="Glm4",
)
