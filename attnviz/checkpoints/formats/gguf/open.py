"""Opens a GGUF file, or all files of a model that is split over several."""

import re
from collections.abc import Mapping
from pathlib import Path

from attnviz.checkpoints.formats.gguf.gguf_file import GgufFile
from attnviz.checkpoints.formats.gguf.header import GgufHeader, read_header
from attnviz.checkpoints.formats.tensor_file import JoinedFile, TensorFile
from attnviz.errors import CheckpointError, brief, one_line

_NAME = re.compile(r"(.*)-(\d{5})-of-(\d{5})\.gguf", re.ASCII)
_MOST_PARTS = 2**12


def open_gguf(path: Path) -> tuple[Mapping[str, object], TensorFile, tuple[Path, ...]]:
    """The metadata, the tensors and the files of a model.

    Args:
        path: its file; of several, any of them.

    Raises:
        CheckpointError: a file that is missing or damaged, or parts that do not belong together.
    """
    header = read_header(path)
    count = header.metadata.get("split.count", 0)
    if count in (0, 1):
        return header.metadata, GgufFile(path, header), (path,)
    where = one_line(path)
    if type(count) is not int or not 1 < count <= _MOST_PARTS:
        raise CheckpointError(f"{where}: split.count is {brief(count)}; expected 1 to {_MOST_PARTS}")
    match = _NAME.fullmatch(path.name)
    if match is None or int(match[3]) != count:
        raise CheckpointError(
            f"{where}: it is one of {count} files of a model, whose names end in -00001-of-{count:05}.gguf; "
            "expected such a name"
        )
    paths = tuple(path.with_name(f"{match[1]}-{number:05}-of-{count:05}.gguf") for number in range(1, count + 1))
    missing = [one_line(part.name) for part in paths if not part.is_file()]
    if missing:
        raise CheckpointError(f"{where}: {missing[0]} is not there; expected all {count} files of the model beside it")
    headers = [header if part == path else read_header(part) for part in paths]
    _check_parts(where, paths, headers)
    files = [GgufFile(part, head) for part, head in zip(paths, headers, strict=True)]
    file_of = {name: file for file in files for name in file.shapes}
    return headers[0].metadata, JoinedFile(file_of, GgufFile.format), paths


def _check_parts(where: str, paths: tuple[Path, ...], headers: list[GgufHeader]) -> None:
    """Refuses parts of another model, in another order, or with a tensor twice."""
    names: set[str] = set()
    for number, (part, header) in enumerate(zip(paths, headers, strict=True)):
        said = header.metadata.get("split.no"), header.metadata.get("split.count")
        if said != (number, len(paths)):
            raise CheckpointError(
                f"{one_line(part)}: split.no is {brief(said[0])} and split.count {brief(said[1])}; "
                f"expected {number} and {len(paths)}"
            )
        twice = names & set(header.tensors)
        if twice:
            raise CheckpointError(f"{one_line(part)}: {brief(min(twice))} is in two files; expected one")
        names |= set(header.tensors)
    total = headers[0].metadata.get("split.tensors.count")
    if total is not None and total != len(names):
        raise CheckpointError(
            f"{where}: split.tensors.count is {brief(total)}, and its {len(paths)} files have {len(names)} "
            "tensors; expected the same number"
        )
