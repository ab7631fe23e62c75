"""ERNIE (Sun et al. 2020): BERT, with task types besides segments in some models."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert

FAMILY = replace(
    bert.FAMILY,
    name="ERNIE",
    paper="Sun et al. 2020",
    example="nghuyong/ernie-2.0-base-en",
    required=bert.REQUIRED | {"use_task_id": (False,)},
    irrelevant=(*bert.POOLER_SETTINGS, "task_type_vocab_size"),
    classes="Ernie",
    prefixes=("ernie.",),
    unused=("embeddings.task_type_embeddings.*", *bert.HEADS),
)
