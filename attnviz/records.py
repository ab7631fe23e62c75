"""Dataclasses that cost nothing until the first one is made.

The library's own decorator writes and compiles up to six methods for each class, 0.5 ms: 60 ms for the hundred classes
that one sentence imports, of which it makes half. This one shares all methods but ``__init__``, and writes that when a
class is first called. The classes behave alike; a test compares them.
"""

import dataclasses
from collections.abc import Callable
from reprlib import recursive_repr
from threading import RLock
from typing import TYPE_CHECKING, Any, NoReturn

__all__ = ["dataclass"]


class _Factory:
    """The default of a parameter whose value a function makes."""

    def __repr__(self) -> str:
        return "<factory>"


_UNSET = _Factory()
_lock = RLock()  # two threads may make the first one


def _dataclass(
    kind: type | None = None, /, *, frozen: bool = False, eq: bool = True, kw_only: bool = False, init: bool = True
) -> Any:
    """``dataclasses.dataclass`` with the options that are used here."""
    if kind is None:
        return lambda kind: _dataclass(kind, frozen=frozen, eq=eq, kw_only=kw_only, init=init)
    shared: dict[str, Any] = {"__repr__": _repr}
    if eq:
        shared |= {"__eq__": _equal, "__hash__": _hash if frozen else None}
    if frozen:
        shared |= {"__setattr__": _refuse_to_set, "__delattr__": _refuse_to_delete}
    pending = _Pending(kind, kw_only=kw_only)
    if init:
        shared |= {"__init__": pending.first_init, "__signature__": _Signature(pending)}
    for name, value in shared.items():
        if name not in kind.__dict__ or (name == "__hash__" and kind.__hash__ is None):
            setattr(kind, name, value)
    kind.__dataclass_fields__ = pending  # type: ignore[attr-defined]  # the library's own name for them
    return kind


class _Pending:
    """The fields of a class that nobody asked for yet: a descriptor, so that the library's ``fields`` finds them."""

    def __init__(self, kind: Any, *, kw_only: bool):
        self.kind, self.kw_only = kind, kw_only

    def __get__(self, instance: object, owner: type) -> dict[str, "dataclasses.Field[Any]"]:
        self.find_fields()
        found: dict[str, dataclasses.Field[Any]] = owner.__dataclass_fields__  # type: ignore[attr-defined]
        return found

    def find_fields(self) -> None:
        """Lets the library find the fields, unless it has."""
        with _lock:
            if self.kind.__dict__.get("__dataclass_fields__") is self:
                dataclasses.dataclass(init=False, repr=False, eq=False, kw_only=self.kw_only)(self.kind)

    def write_init(self) -> None:
        """Gives the class its ``__init__``, unless it has it."""
        with _lock:
            self.find_fields()
            if "__signature__" in self.kind.__dict__:
                self.kind.__init__ = _init(self.kind)
                del self.kind.__signature__

    @property
    def first_init(self) -> Callable[..., None]:
        """An ``__init__`` that is used once."""

        def init(made: object, /, *values: object, **named: object) -> None:
            self.write_init()
            self.kind.__init__(made, *values, **named)

        return init


class _Signature:
    """What ``inspect.signature`` asks a class for first: None, after the class has its real ``__init__``."""

    def __init__(self, pending: _Pending):
        self.pending = pending

    def __get__(self, instance: object, owner: type) -> None:
        self.pending.write_init()


def _init(kind: type) -> Callable[..., None]:
    """The ``__init__`` of a class, as the library would write it."""
    names: dict[str, Any] = {"_assign": object.__setattr__, "_unset": _UNSET}
    positional, by_name, lines = ["self"], list[str](), list[str]()
    for field in dataclasses.fields(kind):
        parameter, value = field.name, field.name
        if field.default is not dataclasses.MISSING:
            names[f"_default_{field.name}"] = field.default
            parameter += f"=_default_{field.name}"
        elif field.default_factory is not dataclasses.MISSING:
            names[f"_default_{field.name}"] = field.default_factory
            parameter += "=_unset"
            value = f"_default_{field.name}() if {field.name} is _unset else {field.name}"
        (by_name if field.kw_only else positional).append(parameter)
        lines.append(f"_assign(self, {field.name!r}, {value})")
    if hasattr(kind, "__post_init__"):
        lines.append("self.__post_init__()")
    parameters = ", ".join([*positional, *(["*", *by_name] if by_name else [])])
    exec(f"def __init__({parameters}):\n " + "\n ".join(lines), names)  # noqa: S102 (names of our own classes)
    made: Callable[..., None] = names["__init__"]
    made.__qualname__ = f"{kind.__qualname__}.__init__"
    made.__annotations__ = {field.name: field.type for field in dataclasses.fields(kind)} | {"return": None}
    return made


@recursive_repr()
def _repr(self: Any) -> str:
    values = ", ".join(f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self))
    return f"{type(self).__qualname__}({values})"


def _compared(self: Any) -> tuple[object, ...]:
    return tuple(getattr(self, field.name) for field in dataclasses.fields(self))


def _equal(self: object, other: object) -> bool:
    return _compared(self) == _compared(other) if type(other) is type(self) else NotImplemented


def _hash(self: object) -> int:
    return hash(_compared(self))


def _refuse_to_set(self: object, name: str, value: object) -> NoReturn:  # noqa: ARG001 (Python's signature)
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> NoReturn:  # noqa: ARG001 (Python's signature)
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


if TYPE_CHECKING:  # type checkers know the library's by its name
    from dataclasses import dataclass
else:
    dataclass = _dataclass
