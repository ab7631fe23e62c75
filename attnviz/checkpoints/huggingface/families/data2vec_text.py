"""Data2Vec for text (Baevski et al. 2022): RoBERTa."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import roberta

FAMILY = replace(
    roberta.FAMILY,
    name="Data2Vec-text",
    paper="Baevski et al. 2022",
    example="facebook/data2vec-text-base",
    classes="Data2VecText",
    prefixes=("data2vec_text.",),
)
