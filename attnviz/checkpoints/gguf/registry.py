"""The architectures that load, by the names that GGUF files have for them."""

from collections.abc import Mapping
from functools import cache

from attnviz.checkpoints.gguf.architecture import Architecture
from attnviz.checkpoints.gguf.architectures.deepseek import DEEPSEEK
from attnviz.checkpoints.gguf.architectures.encoders import ENCODERS
from attnviz.checkpoints.gguf.architectures.llama import LLAMA_LIKE
from attnviz.checkpoints.gguf.architectures.others import OTHER_DECODERS
from attnviz.checkpoints.gguf.architectures.t5 import ENCODER_DECODERS
from attnviz.checkpoints.huggingface.rules.refused import Refusal, refusal_of
from attnviz.encoder.config.values import nearest
from attnviz.errors import CheckpointError, UsageError, brief

_PICTURES = Refusal("the part of another model that reads pictures or sound")
_FAMILIES: Mapping[str, str] = {  # the families of architectures that are not read, where there is a reason
    **dict.fromkeys(("rwkv6", "rwkv7", "arwkv7", "rwkv6qwen2"), "rwkv"),
    **dict.fromkeys(("plamo2", "kimi-linear", "qwen35", "qwen35moe", "nemotron_h_moe"), "jamba"),
    "falcon-h1": "falcon_h1",
    "granitehybrid": "granitemoehybrid",
    "lfm2moe": "lfm2_moe",
    "qwen3next": "qwen3_next",
}


@cache
def architectures() -> Mapping[str, Architecture]:
    """All of them."""
    return LLAMA_LIKE | DEEPSEEK | OTHER_DECODERS | ENCODERS | ENCODER_DECODERS


def read_as_architecture(name: object, architecture: str) -> str:
    """The note that a file of one architecture is read as one of another.

    Raises:
        UsageError: the other is not known.
    """
    known = architectures()
    if architecture not in known:
        raise UsageError(
            f"as: {brief(architecture)!r} is not known{nearest(architecture, tuple(known))}; "
            f"expected one of {', '.join(sorted(known))}"
        )
    said = "missing" if name is None else brief(name)
    return f"general.architecture is {said}, read as {architecture} (--as): the numbers may differ from the model's own"


def needed_architecture(name: object, where: str, kind: object = None) -> Architecture:
    """The architecture of a file.

    Args:
        name: ``general.architecture``.
        where: the file, for messages.
        kind: ``general.type``, where there is one: a model, an adapter, ...

    Raises:
        CheckpointError: it is missing, not known, or has no attention; or the file is not a model.
    """
    known = architectures()
    if kind not in (None, "model"):
        raise CheckpointError(f"{where}: general.type is {brief(kind)}; expected a model")
    if not isinstance(name, str):
        raise CheckpointError(f"{where}: it has no general.architecture; expected a language model's")
    refusal = _PICTURES if name == "clip" else refusal_of(_FAMILIES.get(name, name))
    if name not in known and refusal is not None:
        raise CheckpointError(
            f"{where}: general.architecture {brief(name)!r} is {refusal.reason}; expected a transformer"
        )
    if name not in known:
        listed = ", ".join(sorted(known))
        raise CheckpointError(
            f"{where}: general.architecture {brief(name)!r} is not known{nearest(name, tuple(known))}; "
            f"expected one of {listed}",
            hint="--as TYPE reads it as a known architecture",
        )
    return known[name]
