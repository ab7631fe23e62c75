"""UMT5 (Chung et al. 2023): mT5 with relative positions of its own in each layer."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import mt5

_BIAS = "block.{}.layer.0.SelfAttention.relative_attention_bias"

FAMILY = replace(
    mt5.FAMILY,
    name="UMT5",
    paper="Chung et al. 2023",
    example="google/umt5-small",
    fields=mt5.FAMILY.fields | {"relative_shared": False},
    modules={name: stored for name, stored in mt5.FAMILY.modules.items() if not name.endswith("relative")}
    | {"layers.{}.attn.relative": f"encoder.{_BIAS}", "decoder.layers.{}.attn.relative": f"decoder.{_BIAS}"},
    irrelevant=(*mt5.FAMILY.irrelevant, "scalable_attention"),
    classes="UMT5(?:Encoder)?",
)
