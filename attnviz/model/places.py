"""Where models are: the bundled one, folders, files, the hub, and Ollama."""

import os
from pathlib import Path

from attnviz.errors import InputError, UsageError, brief, one_line
from attnviz.files import open_file, unreadable
from attnviz.model.model import PathOrText

BUNDLED = "tiny"  # the trained model in the package
_GGUF = ".gguf"
_OLLAMA = "ollama:"  # before the name of one of Ollama's models


def find_folder(
    model: PathOrText, revision: str | None = None, *, variant: str | None = None, progress: bool = False
) -> tuple[Path, str]:
    """The folder or file of a model, and its name: a path, the bundled model, one of Ollama's, or one of the hub.

    Raises:
        UsageError: the name is empty, or a revision of a folder is given.
        InputError: neither a folder nor a model on the hub.
    """
    if not str(model).strip():
        raise UsageError("model: the name is empty; expected a model folder, or a model's id")
    if str(model).startswith(_OLLAMA):
        from attnviz.checkpoints.gguf.ollama import find_ollama  # noqa: PLC0415 (start-up time)

        _check_no_revision(str(model), revision)
        return find_ollama(str(model))
    path = Path(model)
    try:
        is_there, is_link = path.exists(), path.is_symlink()
    except OSError as cause:  # a name that is too long
        raise InputError(f"{brief(model)}: {unreadable(cause)}; expected a model folder, or a model's id") from cause
    if is_there or is_link or _is_path(str(model)):  # a link to nothing is not an id
        if not is_there:
            if path.suffix.lower() == _GGUF:
                open_file(path, "expected a GGUF file")  # which says why, and names a file that was meant
            fault = "it is a link to nothing" if is_link else "no such folder"
            raise InputError(
                f"{one_line(model)}: {fault}; expected a model folder, or a model's id",
                hint="of an address give OWNER/NAME alone" if "://" in str(model) else None,
            )
        _check_no_revision(str(model), revision)
        return path, one_line(os.path.basename(os.path.abspath(path)))
    if str(model) == BUNDLED and revision is None:
        return bundled_folder(), BUNDLED
    from attnviz.checkpoints.huggingface.hub import fetch  # noqa: PLC0415 (start-up time)

    return fetch(str(model), revision=revision, variant=variant, progress=progress), one_line(model)


def _check_no_revision(model: str, revision: str | None) -> None:
    if revision is not None:
        kind = "one of Ollama's models" if model.startswith(_OLLAMA) else "a folder"
        raise UsageError(f"revision: {one_line(model)} is {kind}, which has none; expected a model's id")


def bundled_folder() -> Path:
    """The bundled model's folder in the package."""
    return Path(__file__).parents[1] / "bundled" / BUNDLED


def _is_path(model: str) -> bool:
    """Whether a name can only be a path: ids of the hub are ``NAME`` or ``OWNER/NAME``."""
    is_spelled_so = model.startswith((".", "/", "~")) or "\\" in model or model.endswith("/")
    return is_spelled_so or model.count("/") > 1 or model.lower().endswith(_GGUF)
