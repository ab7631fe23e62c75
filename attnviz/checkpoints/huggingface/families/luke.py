"""LUKE (Yamada et al. 2020): RoBERTa; without entities in the input, those of its parts play no role."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import roberta

_ENTITIES = (
    *("entity_embeddings.*", "entity_predictions.*"),
    *(f"encoder.layer.*.attention.self.{pair}_query.*" for pair in ("w2e", "e2w", "e2e")),
)

FAMILY = replace(
    roberta.FAMILY,
    name="LUKE",
    paper="Yamada et al. 2020",
    example="studio-ousia/luke-base",
    fields=roberta.FIELDS | {"mask": "none"},
    required={"position_embedding_type": ("absolute",)},
    ignored={"is_causal": (False,), "is_decoder": (False,)},
    irrelevant=(
        "bert_model_name",
        "cls_entity_prediction",
        "entity_emb_size",
        "entity_vocab_size",
        "use_entity_aware_attention",
    ),
    classes="Luke",
    prefixes=("luke.",),
    unused=(*_ENTITIES, *roberta.HEADS),
)
