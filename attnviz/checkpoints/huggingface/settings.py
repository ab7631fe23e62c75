"""The settings of a ``config.json``, and rules that read one field of the block from them."""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import field
from typing import Any, overload

from attnviz.errors import CheckpointError, one_line
from attnviz.numbers import spans
from attnviz.records import dataclass

_NEEDED: Any = object()
_MOST = 2**31  # of any setting; nothing real comes near
_MOST_LAYERS = 2**14  # as many as a config may have


@dataclass(frozen=True, eq=False)
class Settings:
    """The settings of a ``config.json``. They keep a record of which were read: the others may change the numbers.

    Attributes:
        values: by name.
        where: the file, for messages.
        family: the family's name, for messages.
        read: the names that were looked up, whether or not the file has them.
        inner: the settings inside settings that were looked up, by name.
        notes: what a rule reports of a setting, one line each.
    """

    values: Mapping[str, Any]
    where: str
    family: str = ""
    read: set[str] = field(default_factory=set)
    inner: dict[str, "Settings"] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def get(self, name: str, default: Any = None) -> Any:
        """A setting; the default where it is missing or null."""
        self.read.add(name)
        value = self.values.get(name)
        return default if value is None else value

    def is_null(self, name: str) -> bool:
        """Whether a setting is there and null, where that is not the same as missing."""
        return name in self.values and self.values[name] is None

    def unread(self) -> Iterator[tuple[str, object]]:
        """Settings that are not null and were not read: their names, ``rope_parameters.beta_fast`` inside another."""
        for name, value in self.values.items():
            if name not in self.read:
                yield from [(name, value)] if value is not None else []
            elif name in self.inner and self.inner[name].read:
                yield from ((f"{name}.{below}", inside) for below, inside in self.inner[name].unread())

    @overload
    def number(self, name: str, default: int = ..., kind: type[int] = ..., least: float = ...) -> int: ...
    @overload
    def number(self, name: str, default: None, kind: type[int] = ..., least: float = ...) -> int | None: ...
    @overload
    def number(self, name: str, default: float, kind: type[float], least: float = ...) -> float: ...
    @overload
    def number(self, name: str, *, kind: type[float]) -> float: ...
    def number(self, name: str, default: Any = _NEEDED, kind: type = int, least: float = 0) -> Any:
        """A number, or the default where it is missing or null.

        Raises:
            CheckpointError: it is missing without a default, not a number, too small or too large.
        """
        value = self.get(name, default)
        if value is _NEEDED:
            raise CheckpointError(f"{self.where}: it has no {name}; expected it of a {self.family} model")
        numbers = (int, float) if kind is float else (int,)
        if value is not default and (isinstance(value, bool) or not isinstance(value, numbers)):
            raise CheckpointError(f"{self.where}: {name} is {json.dumps(value)[:40]}; expected a number")
        if value is not None and not least <= value < _MOST:
            said = json.dumps(value)[:40]
            raise CheckpointError(f"{self.where}: {name} is {said}; expected {least:g} or more, below {_MOST}")
        return value

    def object(self, name: str) -> "Settings":
        """Settings inside a setting; none where it is missing or null.

        Raises:
            CheckpointError: it is not an object.
        """
        value = self.get(name, {})
        if not isinstance(value, dict):
            raise CheckpointError(f"{self.where}: {name} is {json.dumps(value)[:40]}; expected an object")
        return self.inner.setdefault(name, Settings(value, f"{self.where}, {name}", self.family))

    def one_of(self, name: str, choices: Mapping[Any, Any], default: Any = _NEEDED) -> Any:
        """The meaning of a setting's value, by a table.

        Raises:
            CheckpointError: a value that the table does not have.
        """
        value = self.get(name, default)
        if value is _NEEDED or not isinstance(value, str | bool | int) or value not in choices:
            said = "missing" if value is _NEEDED else one_line(json.dumps(value)[:40])
            known = ", ".join(choice if isinstance(choice, str) else json.dumps(choice) for choice in choices)
            raise CheckpointError(f"{self.where}: {name} is {said}, which attnviz does not compute; expected {known}")
        return choices[value]


SettingRule = Callable[[Settings], object]


def size_from(name: str, default: Any = _NEEDED) -> SettingRule:
    """A whole number from 1 under this name."""
    return lambda settings: settings.number(name, default, least=1)


def four_times(width: str, unless: str | None = None) -> SettingRule:
    """Four times the setting of a width, as in Vaswani et al. 2017, unless another setting says the number."""

    def read(settings: Settings) -> object:
        usual = 4 * settings.number(width, least=1)
        return usual if unless is None else settings.number(unless, usual, least=1)

    return read


def number_from(name: str, default: float) -> SettingRule:
    """A number under this name."""
    return lambda settings: settings.number(name, default, float)


def switch_from(name: str, *, default: bool) -> SettingRule:
    """True or false under this name."""
    return choice_from(name, {True: True, False: False}, default)


def choice_from(name: str, choices: Mapping[Any, Any], default: Any = _NEEDED) -> SettingRule:
    """The meaning of the value under this name, by a table; a null in place of true is noted."""

    def read(settings: Settings) -> object:
        if default is True and settings.is_null(name):
            note = f"{name} is null, taken as true; some releases of transformers take it as false"
            if note not in settings.notes:  # several rules may read it
                settings.notes.append(note)
        return settings.one_of(name, choices, default)

    return read


def scale_embedding(*, default: bool) -> SettingRule:
    """The root of the width where ``scale_embedding`` asks for it."""
    scaled = switch_from("scale_embedding", default=default)
    return lambda settings: math.sqrt(settings.number("d_model", least=1)) if scaled(settings) else 1.0


def decoder_start(default: int | None = None) -> SettingRule:
    """The id of the token that a decoder is fed first."""
    return lambda settings: settings.number("decoder_start_token_id", default)


ACTIVATION_NAMES = {
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "gelu_python_tanh": "gelu_tanh",
    "quick_gelu": "quick_gelu",
    "relu": "relu",
    "relu2": "relu2",
    "silu": "silu",
    "swish": "silu",
}


def activation_from(name: str, default: str) -> SettingRule:
    """The activation under this name."""
    return choice_from(name, ACTIVATION_NAMES, default)


def is_causal(settings: Settings) -> bool:
    """True where a decoder's tokens see only earlier ones: ``is_causal`` false makes an embedding model of it.

    The masks of all decoder families of transformers read it (``create_causal_mask``), and take null for false.
    """
    return bool(settings.one_of("is_causal", {True: True, False: False}, default=not settings.is_null("is_causal")))


def causal(settings: Settings) -> str:
    """The mask of a decoder without a window."""
    return "causal" if is_causal(settings) else "none"


def windowed(settings: Settings, window: int | None, layers: str | None) -> dict[str, object]:
    """The mask of a decoder in which some layers see only a window.

    A causal window counts the token itself; one that looks both ways counts the keys on each side.

    Args:
        settings: ``is_causal`` says whether it is causal.
        window: the setting's number; None for no window.
        layers: the layers that see only the window, as ``window_layers`` spells them; None for no layer.
    """
    mask = causal(settings)
    if window is None or layers is None:
        return {"mask": mask}
    if mask == "causal":
        return {"mask": mask, "window": window - 1, "window_layers": layers}
    return {"mask": "window", "window": window, "window_layers": layers}


def layer_types(settings: Settings, default: Callable[[int], bool]) -> str | None:
    """The layers that see only a window, as ``window_layers`` spells them; None for no layer at all.

    Args:
        settings: ``layer_types`` says it; older files have rules of their own.
        default: whether a layer does, by the family's rule.
    """
    n, said = settings.number("num_hidden_layers", least=1), settings.get("layer_types")
    kinds = {"sliding_attention": True, "full_attention": False, "attention": False}  # the last is an older name
    if said is None:
        chosen = tuple(i for i in range(min(n, _MOST_LAYERS)) if default(i))
    elif not isinstance(said, list) or len(said) != n or any(str(kind) not in kinds for kind in said):
        known = ", ".join(kinds)
        raise CheckpointError(f"{settings.where}: layer_types is not a list of {n} of {known}; expected one")
    else:
        chosen = tuple(i for i, kind in enumerate(said) if kinds[kind])
    return spans(chosen) if chosen else None
