"""XLM-RoBERTa (Conneau et al. 2020): RoBERTa with another vocabulary."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import roberta

FAMILY = replace(
    roberta.FAMILY,
    name="XLM-RoBERTa",
    paper="Conneau et al. 2020",
    example="FacebookAI/xlm-roberta-base",
    classes="XLMRoberta",
    vocabulary=None,
)
