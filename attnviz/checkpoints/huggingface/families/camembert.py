"""CamemBERT (Martin et al. 2020): RoBERTa for French."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import roberta

FAMILY = replace(
    roberta.FAMILY,
    name="CamemBERT",
    paper="Martin et al. 2020",
    example="almanach/camembert-base",
    prefixes=("roberta.", "camembert."),
    classes="Camembert",
    vocabulary=None,
)
