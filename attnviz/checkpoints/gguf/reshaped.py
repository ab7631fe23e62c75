"""Tensors that GGUF files have with other axes: vectors for matrices of one row, and a matrix for each head."""

from collections.abc import Callable, Mapping

import numpy as np

from attnviz.checkpoints.formats.tensor_file import TensorFile, View, whole
from attnviz.encoder.parameters.shapes import Shape
from attnviz.records import dataclass


@dataclass(frozen=True)
class Reshaping:
    """What gives a tensor the axes that its family has.

    Attributes:
        n_axes: how many the file's tensor has, where something is to be done.
        shape: the family's shape, of the file's.
        change: the family's tensor, of the file's.
    """

    n_axes: int
    shape: Callable[[Shape], Shape]
    change: Callable[[np.ndarray], np.ndarray]


def _turned(array: np.ndarray) -> np.ndarray:
    turned: np.ndarray = array.swapaxes(1, 2).reshape(-1, array.shape[1])
    return turned


# By the end of a name.
RESHAPED: Mapping[str, Reshaping] = {
    "ffn_gate_inp_shexp.weight": Reshaping(1, lambda shape: (1, *shape), lambda array: array[None]),
    # (heads, in, out), and (heads, out, in)
    "attn_k_b.weight": Reshaping(3, lambda shape: (shape[0] * shape[2], shape[1]), _turned),
    "attn_v_b.weight": Reshaping(
        3, lambda shape: (shape[0] * shape[1], shape[2]), lambda array: array.reshape(-1, array.shape[2])
    ),
}


class ReshapedFile:
    """A file's tensors, some of them with other axes.

    Args:
        file: the tensors.
        reshapings: by name.
    """

    def __init__(self, file: TensorFile, reshapings: Mapping[str, Reshaping]):
        self._file, self._reshapings = file, reshapings
        self.format, self.metadata, self.dtypes = file.format, file.metadata, file.dtypes
        changed = {name: one.shape(file.shapes[name]) for name, one in reshapings.items()}
        self.shapes = {**file.shapes, **changed}

    def array(self, name: str, part: View = whole) -> np.ndarray:
        """A tensor, or a part of it."""
        reshaping = self._reshapings.get(name)
        return self._file.array(name, part) if reshaping is None else part(reshaping.change(self._file.array(name)))

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table."""
        return self._file.rows(name, ids) if name not in self._reshapings else self.array(name)[ids]


def reshaped(file: TensorFile) -> TensorFile:
    """A file whose tensors have the axes of their families."""
    found = {
        name: one
        for name, shape in file.shapes.items()
        for ending, one in RESHAPED.items()
        if name.endswith(ending) and len(shape) == one.n_axes
    }
    return ReshapedFile(file, found) if found else file
