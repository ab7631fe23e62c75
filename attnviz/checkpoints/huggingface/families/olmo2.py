"""OLMo 2 (Walsh et al. 2025): OLMo with an RMS norm on each part's output, and norms of q and k over all heads."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama, olmo, olmoe
from attnviz.checkpoints.huggingface.settings import number_from

# The norms are on what the parts give.
OUTPUT_NORMS = {
    "layers.{}.norm1": "layers.{}.post_attention_layernorm",
    "layers.{}.norm2": "layers.{}.post_feedforward_layernorm",
}

FAMILY = replace(
    llama.FAMILY,
    name="OLMo 2",
    paper="Walsh et al. 2025",
    example="allenai/OLMo-2-0425-1B",
    fields=llama.FIELDS
    | olmo.ATTENTION_BIASES
    | {
        "norm_placement": "output",
        "norm_eps": number_from("rms_norm_eps", 1e-5),
        "qk_norm": True,
        "qk_norm_width": "all",
    },
    modules=llama.MODULES | OUTPUT_NORMS | olmoe.Q_AND_K_NORMS,
    classes="Olmo2",
)
