"""XLM-RoBERTa-XL (Goyal et al. 2021): XLM-RoBERTa with norms before each part, and none of the embeddings."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert, roberta, xlm_roberta
from attnviz.checkpoints.huggingface.settings import number_from

FAMILY = replace(
    roberta.FAMILY,
    name="XLM-RoBERTa-XL",
    paper="Goyal et al. 2021",
    example="facebook/xlm-roberta-xl",
    fields=roberta.FIELDS
    | {"embed_norm": False, "norm_placement": "pre", "norm_eps": number_from("layer_norm_eps", 1e-5)},
    modules={name: theirs for name, theirs in bert.MODULES.items() if name != "embed.norm"}
    | {
        "layers.{}.norm1": "encoder.layer.{}.attention.self_attn_layer_norm",
        "layers.{}.norm2": "encoder.layer.{}.LayerNorm",
        "final_norm": "encoder.LayerNorm",
    },
    classes="XLMRobertaXL",
    vocabulary=None,
    pieces=xlm_roberta.PIECES,
)
