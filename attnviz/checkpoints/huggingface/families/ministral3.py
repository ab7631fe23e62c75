"""Ministral 3 (Mistral AI 2025): Mistral with YaRN; queries grow beyond the trained length, where attnviz stops."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import mistral
from attnviz.checkpoints.huggingface.rules.rotary import rope_settings
from attnviz.checkpoints.huggingface.settings import Settings, number_from

_ROPE = {
    "type": "yarn",
    "rope_theta": 1000000.0,
    "factor": 16.0,
    "original_max_position_embeddings": 16384,
    "beta_fast": 32.0,
    "beta_slow": 1.0,
    "mscale": 1.0,
    "mscale_all_dim": 1.0,
    "llama_4_scaling_beta": 0.1,
}


def _n_ctx(settings: Settings) -> int:
    """The longest text before queries are scaled by ``llama_4_scaling_beta``."""
    rope, longest = rope_settings(settings), settings.number("max_position_embeddings", least=1)
    scaled = rope.number("llama_4_scaling_beta", 0.0, float) != 0
    return min(longest, rope.number("original_max_position_embeddings", longest)) if scaled else longest


FAMILY = replace(
    mistral.FAMILY,
    name="Ministral 3",
    paper="Mistral AI 2025",
    example="mistralai/Ministral-3-3B-Base-2512",
    fields=mistral.FAMILY.fields | {"n_ctx": _n_ctx, "norm_eps": number_from("rms_norm_eps", 1e-5)},
    irrelevant=(*mistral.FAMILY.irrelevant, "rope_parameters.max_position_embeddings"),
    classes="Ministral3",
    defaults={"num_key_value_heads": 8, "head_dim": 128, "rope_parameters": _ROPE},
)
