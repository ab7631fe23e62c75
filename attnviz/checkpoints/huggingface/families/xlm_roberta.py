"""XLM-RoBERTa (Conneau et al. 2020): RoBERTa with another vocabulary."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import roberta
from attnviz.text.pieces.layout import PieceLayout

PIECES = PieceLayout(
    first=("<s>", "<pad>", "</s>", "<unk>"),  # as fairseq has them
    skipped=3,
    last=("<mask>",),
    single="<s> $A </s>",
    pair="<s> $A </s> </s> $B </s>",
    specials=("<mask>", "<pad>"),
    mask="<mask>",
)

FAMILY = replace(
    roberta.FAMILY,
    name="XLM-RoBERTa",
    paper="Conneau et al. 2020",
    example="FacebookAI/xlm-roberta-base",
    classes="XLMRoberta",
    vocabulary=None,
    pieces=PIECES,
)
