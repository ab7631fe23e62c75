"""How a command is declared: a function of option groups, each group a class that is written once.

Typer wants one flat signature per function. ``command`` makes it from the groups, so that an option looks and reads
the same in every command that has it. A command called by Typer does not run: it returns the action, and ``main`` runs
it, so that only one place knows what becomes of an error. The group of all commands imports a command's module when it
is called, so that nobody waits for the options of the others.
"""

import inspect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from attnviz.errors import UsageError

GENERAL, INPUT, SELECTION, ROWS = "General", "Input", "Selection", "Rows and columns"
MANY = "Many texts, long texts"
_LAST = (MANY, GENERAL)  # sections at the end of the help
_ONCE = (INPUT, SELECTION, ROWS)  # sections whose options one could mean to add up


class Options:
    """A group of options: annotated attributes, with defaults unless the option is required.

    A dataclass would do the same, but making a dozen of them takes as long as all the rest of the command line.
    """

    command = ""  # of which they are
    from_variables = frozenset()  # the options that an environment variable gave

    def __init__(self, **values: object):
        self.__dict__.update(values)

    def begin(self) -> None:
        """Begins what can go on while the command's modules are loaded: nothing, for most groups."""

    @classmethod
    def names(cls) -> list[str]:
        """The options' names, in order."""
        return list(cls.__annotations__)

    def given(self) -> dict[str, Any]:
        """The options that were given, by name."""
        return {name: value for name in self.names() if (value := getattr(self, name)) is not None}

    def changed(self) -> list[str]:
        """The names of the options that do not have their default."""
        return [name for name in self.names() if getattr(self, name) != getattr(type(self), name)]


class OptionGroups:
    """Groups of options that travel together: annotated attributes, each a group."""

    def __init__(self, **groups: Options):
        self.__dict__.update(groups)


class SectionedCommand(TyperCommand):
    """Help in plain text, its options grouped under headings, without importing Rich; no text is given twice.

    Of what the model is and how things look the last word counts, so that an alias can have its own.
    """

    def make_parser(self, ctx: typer.Context) -> Any:
        """The parser, which refuses a second value for what has one: the first would be dropped without a word."""
        parser = super().make_parser(ctx)
        parsed = parser.parse_args

        def once(args: list[str]) -> tuple:
            found = parsed(args=args)
            for parameter, n in () if ctx.resilient_parsing else Counter(found[2]).items():
                if n > 1 and _section(parameter) in _ONCE and not (parameter.multiple or parameter.is_flag):
                    raise UsageError(f"{parameter.name.replace('_', '-')}: it is given {n} times; expected once")
            return found

        parser.parse_args = once
        return parser

    def format_options(self, ctx: typer.Context, formatter: Any) -> None:
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


def _section(parameter: Any) -> str:
    return getattr(parameter, "rich_help_panel", None) or GENERAL


class LazyGroup(TyperGroup):
    """A group whose commands are modules with an ``app``; ``summaries`` holds their help without importing them."""

    summaries: Mapping[str, str] = {}

    def list_commands(self, ctx: typer.Context) -> list[str]:  # noqa: ARG002 (the signature is Typer's)
        """The commands' names, in the order of their table."""
        return list(self.summaries)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # noqa: ARG002 (the signature is Typer's)
        """The command, from the module of its name."""
        if cmd_name not in self.summaries:
            return None
        return typer.main.get_command(import_module(f"attnviz.cli.commands.{cmd_name}").app)

    def format_commands(self, ctx: typer.Context, formatter: Any) -> None:  # noqa: ARG002
        """Writes the commands with their summaries."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))


def command(
    app: typer.Typer, name: str, *, examples: str, tables: Mapping[str, str] | None = None
) -> Callable[[Callable[..., int | None]], Callable]:
    """Registers a function whose parameters are option groups.

    Args:
        app: where to; made by ``command_app``.
        name: the command's name.
        examples: command lines for the end of its help.
        tables: words for the ``{names}`` in the function's docstring, such as those of a table that can grow.
    """

    def register(function: Callable[..., int | None]) -> Callable:
        parameters_of = {key: kind for key, kind in function.__annotations__.items() if key != "return"}

        def action(ctx: typer.Context, **values: object) -> Callable[[], int | None]:
            sources = {name: ctx.get_parameter_source(name) for name in values}
            variables = frozenset(name for name, source in sources.items() if source and source.name == "ENVIRONMENT")

            def filled(kind: type) -> Options | OptionGroups:
                if issubclass(kind, OptionGroups):
                    return kind(**{key: filled(group) for key, group in kind.__annotations__.items()})
                group = kind(**{name: values[name] for name in kind.names()})
                group.command, group.from_variables = name, variables
                group.begin()
                return group

            return partial(function, **{key: filled(kind) for key, kind in parameters_of.items()})

        context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        parameters = [context, *(p for group in _flat(parameters_of.values()) for p in _parameters(group))]
        action.__signature__ = inspect.Signature(parameters)
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


def _flat(kinds: Iterable[type]) -> Iterator[type[Options]]:
    """The groups, also those that travel together, in order."""
    for kind in kinds:
        if issubclass(kind, OptionGroups):
            yield from _flat(kind.__annotations__.values())
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
