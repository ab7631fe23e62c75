"""Blenderbot (Roller et al. 2021): a chatbot of pre-norm blocks, with few encoder layers and many decoder layers."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bart, roberta
from attnviz.checkpoints.huggingface.family import Vocabulary
from attnviz.checkpoints.huggingface.settings import decoder_start

FAMILY = replace(
    bart.FAMILY,
    name="Blenderbot",
    paper="Roller et al. 2021",
    example="facebook/blenderbot-400M-distill",
    fields=bart.SIZES
    | {
        "position": "learned",
        "norm_placement": "pre",
        "decoder_tables": True,
        "decoder_start_id": decoder_start(1),
    },
    modules={**bart.TOKENS, **bart.POSITION_TABLES, **bart.LAYERS, **bart.FINAL_NORMS},
    first_position=0,
    ignored=bart.old_settings(pre=True, embed_norm=False, offset=0) | {"layernorm_variant": ("prelayernorm",)},
    irrelevant=(*bart.FAMILY.irrelevant, "do_blenderbot_90_layernorm", "unk_token_id"),
    classes="Blenderbot",
    vocabulary=Vocabulary("bytes", "$A sep", "$A sep $B sep", roberta.SPECIALS, mask_strips=True, prefix_space=True),
)
