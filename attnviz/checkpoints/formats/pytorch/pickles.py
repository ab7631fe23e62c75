"""An interpreter of pickles that knows the steps which tensors need, and no others.

A pickle is a program for a small machine with a stack. Python's own machine can look up and call anything; this one has
no such step: names are compared with an allow-list, and the four things that may be made of them are made here. Steps
that it does not know end the reading. Its memory is bounded by the number of steps and by the bytes of the file.
"""

import struct
from collections.abc import Callable
from typing import NamedTuple

from attnviz.checkpoints.formats.numpy_files import DamageError
from attnviz.checkpoints.formats.pytorch.objects import (
    OrderedDictionary,
    Storage,
    allowed_global,
    call_result,
    is_key,
    stored_run,
)
from attnviz.errors import brief

_MOST_STEPS = 2**22
_MOST_NAME = 2**10  # bytes of a name that is a line
_MOST_TEXT = 2**20  # bytes of a text


class PickleContent(NamedTuple):
    """What a pickle describes.

    Attributes:
        value: numbers, texts, tuples, lists and dictionaries of them, and the tensors as ``StoredTensor``.
        end: the byte after the pickle.
        storages: all that it names, by key.
    """

    value: object
    end: int
    storages: dict[str, Storage]


def read_pickle(data: memoryview, start: int = 0) -> PickleContent:
    """What a pickle of tensors describes.

    Args:
        data: the bytes of the file.
        start: where the pickle begins.

    Raises:
        DamageError: it is not such a pickle, or does not end within the bytes.
    """
    machine = _Machine(data, start)
    for _ in range(_MOST_STEPS):
        code = machine.read(1)
        if code == b".":
            return PickleContent(machine.pop(), machine.at, machine.storages)
        step = _STEPS.get(code)
        if step is None:
            raise DamageError(
                f"its pickle has the step {_step_name(code)}, which tensors do not need and which is never run"
            )
        step(machine)
    raise DamageError(f"its pickle has more than {_MOST_STEPS:,} steps")


def _step_name(code: bytes) -> str:
    """A step's name in Python's own list."""
    from pickletools import opcodes  # noqa: PLC0415 (for errors alone)

    return next((step.name for step in opcodes if step.code == code.decode("latin-1")), f"byte {code[0]:#04x}")


class _Machine:
    """The bytes, a cursor, a stack with marks, and the memo of what is used again."""

    def __init__(self, data: memoryview, start: int):
        self._data, self.at = data, start
        self._stack: list[object] = []
        self._marks: list[int] = []
        self._memo: dict[int, object] = {}
        self.storages: dict[str, Storage] = {}

    def read(self, n: int) -> bytes:
        """The next bytes."""
        if n > len(self._data) - self.at:
            raise DamageError("it is damaged (its pickle ends too early)")
        self.at += n
        return bytes(self._data[self.at - n : self.at])

    def line(self) -> str:
        """The text up to the end of the line, of at most a kilobyte."""
        text, end, _ = bytes(self._data[self.at : self.at + _MOST_NAME]).partition(b"\n")
        if not end:
            raise DamageError("it is damaged (a name in its pickle has no end)")
        self.at += len(text) + 1
        return _text(text)

    def text(self, form: str) -> str:
        """The next text, after its number of bytes in the spelling of ``struct``; of at most a megabyte."""
        size = self.number(form)
        if _MOST_TEXT < size <= len(self._data) - self.at:
            raise DamageError(f"its pickle has a text of {size:,} bytes, and {_MOST_TEXT:,} are read")
        return _text(self.read(size))

    def number(self, form: str) -> int:
        """The next whole number, in the spelling of ``struct``."""
        value: int = struct.unpack(form, self.read(struct.calcsize(form)))[0]
        return value

    def push(self, value: object) -> None:
        """Puts a value on the stack."""
        self._stack.append(value)

    def pop(self) -> object:
        """Takes the top value, which is above the last mark."""
        if len(self._stack) <= (self._marks[-1] if self._marks else 0):
            raise DamageError("it is damaged (its pickle takes more than it puts)")
        return self._stack.pop()

    def top(self) -> object:
        """The top value, which stays."""
        value = self.pop()
        self._stack.append(value)
        return value

    def mark(self) -> None:
        """Marks the stack's height."""
        self._marks.append(len(self._stack))

    def pop_to_mark(self) -> list[object]:
        """Takes the values above the last mark, and the mark."""
        if not self._marks:
            raise DamageError("it is damaged (its pickle has no mark where it needs one)")
        start = self._marks.pop()
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def remember(self, number: int | None = None) -> None:
        """Notes the top value under a number, by default the next."""
        self._memo[len(self._memo) if number is None else number] = self.top()

    def recall(self, number: int) -> None:
        """Puts a noted value on the stack."""
        if number not in self._memo:
            raise DamageError("it is damaged (its pickle recalls what it has not noted)")
        self._stack.append(self._memo[number])


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("latin-1")  # of Python 2


def _pushing(value: Callable[["_Machine"], object]) -> Callable[["_Machine"], None]:
    """A step that puts on the stack what a function reads."""
    return lambda machine: machine.push(value(machine))


def _tuple_of(n: int) -> Callable[["_Machine"], None]:
    """A step that makes a tuple of the top values."""

    def step(machine: _Machine) -> None:
        values = [machine.pop() for _ in range(n)]
        machine.push(tuple(reversed(values)))

    return step


def _fill(machine: _Machine, items: list[object]) -> None:
    """Puts keys and values, one after the other, into the dictionary on the stack."""
    filled = machine.top()
    if not isinstance(filled, dict) or len(items) % 2:
        raise DamageError("it is damaged (its pickle fills something else than a dictionary)")
    for key, value in zip(items[::2], items[1::2], strict=True):
        if not is_key(key):
            raise DamageError("its pickle has a dictionary with keys that are neither texts nor numbers of 64 bits")
        filled[key] = value


def _extend(machine: _Machine, items: list[object]) -> None:
    """Puts values at the end of the list on the stack."""
    extended = machine.top()
    if not isinstance(extended, list):
        raise DamageError("it is damaged (its pickle extends something else than a list)")
    extended += items


def _set_item(machine: _Machine) -> None:
    value, key = machine.pop(), machine.pop()
    _fill(machine, [key, value])


def _long(machine: _Machine) -> int:
    return int.from_bytes(machine.read(machine.number("<B")), "little", signed=True)


def _float(machine: _Machine) -> float:
    value: float = struct.unpack(">d", machine.read(8))[0]
    return value


def _stack_global(machine: _Machine) -> object:
    name, module = machine.pop(), machine.pop()
    if not isinstance(name, str) or not isinstance(module, str):
        raise DamageError("it is damaged (a name in its pickle is not a text)")
    return allowed_global(module, name)


def _call(machine: _Machine) -> object:
    arguments, function = machine.pop(), machine.pop()
    return call_result(function, arguments)


def _run(machine: _Machine) -> Storage:
    storage = stored_run(machine.pop())
    known = machine.storages.setdefault(storage.key, storage)
    if (known.kind, known.total) != (storage.kind, storage.total):
        raise DamageError(f"its storage {brief(known.key)} has two types or sizes")
    return storage


def _build(machine: _Machine) -> None:
    """Leaves the attributes of an ordered dictionary out (``_metadata``); nothing else may have any."""
    machine.pop()
    if not isinstance(machine.top(), OrderedDictionary):
        raise DamageError("its pickle gives attributes to something else than a dictionary, which is never done")


def _check_protocol(machine: _Machine) -> None:
    protocol = machine.number("<B")
    if protocol > 5:
        raise DamageError(f"its pickle is of protocol {protocol}")


def _skip_frame(machine: _Machine) -> None:
    """Leaves out how far to read ahead."""
    machine.read(8)


_STEPS: dict[bytes, Callable[[_Machine], None]] = {
    b"\x80": _check_protocol,
    b"\x95": _skip_frame,
    b"N": _pushing(lambda _: None),
    b"\x88": _pushing(lambda _: True),
    b"\x89": _pushing(lambda _: False),
    b"J": _pushing(lambda machine: machine.number("<i")),
    b"K": _pushing(lambda machine: machine.number("<B")),
    b"M": _pushing(lambda machine: machine.number("<H")),
    b"\x8a": _pushing(_long),
    b"G": _pushing(_float),
    b"X": _pushing(lambda machine: machine.text("<I")),
    b"\x8c": _pushing(lambda machine: machine.text("<B")),
    b"\x8d": _pushing(lambda machine: machine.text("<Q")),
    b"U": _pushing(lambda machine: machine.text("<B")),  # a text of Python 2
    b"T": _pushing(lambda machine: machine.text("<I")),
    b"C": _pushing(lambda machine: machine.read(machine.number("<B"))),
    b"B": _pushing(lambda machine: machine.read(machine.number("<I"))),
    b"(": _Machine.mark,
    b")": _pushing(lambda _: ()),
    b"t": _pushing(lambda machine: tuple(machine.pop_to_mark())),
    b"\x85": _tuple_of(1),
    b"\x86": _tuple_of(2),
    b"\x87": _tuple_of(3),
    b"]": _pushing(lambda _: []),
    b"a": lambda machine: _extend(machine, [machine.pop()]),
    b"e": lambda machine: _extend(machine, machine.pop_to_mark()),
    b"}": _pushing(lambda _: {}),
    b"s": _set_item,
    b"u": lambda machine: _fill(machine, machine.pop_to_mark()),
    b"q": lambda machine: machine.remember(machine.number("<B")),
    b"r": lambda machine: machine.remember(machine.number("<I")),
    b"\x94": lambda machine: machine.remember(),
    b"h": lambda machine: machine.recall(machine.number("<B")),
    b"j": lambda machine: machine.recall(machine.number("<I")),
    b"c": _pushing(lambda machine: allowed_global(machine.line(), machine.line())),
    b"\x93": _pushing(_stack_global),
    b"Q": _pushing(_run),
    b"R": _pushing(_call),
    b"b": _build,
}
