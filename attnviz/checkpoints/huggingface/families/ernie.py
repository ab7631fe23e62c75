"""ERNIE (Sun et al. 2020): BERT, with task types besides segments in some models."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.settings import Settings, switch_from

_has_tasks = switch_from("use_task_id", default=False)


def _task(settings: Settings) -> dict[str, str]:
    """Each token is of the first task, unless a program says otherwise."""
    return {"embed.segments": "embeddings.task_type_embeddings"} if _has_tasks(settings) else {}


def _read_tasks(settings: Settings) -> dict[str, object]:
    _has_tasks(settings)
    return {}


FAMILY = replace(
    bert.FAMILY,
    name="ERNIE",
    paper="Sun et al. 2020",
    example="nghuyong/ernie-2.0-base-en",
    irrelevant=(*bert.POOLER_SETTINGS, "task_type_vocab_size"),
    more=_read_tasks,
    added=_task,
    classes="Ernie",
    prefixes=("ernie.",),
    unused=("embeddings.task_type_embeddings.*", *bert.HEADS),
)
