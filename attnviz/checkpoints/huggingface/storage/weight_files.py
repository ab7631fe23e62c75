"""Which files of a model folder, or of a listing on the hub, hold the weights."""

import re
from collections.abc import Collection, Iterator
from pathlib import Path

from attnviz.checkpoints.formats.tensor_file import TensorFile
from attnviz.checkpoints.formats.tensors import open_tensors
from attnviz.errors import CheckpointError, UsageError, brief, one_line, some

# The first that is there holds the weights: safetensors win, and one file over several with their index.
WEIGHTS = "model.safetensors"
_NAMES = (WEIGHTS, f"{WEIGHTS}.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
_VARIANTS = re.compile(r"(?:model|pytorch_model)\.([\w-]+?)(?:-\d+-of-\d+)?\.(?:safetensors|bin)$", re.ASCII)
_UNREAD = re.compile(r".*(\.(pt|pth|ckpt|bin|h5|msgpack|gguf|onnx)|consolidated.*\.safetensors|^adapter_model\.\w+)$")
_OTHER_NAMES = (".pt", ".pth", ".ckpt", ".bin", ".safetensors")  # files that may hold the same tensors
_EXPECTED = f"expected {WEIGHTS} or pytorch_model.bin, or shards and their index"


def open_weights(path: Path, variant: str | None = None) -> tuple[TensorFile, tuple[Path, ...]]:
    """Opens the weights of a folder.

    Args:
        path: the folder.
        variant: of the weights, such as ``fp16``.

    Returns:
        the tensors, and the files that they are in.

    Raises:
        CheckpointError: there are none that can be read, or they are damaged.
        UsageError: the variant cannot be one.
    """
    names = sorted(file.name for file in path.iterdir())
    name = weights_name(names, variant)
    if name is None:
        raise missing_weights(one_line(path), names, variant)
    if is_index(name):
        from attnviz.checkpoints.formats.shards import ShardedFile  # noqa: PLC0415 (start-up time)

        sharded = ShardedFile(path / name)
        return sharded, sharded.paths
    return open_tensors(path / name), (path / name,)


def weights_name(names: Collection[str], variant: str | None = None) -> str | None:
    """The file of weights among others, or the index of several; None without any.

    Raises:
        UsageError: the variant cannot be one.
    """
    return next((name for name in weight_names(variant) if name in names), None)


def weight_names(variant: str | None = None) -> tuple[str, ...]:
    """The names that weights can have, the first best: a variant is written before the last ending.

    Raises:
        UsageError: the variant cannot be one.
    """
    if variant is None:
        return _NAMES
    if not re.fullmatch(r"[\w-]+", variant, re.ASCII):
        raise UsageError(f"variant: '{brief(variant)}' cannot be in a file's name; expected one such as fp16")
    return tuple(f".{variant}.".join(name.rsplit(".", 1)) for name in _NAMES)


def is_index(name: str) -> bool:
    """Whether a name is of an index of several files."""
    return name.endswith(".json")


def missing_weights(where: str, names: Collection[str], variant: str | None) -> CheckpointError:
    """The error where no file of weights can be read: what is there, and what to do.

    Args:
        where: the folder, or the model's id.
        names: of all files.
        variant: that was asked for.
    """
    variants = sorted(set(_variants(names)))
    if variant is not None:
        instead = f"its weights are of {some(variants, 4)}" if variants else "its weights are of no variant"
        there = weights_name(names) is not None
        return CheckpointError(
            f"{where}: it has no weights of the variant {brief(variant)}; expected one that is there",
            hint=f"{instead}; without --variant it loads" if there else instead,
        )
    if variants:
        return CheckpointError(
            f"{where}: its weights are of a variant alone ({some(variants, 4)}); expected {WEIGHTS}, or --variant",
            hint=f"--variant {variants[0]}",
        )
    other = next((name for name in sorted(names) if _UNREAD.match(name) and name != "training_args.bin"), None)
    if other is None:
        return CheckpointError(f"{where}: it has no weights; {_EXPECTED}")
    return CheckpointError(f"{where}: it has {brief(other)}, which is not read; {_EXPECTED}", _advice(other, where))


def _variants(names: Collection[str]) -> Iterator[str]:
    yield from (match[1] for name in names if (match := _VARIANTS.match(name)))


def _advice(name: str, where: str) -> str | None:
    """What to do with a file that is not read, in this folder."""
    if name.endswith(".gguf"):
        from shlex import quote  # noqa: PLC0415 (start-up time)

        return f"it is a whole model by itself: --model {quote(f'{where}/{one_line(name)}')}"
    if name.startswith("consolidated"):
        return "it has its maker's own names of tensors: download the files model*.safetensors of the same model"
    if name.startswith("adapter_model"):
        return "it is an adapter (PEFT): merge it into its base model first"
    if name.endswith(_OTHER_NAMES):
        return (
            f"if it holds the model's tensors, rename it to {'pytorch_model.bin' if '.safe' not in name else WEIGHTS}"
        )
    return None
