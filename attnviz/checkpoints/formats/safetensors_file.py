"""``.safetensors`` files, read by memory map."""

import json
from functools import cached_property
from pathlib import Path

import numpy as np

from attnviz.checkpoints.formats.mapped import give_pages_back, give_rows_back
from attnviz.checkpoints.formats.number_types import READ_TYPES
from attnviz.checkpoints.formats.tensor_file import View, whole
from attnviz.errors import CheckpointError, one_line

_EXPECTED = "expected a .safetensors or .npz file"


class SafetensorsFile:
    """A memory-mapped ``.safetensors`` file, validated by the format's own library."""

    format = "safetensors"

    def __init__(self, path: Path):
        from safetensors import SafetensorError, safe_open  # noqa: PLC0415 (start-up time)

        try:
            with safe_open(path, framework="numpy"):
                pass
        except (SafetensorError, OSError) as error:
            reason = one_line(error).removeprefix("Error while deserializing header: ")[:120]
            raise CheckpointError(f"{one_line(path)}: it is damaged ({reason}); {_EXPECTED}") from error
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = json.loads(file.read(length))
        self.metadata: dict[str, str] = header.pop("__metadata__", None) or {}
        self.shapes: dict[str, tuple[int, ...]] = {name: tuple(entry["shape"]) for name, entry in header.items()}
        self.dtypes: dict[str, str] = {name: entry["dtype"] for name, entry in header.items()}
        self._starts: dict[str, int] = {name: 8 + length + entry["data_offsets"][0] for name, entry in header.items()}
        self._path = path

    @cached_property
    def _bytes(self) -> np.ndarray:
        return np.memmap(self._path, np.uint8, "r")

    def _stored(self, name: str) -> np.ndarray:
        return np.ndarray(self.shapes[name], READ_TYPES[self.dtypes[name]].stored, self._bytes, self._starts[name])

    def array(self, name: str, part: View = whole) -> np.ndarray:
        """A tensor, or a part of it: a view of the file for float32 and float64, a copy for 16-bit floats."""
        stored = self._stored(name)
        widened = READ_TYPES[self.dtypes[name]].widen(part(stored))
        if not np.may_share_memory(widened, stored):
            give_pages_back(self._bytes, self._starts[name], stored.nbytes)
        return widened

    def place(self, name: str) -> int:
        """The byte of the file at which a tensor starts."""
        return self._starts[name]

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table, touching no others."""
        stored = self._stored(name)
        rows = READ_TYPES[self.dtypes[name]].widen(stored[ids])
        give_rows_back(self._bytes, self._starts[name], stored, ids)
        return rows
