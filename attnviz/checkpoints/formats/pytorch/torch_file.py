"""Files of ``torch.save`` as files of named tensors, read by memory map."""

from pathlib import Path

import numpy as np

from attnviz.checkpoints.formats.magic import ZIP_MAGICS
from attnviz.checkpoints.formats.number_types import READ_TYPES
from attnviz.checkpoints.formats.numpy_files import DamageError
from attnviz.checkpoints.formats.pytorch.archive import TorchArchive
from attnviz.checkpoints.formats.pytorch.legacy import LegacyFile
from attnviz.checkpoints.formats.pytorch.objects import Storage, StoredTensor
from attnviz.checkpoints.formats.tensor_file import View, whole
from attnviz.errors import CheckpointError, brief, one_line

_EXPECTED = "expected a file of tensors, as torch.save(model.state_dict(), FILE) writes it"
_WRAPPERS = ("state_dict", "model_state_dict", "model")  # the tensors' place in a file of a training run


class TorchFile:
    """A file of ``torch.save``, memory-mapped; each size, stride and offset is checked when it is opened.

    Raises:
        CheckpointError: it is damaged, or holds more than tensors.
    """

    format = "pytorch"

    def __init__(self, path: Path):
        self._where = one_line(path)
        try:
            data = np.memmap(path, np.uint8, "r")
            is_archive = data[:4].tobytes() in ZIP_MAGICS
            self._content = TorchArchive(path, data) if is_archive else LegacyFile(data)
            self._tensors = _tensors(self._content.state)
            self._check_storages()
        except (OSError, ValueError) as error:
            clause = str(error) if isinstance(error, DamageError) else f"it is damaged ({brief(error)})"
            raise CheckpointError(f"{self._where}: {clause}; {_EXPECTED}") from error
        self.metadata: dict[str, str] = {}
        self.shapes = {name: tensor.shape for name, tensor in self._tensors.items()}
        self.dtypes = {name: tensor.storage.kind for name, tensor in self._tensors.items()}

    def _check_storages(self) -> None:
        storages: dict[str, Storage] = {}
        for tensor in self._tensors.values():
            storages[tensor.storage.key] = tensor.storage
        for storage in storages.values():
            self._content.check(storage)

    def _stored(self, name: str) -> np.ndarray:
        tensor = self._tensors[name]
        storage = tensor.storage
        dtype = READ_TYPES[storage.kind].stored.newbyteorder(self._content.byte_order)
        try:
            if 0 in tensor.shape:
                return np.empty(tensor.shape, dtype)
            run = self._content.run(storage)
            steps = tuple(stride * storage.itemsize for stride in tensor.strides)
            stored = np.ndarray(tensor.shape, dtype, run, tensor.start * storage.itemsize, steps)
        except (ValueError, MemoryError) as error:
            clause = str(error) if isinstance(error, DamageError) else f"it is damaged ({brief(error)})"
            raise CheckpointError(f"{self._where}: {clause}; {_EXPECTED}") from error
        stored.flags.writeable = False
        return stored

    def array(self, name: str, part: View = whole) -> np.ndarray:
        """A tensor, or a part of it: a view of the file where it stores aligned float32 or float64."""
        widened = READ_TYPES[self.dtypes[name]].widen(part(self._stored(name)))
        return widened if widened.flags.aligned else widened.copy()  # products of numbers between words are slow

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table, touching no others."""
        return READ_TYPES[self.dtypes[name]].widen(self._stored(name)[ids])


def _tensors(state: object) -> dict[str, StoredTensor]:
    """The tensors of a dictionary by name, which a training run may keep in another one."""
    if not isinstance(state, dict):
        raise DamageError("it does not hold named tensors")
    inner = next((state[name] for name in _WRAPPERS if isinstance(state.get(name), dict)), None)
    named = state if inner is None else inner
    tensors = {name: value for name, value in named.items() if isinstance(value, StoredTensor)}
    if not tensors:
        raise DamageError("it does not hold named tensors")
    if not all(isinstance(name, str) for name in tensors):
        raise DamageError("it holds tensors whose names are not texts")
    return tensors
