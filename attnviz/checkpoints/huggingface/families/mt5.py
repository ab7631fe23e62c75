"""mT5 (Xue et al. 2021): T5 with a gate, for many languages."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import t5
from attnviz.checkpoints.huggingface.settings import size_from

FAMILY = replace(
    t5.FAMILY,
    name="mT5",
    paper="Xue et al. 2021",
    example="google/mt5-small",
    fields=t5.FAMILY.fields | {"n_ctx": size_from("n_positions", 1024)},
    defaults={"feed_forward_proj": "gated-gelu"},
    classes="MT5(?:Encoder)?",
)
