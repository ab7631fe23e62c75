"""CamemBERT (Martin et al. 2020): RoBERTa for French."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import roberta
from attnviz.text.pieces.layout import PieceLayout

FAMILY = replace(
    roberta.FAMILY,
    name="CamemBERT",
    paper="Martin et al. 2020",
    example="almanach/camembert-base",
    prefixes=("roberta.", "camembert."),
    classes="Camembert",
    vocabulary=None,
    pieces=PieceLayout(
        first=("<s>NOTUSED", "<pad>", "</s>NOTUSED", "<unk>", "<unk>NOTUSED"),
        skipped=1,
        last=("<mask>",),
        single="<s> $A </s>",
        pair="<s> $A </s> </s> $B </s>",
        specials=("<mask>", "<pad>"),
        mask="<mask>",
    ),
)
