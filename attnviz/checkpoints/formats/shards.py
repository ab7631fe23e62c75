"""Tensors that are spread over several files, with an index that says which is where."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from attnviz.checkpoints.formats.pytorch.torch_file import TorchFile
from attnviz.checkpoints.formats.safetensors_file import SafetensorsFile
from attnviz.checkpoints.formats.tensor_file import JoinedFile, TensorFile
from attnviz.checkpoints.formats.tensors import open_tensors
from attnviz.errors import CheckpointError, brief, one_line
from attnviz.files import read_file

_EXPECTED = "expected the index of a sharded model"
_ENDINGS = {SafetensorsFile: ".safetensors", TorchFile: ".bin"}
_NOUNS = {".safetensors": "safetensors", ".bin": "PyTorch"}


class ShardedFile(JoinedFile):
    """The tensors of the files that an index names.

    Raises:
        CheckpointError: an index that is damaged, leads out of its folder or names what is not there; a damaged shard.
    """

    def __init__(self, index: Path):
        weight_map = _weight_map(index)
        self.paths = tuple(index.parent / name for name in _names(weight_map))
        shards = {path.name: _open(path, index) for path in self.paths}
        shard_of = {name: shards[file] for name, file in weight_map.items()}
        for name, shard in shard_of.items():
            if name not in shard.shapes:
                raise CheckpointError(
                    f"{one_line(index)}: {brief(name)} is not in {brief(weight_map[name])}; {_EXPECTED}"
                )
        super().__init__(shard_of, _kind(index).format)


def shard_names(index: Path) -> list[str]:
    """The files that an index names, all of them in its own folder and of the format that its own name says.

    Raises:
        CheckpointError: it is damaged, or names something else.
    """
    return _names(_weight_map(index))


def _names(weight_map: Mapping[str, str]) -> list[str]:
    return sorted(set(weight_map.values()))


def _weight_map(index: Path) -> dict[str, str]:
    where = one_line(index)
    try:
        weight_map = json.loads(read_file(index, _EXPECTED))["weight_map"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise CheckpointError(f"{where}: it has no weight_map; {_EXPECTED}") from error
    if not isinstance(weight_map, dict) or not all(isinstance(file, str) for file in weight_map.values()):
        raise CheckpointError(f"{where}: its weight_map is not an object of file names; {_EXPECTED}")
    ending = _ENDINGS[_kind(index)]
    for file in weight_map.values():
        if not file.endswith(ending) or any(c in file for c in "/\\:\0"):
            raise CheckpointError(
                f"{where}: it names {one_line(file)!r}, which is not a {_NOUNS[ending]} file in its folder; {_EXPECTED}"
            )
    if not weight_map:
        raise CheckpointError(f"{where}: its weight_map is empty; {_EXPECTED}")
    return weight_map


def _kind(index: Path) -> type[SafetensorsFile] | type[TorchFile]:
    """The format of the shards, by the name of their index."""
    return TorchFile if ".bin." in index.name else SafetensorsFile


def _open(path: Path, index: Path) -> TensorFile:
    if not os.path.exists(path):
        raise CheckpointError(f"{one_line(index)}: {brief(path.name)} is not there; expected all its shards")
    file, kind = open_tensors(path), _kind(index)
    if not isinstance(file, kind):
        raise CheckpointError(f"{one_line(path)}: it is not a {_NOUNS[_ENDINGS[kind]]} file; {_EXPECTED}")
    return file
