"""Mistral (Jiang et al. 2023): Llama with a sliding window, which counts the token itself."""

from dataclasses import replace

from attnviz.checkpoints.families import llama
from attnviz.checkpoints.family import Settings


def _window(settings: Settings) -> dict[str, object]:
    window = settings.number("sliding_window", None)
    return llama.rotary_fields(settings) | ({} if window is None else {"window": window - 1})


FAMILY = replace(
    llama.FAMILY,
    name="Mistral",
    paper="Jiang et al. 2023",
    example="mistralai/Mistral-7B-v0.1",
    fields=llama.FIELDS,
    more=_window,
    defaults={"num_key_value_heads": 8, "sliding_window": 4096},
)
