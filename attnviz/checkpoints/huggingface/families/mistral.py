"""Mistral (Jiang et al. 2023): Llama with a sliding window, which counts the token itself."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama
from attnviz.checkpoints.huggingface.settings import Settings, windowed


def _window(settings: Settings) -> dict[str, object]:
    window = settings.number("sliding_window", None, least=1)
    return llama.rotary_fields(settings) | windowed(settings, window, "all")


FAMILY = replace(
    llama.FAMILY,
    name="Mistral",
    paper="Jiang et al. 2023",
    example="mistralai/Mistral-7B-v0.1",
    fields=llama.FIELDS,
    more=_window,
    ignored={"layer_types": ()},  # all layers have the window, whatever it says
    classes="Mistral",
    defaults={"num_key_value_heads": 8, "sliding_window": 4096},
)
