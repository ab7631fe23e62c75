"""The settings of a ``config.json`` behind the fields that a message about the block names."""

from collections.abc import Iterator

from attnviz.checkpoints.huggingface.family import Family
from attnviz.checkpoints.huggingface.settings import Settings
from attnviz.encoder.config.given import field_names


def with_setting_names(message: str, family: Family, settings: Settings) -> str:
    """A message that begins with fields, each with its settings: ``rotary_base (rope_theta): 0.5 is too small``."""
    fields, colon, rest = message.partition(": ")
    names = fields.split(", ")
    if not colon or not set(names) <= set(field_names()):
        return message
    return ", ".join(_with_settings(name, family, settings) for name in names) + colon + rest


def _with_settings(field: str, family: Family, settings: Settings) -> str:
    names = list(_setting_names(field, family, settings))
    return f"{field} ({', '.join(names)})" if names and names != [field] else field


def _setting_names(field: str, family: Family, settings: Settings) -> Iterator[str]:
    """The settings that a field was read from: those of its value; without any, all that its own rule reads."""
    fresh = Settings(settings.values, settings.where, settings.family)
    rule = family.fields.get(field)
    value = rule(fresh) if callable(rule) else family.more(fresh).get(field)
    read = dict(_read_numbers(fresh))
    same = [name for name, number in read.items() if number == value]
    given = {own: alias for alias, own in family.aliases.items() if settings.values.get(alias) is not None}
    for name in same or (read if callable(rule) else ()):
        yield given.get(name, name)


def _read_numbers(settings: Settings) -> Iterator[tuple[str, object]]:
    """The numbers and lists that were read, by their settings; ``rope_parameters.rope_theta`` inside another."""
    for name, value in settings.values.items():
        if name not in settings.read:
            continue
        if name in settings.inner:
            yield from ((f"{name}.{below}", number) for below, number in _read_numbers(settings.inner[name]))
        elif isinstance(value, int | float | list) and not isinstance(value, bool):
            yield name, value
