"""RoBERTa (Liu et al. 2019): BERT whose positions start behind the padding's row, and whose segments are all one."""

from attnviz.checkpoints.families import bert
from attnviz.checkpoints.family import Family, Vocabulary
from attnviz.checkpoints.settings import Settings


def first_position(settings: Settings) -> int:
    """Positions are counted from the padding token's id + 1."""
    return settings.number("pad_token_id", 1) + 1


SPECIALS = {"cls": "<s>", "sep": "</s>", "unk": "<unk>", "pad": "<pad>", "mask": "<mask>"}

FIELDS = bert.FIELDS | {
    "n_ctx": lambda settings: settings.number("max_position_embeddings") - first_position(settings),
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
    irrelevant=bert.IRRELEVANT,
    classes="Roberta",
    first_position=first_position,
    vocabulary=Vocabulary("bytes", "cls $A sep", "cls $A sep sep $B sep", SPECIALS),
)
