"""DeBERTa (He et al. 2021): BERT whose scores also compare words with the distances between them."""

import json

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.families.gpt_neox import n_heads
from attnviz.checkpoints.huggingface.family import Family, Fused, Vocabulary
from attnviz.checkpoints.huggingface.settings import Settings, activation_from, number_from, switch_from
from attnviz.errors import CheckpointError

_KINDS = {(): "none", ("c2p",): "c2p", ("p2c",): "p2c", ("c2p", "p2c"): "both"}


def _position(settings: Settings) -> str:
    """Positions may be in the scores alone."""
    return "learned" if switch_from("position_biased_input", default=True)(settings) else "none"


def _width(settings: Settings) -> int:
    """The model's width, which is also that of its tables: the published code projects others before their norm."""
    width = settings.number("hidden_size", least=1)
    if settings.number("embedding_size", width) != width:
        raise CheckpointError(
            f"{settings.where}: embedding_size is {settings.get('embedding_size')}, which attnviz does not compute for "
            f"{settings.family}; expected {width}, as hidden_size is"
        )
    return width


def attention_kinds(settings: Settings) -> tuple[str, ...]:
    """The parts that ``pos_att_type`` names, as a list or as ``c2p|p2c``.

    Raises:
        CheckpointError: another part, or one twice.
    """
    value = settings.get("pos_att_type", [])
    listed = value.lower().split("|") if isinstance(value, str) else value if isinstance(value, list) else [value]
    kinds = sorted(str(one).strip() for one in listed)
    if tuple(kinds) not in _KINDS:
        raise CheckpointError(
            f"{settings.where}: pos_att_type is {json.dumps(value)[:40]}, which attnviz does not compute; "
            "expected c2p, p2c or both"
        )
    return tuple(kinds)


def distances(settings: Settings) -> dict[str, object]:
    """The fields of disentangled attention, with as many vectors as there are positions unless a setting says."""
    kinds, n_heads = attention_kinds(settings), settings.number("num_attention_heads", least=1)
    longest = settings.number("max_position_embeddings", least=1)
    span = settings.number("max_relative_positions", -1, least=-1)
    if switch_from("relative_attention", default=False)(settings):
        return {"disentangled": _KINDS[kinds], "disentangled_span": span if span > 0 else longest}
    d_head = settings.number("attention_head_size", settings.number("hidden_size", least=1) // n_heads, least=1)
    return {"score_scale": (d_head * (1 + len(kinds))) ** -0.5} if kinds else {}  # the scale counts parts in any case


FIELDS = {
    **{name: bert.FIELDS[name] for name in ("n_layers", "n_heads", "d_ff", "n_vocab", "n_ctx")},
    "d_model": _width,
    "n_segments": lambda settings: settings.number("type_vocab_size", 0),
    "embed_norm": True,
    "position": _position,
    "norm_eps": number_from("layer_norm_eps", 1e-7),
    "activation": activation_from("hidden_act", "gelu"),
}

SHARED_MODULES = {name: module for name, module in bert.MODULES.items() if name[-2:] not in (".q", ".k", ".v")} | {
    "embed.offsets": "encoder.rel_embeddings"
}

HEADS = (
    *bert.HEADS,
    "lm_predictions.*",
    "mask_predictions.*",
    "embeddings.position_embeddings.*",
    "encoder.rel_embeddings.*",
)

UNREAD = ("legacy", "padding_idx", "pooler_dropout", "pooler_hidden_act", "pooler_hidden_size")

FAMILY = Family(
    name="DeBERTa",
    paper="He et al. 2021",
    example="microsoft/deberta-base",
    fields=FIELDS,
    more=distances,
    modules=SHARED_MODULES
    | {
        "layers.{}.attn.pk": "encoder.layer.{}.attention.self.pos_proj",
        "layers.{}.attn.pq": "encoder.layer.{}.attention.self.pos_q_proj",
    },
    fused=(
        Fused(
            "encoder.layer.{}.attention.self.in_proj",
            ("layers.{}.attn.q", "layers.{}.attn.k", "layers.{}.attn.v"),
            groups=n_heads,
        ),
    ),
    tensors={
        "layers.{}.attn.bq": "encoder.layer.{}.attention.self.q_bias",
        "layers.{}.attn.bv": "encoder.layer.{}.attention.self.v_bias",
    },
    zero=("layers.{}.attn.bk", "layers.{}.attn.bpk"),
    prefixes=("deberta.",),
    unused=HEADS,
    required={"talking_head": (False,)},
    irrelevant=UNREAD,
    ignored={"is_causal": (False,), "is_decoder": (False,), "attention_head_size": ()}
    | {"position_buckets": (-1, 0), "share_att_key": (False,), "norm_rel_ebd": ("none",), "conv_kernel_size": (0,)},
    classes="Deberta",
    vocabulary=Vocabulary("bytes", "cls $A sep", "cls $A sep $B:1 sep:1", bert.SPECIALS, mask_strips=True),
)
