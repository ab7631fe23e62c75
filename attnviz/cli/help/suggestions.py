"""Which command or option was meant: the nearest first, also where another command has the option."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typer._click.core import Command, Context

_NEAR = 0.6  # of 1: words less alike than that are not meant


def is_text(word: str) -> bool:
    """Whether a first word is a text and not a mistyped command: it has what no name, path or number has."""
    return word == "-" or re.fullmatch(r"[\w./\\:~-]*", word, re.ASCII) is None


def nearest_names(word: str, names: Iterable[str]) -> list[str]:
    """The names that are like a word, the nearest first."""
    likeness = {name: _likeness(word, name) for name in names}
    return sorted((name for name in likeness if likeness[name] >= _NEAR), key=lambda name: -likeness[name])


def meant_option(name: str, ctx: "Context") -> tuple[str, str]:
    """What to add to the message on an unknown option, and which command to run.

    Args:
        name: the option that was typed.
        ctx: where it was typed.
    """
    here = ctx.command_path
    options = {f"{here} {option}": option for option in _options(ctx.command, ctx)}
    places = {f"attnviz {path}": command for path, command in _all_commands(ctx.find_root())}
    if (path := f"attnviz {name.lstrip('-')}") in places:
        return f" ({path} is a command)", f"run `{path} -h`"
    owners = [path for path, command in places.items() if name in _options(command, ctx)]
    if owners:
        return f" ({owners[0]} has it)", f"run `{owners[0]} -h`"
    for path, command in places.items():
        options |= {f"{path} {option}": option for option in _options(command, ctx) if option not in options.values()}
    # An option of the command that was typed is the likelier one.
    own = {place: 0.1 * (place.rpartition(" ")[0] == here) for place in options}
    near = sorted(options, key=lambda place: -_likeness(name, options[place]) - own[place])[:1]
    if not near or _likeness(name, options[near[0]]) < _NEAR:
        return "", f"run `{here} --help`"
    option, path = options[near[0]], near[0].rpartition(" ")[0]
    elsewhere = "" if path == here else f" of {path}"
    return f" (did you mean {option}{elsewhere}?)", f"run `{path} --help`"


def _likeness(word: str, name: str) -> float:
    swapped = sorted(word) == sorted(name)  # two letters that changed places are one slip
    return SequenceMatcher(None, word, name).ratio() + 0.05 * swapped


def _options(command: "Command", ctx: "Context") -> list[str]:
    parameters = [p for p in command.get_params(ctx) if p.param_type_name == "option"]
    return [name for p in parameters for name in (*p.opts, *p.secondary_opts) if name.startswith("--")]


def _all_commands(root: "Context") -> Iterable[tuple[str, "Command"]]:
    """Every command that has options, by the words that call it."""
    group = root.command
    for name in group.list_commands(root):  # type: ignore[attr-defined]
        command = group.get_command(root, name)  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        if inner is None:
            yield name, command
        else:
            yield from ((f"{name} {word}", one) for word, one in inner.items())
