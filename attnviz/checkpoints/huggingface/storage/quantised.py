"""Weights of 8 bits and their scales, as the numbers that they stand for: ``weight * weight_scale``."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from attnviz.checkpoints.formats.number_types import READ_TYPES
from attnviz.checkpoints.formats.tensor_file import TensorFile, View, whole
from attnviz.errors import CheckpointError, brief

_SCALES = ("_scale", "_scale_inv")  # after a tensor's name; both are factors
_ZERO = "_zero_point"  # what stands for 0, where that is not 0
_OTHERS = (
    ".input_scale",
    ".input_scale_ub",
    ".input_zero_point",
    ".output_scale",
    ".k_scale",
    ".v_scale",
    ".q_scale",
)  # of activations, which stay float32 here
_QUANTISED = ("I8", "F8_E4M3", "F8_E5M2")


class DequantisedFile:
    """A file's tensors, with each that has a scale multiplied by it when it is read.

    Args:
        file: the tensors.
        where: what to call it in messages.
        block: the rows and columns that have a scale together; None where the scales' shapes say it.

    Raises:
        CheckpointError: scales that do not fit their tensor, or of a type that is not read.
    """

    def __init__(self, file: TensorFile, where: str, block: tuple[int, int] | None):
        self._file, self._where, self._block = file, where, block
        self._scale = {name: f"{name}{end}" for name in file.shapes for end in _SCALES if f"{name}{end}" in file.shapes}
        self._scale = {name: scale for name, scale in self._scale.items() if file.dtypes[name] in _QUANTISED}
        zeros = {f"{name}{_ZERO}" for name in self._scale}
        hidden = {*self._scale.values(), *zeros, *(name for name in file.shapes if name.endswith(_OTHERS))}
        self.format, self.metadata = file.format, file.metadata
        self.shapes = {name: shape for name, shape in file.shapes.items() if name not in hidden}
        self.dtypes = {name: "F32" if name in self._scale else file.dtypes[name] for name in self.shapes}
        for name, scale in self._scale.items():
            self._repeats(name)
            for factor in (scale, f"{name}{_ZERO}"):
                self._check_type(factor)

    def _check_type(self, factor: str) -> None:
        dtype = self._file.dtypes.get(factor)
        if dtype is not None and dtype not in READ_TYPES:
            raise CheckpointError(
                f"{self._where}: {brief(factor)} is {brief(dtype)}; expected floats or int8 of a scale"
            )

    @property
    def kinds(self) -> tuple[str, ...]:
        """The number types of the tensors that have scales, in words."""
        words = {"I8": "int8", "F8_E4M3": "fp8", "F8_E5M2": "fp8"}
        return tuple(sorted({words[self._file.dtypes[name]] for name in self._scale}))

    def array(self, name: str, part: View = whole) -> np.ndarray:
        """A tensor, or a part of it."""
        if name not in self._scale:
            return self._file.array(name, part)
        return part(self._scaled(name, self._file.array(name), None))

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table."""
        rows = self._file.rows(name, ids)
        return rows if name not in self._scale else self._scaled(name, rows, ids)

    def _scaled(self, name: str, numbers: np.ndarray, ids: np.ndarray | None) -> np.ndarray:
        zero = f"{name}{_ZERO}"
        if zero in self._file.shapes:
            numbers = numbers - self._spread(name, zero, ids)
        scaled: np.ndarray = numbers * self._spread(name, self._scale[name], ids)
        return scaled.astype(np.float32, copy=False)

    def _spread(self, name: str, factor: str, ids: np.ndarray | None) -> np.ndarray:
        """Scales, or zero points, repeated to the shape of their tensor, or of some of its rows."""
        repeats = self._repeats(name)
        values = self._file.array(factor).reshape(self._scale_shape(name))
        for axis, times in enumerate(repeats):
            values = np.repeat(values, times, axis) if values.shape[axis] > 1 and times > 1 else values
            values = np.take(values, range(min(values.shape[axis], self._file.shapes[name][axis])), axis)
        return values[ids] if ids is not None and values.shape[0] > 1 else values

    def _scale_shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor's scales, with as many axes as the tensor: one for all, one a row, blocks."""
        shape, n_axes = self._file.shapes[self._scale[name]], len(self._file.shapes[name])
        if math.prod(shape) == 1:
            return (1,) * n_axes
        return (*shape, *(1,) * (n_axes - len(shape)))

    def _repeats(self, name: str) -> tuple[int, ...]:
        """How many rows, columns, ... of a tensor share a scale."""
        sizes, scales = self._file.shapes[name], self._scale_shape(name)
        fits = len(scales) == len(sizes)
        repeats = []
        for axis, (size, n) in enumerate(zip(sizes, scales, strict=False)):
            given = self._block[axis] if self._block is not None and axis < 2 and len(sizes) == 2 else 0
            step = given if given and n == math.ceil(size / given) else -(-size // n) if n else 0
            fits = fits and (n == 1 or (n > 0 and math.ceil(size / step) == n and (step == given or size % n == 0)))
            repeats.append(step)
        zero = f"{name}{_ZERO}"
        if zero in self._file.shapes and math.prod(self._file.shapes[zero]) != math.prod(scales):
            fits = False
        if not fits:
            shape = self._file.shapes[self._scale[name]]
            raise CheckpointError(
                f"{self._where}: the scales of {brief(name)} are {shape}, and it is {sizes}; "
                "expected one for all, one for each row, or one for each block"
            )
        return tuple(repeats)


def dequantised(file: TensorFile, where: str, settings: Mapping[str, Any]) -> tuple[TensorFile, tuple[str, ...]]:
    """A file whose int8 and fp8 tensors are multiplied by their scales, with a note that says so.

    Args:
        file: the tensors.
        where: the folder, for messages.
        settings: of its ``config.json``.

    Raises:
        CheckpointError: scales that do not fit their tensor.
    """
    if not any(dtype in _QUANTISED for dtype in file.dtypes.values()):
        return file, ()
    scaled = DequantisedFile(file, where, _block(settings))
    if not scaled.kinds:
        return file, ()
    kinds = " and ".join(scaled.kinds)
    return scaled, (f"its weights are {kinds} with scales: they are multiplied, and activations are not rounded",)


def _block(settings: Mapping[str, Any]) -> tuple[int, int] | None:
    quantised = settings.get("quantization_config")
    sizes = quantised.get("weight_block_size") if isinstance(quantised, dict) else None
    if isinstance(sizes, list) and len(sizes) == 2 and all(type(size) is int and size > 0 for size in sizes):
        return sizes[0], sizes[1]
    return None
