"""How a command is declared: a function of option groups, each group a dataclass that is written once.

Typer wants one flat signature per function. ``command`` makes it from the groups, so that an option looks and reads
the same in every command that has it. A command called by Typer does not run: it returns the action, and ``main`` runs
it, so that only one place knows what becomes of an error.
"""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from functools import partial
from typing import get_type_hints

import typer
from typer.core import TyperCommand


class SectionedCommand(TyperCommand):
    """Help in plain text, its options grouped under headings, without importing Rich."""

    def format_options(self, ctx: typer.Context, formatter: object) -> None:
        """Writes the options, one section a group, in the order of declaration."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record:
                sections.setdefault(getattr(parameter, "rich_help_panel", None) or "General", []).append(record)
        if "General" in sections:
            sections["General"] = sections.pop("General")
        for title, records in sections.items():
            with formatter.section(title):
                formatter.write_dl(records)


def command(app: typer.Typer, name: str, *, examples: str) -> Callable[[Callable[..., int | None]], Callable]:
    """Registers a function whose parameters are option groups.

    Args:
        app: where to.
        name: the command's name.
        examples: command lines for the end of its help.
    """

    def register(function: Callable[..., int | None]) -> Callable:
        groups = {key: p.annotation for key, p in inspect.signature(function, eval_str=True).parameters.items()}

        def action(**values: object) -> Callable[[], int | None]:
            filled = {key: group(**{f.name: values[f.name] for f in fields(group)}) for key, group in groups.items()}
            return partial(function, **filled)

        parameters = [p for group in groups.values() for p in _parameters(group)]
        action.__signature__ = inspect.Signature(parameters)
        action.__annotations__ = {p.name: p.annotation for p in parameters}
        action.__doc__ = function.__doc__
        app.command(
            name,
            cls=SectionedCommand,
            epilog="\b\nExamples:\n" + "\n".join(f"  {line}" for line in examples.strip().splitlines()),
        )(action)
        return function

    return register


def _parameters(group: type) -> list[inspect.Parameter]:
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            f.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if f.default is MISSING else f.default,
            annotation=hints[f.name],
        )
        for f in fields(group)
    ]
