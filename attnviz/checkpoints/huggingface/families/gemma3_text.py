"""Gemma 3 (Kamath et al. 2025): Gemma 2 with norms of q and k in place of the cap, and two rotary bases.

EmbeddingGemma is the same model in which every token sees every token, near ones alone in layers with a window.
"""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import gemma2
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.rules.rotary import rotary_by_layer_type
from attnviz.checkpoints.huggingface.rules.windows import window_of
from attnviz.checkpoints.huggingface.settings import Settings, is_causal, layer_types, switch_from, windowed


def _windows(settings: Settings) -> dict[str, object]:
    """Each sixth layer sees all; the window is halved where it looks both ways."""
    every = settings.number("sliding_window_pattern", 6, least=1)
    layers = layer_types(settings, lambda i: (i + 1) % every != 0)
    both_ways = switch_from("use_bidirectional_attention", default=False)(settings)
    size = window_of(settings, layers)
    if size is None:
        return {"mask": "none"} if both_ways else windowed(settings, None, None)
    if both_ways and is_causal(settings):
        return {"mask": "window", "window": size // 2, "window_layers": layers}
    return windowed(settings, size // 2 + 1 if both_ways else size, layers)


def _fields(settings: Settings) -> dict[str, object]:
    """One base for layers with a window, another one, perhaps stretched, for those that see all."""
    masks = _windows(settings)
    turns, local = rotary_by_layer_type(settings, 1e6, 10000.0, "rope_local_base_freq")
    return masks | turns | ({"window_rotary_base": local} if "window" in masks else {})


FAMILY = replace(
    gemma2.FAMILY,
    name="Gemma 3",
    paper="Kamath et al. 2025",
    example="google/gemma-3-1b-pt",
    fields=gemma2.FIELDS | {"qk_norm": True},
    more=_fields,
    modules=gemma2.MODULES
    | {
        "layers.{}.attn.q_norm": "layers.{}.self_attn.q_norm",
        "layers.{}.attn.k_norm": "layers.{}.self_attn.k_norm",
    },
    required={},
    ignored={**gemma2.FAMILY.ignored, "attn_logit_softcapping": ()},
    irrelevant=("_sliding_window_pattern",),
    classes="Gemma3(Text)?",
    head=LanguageHead(cap=gemma2.cap_from("final_logit_softcapping", None, least=1e-6)),
)
