"""Megatron-BERT (Shoeybi et al. 2019): BERT with norms before each part, and none of the embeddings."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert

FAMILY = replace(
    bert.FAMILY,
    name="Megatron-BERT",
    paper="Shoeybi et al. 2019",
    example="nvidia/megatron-bert-uncased-345m",
    fields=bert.FIELDS | {"embed_norm": False, "norm_placement": "pre"},
    modules={name: theirs for name, theirs in bert.MODULES.items() if name != "embed.norm"}
    | {
        "layers.{}.norm1": "encoder.layer.{}.attention.ln",
        "layers.{}.norm2": "encoder.layer.{}.ln",
        "final_norm": "encoder.ln",
    },
    classes="MegatronBert",
)
