"""A Hugging Face model folder: ``config.json``, safetensors, a tokenizer."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from attnviz.checkpoints.digest import begin_digest
from attnviz.checkpoints.file_params import FileParams
from attnviz.checkpoints.formats.shards import ShardedFile
from attnviz.checkpoints.formats.tensor_file import TensorFile, View, misfits, whole
from attnviz.checkpoints.formats.tensors import model_folder_hint, open_tensors
from attnviz.checkpoints.huggingface.family import Family, families, family_types, find_family
from attnviz.checkpoints.huggingface.hints import check_no_adapter, check_plain, save_again
from attnviz.checkpoints.huggingface.known_settings import check_settings, family_of_classes
from attnviz.checkpoints.huggingface.settings import Settings, rope_settings
from attnviz.checkpoints.huggingface.tensor_names import is_unused, other_form, own_names, unknown_prefix
from attnviz.encoder.config.block import Block
from attnviz.encoder.parameters.params import Params
from attnviz.encoder.parameters.shapes import Shape, tensor_shapes
from attnviz.errors import CheckpointError, ConfigError, one_line, some
from attnviz.files import is_special, read_file, utf8

WEIGHTS, INDEX = "model.safetensors", "model.safetensors.index.json"
_PICKLES = ("pytorch_model*.bin", "*.pt", "*.pth", "*.ckpt")
_UNREAD = (*_PICKLES, "*.h5", "*.msgpack", "*.gguf", "*.onnx", "adapter_model.safetensors")


@dataclass(frozen=True, eq=False)
class ModelFolder:
    """What a model folder holds.

    Attributes:
        path: the folder.
        model_type: what ``config.json`` says it is.
        family: the family of that name.
        settings: of ``config.json``.
        config: the block's fields.
        file: its tensors.
        paths: the files they are in.
        params: the same under native names.
        unknown: tensors that are neither used nor known as parts of a head.
        unused: tensors that are known and play no part in attention, or not with the fields that were replaced.
        notes: what ``config.json`` says that may change the numbers and is not computed, one line each.
    """

    path: Path
    model_type: str
    family: Family
    settings: Settings
    config: Block
    file: TensorFile
    paths: tuple[Path, ...]
    params: Params
    unknown: tuple[str, ...]
    unused: tuple[str, ...]
    notes: tuple[str, ...]

    @cached_property
    def sha256(self) -> str:
        """What identifies the weights: see ``begin_digest``."""
        return begin_digest(self.paths, self.file)()


def read_folder(path: Path, overrides: Mapping[str, object] | None = None) -> ModelFolder:
    """Opens a model folder and checks every name and shape before any maths; tensors are read when asked for.

    Args:
        path: the folder.
        overrides: fields that replace those of ``config.json``, such as ``mask``; the tensors must still fit.

    Raises:
        CheckpointError: a file that is missing or damaged, a family that is not known, a setting that is not computed
            here, tensors that are missing or misshapen: all of them in one message.
        ConfigError: overrides that do not fit the folder's fields.
    """
    values = read_settings(path)
    where = one_line(path / "config.json")
    model_type, family = _family(values, where)
    check_plain(where, values)
    settings = family.settings(values, where)
    own, config = _configs(family, settings, overrides or {})
    notes = check_settings(settings, family)
    opened, paths = _open(path, values)
    shapes = tensor_shapes(config)
    sources = family.sources(shapes, config, settings)
    used = {source.name for source in sources.values() if source.name is not None}
    names = own_names(one_line(path), opened, family, used)
    file = RenamedFile(opened, {name: names[name] for name in used if name in names})
    expected = {s.name: s.stored_shape(shapes[name]) for name, s in sources.items() if s.name}
    _check(where, family, file, opened, expected, overrides)
    others = sorted(name for name in names if name not in used)
    usual = {s.name for s in family.sources(tensor_shapes(own), own, settings).values()} if overrides else used
    unused = tuple(name for name in others if name in usual or is_unused(name, family))
    unknown = tuple(names[name] for name in others if name not in unused)
    params = FileParams(file, one_line(path), shapes, sources)
    return ModelFolder(path, model_type, family, settings, config, file, paths, params, unknown, unused, notes)


def _family(values: Mapping[str, Any], where: str) -> tuple[str, Family]:
    """The ``model_type`` and its family; files from before ``model_type`` say it by ``architectures`` alone."""
    model_type = values.get("model_type")
    if model_type is None:
        model_type = family_of_classes(values, families())
    family = find_family(model_type)
    if family is not None:
        return str(model_type), family
    said = "it has no model_type" if model_type is None else f"model_type {one_line(model_type)[:40]!r} is not known"
    raise CheckpointError(
        f"{where}: {said}; expected one of {', '.join(family_types())}",
        hint="attention that another program computed is shown by --attention FILE",
    )


def read_settings(path: Path) -> dict[str, Any]:
    """What a folder's ``config.json`` says.

    Raises:
        CheckpointError: there is none, or it is not a JSON object.
    """
    file = path / "config.json"
    expected = "expected a model folder"
    if not path.is_dir():
        hint = model_folder_hint(path) or "a native file: --weights PATH"
        raise CheckpointError(f"{one_line(path)}: it is a file; {expected}", hint)
    check_no_adapter(path)
    if not file.exists():
        inside = sorted(one_line(found.parent) for found in path.glob("*/config.json"))
        hint = f"{some(inside, 4)}: such a folder" if inside else None
        raise CheckpointError(f"{one_line(path)}: it has no config.json; {expected}", hint)
    for special in sorted(filter(is_special, path.glob("*"))):
        raise CheckpointError(f"{one_line(special)}: it is a device or a pipe; expected a file")
    return read_object(file, "expected the settings of a model")


def read_object(file: Path, expected: str) -> dict[str, Any]:
    """The JSON object that a file holds.

    Raises:
        CheckpointError: it cannot be read, or holds something else.
    """
    text = utf8(read_file(file, expected), one_line(file), expected)
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{one_line(file)}: it is not JSON ({one_line(error)[:80]}); {expected}") from error
    if not isinstance(values, dict):
        raise CheckpointError(f"{one_line(file)}: it is not a JSON object; {expected}")
    return values


class RenamedFile:
    """A file's tensors under other names.

    Args:
        file: the tensors.
        names: theirs, by the new ones.
    """

    def __init__(self, file: TensorFile, names: Mapping[str, str]):
        self._file, self._names = file, names
        self.format, self.metadata = file.format, file.metadata
        self.shapes = {name: file.shapes[theirs] for name, theirs in names.items()}
        self.dtypes = {name: file.dtypes[theirs] for name, theirs in names.items()}

    def array(self, name: str, part: View = whole) -> np.ndarray:
        """A tensor, or a part of it."""
        return self._file.array(self._names[name], part)

    def rows(self, name: str, ids: np.ndarray) -> np.ndarray:
        """Rows of a table."""
        return self._file.rows(self._names[name], ids)


def _configs(family: Family, settings: Settings, overrides: Mapping[str, object]) -> tuple[Block, Block]:
    """The folder's own configuration, and the one with some fields replaced."""
    fields = family.config_fields(settings)
    try:
        own = Block(**fields)
    except (ConfigError, ZeroDivisionError) as error:
        raise CheckpointError(f"{settings.where}: {one_line(error)}") from error
    changed = own.replaced(overrides) if overrides else own
    if changed.n_ctx > own.n_ctx and "dynamic" in rope_settings(settings).values.values():
        raise ConfigError(
            f"n_ctx is {changed.n_ctx}, and beyond {own.n_ctx} dynamic rotary positions change with the text, which "
            f"attnviz does not compute; expected at most {own.n_ctx}"
        )
    return own, changed


def _open(path: Path, settings: Mapping[str, Any]) -> tuple[TensorFile, tuple[Path, ...]]:
    single, index = path / WEIGHTS, path / INDEX
    if single.exists():
        return open_tensors(single), (single,)
    if index.exists():
        sharded = ShardedFile(index)
        return sharded, sharded.paths
    for pattern in _UNREAD:
        for other in sorted(path.glob(pattern))[:1]:
            why = ", a pickle, which could run any program and is never read" if pattern in _PICKLES else ""
            raise CheckpointError(
                f"{one_line(path)}: it has {one_line(other.name)}{why}; expected {WEIGHTS}",
                hint=save_again(str(path), settings),
            )
    raise CheckpointError(f"{one_line(path)}: it has no weights; expected {WEIGHTS}, or shards and their index")


def _check(
    where: str,
    family: Family,
    file: TensorFile,
    opened: TensorFile,
    expected: Mapping[str, Shape],
    overrides: Mapping[str, object] | None,
) -> None:
    """Names everything that is missing or misshapen, and what may be the reason."""
    problems = misfits(file, expected, most=4)
    if not problems:
        return
    form, prefix = other_form(opened.shapes), unknown_prefix(opened.shapes, family)
    if form is not None:
        raise CheckpointError(
            f"{where}: the file holds {form}, which attnviz does not read; expected float32, float16 or bfloat16"
        )
    given = ", ".join(f"{name}={value}" for name, value in (overrides or {}).items())
    hint = f"besides the folder these fields are given: {given}" if given else None
    if prefix is not None:
        shared = f"all names in the file begin with {one_line(prefix)[:60]}"
        hint = f"{shared}, which is not a prefix of {family.name}'s names: save the model without it"
    raise CheckpointError(
        f"{where}: {', '.join(problems)}; expected the tensors of this {family.name} configuration", hint
    )
