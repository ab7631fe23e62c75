"""The architectures that load, by the names that GGUF files have for them."""

from collections.abc import Mapping
from functools import cache

from attnviz.checkpoints.gguf.architecture import Architecture
from attnviz.checkpoints.gguf.architectures.encoders import ENCODERS
from attnviz.checkpoints.gguf.architectures.llama import LLAMA_LIKE
from attnviz.checkpoints.gguf.architectures.others import OTHER_DECODERS
from attnviz.encoder.config.values import nearest
from attnviz.errors import CheckpointError, one_line


@cache
def architectures() -> Mapping[str, Architecture]:
    """All of them."""
    return LLAMA_LIKE | OTHER_DECODERS | ENCODERS


def needed_architecture(name: object, where: str) -> Architecture:
    """The architecture of a file.

    Raises:
        CheckpointError: it is missing or not known.
    """
    known = architectures()
    if not isinstance(name, str):
        raise CheckpointError(f"{where}: it has no general.architecture; expected a language model's")
    if name not in known:
        listed = ", ".join(sorted(known))
        raise CheckpointError(
            f"{where}: general.architecture {one_line(name)[:40]!r} is not known{nearest(name, tuple(known))}; "
            f"expected one of {listed}",
            hint="--as TYPE reads it as a known architecture",
        )
    return known[name]
