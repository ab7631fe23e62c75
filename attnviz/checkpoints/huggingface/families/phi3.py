"""Phi-3 and Phi-4 (Abdin et al. 2024): Llama with q, k and v in one matrix, gate and first layer in another."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama
from attnviz.checkpoints.huggingface.family import Fused
from attnviz.checkpoints.huggingface.rules.rotary import rotary
from attnviz.checkpoints.huggingface.settings import Settings, number_from, windowed

GATE_AND_UP = Fused("layers.{}.mlp.gate_up_proj", ("layers.{}.ffn.g", "layers.{}.ffn.1"))
# Older files have these names for LongRoPE.
_RENAMED = {"su": "longrope", "yarn": "longrope"}


def _fields(settings: Settings) -> dict[str, object]:
    turns = rotary(settings, llama.d_head(settings), share="partial_rotary_factor", renamed=_RENAMED)
    return turns | windowed(settings, settings.number("sliding_window", None, least=1), "all")


FAMILY = replace(
    llama.FAMILY,
    name="Phi-3",
    paper="Abdin et al. 2024",
    example="microsoft/Phi-3-mini-4k-instruct",
    fields=llama.FIELDS | {"norm_eps": number_from("rms_norm_eps", 1e-5)},
    more=_fields,
    fused=(
        Fused("layers.{}.self_attn.qkv_proj", ("layers.{}.attn.q", "layers.{}.attn.k", "layers.{}.attn.v")),
        GATE_AND_UP,
    ),
    defaults={"original_max_position_embeddings": 4096},
    ignored={
        **dict.fromkeys(("attention_bias", "mlp_bias"), (False,)),
        **dict.fromkeys(("full_attn_mod", "interpolate_factor"), (1,)),
    },
    irrelevant=("original_max_position_embeddings",),
    classes="Phi3",
)
