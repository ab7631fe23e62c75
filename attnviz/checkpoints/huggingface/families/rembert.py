"""RemBERT (Chung et al. 2021): BERT whose embeddings are narrower, and are projected."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.settings import size_from
from attnviz.text.pieces.layout import PieceLayout

FAMILY = replace(
    bert.FAMILY,
    name="RemBERT",
    paper="Chung et al. 2021",
    example="google/rembert",
    fields=bert.FIELDS | {"d_embed": size_from("input_embedding_size", 256), "project": "after"},
    modules=bert.MODULES | {"embed.project": "encoder.embedding_hidden_mapping_in"},
    irrelevant=("output_embedding_size", *bert.POOLER_SETTINGS),
    classes="RemBert",
    prefixes=("rembert.",),
    vocabulary=None,
    pieces=PieceLayout(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        specials=("[MASK]",),
        mask="[MASK]",
        lower=False,
        quotes=True,
    ),
)
