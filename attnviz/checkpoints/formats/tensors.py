"""Opens a file of tensors by its content, whatever its format."""

import os
from pathlib import Path

from attnviz.checkpoints.formats.magic import GGUF, ZIP_MAGICS, open_lasting
from attnviz.checkpoints.formats.safetensors_file import SafetensorsFile
from attnviz.checkpoints.formats.tensor_file import TensorFile
from attnviz.errors import CheckpointError, one_line

_EXPECTED = "expected a .safetensors or .npz file"
_PICKLES = tuple(bytes([0x80, protocol]) for protocol in range(2, 6))
_TORCH_MARK = b"l\xfc\x9cF\xf9 j\xa8P\x19."  # the end of a first pickle by torch.save


def open_tensors(path: Path) -> TensorFile:
    """Opens a file of tensors; its content, not its name, says which format it has.

    Raises:
        CheckpointError: it is missing, a folder, empty, truncated, or of another format.
    """
    where = one_line(path)
    with open_lasting(path, _EXPECTED) as file:
        start = file.read(32)
    if start[8:9] == b"{":
        return SafetensorsFile(path)
    if start.startswith(ZIP_MAGICS):
        return _open_archive(path)
    if start.startswith(_PICKLES) and _TORCH_MARK in start:
        from attnviz.checkpoints.formats.pytorch.torch_file import TorchFile  # noqa: PLC0415 (start-up time)

        return TorchFile(path)
    if start.startswith(_PICKLES):
        raise CheckpointError(f"{where}: it is a pickle, which could run any program and is never read; {_EXPECTED}")
    if start.startswith(GGUF):
        raise CheckpointError(
            f"{where}: it is a GGUF file; {_EXPECTED}", hint="a GGUF file is a whole model: --model FILE"
        )
    raise CheckpointError(f"{where}: unknown format; {_EXPECTED}")


def _open_archive(path: Path) -> TensorFile:
    """Opens a zip archive: one of PyTorch's, or arrays of NumPy."""
    from attnviz.checkpoints.formats.pytorch.archive import is_torch_archive  # noqa: PLC0415 (start-up time)

    if is_torch_archive(path):
        from attnviz.checkpoints.formats.pytorch.torch_file import TorchFile  # noqa: PLC0415 (start-up time)

        return TorchFile(path)
    from attnviz.checkpoints.formats.npz_file import NpzFile  # noqa: PLC0415 (start-up time)

    return NpzFile(path)


def model_folder_hint(path: Path) -> str | None:
    """A hint at the commands that read the model folder at or around a path; None where it is not a model folder."""
    folder = path if os.path.isdir(path) else path.parent
    if not (folder / "config.json").is_file():
        return None
    return f"{one_line(folder)} is a model folder: --model, attnviz models and attnviz weights convert take it"
