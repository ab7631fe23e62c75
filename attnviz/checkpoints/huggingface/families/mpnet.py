"""MPNet (Song et al. 2020): BERT without segments, with T5's relative positions besides its own."""

from attnviz.checkpoints.huggingface.families import bert, roberta
from attnviz.checkpoints.huggingface.family import Family, Vocabulary

_PADDING = 1  # the published code takes this id for the padding's whatever pad_token_id says
_RENAMED = {
    "layers.{}.attn.q": "encoder.layer.{}.attention.attn.q",
    "layers.{}.attn.k": "encoder.layer.{}.attention.attn.k",
    "layers.{}.attn.v": "encoder.layer.{}.attention.attn.v",
    "layers.{}.attn.o": "encoder.layer.{}.attention.attn.o",
    "layers.{}.norm1": "encoder.layer.{}.attention.LayerNorm",
    "embed.relative": "encoder.relative_attention_bias",
}

FAMILY = Family(
    name="MPNet",
    paper="Song et al. 2020",
    example="sentence-transformers/all-mpnet-base-v2",
    fields=bert.FIELDS
    | {
        "n_segments": 0,
        "mask": "none",
        "n_ctx": lambda settings: settings.number("max_position_embeddings") - _PADDING - 1,
        "pad_id": _PADDING,
        "relative_bias": True,
        "relative_buckets": 32,
        "relative_max_distance": 128,
    },
    modules=bert.MODULES | _RENAMED,
    prefixes=("mpnet.",),
    unused=roberta.HEADS,
    required=bert.REQUIRED | {"relative_attention_num_buckets": (32,)},  # the published code counts 32 in any case
    ignored={"is_causal": (False,), "is_decoder": (False,), "relative_attention_max_distance": (128,)},
    classes="MPNet",
    first_position=_PADDING + 1,
    vocabulary=Vocabulary(
        "wordpiece",
        "cls $A sep",
        "cls $A sep sep $B sep",
        roberta.SPECIALS | {"unk": "[UNK]", "mask": "<mask>"},
        mask_strips=True,
        trim_offsets=True,
    ),
)
