"""A file of named tensors: what every format of tensors gives, and how a table of contents is checked."""

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from attnviz.checkpoints.formats.number_types import FLOAT_NAMES
from attnviz.errors import LISTED, brief, some

View = Callable[[np.ndarray], np.ndarray]


def whole(stored: np.ndarray) -> np.ndarray:
    """The tensor as it is."""
    return stored


class TensorFile(Protocol):
    """A file of named tensors, which are read when they are asked for.

    A format is one class with these members; ``open_tensors`` says which class reads which file.
    """

    @property
    def format(self) -> str:
        """The format's name, such as ``safetensors``."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """The texts that come with the tensors."""

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Each tensor's shape, by name."""

    @property
    def dtypes(self) -> Mapping[str, str]:
        """Each tensor's number type, by name; those of ``FLOAT_NAMES`` are read as floats."""

    def array(self, name: str, part: View = whole) -> np.ndarray:
        """A tensor, or what ``part`` takes of it: float64 as it is, every other float as float32."""

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table, touching no others where the format allows it."""


class JoinedFile:
    """Tensors of several files as if they were in one; numbers are read only where they are asked for.

    Args:
        file_of: each tensor's file, by name.
        file_format: the name of their format.
    """

    def __init__(self, file_of: Mapping[str, TensorFile], file_format: str):
        self._file_of, self.format = file_of, file_format
        self.metadata: Mapping[str, str] = {}
        self.shapes = {name: file.shapes[name] for name, file in file_of.items()}
        self.dtypes = {name: file.dtypes[name] for name, file in file_of.items()}

    def array(self, name: str, part: View = whole) -> np.ndarray:
        """A tensor, or a part of it, from its file."""
        return self._file_of[name].array(name, part)

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table, from its file."""
        return self._file_of[name].rows(name, ids)


def misfits(file: TensorFile, expected: Mapping[str, tuple[int, ...]], *, most: int = LISTED) -> list[str]:
    """Faults of a file's table of contents: one phrase per kind, with the first ``most`` names."""
    both = [name for name in expected if name in file.shapes]
    dtypes = {name: file.dtypes[name] for name in both}
    problems = {
        "missing": [name for name in expected if name not in file.shapes],
        "unexpected": [brief(name) for name in file.shapes if name not in expected],
        "misshapen": [
            f"{name} is {file.shapes[name]}, not {expected[name]}"
            for name in both
            if file.shapes[name] != expected[name]
        ],
        "of a wrong type": [
            f"{name} is {brief(dtype)}, not a float" for name, dtype in dtypes.items() if dtype not in FLOAT_NAMES
        ],
    }
    return [f"{len(names)} {problem} ({some(names, most)})" for problem, names in problems.items() if names]
