"""Parameters that are read from a file, under the file's own names and in its own layout."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from attnviz.checkpoints.formats.gguf.block_types import QUANTISED_TYPES
from attnviz.checkpoints.formats.number_types import widest
from attnviz.checkpoints.formats.tensor_file import TensorFile
from attnviz.encoder.parameters.params import Params
from attnviz.encoder.parameters.shapes import Shape
from attnviz.errors import CheckpointError
from attnviz.records import dataclass

_MOST_COPIED = 2**28  # bytes: of a larger model no copies are made to have rows in order
_BLOCK = 2**17  # numbers that fit the processor's cache
_NARROW_TYPES = {"BF16", "F16", *QUANTISED_TYPES}
_MOST_KEPT = 2**30  # bytes: widened copies of a larger model are not kept from one text, or layer, to the next


@dataclass(frozen=True)
class TensorSource:
    """A native tensor's place in a file.

    Attributes:
        name: the file's tensor; None for a tensor that the file does not have.
        transposed: whether it is stored as (out, in), as PyTorch's linear layers are; the native layout is (in, out).
        entry: of a tensor that holds some of the same shape along its first axis, which one, and how many; None for a
            tensor that is one.
        part: of a tensor that holds several side by side along ``out``, the first and the end of its outputs among
            those of one group; None for a tensor that is the native one alone.
        group: how many outputs of all parts a group has.
        groups: how often the parts follow each other.
        order: the stored outputs in the native order, again for each ``len(order)`` of them; empty for the same order.
        blocks: not 0 for a convolution of width 1, (out, in / blocks, 1): so many matrices along a diagonal.
        neighbours: not 0 for a convolution over so many tokens, (out, in / neighbours, neighbours).
        folded: not 0 for a vector that is stored in so many rows.
        first_row: of a table, rows before this one belong to nothing.
        spare_rows: of a table, so many rows at its end are never used.
        others: further tensors of the file, which follow the first one along its only axis.
        added: another tensor of the file, whose first row is added to each row.
        plus: what is added to each number.
        times: what each number is multiplied by.
        computed: for a tensor that the file does not have, what makes it from its shape; None for all 0.
    """

    name: str | None
    transposed: bool = False
    entry: tuple[int, int] | None = None
    part: tuple[int, int] | None = None
    group: int = 0
    groups: int = 1
    order: tuple[int, ...] = ()
    blocks: int = 0
    neighbours: int = 0
    folded: int = 0
    first_row: int = 0
    spare_rows: int = 0
    others: tuple[str, ...] = ()
    added: str | None = None
    plus: float = 0.0
    times: float = 1.0
    computed: Callable[[Shape], np.ndarray] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The file's tensors that it is made from."""
        return tuple(name for name in (self.name, *self.others, self.added) if name is not None)

    def stored_shape(self, shape: Shape) -> Shape:
        """The file tensor's shape, if the native tensor has the given one."""
        if self.transposed:
            shape = shape[::-1]
        sizes = list(shape)
        if self.part is not None:
            sizes[self._out_axis(len(shape))] = self.group * self.groups
        if self.entry is not None:
            return (self.entry[1], *sizes)
        if self.blocks:
            return (sizes[0], sizes[1] // self.blocks, 1)
        if self.neighbours:
            return (sizes[0], sizes[1] // self.neighbours, self.neighbours)
        if self.folded:
            return (self.folded, sizes[0] // self.folded)
        sizes[0] = sizes[0] // (1 + len(self.others)) + self.first_row + self.spare_rows
        return tuple(sizes)

    def view(self, stored: np.ndarray) -> np.ndarray:
        """The native tensor, as a view of the stored one (a copy where parts alternate or outputs change places)."""
        if self.entry is not None:
            stored = stored[self.entry[0]]
        if self.blocks:
            stored = _block_diagonal(stored[..., 0], self.blocks)
        if self.neighbours:
            stored = np.swapaxes(stored, 1, 2).reshape(len(stored), -1)  # (out, neighbours * in)
        if self.folded:
            stored = stored.ravel()
        if self.part is not None or self.order:
            stored = self._native_outputs(stored)
        if self.first_row or self.spare_rows:
            stored = stored[self.first_row : len(stored) - self.spare_rows]
        return stored.T if self.transposed else stored

    def _native_outputs(self, stored: np.ndarray) -> np.ndarray:
        """The outputs that are the native tensor's, in its order."""
        axis = self._out_axis(stored.ndim)
        outputs = np.moveaxis(stored, axis, 0)  # (groups * group, ...)
        each = outputs.shape[1:]
        if self.part is not None:
            start, end = self.part
            outputs = outputs.reshape(self.groups, self.group, *each)[:, start:end].reshape(-1, *each)
        if self.order:
            outputs = outputs.reshape(-1, len(self.order), *each)[:, self.order].reshape(-1, *each)
        return np.moveaxis(outputs, 0, axis)

    def changed(self, array: np.ndarray, dtype: np.dtype[np.floating]) -> np.ndarray:
        """The numbers in a type, multiplied and added to."""
        array = array.astype(dtype, copy=False)
        array = array * dtype.type(self.times) if self.times != 1 else array
        return array + dtype.type(self.plus) if self.plus else array

    def _out_axis(self, n_axes: int) -> int:
        return 0 if self.transposed or n_axes == 1 else 1


def _block_diagonal(matrices: np.ndarray, n: int) -> np.ndarray:
    """Matrices (out, in / n), n below each other, along a diagonal: (out, in), 0 elsewhere."""
    n_out, width = matrices.shape
    whole = np.zeros((n, n_out // n, n, width), matrices.dtype)
    whole[np.arange(n), :, np.arange(n)] = matrices.reshape(n, n_out // n, width)
    return whole.reshape(n_out, n * width)


class FileParams(Params):
    """A file's tensors, each read when it is first asked for, and refused if a number is not finite.

    All are of the widest type in the file: float64 if any tensor is, else float32.

    Args:
        file: the tensors.
        where: what to call it in messages.
        shapes: the native tensors' shapes.
        sources: the place of each of them; by default its own name.
        rows_in_order: whether matrices are copied row by row from files that have them as (out, in).
    """

    def __init__(
        self,
        file: TensorFile,
        where: str,
        shapes: Mapping[str, Shape],
        sources: Mapping[str, TensorSource] | None = None,
        *,
        rows_in_order: bool = False,
    ):
        self._file, self._where, self._shapes = file, where, shapes
        self._sources = sources or {name: TensorSource(name) for name in shapes}
        self._type = widest(file.dtypes.values())
        self._read: dict[str, np.ndarray] = {}
        n_bytes = self._type.itemsize * sum(math.prod(shape) for shape in shapes.values())
        self._keeps, self._may_copy = n_bytes <= _MOST_KEPT, n_bytes <= _MOST_COPIED
        self._rows_in_order = rows_in_order

    def __getitem__(self, name: str) -> np.ndarray:
        if name in self._read:
            return self._read[name]
        source = self._sources[name]
        if source.name is not None:
            array = self._stored(source.name, source)
            _check_finite(array, self._where, source, name)
            if source.others:
                array = np.concatenate([array, *(self._file.array(other) for other in source.others)])
                _check_finite(array, self._where, source, name)
            if source.added is not None:
                array = array + self._file.rows(source.added, np.zeros(1, dtype=np.int64))  # (1, width)
            array = source.changed(array, self._type)
        elif source.computed is not None:
            array = source.computed(self._shapes[name]).astype(self._type)
        else:
            array = np.zeros(self._shapes[name], self._type)
        array.flags.writeable = False
        if self._keeps or self._is_mapped(array):
            self._read[name] = array
        return array

    def _stored(self, name: str, source: TensorSource) -> np.ndarray:
        """A native tensor as the file has it; of blocks of bits only the entry that is asked for becomes numbers."""
        if source.entry is not None and self._file.dtypes[name] in QUANTISED_TYPES:
            entry, _ = source.entry
            return replace(source, entry=None).view(self._file.rows(name, np.array([entry]))[0])
        in_order = (lambda stored: np.ascontiguousarray(source.view(stored))) if self._rows_in_order else source.view
        return self._file.array(name, in_order)

    def row_major(self) -> "FileParams":
        """The same with the rows of matrices in order; of a large model, itself, as the copies would take as much."""
        if not (self._may_copy and any(source.transposed for source in self._sources.values())):
            return self
        return FileParams(self._file, self._where, self._shapes, self._sources, rows_in_order=True)

    def column_blocks(self, name: str) -> Iterator[np.ndarray] | None:
        """See ``Params``: of a model that is not kept, a matrix that the file has transposed, in 16 bits or fewer."""
        source = self._sources[name]
        if self._keeps or source != TensorSource(source.name, transposed=True) or source.name is None:
            return None
        if self._file.dtypes[source.name] not in _NARROW_TYPES or math.prod(self._shapes[name]) <= _BLOCK:
            return None
        return self._blocks(source, name)

    def _blocks(self, source: TensorSource, name: str) -> Iterator[np.ndarray]:
        width, m = self._shapes[name]
        step = max(1, _BLOCK // width)
        for start in range(0, m, step):
            ids = np.arange(start, min(start + step, m))
            block = self._file.rows(str(source.name), ids)
            if not _is_finite(block):
                self[name]  # which names the number
            yield block.astype(self._type, copy=False)

    def __iter__(self) -> Iterator[str]:
        return iter(self._shapes)

    def __len__(self) -> int:
        return len(self._shapes)

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table, without reading the others where the format allows it."""
        source = self._sources[name]
        plain = TensorSource(source.name, first_row=source.first_row, spare_rows=source.spare_rows)
        if name in self._read or source != plain or source.name is None:
            held: np.ndarray = self[name][ids]
            return held
        rows = self._file.rows(source.name, ids + source.first_row)
        _check_finite(rows, self._where, source, name, ids)
        return rows.astype(self._type, copy=False)

    @staticmethod
    def _is_mapped(array: np.ndarray) -> bool:
        """True where the numbers are the file's own pages, which cost no memory to keep."""
        while isinstance(array.base, np.ndarray):
            array = array.base
        return isinstance(array, np.memmap)


def _is_finite(array: np.ndarray) -> bool:
    """True where all numbers are finite; False too where their squares are too large to add up."""
    flat = array.ravel(order="K")
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(flat @ flat))  # which is quicker to know than of each by itself


def _check_finite(
    array: np.ndarray, where: str, source: TensorSource, name: str, ids: np.ndarray | None = None
) -> None:
    """Names the first number that is not finite; ``ids`` are the rows that were read."""
    if _is_finite(array):
        return
    wrong = ~np.isfinite(array)
    if wrong.any():
        place = tuple(int(i) for i in np.argwhere(wrong)[0])
        in_file = place if ids is None else (int(ids[place[0]]), *place[1:])
        value, at = array[place], ", ".join(map(str, in_file))
        origin = "" if source.name == name else f" (of {source.name})"
        raise CheckpointError(f"{where}: {name}[{at}]{origin} is {value}; expected finite numbers")
