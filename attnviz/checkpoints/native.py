"""The native checkpoint: a configuration, its tensors by name, perhaps a tokenizer, in one file."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from attnviz.checkpoints.tensors import WRITERS, TensorFile, is_float, open_tensors, size_of
from attnviz.encoder.config import EncoderConfig, check_field_names
from attnviz.encoder.params import Params
from attnviz.encoder.shapes import tensor_shapes
from attnviz.errors import CheckpointError, ConfigError, OutputError, UsageError, one_line

CONFIG_KEY, TOKENIZER_KEY = "attnviz.config", "attnviz.tokenizer"
_MOST_PROBLEMS = 20


class NativeParams(Params):
    """A file's tensors, each read when it is first asked for, and refused if a number is not finite."""

    def __init__(self, file: TensorFile, where: str):
        self._file, self._where = file, where
        self._read: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._read:
            self._read[name] = self._finite(name, self._file.array(name))
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._file.shapes)

    def __len__(self) -> int:
        return len(self._file.shapes)

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table, without reading the others where the format allows it."""
        rows = self._read[name][ids] if name in self._read else self._file.rows(name, ids)
        return self._finite(name, rows)

    def _finite(self, name: str, array: np.ndarray) -> np.ndarray:
        if not np.isfinite(array).all():
            place = [int(i) for i in np.argwhere(~np.isfinite(array))[0]]
            value = array[tuple(place)]
            raise CheckpointError(f"{self._where}: {one_line(name)}{place} is {value}; expected finite numbers")
        return array


@dataclass(frozen=True, eq=False)
class NativeCheckpoint:
    """What a native file holds."""

    path: Path
    config: EncoderConfig
    params: Params
    has_decoder: bool
    tokenizer_json: str | None = None

    @cached_property
    def sha256(self) -> str:
        """The digest of the file's bytes."""
        return file_sha256(self.path)


def read_native(path: Path, overrides: Mapping[str, object] | None = None) -> NativeCheckpoint:
    """Opens a native checkpoint and checks every name and shape before any maths; tensors are read when asked for.

    Args:
        path: a ``.safetensors`` or ``.npz`` file.
        overrides: fields that replace the header's, such as ``mask``; the tensors must still fit.

    Raises:
        CheckpointError: a file that cannot be read, a header that is wrong, or tensors that are missing, unexpected or
            misshapen: all of them in one message.
        ConfigError: overrides that do not fit the header's fields.
    """
    where, file = one_line(path), open_tensors(path)
    config = _config(where, file, overrides or {})
    has_decoder = any(name.startswith("decoder.") for name in file.shapes)
    problems = _problems(file, tensor_shapes(config, decoder=has_decoder))
    if problems:
        more = f", and {len(problems) - _MOST_PROBLEMS} more" if len(problems) > _MOST_PROBLEMS else ""
        given = ", ".join(f"{name}={value}" for name, value in (overrides or {}).items())
        raise CheckpointError(
            f"{where}: {', '.join(problems[:_MOST_PROBLEMS])}{more}; expected the tensors of its configuration",
            hint=f"fields given besides the file: {given}" if given else None,
        )
    return NativeCheckpoint(path, config, NativeParams(file, where), has_decoder, file.metadata.get(TOKENIZER_KEY))


def _config(where: str, file: TensorFile, overrides: Mapping[str, object]) -> EncoderConfig:
    fields = _header_fields(where, file)
    try:
        check_field_names(fields, "header")
        EncoderConfig(**fields)
    except ConfigError as error:
        raise CheckpointError(f"{where}: {error}") from error
    return EncoderConfig(**_merged(fields, overrides))


def _merged(fields: Mapping[str, object], overrides: Mapping[str, object]) -> dict[str, object]:
    """The header's fields with the overrides; a window that no longer has a mask goes with it."""
    merged = {**fields, **overrides}
    if overrides.get("mask") == "none" and "window" not in overrides:
        merged["window"] = None
    return merged


def _header_fields(where: str, file: TensorFile) -> dict[str, object]:
    if CONFIG_KEY not in file.metadata:
        raise CheckpointError(
            f"{where}: it has no {CONFIG_KEY} in its header; expected attnviz's native format",
            hint="attnviz weights init writes one",
        )
    try:
        fields = json.loads(file.metadata[CONFIG_KEY])
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"{where}: its {CONFIG_KEY} is not JSON ({one_line(error)}); expected an object"
        ) from error
    if not isinstance(fields, dict):
        raise CheckpointError(f"{where}: its {CONFIG_KEY} is not a JSON object; expected fields of the block")
    return fields


def _problems(file: TensorFile, expected: Mapping[str, tuple[int, ...]]) -> list[str]:
    problems = [f"missing {name}" for name in expected if name not in file.shapes]
    problems += [f"unexpected {one_line(name)}" for name in file.shapes if name not in expected]
    for name, shape in expected.items():
        if name in file.shapes and file.shapes[name] != shape:
            problems.append(f"misshapen {name}: {file.shapes[name]}, not {shape}")
        elif name in file.shapes and not is_float(file.dtypes[name]):
            problems.append(f"{name} of type {one_line(file.dtypes[name])}, no float of 16, 32 or 64 bits")
    return problems


class _InOrder(Mapping[str, np.ndarray]):
    """Tensors in the table of contents' order, each made when it is written."""

    def __init__(self, params: Params, names: Mapping[str, object]):
        self._params, self._names = params, names

    def __getitem__(self, name: str) -> np.ndarray:
        return self._params[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def write_native(
    path: Path,
    config: EncoderConfig,
    params: Params,
    *,
    decoder: bool = False,
    tokenizer_json: str | None = None,
    overwrite: bool = False,
) -> None:
    """Writes a native checkpoint, in the format that the name asks for.

    Raises:
        UsageError: the name ends in neither ``.safetensors`` nor ``.npz``.
        OutputError: the file exists already, cannot be written, or would not fit the disk.
    """
    where = one_line(path)
    if path.suffix not in WRITERS:
        raise UsageError(f"{where}: the name ends in {path.suffix!r}; expected .safetensors or .npz")
    shapes = tensor_shapes(config, decoder=decoder)
    needed = 4 * sum(int(np.prod(shape, dtype=object)) for shape in shapes.values())
    folder = path.absolute().parent
    if folder.is_dir() and shutil.disk_usage(folder).free < needed:
        raise OutputError(f"{where}: it needs {needed / 1e9:.1f} GB, more than is free; expected room on the disk")
    metadata = {CONFIG_KEY: json.dumps(config.as_dict())}
    if tokenizer_json is not None:
        metadata[TOKENIZER_KEY] = tokenizer_json
    WRITERS[path.suffix](path, _InOrder(params, shapes), metadata, overwrite=overwrite)


@dataclass(frozen=True, eq=False)
class TensorInfo:
    """One tensor as ``weights info`` lists it."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    bytes: int


@dataclass(frozen=True, eq=False)
class WeightsInfo:
    """What ``weights info`` says of a file."""

    path: str
    format: str
    bytes: int
    sha256: str
    config: Mapping[str, object]
    tensors: tuple[TensorInfo, ...]
    n_parameters: int
    tokenizer: bool
    decoder: bool

    def as_dict(self) -> dict[str, object]:
        """The same, ready for JSON."""
        return {**vars(self), "tensors": [vars(tensor) for tensor in self.tensors]}


def describe(path: Path) -> WeightsInfo:
    """A native file's configuration, tensors, sizes, number types and digest.

    Raises:
        CheckpointError: as ``read_native`` does; numbers are not read, so that NaN goes unnoticed.
    """
    native, file = read_native(path), open_tensors(path)
    counts = {name: int(np.prod(shape)) for name, shape in file.shapes.items()}
    tensors = tuple(
        TensorInfo(name, shape, file.dtypes[name], counts[name] * size_of(file.dtypes[name]))
        for name, shape in file.shapes.items()
    )
    return WeightsInfo(
        path=str(path),
        format=file.format,
        bytes=path.stat().st_size,
        sha256=native.sha256,
        config=native.config.as_dict(),
        tensors=tensors,
        n_parameters=sum(counts.values()),
        tokenizer=native.tokenizer_json is not None,
        decoder=native.has_decoder,
    )


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
