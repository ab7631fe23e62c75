"""RoBERTa (Liu et al. 2019): BERT whose positions are counted without padding, and whose segments are all one."""

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.family import Family, Vocabulary
from attnviz.checkpoints.huggingface.settings import Settings


def pad_id(settings: Settings) -> int:
    """The padding token's id, which is also its row of the position table: positions start behind it."""
    return settings.number("pad_token_id", 1)


def first_position(settings: Settings) -> int:
    """The row of the first token that is not padding."""
    return pad_id(settings) + 1


SPECIALS = {"cls": "<s>", "sep": "</s>", "unk": "<unk>", "pad": "<pad>", "mask": "<mask>"}

FIELDS = bert.FIELDS | {
    "n_ctx": lambda settings: settings.number("max_position_embeddings") - first_position(settings),
    "pad_id": pad_id,
}

HEADS = ("lm_head.*", *bert.HEADS)

FAMILY = Family(
    name="RoBERTa",
    paper="Liu et al. 2019",
    example="FacebookAI/roberta-base",
    fields=FIELDS,
    modules=bert.MODULES,
    prefixes=("roberta.",),
    unused=HEADS,
    required=bert.REQUIRED,
    irrelevant=bert.POOLER_SETTINGS,
    classes="Roberta",
    first_position=first_position,
    vocabulary=Vocabulary(
        "bytes", "cls $A sep", "cls $A sep sep $B sep", SPECIALS, mask_strips=True, trim_offsets=True
    ),
)
