"""OLMo (Groeneveld et al. 2024): Llama with layer norms that have no weights, and perhaps clipped q, k and v."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama, olmoe
from attnviz.checkpoints.huggingface.settings import switch_from

ATTENTION_BIASES = {name: switch_from("attention_bias", default=False) for name in ("qkv_bias", "out_bias")}

FAMILY = replace(
    llama.FAMILY,
    name="OLMo",
    paper="Groeneveld et al. 2024",
    example="allenai/OLMo-1B-hf",
    fields=llama.FIELDS
    | ATTENTION_BIASES
    | {"norm": "layer", "norm_gain": False, "norm_eps": 1e-5, "clip_qkv": olmoe.clip},
    classes="Olmo",
)
