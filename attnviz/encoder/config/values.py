"""Kinds of field values: how each is declared, and how a value is checked."""

import math
from dataclasses import Field, field
from typing import Any

from attnviz.errors import LONGEST_QUOTE, ConfigError, brief

_LARGEST_FLOAT = 1e30  # a float32 holds it
_MOST_NUMBERS = 2**14  # of a list
_COUNTS = ("n_layers", "decoder_layers", "n_heads", "n_kv_heads", "decoder_heads", "decoder_kv_heads", "n_experts")
_BITS = {"seed": 63, **dict.fromkeys(_COUNTS, 14)}
MOST_LAYERS = 2 ** _BITS["n_layers"] - 1

# The functions that declare a field return Any, as dataclasses.field does: the class says the type.


def size(default: int | None, text: str, least: int = 1) -> Any:
    """A whole number."""
    return _declared(int, default, text, least=least)


def number(default: float | None, text: str, least: float | None = None) -> Any:
    """A finite number."""
    return _declared(float, default, text, least=least)


def choice(choices: tuple[str, ...], text: str, *, default: bool = True) -> Any:
    """One of some names; the first is the default, unless the field has none."""
    return _declared(str, choices[0] if default else None, text, choices=choices)


def layer_numbers(text: str) -> Any:
    """Layers as ``--layer`` spells them."""
    return _declared(str, None, text)


def numbers(text: str, least: float) -> Any:
    """A list of finite numbers, or their text: ``1,1.5,2``."""
    return _declared(tuple, None, text, least=least)


def switch(default: bool | None, text: str) -> Any:
    """On or off."""
    return _declared(bool, default, text)


def _declared(kind: type, default: object, text: str, **rules: object) -> Any:
    return field(default=None, metadata={"type": kind, "default": default, "help": text, **rules})


def checked(declared: Field[Any], value: object) -> object:
    """The value in the field's type.

    Raises:
        ConfigError: the value has another type or is out of range.
    """
    kind, choices = declared.metadata["type"], declared.metadata.get("choices")
    if value is None and declared.metadata["default"] is None:
        return None
    if choices:
        return _checked_choice(declared.name, value, choices)
    if kind is str:
        if not isinstance(value, str):
            raise ConfigError(f"{declared.name}: {brief(repr(value))} is not text; expected numbers such as '0,2-3'")
        return value
    if kind is tuple:
        return _checked_numbers(declared.name, value, declared.metadata["least"])
    if kind is bool:
        if not isinstance(value, bool):
            raise ConfigError(f"{declared.name}: {brief(repr(value))} is not a truth value; expected true or false")
        return value
    return _checked_number(declared.name, value, kind, declared.metadata["least"])


def _checked_choice(name: str, value: object, choices: tuple[str, ...]) -> str:
    if isinstance(value, str) and value in choices:
        return value
    near = nearest(str(value), choices)
    raise ConfigError(f"{name}: {brief(repr(value))} is not known{near}; expected one of {', '.join(choices)}")


def _checked_number(name: str, value: object, kind: type, least: float | None) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or (kind is int and isinstance(value, float)):
        wording = "a number" if kind is float else "a whole number"
        raise ConfigError(f"{name}: {brief(repr(value))} is not {wording}; expected {wording}")
    if isinstance(value, float) and not math.isfinite(value):
        raise ConfigError(f"{name}: {value} is not finite; expected a finite number")
    if least is not None and value < least:
        raise ConfigError(f"{name}: {value} is too small; expected {least:g} or more")
    bits = _BITS.get(name, 31)
    if kind is int and value >= 2**bits:
        raise ConfigError(f"{name}: it is too large; expected less than 2^{bits}")
    if kind is float and abs(value) > _LARGEST_FLOAT:
        raise ConfigError(f"{name}: it is too large; expected less than {_LARGEST_FLOAT:g}")
    return float(value) if kind is float else int(value)


def _checked_numbers(name: str, value: object, least: float) -> tuple[float, ...]:
    shown = brief(repr(value))
    wrong = ConfigError(f"{name}: {shown} is not a list of numbers; expected numbers such as 1,1.5,2")
    spelled = value.split(",") if isinstance(value, str) else value
    if not isinstance(spelled, list | tuple) or not 0 < len(spelled) <= _MOST_NUMBERS:
        raise wrong
    try:
        listed = [float(one) if isinstance(one, str) else one for one in spelled]
    except ValueError:
        raise wrong from None
    return tuple(_checked_number(name, one, float, least) for one in listed)


def nearest(name: str, known: tuple[str, ...]) -> str:
    """A question for a message, `` (did you mean 'n_heads'?)``; empty where no known name is near."""
    from difflib import get_close_matches  # noqa: PLC0415 (start-up time)

    near = get_close_matches(name[:LONGEST_QUOTE], known, n=1, cutoff=0.5)
    return f" (did you mean {near[0]!r}?)" if near else ""
