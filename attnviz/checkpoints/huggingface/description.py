"""The descriptions that ``attnviz models`` prints: the families that load, and a model folder."""

import json
import math
from pathlib import Path

from attnviz.checkpoints.checkpoint import Checkpoint
from attnviz.checkpoints.formats.magic import is_gguf
from attnviz.checkpoints.huggingface.family import KINDS_OF_FAMILIES, Family
from attnviz.checkpoints.huggingface.folder import read_folder
from attnviz.checkpoints.huggingface.registry import families, needed_family
from attnviz.checkpoints.huggingface.tokenizer import (
    MissingTokenizerError,
    folder_languages,
    read_tokenizer,
    tokenizer_file,
)
from attnviz.encoder.config.block import Block
from attnviz.errors import one_line
from attnviz.records import dataclass


def known_families() -> list[dict[str, str]]:
    """Each family that loads, ready for JSON: ``model_type``, ``name``, ``kind``, ``paper``, ``example``."""
    return [
        {"model_type": key, "name": f.name, "kind": f.kind, "paper": f.paper, "example": f.example}
        for key, f in sorted(families().items(), key=lambda item: (KINDS_OF_FAMILIES.index(item[1].kind), item[0]))
    ]


@dataclass(frozen=True, eq=False)
class FolderInfo:
    """A model folder's description.

    Attributes:
        name: its name in messages and titles.
        path: the folder.
        family: its family's name.
        model_type: in ``config.json``'s spelling.
        kind: ``encoder``, ``decoder`` or ``encoder-decoder``.
        config: the block's fields.
        tokenizer: the algorithm, the number of ids, the file, perhaps its languages; None where the folder has none.
        files: of weights, each with its size in bytes.
        sha256: the digest that identifies the weights.
        dtypes: number types of the tensors that are used.
        n_parameters: numbers in them.
        used: how many tensors attention needs.
        unused: the names of those that belong to heads or are buffers.
        unknown: the names of all others: something may be missing from the computation.
        notes: the notes that loading it prints, one line each.
        card: the path of its model card; None where it has none.
    """

    name: str
    path: str
    family: str
    model_type: str
    kind: str
    config: Block
    tokenizer: dict[str, object] | None
    files: list[dict[str, object]]
    sha256: str
    dtypes: list[str]
    n_parameters: int
    used: int
    unused: tuple[str, ...]
    unknown: tuple[str, ...]
    notes: tuple[str, ...] = ()
    card: str | None = None

    def as_dict(self) -> dict[str, object]:
        """The description, ready for JSON."""
        return {**vars(self), "config": self.config.as_dict()}


def describe_folder(path: Path, name: str, *, variant: str | None = None, family_type: str | None = None) -> FolderInfo:
    """A model's family, sizes, tokenizer and files, and whether every tensor is accounted for.

    Args:
        path: a model folder, or a GGUF file.
        name: in messages and titles.
        variant: of the weights, such as ``fp16``.
        family_type: a ``model_type`` that is known, in place of the folder's own; of a GGUF file an architecture.

    Raises:
        InputError: as loading it does.
    """
    if is_gguf(path):
        from attnviz.checkpoints.gguf.description import described_tokenizer  # noqa: PLC0415 (only where it is one)
        from attnviz.checkpoints.gguf.model import read_gguf  # noqa: PLC0415 (only where it is one)

        folder = read_gguf(path, architecture=family_type)
        family = needed_family(folder.model_type, one_line(path))
        tokenizer, notes = described_tokenizer(folder, path)
    else:
        folder = read_folder(path, variant=variant, family_type=family_type)
        family = needed_family(folder.model_type, one_line(path))
        tokenizer, notes = _described_tokenizer(path, family, folder.config.n_vocab)
    shapes, dtypes = folder.file.shapes, folder.file.dtypes
    return FolderInfo(
        name=one_line(name),
        path=one_line(path),
        family=family.name,
        model_type=folder.model_type,
        kind=_kind(folder),
        config=folder.config,
        tokenizer=tokenizer,
        files=[{"name": file.name, "bytes": file.stat().st_size} for file in folder.files],
        sha256=folder.begin_digest()(),
        dtypes=sorted(set(dtypes.values())),
        n_parameters=sum(map(math.prod, shapes.values())),
        used=len(shapes),
        unused=tuple(map(one_line, folder.unused)),
        unknown=tuple(map(one_line, folder.unknown)),
        notes=(*folder.notes, *notes),
        card=one_line(path / "README.md") if (path / "README.md").is_file() else None,
    )


def _kind(folder: Checkpoint) -> str:
    if folder.has_decoder:
        return "encoder-decoder"
    return "decoder" if folder.config.attention.mask == "causal" else "encoder"


def _described_tokenizer(path: Path, family: Family, n_vocab: int) -> tuple[dict[str, object] | None, tuple[str, ...]]:
    """A folder's tokenizer, ready for JSON, with its notes; None where it has none, which is then the note.

    Raises:
        InputError: it has one, which cannot be read.
    """
    try:
        tokenizer = read_tokenizer(path, family)
    except MissingTokenizerError as error:
        return None, (": ".join(str(error).split(": ")[1:]), *([error.hint] if error.hint else []))
    algorithm = json.loads(tokenizer.json_text)["model"].get("type") or type(tokenizer.library.model).__name__
    described = {"algorithm": algorithm, "n_vocab": tokenizer.n_vocab, "file": tokenizer_file(path, family)}
    languages = folder_languages(path, family, tokenizer)
    described |= {"languages": list(languages)} if languages else {}
    return described, tokenizer.notes(n_vocab)
