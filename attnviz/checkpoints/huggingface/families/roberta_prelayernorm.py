"""RoBERTa-PreLayerNorm (Ott et al. 2019, fairseq): RoBERTa with norms before each part."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert, roberta

FAMILY = replace(
    roberta.FAMILY,
    name="RoBERTa-PreLayerNorm",
    paper="Ott et al. 2019",
    example="andreasmadsen/efficient_mlm_m0.40",
    fields=roberta.FIELDS | {"norm_placement": "pre"},
    modules=bert.MODULES
    | {
        "layers.{}.norm1": "encoder.layer.{}.attention.LayerNorm",
        "layers.{}.norm2": "encoder.layer.{}.intermediate.LayerNorm",
        "final_norm": "LayerNorm",
    },
    classes="RobertaPreLayerNorm",
    prefixes=("roberta_prelayernorm.",),
)
