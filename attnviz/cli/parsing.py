"""How a line is parsed: a command that refuses what would be dropped, and groups that know which command was meant."""

import os
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from importlib import import_module
from itertools import takewhile, zip_longest
from typing import TYPE_CHECKING, cast

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from attnviz.cli.help.pages import INPUT, ROWS, SELECTION, full_page, group_page, short_page
from attnviz.errors import InputError, UsageError, brief

if TYPE_CHECKING:
    # Typer has Click inside and makes only part of it public; these are the types of what its classes hand to ours.
    from typer._click.core import Command, Context, Parameter
    from typer._click.formatting import HelpFormatter

_DASK, _CLUSTER, _ADDRESS = "--dask", "--cluster", r"local:\d+|\w+://\S+|[\w.-]+:\d+"
_VARIABLES = "ATTNVIZ_"
_USUAL = {"--generate": "32"}  # the value of an option that is given without one
_ONCE = (INPUT, SELECTION, ROWS)  # sections whose options one could mean to add up


def _page_option(name: str, text: str, page: "Callable[[Context], str]") -> TyperOption:
    """An option that prints a page and ends the program."""

    def show_page(ctx: "Context", parameter: "Parameter", value: bool) -> None:  # noqa: ARG001 (the signature is Typer's)
        if value and not ctx.resilient_parsing:
            typer.echo(page(ctx), color=True)  # a page has escape codes only where it may
            ctx.exit()

    return TyperOption(
        param_decls=[name], type=bool, is_flag=True, expose_value=False, is_eager=True, help=text, callback=show_page
    )


class _WithPages:
    """Two pages of help, ``-h`` and ``--help``, for a command or a group."""

    def _pages(self) -> "tuple[Callable[[Context], str], Callable[[Context], str]]":
        """The short and the full page."""
        raise NotImplementedError

    def get_help_option(self, ctx: "Context") -> TyperOption:  # noqa: ARG002 (the signature is Typer's)
        """``--help``."""
        return self._page_options()[1]

    def get_params(self, ctx: "Context") -> "list[Parameter]":
        """The parameters, ``-h`` before ``--help``."""
        *parameters, last = super().get_params(ctx)  # type: ignore[misc]
        return [*parameters, self._page_options()[0], last]

    def format_help(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        """Writes the full page."""
        formatter.write(self._pages()[1](ctx))

    def _page_options(self) -> list[TyperOption]:
        """Both options, made once, as the parser compares them as objects."""
        made: list[TyperOption] | None = self.__dict__.get("page_options")
        if made is None:
            short, full = self._pages()
            made = [
                _page_option("-h", "One screen: the options that matter most.", short),
                _page_option("--help", "All of this.", full),
            ]
            self.__dict__["page_options"] = made
        return made


def short_help(ctx: "Context") -> str:
    """The page of ``-h`` of the command or group that is called."""
    return cast("_WithPages", ctx.command)._pages()[0](ctx)


class SectionedCommand(_WithPages, TyperCommand):
    """A command whose help is grouped under headings; no text is given twice.

    For options of the model and of the view the last value counts, so that an alias can have its own.

    Attributes:
        examples: command lines.
        main_options: the names of the options on the short page, in order.
        topic: where there is more to read.
        seldom_options: makes the options that help does not show, when a line or a variable may give one.
    """

    examples: Sequence[str] = ()
    main_options: Sequence[str] = ()
    topic: str | None = None
    seldom_options: "Callable[[], list[Parameter]] | None" = None

    def _pages(self) -> "tuple[Callable[[Context], str], Callable[[Context], str]]":
        return (
            lambda ctx: short_page(self, ctx, self.examples, self.main_options),
            lambda ctx: full_page(self, ctx, self.examples, self.topic),
        )

    def declare_seldom(self) -> None:
        """Adds the options that help does not show to the parameters."""
        if self.seldom_options is not None:
            self.params += self.seldom_options()
            self.seldom_options = None

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        """Refuses a second value of an option that has one: the first would be dropped without a word."""
        names = {name for parameter in self.get_params(ctx) for name in (*parameter.opts, *parameter.secondary_opts)}
        if _may_need(args, names):
            self.declare_seldom()
        with_value = {name for one in self.get_params(ctx) if not getattr(one, "is_flag", True) for name in one.opts}
        if _DASK in names:
            args = list(_with_dask(args, with_value, is_flag=_CLUSTER in names))
        if not ctx.resilient_parsing:
            args = _with_usual_values(args, with_value)
            _, _, order = self.make_parser(ctx).parse_args(args=list(args))
            for parameter, n in Counter(order).items():
                if n > 1 and getattr(parameter, "rich_help_panel", None) in _ONCE and _has_one_value(parameter):
                    name = max(parameter.opts, key=len).lstrip("-")
                    raise UsageError(f"{name}: given {n} times; expected once")
        try:
            return super().parse_args(ctx, args)
        except ValueError as error:  # of the type of paths, which asks the system; no shell passes such a name
            reason = "has a NUL character, or half of a surrogate pair"
            raise InputError(f"usage: the name of a file {reason}; expected a name without them") from error


def _may_need(args: list[str], names: Collection[str]) -> bool:
    """Whether a line has an option that is not among these, or a variable may give one."""
    unknown = any(word.startswith("--") and word.partition("=")[0] not in names for word in args)
    return unknown or any(name.startswith(_VARIABLES) for name in os.environ)


def _with_dask(args: list[str], with_value: Collection[str], *, is_flag: bool) -> Iterator[str]:
    """The arguments with ``--dask`` for a ``--cluster`` that has an address.

    Args:
        args: of a command.
        with_value: the options that have a value.
        is_flag: whether ``--cluster`` is a flag of it too (``heads``): then only what is an address is one.
    """
    places = set(_option_places(args, with_value))
    for i, (name, following) in enumerate(zip_longest(args, args[1:], fillvalue="")):
        is_address = not is_flag or re.fullmatch(_ADDRESS, following) is not None
        own, equals, _ = name.partition("=")
        is_meant = i in places and own == _CLUSTER and (equals or is_address)
        yield _DASK + name.removeprefix(_CLUSTER) if is_meant else name


def _with_usual_values(args: list[str], with_value: Collection[str]) -> list[str]:
    """The arguments, where an option that can do without a value has its usual one, unless a number follows."""
    filled = list(args)
    for i in reversed([i for i in _option_places(args, with_value) if _is_alone(args, i)]):
        filled.insert(i + 1, _USUAL[args[i]])
    return filled


def _option_places(args: list[str], with_value: Collection[str]) -> Iterator[int]:
    """The places of the arguments that are not the value of the one before, up to ``--``: all after it are texts."""
    i = 0
    while i < len(args) and args[i] != "--":
        yield i
        i += 2 if args[i] in with_value and not _is_alone(args, i) else 1


def _is_alone(args: list[str], i: int) -> bool:
    """Whether an option that can do without a value has none: no number follows."""
    return args[i] in _USUAL and not (i + 1 < len(args) and args[i + 1].lstrip("-").isdigit())


def _has_one_value(parameter: "Parameter") -> bool:
    return isinstance(parameter, TyperOption) and not (parameter.multiple or parameter.is_flag)


class CommandGroup(_WithPages, TyperGroup):
    """A group whose help has its commands and examples.

    Attributes:
        examples: command lines.
    """

    examples: Sequence[str] = ()

    def _pages(self) -> "tuple[Callable[[Context], str], Callable[[Context], str]]":
        def page(ctx: "Context", *, full: bool) -> str:
            last = self._last_line(ctx, full=full)
            return group_page(self, ctx, self._listed(ctx, full=full), self.examples, last, full=full)

        return (lambda ctx: page(ctx, full=False), lambda ctx: page(ctx, full=True))

    def _last_line(self, ctx: "Context", *, full: bool) -> str:  # noqa: ARG002 (a subclass says more of the full page)
        return f"{ctx.command_path} COMMAND -h for one command"

    def _summaries(self, ctx: "Context") -> list[tuple[str, str]]:
        """The commands with what they do."""
        commands = {name: self.get_command(ctx, name) for name in self.list_commands(ctx)}
        return [(name, (one.help or "").split("\n\n")[0]) for name, one in commands.items() if one is not None]

    def _listed(self, ctx: "Context", *, full: bool) -> list[tuple[str, str]]:  # noqa: ARG002 (a subclass looks at it)
        """The commands that a page lists."""
        return self._summaries(ctx)

    def resolve_command(self, ctx: "Context", args: list[str]) -> "tuple[str | None, Command | None, list[str]]":
        """The command of the first word.

        Raises:
            UsageError: there is no such command; the message has the nearest.
        """
        word = args[0]
        if word not in self.list_commands(ctx) and not word.startswith("-") and not ctx.resilient_parsing:
            from attnviz.cli.help.suggestions import nearest_names

            near = nearest_names(word, self.list_commands(ctx))[:1]
            question, path = f" (did you mean {near[0]}?)" if near else "", ctx.command_path
            hint = f"run `{path} {near[0]} -h`" if near else f"run `{path} -h`" + self._other_use(args)
            raise UsageError(f"usage: no such command '{brief(word)}'{question}", hint=hint)
        return super().resolve_command(ctx, args)

    def _other_use(self, args: list[str]) -> str:  # noqa: ARG002 (a subclass knows one)
        """What else words may be, the first of which is like no command."""
        return ""


class LazyGroup(CommandGroup):
    """A group whose commands are modules with an ``app``; a first word that is a text calls one of them.

    Attributes:
        summaries: the commands' help, known without importing them.
        text_command: the command that a text alone calls.
        seldom: the commands that the short page, which is one screen, leaves out.
    """

    summaries: Mapping[str, str] = {}
    text_command = ""
    seldom: Sequence[str] = ()

    def list_commands(self, ctx: "Context") -> list[str]:  # noqa: ARG002 (the signature is Typer's)
        """The commands' names, in the order of their table."""
        return list(self.summaries)

    def get_command(self, ctx: "Context", cmd_name: str) -> "Command | None":  # noqa: ARG002 (the signature is Typer's)
        """The command, from the module of its name."""
        if cmd_name not in self.summaries:
            return None
        return typer.main.get_command(import_module(f"attnviz.cli.commands.{cmd_name}").app)

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        """Options before a text are those of the command that the text alone calls."""
        own = {name for parameter in self.get_params(ctx) for name in parameter.opts}
        before_texts = takewhile(lambda word: word != "--", args)
        if args and args[0].startswith("-") and args[0] not in own and not set(before_texts) & set(self.summaries):
            args = [self.text_command, *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: "Context", args: list[str]) -> "tuple[str | None, Command | None, list[str]]":
        """The command of the first word, or the one for texts where the word is a text."""
        if args[0] not in self.summaries:
            from attnviz.cli.help.suggestions import is_text

            args = [self.text_command, *args] if is_text(args[0]) else args
        return super().resolve_command(ctx, args)

    def _other_use(self, args: list[str]) -> str:
        words = list(takewhile(lambda word: not word.startswith("-"), args))
        if len(words) > 1:
            return f'; put quotes around a text: attnviz "{" ".join(words)}"'
        return f"; for a text of one word: attnviz {self.text_command} {words[0] or chr(34) * 2}"

    def _last_line(self, ctx: "Context", *, full: bool) -> str:  # noqa: ARG002 (no context is needed)
        more = "attnviz help for topics to read" if full else "attnviz --help for everything"
        return f"attnviz COMMAND -h for one command, {more}"

    def _summaries(self, ctx: "Context") -> list[tuple[str, str]]:  # noqa: ARG002 (no context is needed)
        return list(self.summaries.items())

    def _listed(self, ctx: "Context", *, full: bool) -> list[tuple[str, str]]:
        return [pair for pair in self._summaries(ctx) if full or pair[0] not in self.seldom]
