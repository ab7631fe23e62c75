"""Files that ``torch.save`` wrote before PyTorch 1.6: five pickles, then each storage with its number of numbers."""

from functools import cached_property

import numpy as np

from attnviz.checkpoints.formats.numpy_files import DamageError
from attnviz.checkpoints.formats.pytorch.objects import ByteOrder, Storage
from attnviz.checkpoints.formats.pytorch.pickles import read_pickle
from attnviz.errors import brief

_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001


class LegacyFile:
    """A file of pickles and storages.

    Attributes:
        state: what its fourth pickle describes.
        byte_order: of its numbers, as NumPy writes it; always the same.
    """

    byte_order: ByteOrder = "<"

    def __init__(self, data: np.ndarray):
        self._data = data
        view = data.data
        magic, at, _ = read_pickle(view)
        if magic != _MAGIC:
            raise DamageError("it is a pickle that torch.save did not write, and is not read")
        version, at, _ = read_pickle(view, at)
        if version != _PROTOCOL:  # which may be of any type and depth, and is not printed then
            number = f"version {version}" if type(version) is int and abs(version) < 2**31 else "no known version"
            raise DamageError(f"it is of {number}, and version {_PROTOCOL} is read")
        _, at, _ = read_pickle(view, at)  # the machine's sizes, which play no part in the numbers
        self.state, at, storages = read_pickle(view, at)
        keys, first, _ = read_pickle(view, at)
        if not isinstance(keys, list) or not all(type(key) is str for key in keys) or len(set(keys)) < len(keys):
            raise DamageError("it is damaged (its list of storages)")
        self._keys: list[str] = keys
        self._first, self._storages = first, storages

    @cached_property
    def _starts(self) -> dict[str, int]:
        """Where the numbers of each storage begin, by key; also of those whose tensors are not the model's.

        Raises:
            DamageError: a storage that the pickle does not name, or that has another size there.
        """
        at, starts = self._first, {}
        for key in self._keys:
            if key not in self._storages:
                raise DamageError(f"its pickle does not name its storage {brief(key)}")
            storage = self._storages[key]
            held = int.from_bytes(self._data[at : at + 8].tobytes(), "little", signed=True)
            end = at + 8 + storage.total * storage.itemsize
            if held != storage.total or end > len(self._data):
                raise DamageError(
                    f"it is damaged (its storage {brief(key)} has {storage.total} numbers in the pickle, "
                    f"{held} in the file, and {len(self._data) - at} bytes are left)"
                )
            starts[key] = at + 8
            at = end
        return starts

    def check(self, storage: Storage) -> None:
        """Compares a storage with those of the file.

        Raises:
            DamageError: it is not there.
        """
        if storage.key not in self._starts:
            raise DamageError(f"its storage {brief(storage.key)} is missing")

    def run(self, storage: Storage) -> np.ndarray:
        """A storage's bytes: a part of the mapped file."""
        start = self._starts[storage.key]
        stored: np.ndarray = self._data[start : start + storage.total * storage.itemsize]
        return stored
