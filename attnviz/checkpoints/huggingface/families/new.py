"""GTE as Alibaba's own code has it (Zhang et al. 2024): ``model_type`` ``new``, with NTK-stretched rotary positions."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert, gte, llama
from attnviz.checkpoints.huggingface.settings import Settings, choice_from, size_from
from attnviz.errors import CheckpointError


def _rotary(settings: Settings) -> dict[str, object]:
    """The rotary fields. With NTK, the base grows, and then all angles shrink by one factor (the code's equation 6).

    Raises:
        CheckpointError: another stretch, or the mixed one.
    """
    base, stretch = settings.number("rope_theta", 10000.0, float), settings.object("rope_scaling")
    fields: dict[str, object] = {"position": "rotary", "rotary_base": base}
    if not stretch.values:
        return fields
    stretch.one_of("type", {"ntk": "ntk"})
    if stretch.get("mixed_b") is not None:
        raise CheckpointError(f"{stretch.where}: mixed_b is set, which attnviz does not compute; expected null")
    factor = stretch.number("factor", kind=float)
    if factor <= 1:  # the code stretches only where the length grows
        return fields
    return fields | {
        "rotary_base": base * factor,
        "rotary_scaling": "linear",
        "rotary_factor": factor ** (2 / llama.d_head(settings)),
    }


FAMILY = replace(
    gte.PUBLISHED,
    name="GTE (own code)",
    example="Alibaba-NLP/gte-multilingual-base",
    fields=gte.PUBLISHED.fields
    | {
        "d_head": None,
        "n_ctx": size_from("max_position_embeddings", 2048),
        "norm": choice_from("layer_norm_type", {"layer_norm": "layer", "rms_norm": "rms"}, "layer_norm"),
    },
    more=_rotary,
    defaults={},
    required={"position_embedding_type": ("rope",), "pack_qkv": (True,), "logn_attention_scale": (False,)},
    irrelevant=("unpad_inputs", "use_memory_efficient_attention", "logn_attention_clip1"),
    classes="(?:New|Gte)",
    vocabulary=bert.VOCABULARY,
)
