"""Learned parameters by name: where they come from (a seed, a file) is not the encoder's business."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping

import numpy as np


class Params(Mapping[str, np.ndarray]):
    """Tensors by native name, made or read only when asked for; all of one float type."""

    @abstractmethod
    def __getitem__(self, name: str) -> np.ndarray: ...

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows ``ids`` (n,) of a table (n_rows, width), touching only those: (n, width)."""
        return self[name][ids]

    def at(self, prefix: str) -> "Params":
        """The tensors whose names begin with ``prefix.``, by the rest of their names."""
        return _Scope(self, f"{prefix}.")


class ArrayParams(Params):
    """Parameters that are in memory already."""

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        self._arrays = dict(arrays)

    def __getitem__(self, name: str) -> np.ndarray:
        return self._arrays[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


class _Scope(Params):
    def __init__(self, params: Params, prefix: str):
        self._params, self._prefix = params, prefix

    def __getitem__(self, name: str) -> np.ndarray:
        return self._params[self._prefix + name]

    def __iter__(self) -> Iterator[str]:
        start = len(self._prefix)
        return (name[start:] for name in self._params if name.startswith(self._prefix))

    def __len__(self) -> int:
        return sum(1 for _ in self)
