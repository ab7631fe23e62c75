"""Splinter (Ram et al. 2021): BERT with a head that finds spans."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.family import Vocabulary

FAMILY = replace(
    bert.FAMILY,
    name="Splinter",
    paper="Ram et al. 2021",
    example="tau/splinter-base",
    fields=bert.FIELDS | {"mask": "none"},
    required={"position_embedding_type": ("absolute",)},
    ignored={"is_causal": (False,), "is_decoder": (False,)},
    irrelevant=("initialize_new_qass", *bert.POOLER_SETTINGS),
    classes="Splinter",
    prefixes=("splinter.",),
    unused=("splinter_qass.*", *bert.HEADS),
    vocabulary=Vocabulary(
        "wordpiece",
        "cls $A sep",
        "cls $A question . sep $B:1 sep:1",  # a question, and where its answer is
        bert.SPECIALS | {"question": "[QUESTION]"},
    ),
)
