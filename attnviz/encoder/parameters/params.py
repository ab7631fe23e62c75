"""Learned parameters by name; the encoder does not know whether they come from a seed or a file."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]  # any shape; its float type is the checkpoint's
DType: TypeAlias = np.dtype[Any]


class Params(Mapping[str, Array]):
    """Tensors by native name, made or read only when asked for; all of one float type."""

    @property
    def seed(self) -> int | None:
        """The seed that the numbers were made from; None for trained weights and arrays."""
        return None

    @abstractmethod
    def __getitem__(self, name: str) -> Array: ...

    def rows(self, name: str, ids: Array) -> Array:
        """Rows ``ids`` (n,) of a table (n_rows, width), touching only those: (n, width)."""
        return self[name][ids]

    def row_major(self) -> "Params":
        """The same for products of many rows, to which matrices (in, out) are quicker row by row in memory.

        By 5 to 9 % with OpenBLAS 0.3.31 and 100 rows or more; what has no such form stays as it is.
        """
        return self

    def column_blocks(self, name: str) -> Iterator[Array] | None:  # noqa: ARG002 (a subclass has some)
        """A matrix (width, m) some columns at a time, each block transposed: (n_columns, width), in order.

        None where the matrix is in memory, or is needed whole. Blocks are to be dropped soon: few are in memory.
        """
        return None

    def at(self, prefix: str) -> "Params":
        """The tensors whose names begin with ``prefix.``, by the rest of their names."""
        return _Scope(self, f"{prefix}.")


class ArrayParams(Params):
    """Parameters in memory."""

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self._arrays = dict(arrays)

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


class _Scope(Params):
    def __init__(self, params: Params, prefix: str) -> None:
        self._params, self._prefix = params, prefix

    def __getitem__(self, name: str) -> Array:
        return self._params[self._prefix + name]

    def column_blocks(self, name: str) -> Iterator[Array] | None:
        return self._params.column_blocks(self._prefix + name)

    def __iter__(self) -> Iterator[str]:
        start = len(self._prefix)
        return (name[start:] for name in self._params if name.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)
