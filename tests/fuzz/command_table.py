"""The commands and their options, as the program declares them: a new option is drawn from the day it is there."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import typer

from attnviz.cli.app import app

_NOT_DRAWN = {"--debug", "--open", "--dask", "--workers", "--cluster", "--help", "-h"}  # processes, browsers, traces
_PATHS = ("PATH", "DIR", "FILE", "DIR|FILE|ID", "FILE|DIR|ID", "DIR|ID")


@dataclass(frozen=True)
class Option:
    """An option of a command.

    Attributes:
        name: as it is written.
        type: ``flag``, ``choice``, ``integer``, ``float``, ``path`` or ``text``.
        choices: the values of a choice.
    """

    name: str
    type: str
    choices: tuple[str, ...] = ()


@lru_cache(1)
def commands() -> dict[tuple[str, ...], tuple[Option, ...]]:
    """The options of each command, by the words that call it."""
    root = typer.main.get_command(app)
    context = typer.Context(root, info_name="attnviz")
    table: dict[tuple[str, ...], tuple[Option, ...]] = {}
    for name in root.list_commands(context):
        command = root.get_command(context, name)
        inner = getattr(command, "commands", None)
        for words, one in [((name, word), one) for word, one in inner.items()] if inner else [((name,), command)]:
            if hasattr(one, "declare_seldom"):
                one.declare_seldom()
            table[words] = tuple(_option(p) for p in one.params if p.param_type_name == "option" and _is_drawn(p))
    del table[("explore",)]  # which needs a terminal
    return table


def _is_drawn(parameter: Any) -> bool:
    return not _NOT_DRAWN & set(parameter.opts)


def _option(parameter: Any) -> Option:
    name = parameter.opts[-1]
    if parameter.is_flag:
        return Option(name, "flag")
    if parameter.metavar in _PATHS:
        return Option(name, "path")
    choices = tuple(map(str, getattr(parameter.type, "choices", ())))
    kind = "choice" if choices else parameter.type.name.split()[0]
    return Option(name, kind if kind in ("choice", "integer", "float") else "text", choices)
