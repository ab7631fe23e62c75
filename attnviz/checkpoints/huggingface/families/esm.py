"""ESM-1b and ESM-2 (Rives et al. 2021, Lin et al. 2023): RoBERTa for proteins with norms before each part.

Positions are a table's (ESM-1b) or rotary (ESM-2).
"""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert, roberta
from attnviz.checkpoints.huggingface.family import Vocabulary
from attnviz.checkpoints.huggingface.settings import Settings, switch_from

_MASKED_IN_TRAINING = 0.15 * 0.8  # of all tokens, for any ESM
_FREQUENCIES = ("encoder.layer.*.attention.self.rotary_embeddings.inv_freq", "rotary_embeddings.inv_freq")
_token_dropout = switch_from("token_dropout", default=False)


def _is_rotary(settings: Settings) -> bool:
    return bool(settings.one_of("position_embedding_type", {"absolute": False, "rotary": True}, "absolute"))


def _positions(settings: Settings) -> dict[str, object]:
    base = settings.number("rope_theta", 10000.0, float)
    if _is_rotary(settings):
        return {"position": "rotary", "rotary_base": base, "n_ctx": settings.number("max_position_embeddings", 1026)}
    pad_id = settings.number("pad_token_id")
    n_ctx = settings.number("max_position_embeddings", 1026) - pad_id - 1
    return {"position": "learned", "pad_id": pad_id, "n_ctx": n_ctx}


def _masked(settings: Settings) -> dict[str, object]:
    """The mask token has no vector, and in its absence the others are as small as they are in training."""
    if not _token_dropout(settings):
        return {}
    return {"zero_id": settings.number("mask_token_id"), "embed_scale": 1 - _MASKED_IN_TRAINING}


def _first_position(settings: Settings) -> int:
    return 0 if _is_rotary(settings) else settings.number("pad_token_id") + 1


FAMILY = replace(
    bert.FAMILY,
    name="ESM",
    paper="Lin et al. 2023",
    example="facebook/esm2_t6_8M_UR50D",
    fields={name: rule for name, rule in bert.FIELDS.items() if name not in ("n_ctx", "n_segments", "position")}
    | {
        "embed_norm": switch_from("emb_layer_norm_before", default=False),
        "norm_placement": "pre",
        "activation": "gelu",
    },
    more=lambda settings: _positions(settings) | _masked(settings),
    first_position=_first_position,
    modules={name: theirs for name, theirs in bert.MODULES.items() if name != "embed.segments"}
    | {
        "embed.norm": "embeddings.layer_norm",
        "layers.{}.norm1": "encoder.layer.{}.attention.LayerNorm",
        "layers.{}.norm2": "encoder.layer.{}.LayerNorm",
        "final_norm": "encoder.emb_layer_norm_after",
    },
    required={"is_folding_model": (False,), "add_cross_attention": (False,)},
    ignored={"hidden_act": ("gelu",)},
    irrelevant=("esmfold_config", "vocab_list"),
    classes="Esm",
    prefixes=("esm.",),
    unused=("contact_head.*", *_FREQUENCIES, *roberta.HEADS),
    rounded=_FREQUENCIES,
    vocabulary=Vocabulary(
        "wholes",
        "cls $A eos",
        "cls $A eos $B eos",
        {"cls": "<cls>", "eos": "<eos>", "unk": "<unk>", "pad": "<pad>", "mask": "<mask>"},
    ),
)
