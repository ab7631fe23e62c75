"""Matrices of one row, which GGUF files have as vectors."""

from collections.abc import Collection

import numpy as np

from attnviz.checkpoints.formats.tensor_file import TensorFile, View, whole


class OneRowFile:
    """A file's tensors, some of its vectors as matrices of one row.

    Args:
        file: the tensors.
        names: the vectors' names.
    """

    def __init__(self, file: TensorFile, names: Collection[str]):
        self._file, self._names = file, names
        self.format, self.metadata, self.dtypes = file.format, file.metadata, file.dtypes
        self.shapes = {name: (1, *shape) if name in names else shape for name, shape in file.shapes.items()}

    def array(self, name: str, part: View = whole) -> np.ndarray:
        """A tensor, or a part of it."""
        return part(self._file.array(name)[None]) if name in self._names else self._file.array(name, part)

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table."""
        return self._file.array(name)[None][ids] if name in self._names else self._file.rows(name, ids)


def with_rows(file: TensorFile, ending: str) -> TensorFile:
    """A file in which vectors whose names end so are matrices of one row."""
    names = {name for name, shape in file.shapes.items() if name.endswith(ending) and len(shape) == 1}
    return OneRowFile(file, names) if names else file
