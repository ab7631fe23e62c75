"""A file of tensors under other names."""

from collections.abc import Mapping

import numpy as np

from attnviz.checkpoints.formats.tensor_file import TensorFile, View, whole


class RenamedFile:
    """A file's tensors under other names.

    Args:
        file: the tensors.
        names: theirs, by the new ones.
    """

    def __init__(self, file: TensorFile, names: Mapping[str, str]):
        self._file, self._names = file, names
        self.format, self.metadata = file.format, file.metadata
        self.shapes = {name: file.shapes[theirs] for name, theirs in names.items()}
        self.dtypes = {name: file.dtypes[theirs] for name, theirs in names.items()}

    def array(self, name: str, part: View = whole) -> np.ndarray:
        """A tensor, or a part of it."""
        return self._file.array(self._names[name], part)

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table."""
        return self._file.rows(self._names[name], ids)
