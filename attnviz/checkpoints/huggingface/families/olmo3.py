"""OLMo 3 (Ettinger et al. 2025): OLMo 2 in which three of four layers see only a window, and are not stretched."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import olmo2
from attnviz.checkpoints.huggingface.rules.rotary import rotary_by_layer_type
from attnviz.checkpoints.huggingface.rules.windows import window_of
from attnviz.checkpoints.huggingface.settings import Settings, layer_types, windowed

_BASE = 500000.0  # which layers with a window have unless ``rope_parameters`` names theirs: ``rope_theta`` is not read


def _fields(settings: Settings) -> dict[str, object]:
    layers = layer_types(settings, lambda i: (i + 1) % 4 != 0)
    masks = windowed(settings, window_of(settings, layers), layers)
    turns, local = rotary_by_layer_type(settings, _BASE, _BASE)
    return masks | turns | ({"window_rotary_base": local} if "window" in masks else {})


FAMILY = replace(
    olmo2.FAMILY,
    name="OLMo 3",
    paper="Ettinger et al. 2025",
    example="allenai/Olmo-3-1025-7B",
    more=_fields,
    classes="Olmo3",
    defaults={"sliding_window": 4096},
)
