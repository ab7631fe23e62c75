"""ALBERT (Lan et al. 2020): factorised embeddings, and layers that share their weights by groups."""

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.family import Family
from attnviz.checkpoints.huggingface.settings import Settings, activation_from, size_from
from attnviz.text.pieces.layout import PieceLayout

_LAYER = "encoder.albert_layer_groups.{}"


def _n_layers(settings: Settings) -> int:
    """A group is applied as a whole, and each of its layers has an attention of its own."""
    settings.number("num_hidden_groups", 1, least=1)  # says which layers share weights, in _layer
    return settings.number("num_hidden_layers", least=1) * settings.number("inner_group_num", 1, least=1)


def _layer(settings: Settings, i: int) -> str:
    """The group, and the layer in it, that computes layer ``i``."""
    step, inner = divmod(i, settings.number("inner_group_num", 1, least=1))
    # The published code's own rounding: in floating point, which is not always the quotient's.
    size = settings.number("num_hidden_layers", least=1) / settings.number("num_hidden_groups", 1, least=1)
    group = int(step / size)
    return f"{group}.albert_layers.{inner}"


FAMILY = Family(
    name="ALBERT",
    paper="Lan et al. 2020",
    example="albert/albert-base-v2",
    fields=bert.FIELDS
    | {
        "n_layers": _n_layers,
        "d_embed": size_from("embedding_size", 128),
        "project": "after",
        "mask": "none",
        "activation": activation_from("hidden_act", "gelu_new"),
    },
    modules={
        **{ours: name for ours, name in bert.MODULES.items() if ours.startswith("embed.")},
        "embed.project": "encoder.embedding_hidden_mapping_in",
        "layers.{}.attn.q": f"{_LAYER}.attention.query",
        "layers.{}.attn.k": f"{_LAYER}.attention.key",
        "layers.{}.attn.v": f"{_LAYER}.attention.value",
        "layers.{}.attn.o": f"{_LAYER}.attention.dense",
        "layers.{}.norm1": f"{_LAYER}.attention.LayerNorm",
        "layers.{}.ffn.1": f"{_LAYER}.ffn",
        "layers.{}.ffn.2": f"{_LAYER}.ffn_output",
        "layers.{}.norm2": f"{_LAYER}.full_layer_layer_norm",
    },
    layer=_layer,
    prefixes=("albert.",),
    unused=("predictions.*", "sop_classifier.*", *bert.HEADS),
    required=bert.REQUIRED,
    irrelevant=("down_scale_factor", "gap_size", "layers_to_keep", "net_structure_type", "num_memory_blocks"),
    ignored={"is_causal": (False,), "is_decoder": (False,)},
    classes="Albert",
    pieces=PieceLayout(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        specials=("[MASK]",),
        mask="[MASK]",
        lower=True,
        quotes=True,
        keep_accents=False,
        split_digits=True,
    ),
)
