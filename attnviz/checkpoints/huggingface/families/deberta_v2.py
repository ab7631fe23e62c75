"""DeBERTa v2 and v3 (He et al. 2021, 2023): far distances share vectors, and words' projections serve them too."""

from attnviz.checkpoints.huggingface.families import deberta
from attnviz.checkpoints.huggingface.family import Family
from attnviz.checkpoints.huggingface.settings import ACTIVATION_NAMES, Settings, choice_from, switch_from
from attnviz.text.pieces.layout import PieceLayout


def _distances(settings: Settings) -> dict[str, object]:
    """The fields of disentangled attention, with logarithmic steps where there are buckets."""
    fields = deberta.distances(settings)
    buckets = settings.number("position_buckets", -1, least=-1)
    shared = switch_from("share_att_key", default=False)(settings)
    norms = str(settings.get("norm_rel_ebd", "none")).lower()
    if "disentangled" not in fields:
        return fields
    if buckets > 0:
        fields |= {"disentangled_span": buckets, "disentangled_max": fields["disentangled_span"]}
    normed = "layer_norm" in [one.strip() for one in norms.split("|")]
    return fields | {"disentangled_share": shared, "disentangled_norm": normed}


FAMILY = Family(
    name="DeBERTa v2",
    paper="He et al. 2023",
    example="microsoft/deberta-v3-base",
    fields=deberta.FIELDS
    | {
        "d_head": lambda settings: settings.number("attention_head_size", None, least=1),
        "conv_kernel": lambda settings: settings.number("conv_kernel_size", 0),
        "conv_activation": choice_from("conv_act", ACTIVATION_NAMES | {"tanh": "tanh"}, "tanh"),
    },
    more=_distances,
    modules=deberta.SHARED_MODULES
    | {
        "embed.offsets_norm": "encoder.LayerNorm",
        "layers.{}.conv": "encoder.conv.conv",
        "layers.{}.conv_norm": "encoder.conv.LayerNorm",
        "layers.{}.attn.q": "encoder.layer.{}.attention.self.query_proj",
        "layers.{}.attn.k": "encoder.layer.{}.attention.self.key_proj",
        "layers.{}.attn.v": "encoder.layer.{}.attention.self.value_proj",
        "layers.{}.attn.pk": "encoder.layer.{}.attention.self.pos_key_proj",
        "layers.{}.attn.pq": "encoder.layer.{}.attention.self.pos_query_proj",
    },
    prefixes=("deberta.",),
    unused=(*deberta.HEADS, "encoder.LayerNorm.*"),
    required={"conv_groups": (1,)},
    irrelevant=deberta.UNREAD,
    ignored={"is_causal": (False,), "is_decoder": (False,), "talking_head": (False,)},
    classes="DebertaV2",
    pieces=PieceLayout(
        last=("[MASK]",),
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        specials=("[MASK]",),
        lower=False,
    ),
)
