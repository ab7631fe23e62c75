"""A model as a native file."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.errors import InputError
from attnviz.model.model import Model, PathOrText
from attnviz.text.tokenizer import Tokenizer

if TYPE_CHECKING:
    from attnviz.checkpoints.formats.native_head import WrittenHead


def save(model: Model, path: PathOrText, *, decoder: bool | None = None, overwrite: bool = False) -> None:
    """Writes a model to a native file, which ``load`` reads.

    Args:
        model: what ``load`` gave.
        path: the file; its ending, ``.safetensors`` or ``.npz``, says which format it has.
        decoder: whether to write a decoder; by default where the model has one.
        overwrite: replace a file of this name.

    Raises:
        UsageError: the name has another ending.
        OutputError: the file exists already, cannot be written, or would not fit the disk.
    """
    from attnviz.checkpoints.formats.native import write_native  # noqa: PLC0415 (start-up time: few commands write)

    writes_decoder = model.has_decoder if decoder is None else decoder
    target = model.target_tokenizer if writes_decoder else model.tokenizer
    write_native(
        Path(path),
        model.config,
        model.params,
        decoder=writes_decoder,
        tokenizer_json=_as_json(model.tokenizer),
        target_tokenizer_json=None if target is model.tokenizer else _as_json(target),
        head=_written_head(model),
        overwrite=overwrite,
    )


def _written_head(model: Model) -> "WrittenHead | None":
    """What a native file keeps of generation; None of random weights, which write with their table of tokens.

    A model whose files do not have its head cannot write, and neither can its copy.
    """
    if model.params.seed is not None:
        return None
    from attnviz.checkpoints.formats.native_head import WrittenHead  # noqa: PLC0415 (start-up time: few commands write)

    try:
        head = None if model.unembedding is None else model.unembedding()
    except InputError:
        head = None
    return WrittenHead(head) if model.generation is None else WrittenHead(head, model.generation().rules)


def _as_json(tokenizer: Tokenizer) -> str | None:
    """What a native file keeps of a tokenizer; None where it cannot keep it."""
    as_json: Callable[[], str] | None = getattr(tokenizer, "as_json", None)
    return None if as_json is None else as_json()
