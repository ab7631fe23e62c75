"""How a command is declared: a function of option groups, each group a class that is written once.

Typer wants one flat signature per function. ``command`` makes it from the groups, so that an option looks and reads
the same in every command that has it. A command called by Typer does not run: it returns the action, and ``main`` runs
it, so that only one place knows what becomes of an error.
"""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import partial
from typing import TYPE_CHECKING, Any

import typer

from attnviz.cli.parsing import SectionedCommand

if TYPE_CHECKING:
    from typing import Self

    from typer.core import TyperArgument, TyperOption

Action = Callable[..., int | None]
"""A command: a function of option groups that gives an exit code, or None for 0."""


def option(panel: str, *names: str, help: str, **more: Any) -> Any:  # noqa: A002 (Typer's own word)
    """An option under a heading of the help, whose text says the default where that is worth saying."""
    # A path that cannot be read is invalid input, not wrong usage: what opens it says so.
    more = {"readable": False, **more}
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
    def seldom(cls) -> Mapping[str, Any]:
        """The annotations of options that are declared only on a line that needs them: few do, and they are many."""
        return {}

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

    def replaced(self, **groups: Options) -> "Self":
        """The same with other groups in the place of some."""
        return type(self)(**{**self.__dict__, **groups})


def command(
    app: typer.Typer,
    name: str,
    *,
    examples: str,
    main: str = "",
    topic: str | None = None,
    tables: Mapping[str, str] | None = None,
) -> Callable[[Action], Action]:
    """Registers a function whose parameters are option groups.

    Args:
        app: where to; made by ``command_app``.
        name: the command's name.
        examples: command lines for its help, the most useful first.
        main: the names of the options on the short page, in order.
        topic: the topic that says more.
        tables: words for the ``{names}`` in the function's docstring, such as those of a table that can grow.
    """

    def register(function: Action) -> Action:
        kinds = {key: kind for key, kind in inspect.get_annotations(function).items() if key != "return"}

        def action(ctx: typer.Context, **values: object) -> Callable[[], int | None]:
            sources = {name: ctx.get_parameter_source(name) for name in values}
            variables = frozenset(name for name, source in sources.items() if source and source.name == "ENVIRONMENT")

            def filled(kind: type[Options]) -> Options:
                group = kind(**{name: values[name] for name in kind.names() if name in values})
                group.command, group.from_variables = name, variables
                group.begin()
                return group

            groups = {key: _made(kind, filled) for key, kind in kinds.items()}
            return partial(function, **groups)

        def seldom() -> list["TyperOption | TyperArgument"]:
            return _declared([p for group in _flat(kinds.values()) for p in _parameters(group, group.seldom())])

        context = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
        groups = _flat(kinds.values())
        parameters = [context, *(p for group in groups for p in _parameters(group, group.__annotations__))]
        _set_signature(action, parameters)
        action.__doc__ = (function.__doc__ or "").format(**tables) if tables else function.__doc__
        help_parts: dict[str, object] = {
            "examples": examples.strip().splitlines(),
            "main_options": main.split(),
            "topic": topic,
        }
        help_parts["seldom_options"] = staticmethod(seldom)
        app.command(name, cls=type("HelpedCommand", (SectionedCommand,), help_parts))(action)
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


def _set_signature(function: Callable[..., object], parameters: Sequence[inspect.Parameter]) -> None:
    """Lets Typer read these parameters instead of the function's own."""
    function.__dict__["__signature__"] = inspect.Signature(parameters)
    function.__annotations__ = {}  # Typer would evaluate them too, twice, and each parameter has its own


def _declared(parameters: Sequence[inspect.Parameter]) -> "list[TyperOption | TyperArgument]":
    """The parameters as Typer declares them."""

    def nothing(**values: object) -> None:
        """Holds the signature."""

    _set_signature(nothing, parameters)
    declared, _, _ = typer.main.get_params_convertors_ctx_param_name_from_function(nothing)
    return list(declared)


def _parameters(group: type[Options], annotations: Mapping[str, Any]) -> list[inspect.Parameter]:
    empty = inspect.Parameter.empty
    return [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=getattr(group, name, empty), annotation=annotation
        )
        for name, annotation in annotations.items()
    ]
