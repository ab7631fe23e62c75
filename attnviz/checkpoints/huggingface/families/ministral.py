"""Ministral (Mistral AI 2024): Mistral, perhaps with layers that see everything."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama, mistral
from attnviz.checkpoints.huggingface.settings import Settings, layer_types, windowed


def _windows(settings: Settings) -> dict[str, object]:
    window = settings.number("sliding_window", None, least=1)
    layers = layer_types(settings, lambda i: window is not None)  # noqa: ARG005
    return llama.rotary_fields(settings) | windowed(settings, window, layers)


FAMILY = replace(
    mistral.FAMILY,
    name="Ministral",
    paper="Mistral AI 2024",
    example="mistralai/Ministral-8B-Instruct-2410",
    more=_windows,
    ignored={},
    classes="Ministral",
)
