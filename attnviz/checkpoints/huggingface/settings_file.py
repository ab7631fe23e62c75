"""The JSON files of a model folder."""

import json
from pathlib import Path
from typing import Any

from attnviz.checkpoints.formats.magic import check_gguf
from attnviz.checkpoints.formats.tensors import model_folder_hint
from attnviz.checkpoints.huggingface.hints import check_no_adapter
from attnviz.errors import CheckpointError, brief, one_line, some
from attnviz.files import is_special, is_there, read_file, utf8


def read_settings(path: Path) -> dict[str, Any]:
    """The settings of a folder's ``config.json``.

    Raises:
        CheckpointError: there is none, or it is not a JSON object.
    """
    file = path / "config.json"
    expected = "expected a model folder"
    if not path.is_dir():
        if path.suffix.lower() == ".gguf":
            check_gguf(path)
        if is_special(path):
            raise CheckpointError(f"{one_line(path)}: it is a device or a pipe; {expected}")
        hint = model_folder_hint(path) or "a native file: --weights PATH"
        raise CheckpointError(f"{one_line(path)}: it is a file; {expected}", hint)
    check_no_adapter(path)
    if not is_there(file):
        inside = sorted(one_line(found.parent) for found in path.glob("*/config.json"))
        whole = sorted(one_line(found) for found in path.glob("*.gguf"))
        models = f"{some(inside, 4)}: such a folder" if inside else None
        models = f"{some(whole, 4)}: a whole model, which --model takes" if whole else models
        raise CheckpointError(f"{one_line(path)}: it has no config.json; {expected}", models)
    for special in sorted(filter(is_special, path.glob("*"))):
        raise CheckpointError(f"{one_line(special)}: it is a device or a pipe; expected a file")
    return read_object(file, "expected the settings of a model")


def read_object(file: Path, expected: str) -> dict[str, Any]:
    """The JSON object that a file holds.

    Raises:
        CheckpointError: it cannot be read, or holds something else.
    """
    text = utf8(read_file(file, expected), one_line(file), expected)
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{one_line(file)}: it is not JSON ({brief(error)}); {expected}") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{one_line(file)}: it is not a JSON object; {expected}")
    return values
