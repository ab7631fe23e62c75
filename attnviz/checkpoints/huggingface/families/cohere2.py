"""Command R7B (Cohere 2024): Cohere in which every fourth layer sees all, without positions; the others a window."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import cohere, llama
from attnviz.checkpoints.huggingface.rules.windows import window_of
from attnviz.checkpoints.huggingface.settings import Settings, layer_types, windowed


def _fields(settings: Settings) -> dict[str, object]:
    """Positions are rotated in layers with a window alone."""
    every = settings.number("sliding_window_pattern", 4, least=1)
    layers = layer_types(settings, lambda i: (i + 1) % every != 0)
    fields = llama.rotary_fields(settings) | windowed(settings, window_of(settings, layers), layers)
    return fields | ({"position": "none"} if layers is None else {"rotary_layers": layers})


FAMILY = replace(
    cohere.FAMILY,
    name="Cohere 2",
    example="CohereLabs/c4ai-command-r7b-12-2024",
    more=_fields,
    modules={name: module for name, module in cohere.FAMILY.modules.items() if not name.endswith(("q_norm", "k_norm"))},
    defaults={"sliding_window": 4096},
    ignored={  # of Cohere's own program
        "layer_switch": (4,),
        "order_of_interleaved_layers": ("local_attn_first",),
        "position_embedding_type": ("rope_gptj",),
        "rotary_pct": (1.0,),
        "use_gated_activation": (True,),
        "use_parallel_block": (True,),
    },
    irrelevant=("_sliding_window_pattern", "use_embedding_sharing", "use_parallel_embedding"),
    classes="Cohere2",
)
