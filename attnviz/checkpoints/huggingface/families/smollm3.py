"""SmolLM3 (Bakouch et al. 2025): Llama in which every fourth layer has no positions."""

import json
from dataclasses import replace

from attnviz.checkpoints.huggingface.families import llama
from attnviz.checkpoints.huggingface.generation.language_head import LanguageHead
from attnviz.checkpoints.huggingface.rules.windows import window_of
from attnviz.checkpoints.huggingface.settings import Settings, layer_types, switch_from, windowed
from attnviz.errors import CheckpointError
from attnviz.numbers import spans


def _rotated(settings: Settings) -> tuple[int, ...]:
    """The layers that rotate q and k: those that ``no_rope_layers`` has a 1 for."""
    n, said = settings.number("num_hidden_layers", least=1), settings.get("no_rope_layers")
    every = settings.number("no_rope_layer_interval", 4, least=1)
    if said is None:
        return tuple(i for i in range(min(n, 2**14)) if (i + 1) % every != 0)
    if not isinstance(said, list) or len(said) != n or any(one not in (0, 1) for one in said):
        raise CheckpointError(
            f"{settings.where}: no_rope_layers is {json.dumps(said)[:40]}; expected a list of {n} of 0 and 1"
        )
    return tuple(i for i, one in enumerate(said) if one)


def _fields(settings: Settings) -> dict[str, object]:
    rotated, used = _rotated(settings), switch_from("use_sliding_window", default=False)(settings)
    used = used and settings.get("sliding_window") is not None
    layers = layer_types(settings, lambda i: bool(used) and i not in rotated)
    fields = llama.rotary_fields(settings) | windowed(settings, window_of(settings, layers), layers)
    return fields | ({"rotary_layers": spans(rotated)} if rotated else {"position": "none"})


FAMILY = replace(
    llama.FAMILY,
    name="SmolLM3",
    paper="Bakouch et al. 2025",
    example="HuggingFaceTB/SmolLM3-3B",
    more=_fields,
    irrelevant=("pretraining_tp", "max_window_layers"),
    classes="SmolLM3",
    defaults={"num_key_value_heads": 4, "rope_theta": 2e6},
    head=LanguageHead(),
)
