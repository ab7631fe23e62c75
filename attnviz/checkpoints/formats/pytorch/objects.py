"""The few things that a pickle of tensors may name: storages, tensors, ordered dictionaries. None of them runs code."""

import math
from typing import Literal, NamedTuple, TypeAlias, TypeGuard

from attnviz.checkpoints.formats.numpy_files import DamageError
from attnviz.errors import brief
from attnviz.records import dataclass

ByteOrder: TypeAlias = Literal["<", ">"]

# The number types of PyTorch's classes of storages, in safetensors' spelling, with the bytes of a number.
STORAGE_TYPES = {
    "DoubleStorage": ("F64", 8),
    "FloatStorage": ("F32", 4),
    "HalfStorage": ("F16", 2),
    "BFloat16Storage": ("BF16", 2),
    "LongStorage": ("I64", 8),
    "IntStorage": ("I32", 4),
    "ShortStorage": ("I16", 2),
    "CharStorage": ("I8", 1),
    "ByteStorage": ("U8", 1),
    "BoolStorage": ("BOOL", 1),
    "ComplexFloatStorage": ("C64", 8),
    "ComplexDoubleStorage": ("C128", 16),
}
_MOST_REPEATED = 2**26  # numbers of a tensor that has more of them than its storage, as an expanded one has
_LARGEST = 2**62  # of any size, offset or stride: all sums of a few fit 64 bits or are refused


class Global(NamedTuple):
    """A name of the allow-list; it is compared, and never looked up."""

    module: str
    name: str

    @property
    def path(self) -> str:
        """The name as Python writes it."""
        return brief(f"{self.module}.{self.name}")


_ORDERED_DICT = Global("collections", "OrderedDict")
_TENSOR = Global("torch._utils", "_rebuild_tensor_v2")
_PARAMETER = Global("torch._utils", "_rebuild_parameter")
_STORAGES = {Global("torch", name): kind for name, kind in STORAGE_TYPES.items()}
ALLOWED = frozenset({_ORDERED_DICT, _TENSOR, _PARAMETER, *_STORAGES})


@dataclass(frozen=True)
class Storage:
    """A run of numbers of the file, or a part of one.

    Attributes:
        key: the run's name.
        kind: its number type, in safetensors' spelling.
        itemsize: bytes of a number.
        total: numbers in the run.
        start: the first number of the part.
        size: numbers in the part.
    """

    key: str
    kind: str
    itemsize: int
    total: int
    start: int
    size: int


@dataclass(frozen=True)
class StoredTensor:
    """A tensor's place in a storage, in numbers; within its bounds."""

    storage: Storage
    start: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class OrderedDictionary(dict[object, object]):
    """What ``collections.OrderedDict`` makes; its attributes, as ``_metadata``, are left out."""


def allowed_global(module: str, name: str) -> Global:
    """The name, if it is on the allow-list.

    Raises:
        DamageError: it is not.
    """
    found = Global(module, name)
    if found not in ALLOWED:
        raise DamageError(f"its pickle names {found.path}, which could run a program and is never read")
    return found


def call_result(function: object, arguments: object) -> object:
    """What one of the allowed functions gives for its arguments, made here without calling it.

    Raises:
        DamageError: another function, or arguments that it does not take.
    """
    if not isinstance(arguments, tuple):
        raise DamageError("it is damaged (a call without a tuple of arguments)")
    if function == _ORDERED_DICT:
        return _ordered_dictionary(arguments)
    if function == _TENSOR:
        return _tensor(arguments)
    if function == _PARAMETER and arguments and isinstance(arguments[0], StoredTensor):
        return arguments[0]
    name = function.path if isinstance(function, Global) else "something that is not a function"
    raise DamageError(f"its pickle calls {name} with arguments of other types")


def stored_run(reference: object) -> Storage:
    """The storage that a persistent id stands for: ``("storage", type, key, place, numbers[, part])``.

    Raises:
        DamageError: it is another id.
    """
    if not isinstance(reference, tuple) or len(reference) not in (5, 6) or reference[0] != "storage":
        raise DamageError("its pickle has a persistent id that is not a storage's")
    kind, key, total = reference[1], reference[2], reference[4]
    if not isinstance(kind, Global) or kind not in _STORAGES or type(key) is not str or not _is_size(total):
        raise DamageError("its pickle has a storage without type, key or size")
    part = reference[5] if len(reference) == 6 else None
    start, size = 0, total
    if part is not None:
        if not (isinstance(part, tuple) and len(part) == 3 and _is_size(part[1]) and _is_size(part[2])):
            raise DamageError("its pickle has a part of a storage without offset or size")
        start, size = part[1], part[2]
        if start + size > total:
            raise DamageError(f"a part of its storage {brief(key)} ends beyond it")
    return Storage(key, *_STORAGES[kind], total, start, size)


def _ordered_dictionary(arguments: tuple[object, ...]) -> OrderedDictionary:
    made = OrderedDictionary()
    if not arguments:
        return made
    pairs = arguments[0]
    if len(arguments) != 1 or not isinstance(pairs, list):
        raise DamageError("its pickle makes a dictionary of something else than pairs")
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2 or not is_key(pair[0]):
            raise DamageError("its pickle makes a dictionary of something else than pairs")
        made[pair[0]] = pair[1]
    pairs.clear()  # each pair takes steps, and is used once
    return made


def _tensor(arguments: tuple[object, ...]) -> StoredTensor:
    """``_rebuild_tensor_v2(storage, offset, size, stride, requires_grad, hooks[, metadata])``, with its bounds held."""
    if len(arguments) not in (6, 7):
        raise DamageError("its pickle makes a tensor of too few or too many arguments")
    storage, offset, shape, strides = arguments[:4]
    if not isinstance(storage, Storage) or not _is_size(offset) or not _are_sizes(shape) or not _are_sizes(strides):
        raise DamageError("its pickle makes a tensor without storage, sizes or strides")
    if len(arguments) == 7 and not _is_plain(arguments[6]):
        raise DamageError("a tensor is stored negated or conjugated, which is not read (torch.save its resolve_neg())")
    if len(shape) != len(strides) or len(shape) > 32:
        raise DamageError(f"a tensor has {len(shape)} sizes and {len(strides)} strides")
    numbers = math.prod(shape)
    last = offset + sum((size - 1) * stride for size, stride in zip(shape, strides, strict=True))
    if numbers and (last >= storage.size or numbers > max(storage.size, _MOST_REPEATED)):
        raise DamageError(f"a tensor of shape {_short(shape)} does not fit its storage of {storage.size} numbers")
    return StoredTensor(storage, storage.start + offset, shape, strides)


def _is_plain(metadata: object) -> bool:
    """Whether a tensor's numbers are those of its storage: PyTorch notes there when they are negated or conjugated."""
    return metadata is None or (isinstance(metadata, dict) and all(value is False for value in metadata.values()))


def is_key(value: object) -> TypeGuard[str | int]:
    """Whether a value is a key of a dictionary: a text, or a number of 64 bits; larger ones can share one hash."""
    return type(value) is str or (type(value) is int and abs(value) < 2**63)


def _is_size(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < _LARGEST


def _are_sizes(values: object) -> TypeGuard[tuple[int, ...]]:
    return isinstance(values, tuple) and all(map(_is_size, values))


def _short(shape: tuple[int, ...]) -> str:
    return str(shape)[:60]
