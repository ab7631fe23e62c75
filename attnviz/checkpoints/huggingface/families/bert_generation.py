"""BERT for sequence generation (Rothe et al. 2020): BERT without segments."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert
from attnviz.text.pieces.layout import PieceLayout

FAMILY = replace(
    bert.FAMILY,
    name="BERT-generation",
    paper="Rothe et al. 2020",
    example="google/bert_for_seq_generation_L-24_bbc_encoder",
    fields=bert.FIELDS | {"n_segments": 0},
    classes="BertGeneration",
    unused=("lm_head.*", *bert.HEADS),
    vocabulary=None,
    pieces=PieceLayout(specials=("<s>", "</s>", "<pad>", "<::::>")),
)
