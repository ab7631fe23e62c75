"""Qwen2 (Yang et al. 2024): Llama with biases on q, k and v, and perhaps a window in its later layers."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama
from attnviz.checkpoints.huggingface.settings import Settings, layer_types, switch_from, windowed


def windows(settings: Settings) -> dict[str, object]:
    """Layers from ``max_window_layers`` on see a window, if ``use_sliding_window`` says so."""
    window, used = settings.number("sliding_window", None), switch_from("use_sliding_window", default=False)(settings)
    window, first = window if used else None, settings.number("max_window_layers", 28)
    layers = layer_types(settings, lambda i: window is not None and i >= first)
    return llama.rotary_fields(settings) | windowed(settings, window, layers)


FAMILY = replace(
    llama.FAMILY,
    name="Qwen2",
    paper="Yang et al. 2024",
    example="Qwen/Qwen2.5-0.5B",
    fields=llama.FIELDS | {"qkv_bias": True},
    more=windows,
    classes="Qwen2",
    defaults={"sliding_window": 4096},
)
