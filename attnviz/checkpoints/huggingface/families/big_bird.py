"""BigBird (Zaheer et al. 2020): BERT; texts that are too short for its sparse attention see everything."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.settings import Settings, activation_from, switch_from
from attnviz.text.pieces.layout import PieceLayout


def _n_ctx(settings: Settings) -> int:
    """The longest text of which the published code computes all weights, or what its position table has room for."""
    rows = settings.number("max_position_embeddings", least=1)
    kind = settings.one_of("attention_type", {"block_sparse": "sparse", "original_full": "full"}, "block_sparse")
    blocks = 5 + 2 * settings.number("num_random_blocks", 3)  # two for global tokens, three beside each other
    dense = blocks * settings.number("block_size", 64, least=1)
    return rows if kind == "full" else min(rows, dense)


def _spare_positions(settings: Settings) -> int:
    return settings.number("max_position_embeddings", least=1) - _n_ctx(settings)


def _embed_scale(settings: Settings) -> float:
    scaled = switch_from("rescale_embeddings", default=False)(settings)
    return float(settings.number("hidden_size", least=1)) ** 0.5 if scaled else 1.0


FAMILY = replace(
    bert.FAMILY,
    name="BigBird",
    paper="Zaheer et al. 2020",
    example="google/bigbird-roberta-base",
    fields=bert.FIELDS
    | {
        "n_ctx": _n_ctx,
        "embed_scale": _embed_scale,
        "activation": activation_from("hidden_act", "gelu_new"),
        "qkv_bias": switch_from("use_bias", default=True),
    },
    spare_positions=_spare_positions,
    classes="BigBird",
    vocabulary=None,
    pieces=PieceLayout(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", specials=("[MASK]",), mask="[MASK]"
    ),
)
