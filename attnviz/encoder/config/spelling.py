"""Fields as people spell them: ``NAME=VALUE`` on the command line, tables such as ``[rotary] base`` in TOML."""

from collections.abc import Iterable, Iterator, Mapping

from attnviz.encoder.config.given import Given, check_field_names, field_names
from attnviz.encoder.config.values import checked
from attnviz.errors import ConfigError, brief

_SWITCHES = {"true": True, "on": True, "false": False, "off": False}


def assigned(texts: Iterable[str]) -> dict[str, object]:
    """The fields that texts such as ``n_heads=8`` set.

    Raises:
        ConfigError: a text without ``=``, an unknown name, a value of a wrong type or out of range, or two values for
            one field.
    """
    values: dict[str, object] = {}
    for text in texts:
        name, sign, spelled = text.partition("=")
        name = name.strip().replace("-", "_")
        if not sign:
            raise ConfigError(f"set: {brief(text)!r} has no '='; expected NAME=VALUE, such as n_heads=8")
        check_field_names([name], "set")
        value = checked(Given.__dataclass_fields__[name], _value(name, spelled.strip()))
        if values.setdefault(name, value) != value:
            raise ConfigError(f"set: {name} is both {values[name]} and {value}; expected one value")
    return values


def _value(name: str, spelled: str) -> object:
    """A field's value from its text; text of a wrong type stays text, which its check refuses."""
    kind = Given.__dataclass_fields__[name].metadata["type"]
    if kind is bool:
        return _SWITCHES.get(spelled.lower(), spelled)
    for number in (int, float) if kind not in (str, tuple) else ():
        try:
            return number(spelled)
        except ValueError:
            continue
    return spelled


def flattened(tables: Mapping[str, object]) -> dict[str, object]:
    """Flat fields from fields and tables: ``[rotary] base`` is ``rotary_base``, ``[norm] kind`` is ``norm``.

    Raises:
        ConfigError: a table whose name begins no field, or a field that is given twice.
    """
    values: dict[str, object] = {}
    for name, value in tables.items():
        for flat, one in _flat(name, value) if isinstance(value, dict) else ((name, value),):
            if flat in values:
                raise ConfigError(f"{brief(flat)} is given twice; expected once")
            values[flat] = one
    return values


def _flat(table: str, values: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    known = field_names()
    if not any(name == table or name.startswith(f"{table}_") for name in known):
        raise ConfigError(f"{brief(table)} is a table; expected fields at the top level, or a table such as [rotary]")
    return ((table if key == "kind" and table in known else f"{table}_{key}", value) for key, value in values.items())
