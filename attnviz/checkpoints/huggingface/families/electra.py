"""ELECTRA (Clark et al. 2020): BERT whose embeddings may be narrower, and are projected."""

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.family import Family
from attnviz.checkpoints.huggingface.settings import Settings, size_from


def _project(settings: Settings) -> str:
    same = settings.number("embedding_size", 128) == settings.number("hidden_size", least=1)
    return "none" if same else "after"


FAMILY = Family(
    name="ELECTRA",
    paper="Clark et al. 2020",
    example="google/electra-small-discriminator",
    fields=bert.FIELDS | {"d_embed": size_from("embedding_size", 128), "project": _project},
    modules=bert.MODULES | {"embed.project": "embeddings_project"},
    prefixes=("electra.",),
    unused=("discriminator_predictions.*", "generator_predictions.*", "generator_lm_head.*", *bert.HEADS),
    required=bert.REQUIRED,
    classes="Electra",
    vocabulary=bert.VOCABULARY,
)
