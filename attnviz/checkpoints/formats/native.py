"""The native checkpoint: one file with a configuration, its tensors by name, and a tokenizer if it has one."""

import json
import math
import os
import shutil
from collections.abc import Mapping
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import orjson

from attnviz.checkpoints.checkpoint import Checkpoint
from attnviz.checkpoints.file_params import FileParams
from attnviz.checkpoints.formats.native_head import GENERATION_KEY, WithHead, WrittenHead, head_shapes, read_head
from attnviz.checkpoints.formats.number_types import NUMBER_TYPES
from attnviz.checkpoints.formats.pytorch.torch_file import TorchFile
from attnviz.checkpoints.formats.tensor_file import TensorFile, misfits
from attnviz.checkpoints.formats.tensors import model_folder_hint, open_tensors
from attnviz.checkpoints.formats.writers import WRITERS
from attnviz.encoder.config.block import Block
from attnviz.encoder.config.given import Given, check_field_names
from attnviz.encoder.parameters.params import Params
from attnviz.encoder.parameters.seeded import is_seeded
from attnviz.encoder.parameters.shapes import Shape, tensor_shapes
from attnviz.errors import CheckpointError, ConfigError, OutputError, UsageError, brief, one_line
from attnviz.memory import in_bytes
from attnviz.records import dataclass
from attnviz.text.language_names import Languages, check_no_languages
from attnviz.text.languages import BothModes
from attnviz.text.pretrained import PretrainedTokenizer, pretrained_tokenizer

CONFIG_KEY, TOKENIZER_KEY = "attnviz.config", "attnviz.tokenizer"
TARGET_TOKENIZER_KEY = "attnviz.target_tokenizer"  # of target texts, where it is another one


class NativeParams(FileParams):
    """A native file's tensors, with the seed that its header names where the numbers bear it out."""

    def __init__(self, file: TensorFile, where: str, config: Block, named_seed: int) -> None:
        super().__init__(file, where, file.shapes)
        self._config, self._named_seed = config, named_seed

    @cached_property
    def seed(self) -> int | None:
        """The seed that the numbers were made from; None for trained weights."""
        return self._named_seed if is_seeded(self, self._config, self._named_seed) else None


def read_native(path: Path, overrides: Mapping[str, object] | None = None) -> Checkpoint:
    """Opens a native checkpoint and checks every name and shape before any maths; tensors are read when asked for.

    Args:
        path: a ``.safetensors`` or ``.npz`` file.
        overrides: fields that replace the header's, such as ``mask``; the tensors must still fit.

    Raises:
        CheckpointError: a file that cannot be read, a header that is wrong, or tensors that are missing, unexpected or
            misshapen: all of them in one message.
        ConfigError: overrides that do not fit the header's fields.
    """
    where = one_line(path)
    if os.path.isdir(path) and (hint := model_folder_hint(path)):
        raise CheckpointError(f"{where}: it is a folder; expected a .safetensors or .npz file", hint)
    file = open_tensors(path)
    config, seed = _config(path, file, overrides or {})
    has_decoder = any(name.startswith("decoder.") for name in file.shapes)
    given = ", ".join(f"{name}={value}" for name, value in (overrides or {}).items())
    hint = f"besides the file these fields are given: {given}" if given else None
    n_layers = max(config.n_layers, config.decoder.n_layers)
    if n_layers > len(file.shapes):  # before a table of contents of a billion layers is made
        raise CheckpointError(
            f"{where}: n_layers is {n_layers}, and it has {len(file.shapes)} tensors; "
            "expected the tensors of its configuration",
            hint,
        )
    shapes = tensor_shapes(config, decoder=has_decoder) | head_shapes(config, file.shapes)
    problems = misfits(file, shapes)
    if problems:
        raise CheckpointError(f"{where}: {', '.join(problems)}; expected the tensors of its configuration", hint)
    text, target = file.metadata.get(TOKENIZER_KEY), file.metadata.get(TARGET_TOKENIZER_KEY)
    params = NativeParams(file, where, config, seed)
    unembedding, generation = read_head(file.metadata.get(GENERATION_KEY), where, params, config)
    return Checkpoint(
        config=config,
        file=file,
        params=params,
        files=(path,),
        tokenizer=None if text is None else partial(_read_tokenizer, text, path),
        both_modes=None if target is None else partial(_both_modes, target, path),
        has_decoder=has_decoder,
        hash_all=True,
        unembedding=unembedding,
        generation=generation,
    )


def _read_tokenizer(text: str, path: Path) -> PretrainedTokenizer:
    return pretrained_tokenizer(text, name=f"{path.name}, tokenizer")


def _both_modes(target: str, path: Path, source: PretrainedTokenizer, languages: Languages, where: str) -> BothModes:
    """The tokenizers of source and target texts: the languages are those of the file."""
    check_no_languages(where, languages)
    return BothModes(source, partial(_read_tokenizer, target, path))


def _config(path: Path, file: TensorFile, overrides: Mapping[str, object]) -> tuple[Block, int]:
    """The configuration, and the seed that the header names (0 where it names none, as older files have it)."""
    where, fields = one_line(path), _header_fields(path, file)
    try:
        check_field_names(fields, "header")
        own = Block(**fields)
    except ConfigError as error:
        raise CheckpointError(f"{where}: {error}") from error
    seed: int = Given.of(fields).value("seed")
    return own.replaced(overrides) if overrides else own, seed


def _header_fields(path: Path, file: TensorFile) -> dict[str, object]:
    where = one_line(path)
    if file.format == TorchFile.format:
        raise CheckpointError(
            f"{where}: it is a PyTorch file, which has no configuration; expected attnviz's native format",
            hint=model_folder_hint(path)
            or "in a model folder it is pytorch_model.bin, beside config.json: --model FOLDER",
        )
    if CONFIG_KEY not in file.metadata:
        raise CheckpointError(
            f"{where}: its header has no {CONFIG_KEY}; expected attnviz's native format",
            hint=model_folder_hint(path) or "attnviz weights init writes that format",
        )
    try:
        fields = orjson.loads(file.metadata[CONFIG_KEY])
    except orjson.JSONDecodeError as error:
        raise CheckpointError(
            f"{where}: its {CONFIG_KEY} is not JSON ({brief(error)}); expected fields of the block"
        ) from error
    if not isinstance(fields, dict):
        raise CheckpointError(f"{where}: its {CONFIG_KEY} is not a JSON object; expected fields of the block")
    return fields


def write_native(
    path: Path,
    config: Block,
    params: Params,
    *,
    decoder: bool = False,
    tokenizer_json: str | None = None,
    target_tokenizer_json: str | None = None,
    head: WrittenHead | None = None,
    overwrite: bool = False,
) -> None:
    """Writes a native checkpoint, in the format that the name asks for.

    Its header has the seed only where the weights were made from it.

    Raises:
        UsageError: the name ends in neither ``.safetensors`` nor ``.npz``.
        OutputError: the file exists already, cannot be written, or would not fit the disk.
    """
    where, suffix = one_line(path), path.suffix.lower()
    if suffix not in WRITERS:
        ending = f"ends in {brief(path.suffix)}" if path.suffix else "has no ending"
        raise UsageError(f"{where}: the name {ending}; expected .safetensors or .npz")
    shapes = tensor_shapes(config, decoder=decoder)
    if head is not None:
        params = WithHead(params, head.tensors)
        shapes |= {name: tensor.shape for name, tensor in head.tensors.items()}
    needed = params.rows("embed.tokens", np.arange(1)).itemsize * sum(map(math.prod, shapes.values()))
    folder = path.absolute().parent
    if folder.is_dir() and (free := shutil.disk_usage(folder).free) < needed:
        raise OutputError(
            f"{where}: it needs {in_bytes(needed)}, and {in_bytes(free)} are free; expected room on the disk"
        )
    metadata = {CONFIG_KEY: json.dumps(config.as_dict(seed=params.seed))}
    if tokenizer_json is not None:
        metadata[TOKENIZER_KEY] = tokenizer_json
    if target_tokenizer_json is not None:
        metadata[TARGET_TOKENIZER_KEY] = target_tokenizer_json
    if head is not None:
        metadata[GENERATION_KEY] = head.as_json()
    WRITERS[suffix](path, params, shapes, metadata, overwrite=overwrite)


@dataclass(frozen=True, eq=False)
class TensorInfo:
    """One tensor in the list of ``weights info``."""

    name: str
    shape: Shape
    dtype: str
    bytes: int


@dataclass(frozen=True, eq=False)
class WeightsInfo:
    """The description of a native file that ``weights info`` prints."""

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
        """The description, ready for JSON."""
        return {**vars(self), "tensors": [vars(tensor) for tensor in self.tensors]}


def describe(path: Path) -> WeightsInfo:
    """A native file's configuration, tensors, sizes, number types and digest.

    Raises:
        CheckpointError: as ``read_native`` does; hardly any number is read, so NaN is not an error here.
    """
    native = read_native(path)
    shapes, dtypes = native.file.shapes, native.file.dtypes
    tensors = tuple(
        TensorInfo(name, shape, dtypes[name], math.prod(shape) * NUMBER_TYPES[dtypes[name]].stored.itemsize)
        for name, shape in shapes.items()
    )
    return WeightsInfo(
        path=one_line(path),
        format=native.file.format,
        bytes=path.stat().st_size,
        sha256=native.begin_digest()(),
        config=native.config.as_dict(seed=native.params.seed),
        tensors=tensors,
        n_parameters=sum(map(math.prod, shapes.values())),
        tokenizer=native.tokenizer is not None,
        decoder=native.has_decoder,
    )
