"""The tensors of a GGUF file, each read when it is asked for.

Blocks of a few bits each become numbers by ``dequantised``, those of rarer types by the ``gguf`` package.
"""

from collections.abc import Callable, Mapping
from functools import cache, cached_property
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from attnviz.checkpoints.formats.gguf.block_types import QUANTISED_TYPES
from attnviz.checkpoints.formats.gguf.dequantised import DEQUANTISERS
from attnviz.checkpoints.formats.gguf.header import GgufHeader
from attnviz.checkpoints.formats.mapped import give_pages_back, give_rows_back
from attnviz.checkpoints.formats.number_types import NUMBER_TYPES
from attnviz.checkpoints.formats.tensor_file import View, whole
from attnviz.errors import CheckpointError, one_line

_MOST_AT_ONCE = 2**18  # numbers


class GgufFile:
    """The tensors of one GGUF file.

    Args:
        path: the file.
        header: of it.

    Raises:
        CheckpointError: it has blocks that the ``gguf`` package reads, which is not installed.
    """

    format = "gguf"

    def __init__(self, path: Path, header: GgufHeader):
        self._path, self._tensors = path, header.tensors
        self.metadata: Mapping[str, str] = {}
        self.shapes = {name: entry.shape for name, entry in header.tensors.items()}
        self.dtypes = {name: entry.type.name for name, entry in header.tensors.items()}
        kinds = sorted(set(self.dtypes.values()) & set(QUANTISED_TYPES) - set(DEQUANTISERS))
        if kinds and find_spec("gguf") is None:
            raise CheckpointError(
                f"{one_line(path)}: its weights are {', '.join(kinds)}, which the gguf package reads; expected it",
                hint="pip install 'attnviz[gguf]'",
            )

    @cached_property
    def _bytes(self) -> np.ndarray:
        return np.memmap(self._path, np.uint8, "r")

    def array(self, name: str, part: View = whole) -> np.ndarray:
        """A tensor, or a part of it: a view of the file for float32, a copy for all else."""
        shape, kind, stored = self.shapes[name], self.dtypes[name], self._stored(name)
        if kind in QUANTISED_TYPES:
            read = part(_numbers(stored, kind).reshape(shape))
        else:
            read = NUMBER_TYPES[kind].widen(part(stored))
        if not np.may_share_memory(read, stored):
            give_pages_back(self._bytes, self._tensors[name].start, stored.nbytes)
        return read

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Entries along a tensor's first axis, touching no others."""
        shape, kind = self.shapes[name], self.dtypes[name]
        every = self._stored(name)
        stored = every[ids]
        give_rows_back(self._bytes, self._tensors[name].start, every, ids)
        if kind not in QUANTISED_TYPES:
            return NUMBER_TYPES[kind].widen(stored)
        return _numbers(stored, kind).reshape(len(ids), *shape[1:])

    def _stored(self, name: str) -> np.ndarray:
        """A tensor's numbers; of blocks their bytes, a row of numbers in a row of bytes."""
        entry = self._tensors[name]
        if entry.type.name not in QUANTISED_TYPES:
            return np.ndarray(entry.shape, NUMBER_TYPES[entry.type.name].stored, self._bytes, entry.start)
        width = entry.type.size_of(entry.shape[-1])
        return np.ndarray((*entry.shape[:-1], width), np.uint8, self._bytes, entry.start)


def _numbers(stored: np.ndarray, kind: str) -> np.ndarray:
    """The numbers of blocks, in one row; some blocks at a time, as what fits the processor's cache is much quicker."""
    block, numbers_of = QUANTISED_TYPES[kind], _dequantiser(kind)
    blocks = np.ascontiguousarray(stored).reshape(-1, block.bytes)
    numbers = np.empty(len(blocks) * block.numbers, np.float32)
    step = max(1, _MOST_AT_ONCE // block.numbers)
    with np.errstate(all="ignore"):  # of a damaged file; numbers that are not finite are refused later
        for start in range(0, len(blocks), step):
            some = blocks[start : start + step]
            numbers[start * block.numbers :][: step * block.numbers] = numbers_of(some).ravel()
    return numbers


@cache
def _dequantiser(kind: str) -> Callable[[np.ndarray], np.ndarray]:
    """What turns blocks, uint8 (n, bytes), into float32."""
    if kind in DEQUANTISERS:
        return DEQUANTISERS[kind]
    from gguf import GGMLQuantizationType, dequantize  # noqa: PLC0415 (an extra, and start-up time)

    code = GGMLQuantizationType(QUANTISED_TYPES[kind].code)

    def numbers(blocks: np.ndarray) -> np.ndarray:
        dequantised: np.ndarray = dequantize(blocks.reshape(1, -1), code)
        return dequantised

    return numbers
