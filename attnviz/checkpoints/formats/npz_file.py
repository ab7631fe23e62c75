"""``.npz`` files of tensors, read a member at a time."""

from pathlib import Path

import numpy as np

from attnviz.checkpoints.formats.number_types import NUMBER_TYPES, number_type_name
from attnviz.checkpoints.formats.numpy_files import DamageError, Npz
from attnviz.checkpoints.formats.tensor_file import View, whole
from attnviz.errors import CheckpointError, brief, one_line

NPZ_TEXTS = {  # its arrays of text, and safetensors' keys
    "config": "attnviz.config",
    "tokenizer": "attnviz.tokenizer",
    "target_tokenizer": "attnviz.target_tokenizer",
    "generation": "attnviz.generation",
}
_EXPECTED = "expected a .safetensors or .npz file"


class NpzFile:
    """An ``.npz`` file, read without pickles; ``config`` and ``tokenizer`` are its texts."""

    format = "npz"

    def __init__(self, path: Path):
        self._where = one_line(path)
        try:
            self._npz = Npz(path)
        except DamageError as error:
            raise CheckpointError(f"{self._where}: {error}; {_EXPECTED}") from error
        headers = dict(self._npz.headers)
        texts = [name for name in NPZ_TEXTS if name in headers and headers.pop(name).dtype.kind == "U"]
        self.metadata = {NPZ_TEXTS[name]: self._text(name) for name in texts}
        self.shapes = {name: header.shape for name, header in headers.items()}
        self.dtypes = {name: number_type_name(header.dtype) for name, header in headers.items()}

    def _read(self, name: str) -> np.ndarray:
        try:
            return self._npz.read(name)
        except DamageError as error:
            raise CheckpointError(f"{self._where}: {error}; {_EXPECTED}") from error

    def _text(self, name: str) -> str:
        array = self._read(name)
        try:
            if array.size != 1:
                raise ValueError(f"{array.size} texts")
            # Not item(), which takes any number for a character.
            return array.astype(array.dtype.newbyteorder("<")).tobytes().decode("utf-32-le").rstrip("\0")
        except ValueError as error:
            raise CheckpointError(f"{self._where}: its {name} is not a text ({brief(error)}); {_EXPECTED}") from error

    def array(self, name: str, part: View = whole) -> np.ndarray:
        """A tensor, or a part of it."""
        return NUMBER_TYPES[self.dtypes[name]].widen(part(self._read(name)))

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table; the format has to read all of it."""
        return NUMBER_TYPES[self.dtypes[name]].widen(self._read(name)[ids])
