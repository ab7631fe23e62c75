"""Tensors to ``.safetensors`` and ``.npz`` files: the same tensors give the same bytes."""

import json
import math
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO

import numpy as np

from attnviz.checkpoints.formats.npz_file import NPZ_TEXTS
from attnviz.checkpoints.formats.number_types import number_type_name
from attnviz.encoder.parameters.params import Params
from attnviz.outputs import write_atomically

_BLOCK_BYTES = 2**25


def write_safetensors(
    path: Path, params: Params, shapes: Mapping[str, tuple[int, ...]], metadata: Mapping[str, str], *, overwrite: bool
) -> None:
    """Writes tensors block by block, as they are made or read; the same tensors give the same bytes.

    Raises:
        OutputError: the file exists already, or cannot be written.
    """
    stored = _stored_type(params, shapes)
    header: dict[str, object] = {"__metadata__": dict(metadata)}
    end = 0
    for name, shape in shapes.items():
        start, end = end, end + math.prod(shape) * stored.itemsize
        header[name] = {"dtype": number_type_name(stored), "shape": shape, "data_offsets": [start, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)

    def write(file: IO[bytes]) -> None:
        file.write(len(text).to_bytes(8, "little") + text)
        for name, shape in shapes.items():
            _write_blocks(file, params, name, shape, stored)

    write_atomically(path, write, overwrite=overwrite)


def write_npz(
    path: Path, params: Params, shapes: Mapping[str, tuple[int, ...]], metadata: Mapping[str, str], *, overwrite: bool
) -> None:
    """Writes tensors as an ``.npz``, block by block and not compressed; the same tensors give the same bytes.

    Raises:
        OutputError: the file exists already, or cannot be written.
    """
    stored = _stored_type(params, shapes)
    texts = {name: np.array(metadata[key]) for name, key in NPZ_TEXTS.items() if key in metadata}

    def write(file: IO[bytes]) -> None:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
            for name, text in texts.items():
                with archive.open(_entry(name, text.nbytes), "w") as member:
                    np.lib.format.write_array(member, text, allow_pickle=False)
            for name, shape in shapes.items():
                with archive.open(_entry(name, math.prod(shape) * stored.itemsize), "w") as member:
                    header = {"descr": stored.newbyteorder("<").str, "fortran_order": False, "shape": shape}
                    np.lib.format.write_array_header_1_0(member, header)
                    _write_blocks(member, params, name, shape, stored)

    write_atomically(path, write, overwrite=overwrite)


WRITERS: Mapping[str, Callable[..., None]] = {".safetensors": write_safetensors, ".npz": write_npz}


def _entry(name: str, size: int) -> zipfile.ZipInfo:
    """A member with a fixed date and no system of origin: the same bytes everywhere."""
    entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
    entry.create_system, entry.file_size = 3, size
    return entry


def _stored_type(params: Params, shapes: Mapping[str, tuple[int, ...]]) -> np.dtype:
    """The type of all parameters, seen at the first."""
    return next(_blocks(params, *next(iter(shapes.items())), most=1)).dtype


def _write_blocks(file: IO[bytes], params: Params, name: str, shape: tuple[int, ...], stored: np.dtype) -> None:
    for block in _blocks(params, name, shape, _BLOCK_BYTES):
        file.write(np.ascontiguousarray(block, stored.newbyteorder("<")).data)


def _blocks(params: Params, name: str, shape: tuple[int, ...], most: int) -> Iterator[np.ndarray]:
    """A tensor in pieces of whole rows, so that a table larger than the memory can be written."""
    if len(shape) == 1:
        yield params[name]
        return
    step = max(1, most // (8 * shape[1]))
    for start in range(0, shape[0], step):
        yield params.rows(name, np.arange(start, min(start + step, shape[0])))
