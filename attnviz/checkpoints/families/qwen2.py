"""Qwen2 (Yang et al. 2024): Llama with biases on q, k and v, and perhaps a window in its later layers."""

from dataclasses import replace

from attnviz.checkpoints.families import llama
from attnviz.checkpoints.settings import Settings, layer_types


def windows(settings: Settings) -> dict[str, object]:
    """Layers from ``max_window_layers`` on see a window, if ``use_sliding_window`` says so."""
    fields = llama.rotary_fields(settings)
    window = settings.number("sliding_window", None, least=1) if settings.get("use_sliding_window") else None
    first = settings.number("max_window_layers", 28)
    layers = layer_types(settings, lambda i: window is not None and i >= first)
    return fields if window is None or layers is None else fields | {"window": window - 1, "window_layers": layers}


FAMILY = replace(
    llama.FAMILY,
    name="Qwen2",
    paper="Yang et al. 2024",
    example="Qwen/Qwen2.5-0.5B",
    fields=llama.FIELDS | {"qkv_bias": True},
    more=windows,
    defaults={"sliding_window": 4096},
)
