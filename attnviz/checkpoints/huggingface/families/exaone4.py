"""EXAONE 4 (LG AI Research 2025): norms on each part's output, and rotation only in layers with a window."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama, olmo2, olmoe
from attnviz.checkpoints.huggingface.rules.windows import window_of
from attnviz.checkpoints.huggingface.settings import Settings, layer_types, number_from, windowed


def _fields(settings: Settings) -> dict[str, object]:
    """Every fourth layer sees all, without positions; all layers do, with positions, where there is no window."""
    window = settings.get("sliding_window")
    every = (
        0 if settings.get("layer_types") or window is None else settings.number("sliding_window_pattern", 4, least=1)
    )
    layers = layer_types(settings, lambda i: bool(every) and (i + 1) % every != 0)
    masks, turns = windowed(settings, window_of(settings, layers), layers), llama.rotary_fields(settings)
    if window is None:
        return masks | turns
    return masks | turns | ({"position": "none"} if layers is None else {"rotary_layers": layers})


FAMILY = replace(
    llama.FAMILY,
    name="EXAONE 4",
    paper="LG AI Research 2025",
    example="LGAI-EXAONE/EXAONE-4.0-1.2B",
    fields=llama.FIELDS | {"norm_placement": "output", "norm_eps": number_from("rms_norm_eps", 1e-5), "qk_norm": True},
    more=_fields,
    modules=llama.MODULES | olmo2.OUTPUT_NORMS | olmoe.Q_AND_K_NORMS,
    irrelevant=("sliding_window_pattern",),
    classes="Exaone4",
    defaults={"num_key_value_heads": 32, "sliding_window": 4096},
)
