"""Tensors of several files as if they were in one."""

from collections.abc import Mapping, Sequence

import numpy as np

from attnviz.checkpoints.formats.tensor_file import TensorFile, View, whole


class JoinedFile:
    """The tensors of files that have none in common."""

    def __init__(self, files: Sequence[TensorFile]):
        self.format = files[0].format
        self.metadata: Mapping[str, str] = files[0].metadata
        self._file_of = {name: file for file in files for name in file.shapes}
        self.shapes = {name: file.shapes[name] for name, file in self._file_of.items()}
        self.dtypes = {name: file.dtypes[name] for name, file in self._file_of.items()}

    def array(self, name: str, part: View = whole) -> np.ndarray:
        """A tensor, or a part of it."""
        return self._file_of[name].array(name, part)

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table."""
        return self._file_of[name].rows(name, ids)
