"""The descriptions of GGUF files: their tensors, and their tokenizer."""

import json
import math
from pathlib import Path

from attnviz.checkpoints.checkpoint import Checkpoint
from attnviz.checkpoints.formats.gguf.block_types import PLAIN_TYPES, QUANTISED_TYPES
from attnviz.checkpoints.formats.gguf.open import open_gguf
from attnviz.checkpoints.formats.native import TensorInfo, WeightsInfo
from attnviz.checkpoints.gguf.model import read_gguf
from attnviz.errors import CheckpointError, one_line

_TYPES = PLAIN_TYPES | QUANTISED_TYPES


def describe_gguf(path: Path) -> WeightsInfo:
    """A GGUF file's configuration, all its tensors, sizes, number types and digest.

    Raises:
        CheckpointError: as loading it does.
    """
    model = read_gguf(path)
    _, opened, paths = open_gguf(path)
    shapes, dtypes = opened.shapes, opened.dtypes
    tensors = tuple(
        TensorInfo(one_line(name), shape, dtypes[name], _TYPES[dtypes[name]].size_of(math.prod(shape)))
        for name, shape in shapes.items()
    )
    return WeightsInfo(
        path=one_line(path),
        format=opened.format,
        bytes=sum(part.stat().st_size for part in paths),
        sha256=model.begin_digest()(),
        config=model.config.as_dict(),
        tensors=tensors,
        n_parameters=sum(map(math.prod, shapes.values())),
        tokenizer=_can_read_tokenizer(model),
        decoder=model.has_decoder,
    )


def described_tokenizer(model: Checkpoint, path: Path) -> tuple[dict[str, object] | None, tuple[str, ...]]:
    """A file's tokenizer, ready for JSON, with its notes; None where none can be read, which is then the note."""
    if model.tokenizer is None:
        return None, ()
    try:
        tokenizer = model.tokenizer()
    except CheckpointError as error:
        return None, (": ".join(str(error).split(": ")[1:]),)
    algorithm = json.loads(tokenizer.json_text)["model"].get("type") or type(tokenizer.library.model).__name__
    described = {"algorithm": algorithm, "n_vocab": tokenizer.n_vocab, "file": one_line(path.name)}
    return described, tokenizer.notes(model.config.n_vocab)


def _can_read_tokenizer(model: Checkpoint) -> bool:
    try:
        return model.tokenizer is not None and bool(model.tokenizer())
    except CheckpointError:
        return False
