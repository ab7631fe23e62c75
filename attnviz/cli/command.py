"""How a command is declared: a function of option groups, each group a class that is written once.

Typer wants one flat signature per function. ``command`` makes it from the groups, so that an option looks and reads
the same in every command that has it. A command called by Typer does not run: it returns the action, and ``main`` runs
it, so that only one place knows what becomes of an error. The group of all commands imports a command's module when it
is called, so that nobody waits for the options of the others.
"""

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from attnviz.errors import UsageError

if TYPE_CHECKING:
    from typing import Self

    # Typer has Click inside and makes only part of it public; these are the types of what its classes hand to ours.
    from typer._click.core import Command, Context, Parameter
    from typer._click.formatting import HelpFormatter

Action = Callable[..., int | None]
"""A command: a function of option groups that gives an exit code, or None for 0."""

GENERAL, INPUT, SELECTION, ROWS = "General", "Input", "Selection", "Rows and columns"
MODEL, VIEW = "Model", "View"
MANY = "Many texts, long texts"
_LAST = (MANY, GENERAL)  # sections at the end of the help
_ONCE = (INPUT, SELECTION, ROWS)  # sections whose options one could mean to add up


def option(panel: str, *names: str, help: str, **more: Any) -> Any:  # noqa: A002 (Typer's own word)
    """An option under a heading of the help, whose text says the default where that is worth saying."""
    return typer.Option(*names, help=help, rich_help_panel=panel, show_default=False, show_envvar=False, **more)


class Options:
    """A group of options: annotated attributes, with defaults unless the option is required.

    A dataclass would do the same, but making a dozen of them takes as long as all the rest of the command line.

    Attributes:
        command: the name of the command that has the options.
        from_variables: the names of the options that an environment variable gave.
    """

    command = ""
    from_variables: frozenset[str] = frozenset()

    def __init__(self, **values: object):
        self.__dict__.update(values)

    def begin(self) -> None:
        """Begins what can go on while the command's modules are loaded: nothing, for most groups."""

    @classmethod
    def names(cls) -> list[str]:
        """The options' names, in order."""
        return list(cls.__annotations__)

    def values_by_name(self) -> dict[str, Any]:
        """The values that are not None, by the names of their options."""
        return {name: value for name in self.names() if (value := getattr(self, name)) is not None}

    def changed(self) -> list[str]:
        """The names of the options that do not have their default."""
        return [name for name in self.names() if getattr(self, name) != getattr(type(self), name)]

    def replaced(self, **values: object) -> "Self":
        """The group with other values of some options."""
        group = copy(self)
        group.__dict__.update(values)
        return group


class OptionGroups:
    """Groups of options that travel together: annotated attributes, each a group; a subclass adds some."""

    def __init__(self, **groups: Options):
        self.__dict__.update(groups)

    @classmethod
    def kinds(cls) -> dict[str, type[Options]]:
        """The groups by name, those of the base class first."""
        return {name: kind for base in reversed(cls.__mro__) for name, kind in inspect.get_annotations(base).items()}


class SectionedCommand(TyperCommand):
    """Help in plain text, its options grouped under headings, without importing Rich; no text is given twice.

    For options of the model and of the view the last value counts, so that an alias can have its own.
    """

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        """Refuses a second value of an option that has one: the first would be dropped without a word."""
        if not ctx.resilient_parsing:
            _, _, order = self.make_parser(ctx).parse_args(args=list(args))
            for parameter, n in Counter(order).items():
                if n > 1 and _section(parameter) in _ONCE and _has_one_value(parameter):
                    name = str(parameter.name).replace("_", "-")
                    raise UsageError(f"{name}: given {n} times; expected once")
        return super().parse_args(ctx, args)

    def format_options(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Writes the options, one section a group, in the order of declaration."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record:
                sections.setdefault(_section(parameter), []).append(record)
        for title in _LAST:
            if title in sections:
                sections[title] = sections.pop(title)
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def _section(parameter: "Parameter") -> str:
    return getattr(parameter, "rich_help_panel", None) or GENERAL


def _has_one_value(parameter: "Parameter") -> bool:
    return isinstance(parameter, TyperOption) and not (parameter.multiple or parameter.is_flag)


class LazyGroup(TyperGroup):
    """A group whose commands are modules with an ``app``; ``summaries`` holds their help without importing them."""

    summaries: Mapping[str, str] = {}

    def list_commands(self, ctx: "Context") -> list[str]:  # noqa: ARG002 (the signature is Typer's)
        """The commands' names, in the order of their table."""
        return list(self.summaries)

    def get_command(self, ctx: "Context", cmd_name: str) -> "Command | None":  # noqa: ARG002 (the signature is Typer's)
        """The command, from the module of its name."""
        if cmd_name not in self.summaries:
            return None
        return typer.main.get_command(import_module(f"attnviz.cli.commands.{cmd_name}").app)

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:  # noqa: ARG002
        """Writes the commands with their summaries."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))


def command(
    app: typer.Typer, name: str, *, examples: str, tables: Mapping[str, str] | None = None
) -> Callable[[Action], Action]:
    """Registers a function whose parameters are option groups.

    Args:
        app: where to; made by ``command_app``.
        name: the command's name.
        examples: command lines for the end of its help.
        tables: words for the ``{names}`` in the function's docstring, such as those of a table that can grow.
    """

    def register(function: Action) -> Action:
        kinds = {key: kind for key, kind in inspect.get_annotations(function).items() if key != "return"}

        def action(ctx: typer.Context, **values: object) -> Callable[[], int | None]:
            sources = {name: ctx.get_parameter_source(name) for name in values}
            variables = frozenset(name for name, source in sources.items() if source and source.name == "ENVIRONMENT")

            def filled(kind: type[Options]) -> Options:
                group = kind(**{name: values[name] for name in kind.names()})
                group.command, group.from_variables = name, variables
                group.begin()
                return group

            groups = {key: _made(kind, filled) for key, kind in kinds.items()}
            return partial(function, **groups)

        context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        parameters = [context, *(p for group in _flat(kinds.values()) for p in _parameters(group))]
        action.__dict__["__signature__"] = inspect.Signature(parameters)  # Typer reads it instead of the function's own
        action.__annotations__ = {p.name: p.annotation for p in parameters}
        action.__doc__ = (function.__doc__ or "").format(**tables) if tables else function.__doc__
        app.command(
            name,
            cls=SectionedCommand,
            epilog="\b\nExamples:\n" + "\n".join(f"  {line}" for line in examples.strip().splitlines()),
        )(action)
        return function

    return register


def command_app(**more: Any) -> typer.Typer:
    """An application for one command, or for a group of them."""
    return typer.Typer(rich_markup_mode=None, add_completion=False, pretty_exceptions_enable=False, **more)


def _made(kind: type[Options] | type[OptionGroups], filled: Callable[[type[Options]], Options]) -> object:
    """A group, or groups that travel together, with the values of the command line."""
    if issubclass(kind, OptionGroups):
        return kind(**{key: filled(group) for key, group in kind.kinds().items()})
    return filled(kind)


def _flat(kinds: Iterable[type[Options] | type[OptionGroups]]) -> Iterator[type[Options]]:
    """The groups, also those that travel together, in order."""
    for kind in kinds:
        if issubclass(kind, OptionGroups):
            yield from kind.kinds().values()
        else:
            yield kind


def _parameters(group: type[Options]) -> list[inspect.Parameter]:
    empty = inspect.Parameter.empty
    return [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=getattr(group, name, empty), annotation=annotation
        )
        for name, annotation in group.__annotations__.items()
    ]
