"""Blenderbot-small (Roller et al. 2021): post-norm, and the decoder's tokens are normed, not scaled."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bart, blenderbot
from attnviz.checkpoints.huggingface.family import Vocabulary

FAMILY = replace(
    blenderbot.FAMILY,
    name="Blenderbot-small",
    example="facebook/blenderbot_small-90M",
    fields=blenderbot.FAMILY.fields
    | {"norm_placement": "post", "embed_norm": True, "decoder_embed_scale": 1.0, "decoder_norms_tokens": True},
    modules={**bart.TOKENS, **bart.POSITION_TABLES, **bart.EMBED_NORMS, **bart.LAYERS},
    ignored=bart.old_settings(pre=False, embed_norm=True, offset=0) | {"layernorm_variant": ("xlm",)},
    irrelevant=(*blenderbot.FAMILY.irrelevant, "variant"),
    classes="BlenderbotSmall",
    vocabulary=Vocabulary(
        "subwords", "$A", "$A $B", {"bos": "__start__", "eos": "__end__", "unk": "__unk__", "pad": "__null__"}
    ),
)
