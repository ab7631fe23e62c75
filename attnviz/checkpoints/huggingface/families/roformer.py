"""RoFormer (Su et al. 2021): BERT with rotary positions in neighbouring pairs."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.rules.interleaved import turned_pairs
from attnviz.checkpoints.huggingface.settings import Settings, size_from


def _project(settings: Settings) -> dict[str, object]:
    """Narrower embeddings are projected."""
    width, d_model = settings.number("embedding_size", None, least=1), settings.number("hidden_size", least=1)
    return {} if width in (None, d_model) else {"d_embed": width, "project": "after"}


FAMILY = replace(
    bert.FAMILY,
    name="RoFormer",
    paper="Su et al. 2021",
    example="junnyu/roformer_chinese_base",
    fields=bert.FIELDS | {"position": "rotary", "n_ctx": size_from("max_position_embeddings", 1536)},
    more=_project,
    modules=bert.MODULES | {"embed.project": "embeddings_project"},
    orders=turned_pairs("layers.{}.attn.q", "layers.{}.attn.k"),
    prefixes=("roformer.",),
    unused=(*bert.HEADS, "encoder.embed_positions.weight"),
    rounded=("encoder.embed_positions.weight",),
    required={"rotary_value": (False,), "add_cross_attention": (False,)},
    classes="RoFormer",
    vocabulary=None,
)
