"""Mistral (Jiang et al. 2023): Llama with a sliding window, which counts the token itself."""

from dataclasses import replace

from attnviz.checkpoints.families import llama
from attnviz.checkpoints.settings import Settings, layer_types


def _window(settings: Settings) -> dict[str, object]:
    fields = llama.rotary_fields(settings)
    window = settings.number("sliding_window", None, least=1)
    layers = layer_types(settings, lambda _: True)
    return fields if window is None or layers is None else fields | {"window": window - 1, "window_layers": layers}


FAMILY = replace(
    llama.FAMILY,
    name="Mistral",
    paper="Jiang et al. 2023",
    example="mistralai/Mistral-7B-v0.1",
    fields=llama.FIELDS,
    more=_window,
    defaults={"num_key_value_heads": 8, "sliding_window": 4096},
)
