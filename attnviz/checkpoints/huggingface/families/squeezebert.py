"""SqueezeBERT (Iandola et al. 2020): BERT whose linear layers are convolutions of width 1 in groups."""

from dataclasses import replace

from attnviz.checkpoints.huggingface.families import bert
from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.errors import CheckpointError

_GROUPS = {
    "layers.{}.attn.q": ("q_groups", 4),
    "layers.{}.attn.k": ("k_groups", 4),
    "layers.{}.attn.v": ("v_groups", 4),
    "layers.{}.attn.o": ("post_attention_groups", 1),
    "layers.{}.ffn.1": ("intermediate_groups", 4),
    "layers.{}.ffn.2": ("output_groups", 4),
}

_EPS = 1e-12


def _convolutions(settings: Settings) -> dict[str, int]:
    return {module: settings.number(name, default, least=1) for module, (name, default) in _GROUPS.items()}


def _check_widths(settings: Settings) -> dict[str, object]:
    """Nothing more; what the published code cannot compute, or computes otherwise in its layers, is refused.

    Raises:
        CheckpointError: embeddings of another width than the model's, or another epsilon than its layers have.
    """
    d_model = settings.number("hidden_size", least=1)
    width = settings.number("embedding_size", d_model)
    if width != d_model:
        raise CheckpointError(f"{settings.where}: embedding_size is {width}; expected {d_model}, as hidden_size is")
    eps = settings.number("layer_norm_eps", _EPS, float)
    if eps != _EPS:
        raise CheckpointError(f"{settings.where}: layer_norm_eps is {eps}; expected {_EPS}, as its layers always have")
    return {}


FAMILY = replace(
    bert.FAMILY,
    name="SqueezeBERT",
    paper="Iandola et al. 2020",
    example="squeezebert/squeezebert-uncased",
    fields=bert.FIELDS | {"mask": "none", "norm_eps": _EPS},
    more=_check_widths,
    modules={name: theirs for name, theirs in bert.MODULES.items() if name.startswith("embed.")}
    | {
        "layers.{}.attn.q": "encoder.layers.{}.attention.query",
        "layers.{}.attn.k": "encoder.layers.{}.attention.key",
        "layers.{}.attn.v": "encoder.layers.{}.attention.value",
        "layers.{}.attn.o": "encoder.layers.{}.post_attention.conv1d",
        "layers.{}.norm1": "encoder.layers.{}.post_attention.layernorm",
        "layers.{}.ffn.1": "encoder.layers.{}.intermediate.conv1d",
        "layers.{}.ffn.2": "encoder.layers.{}.output.conv1d",
        "layers.{}.norm2": "encoder.layers.{}.output.layernorm",
    },
    convolutions=_convolutions,
    prefixes=("transformer.",),
    required={},
    ignored={"is_causal": (False,), "is_decoder": (False,)},
    classes="SqueezeBert",
)
