"""The pages of help in plain text: one screen (``-h``), everything (``--help``), and a list of subjects."""

import os
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from attnviz.output.color_choice import choose_color

if TYPE_CHECKING:
    from typer._click.core import Command, Context, Parameter

INPUT, SELECTION, ROWS, CONDITIONS = "Input", "Selection", "Rows and columns", "Conditions"
VIEW, PICTURES, MEASURES = "View", "Pictures", "Measures (of a model, not of --attention)"
SECOND_SIDE = "The other side (whatever is not given is the same on both)"
MANY, MODEL, OUTPUT = "Many texts, long texts", "Model", "Output"
ELSEWHERE = "How --attention is read"
BLOCK = "Model shape (also ATTNVIZ_* environment variables, or keys in --config)"
_SECTIONS = (
    *(CONDITIONS, SELECTION, ROWS, VIEW, PICTURES, MEASURES),
    *(INPUT, ELSEWHERE, SECOND_SIDE, MANY, MODEL, OUTPUT, BLOCK),
)

_WIDEST, _NARROWEST = 100, 50  # columns of a page
_NAMES = 28  # columns of the options' names in the full page
_LONG_CHOICES = 22  # characters of choices that the short page spells out

Record = tuple[str, str]
"""An option or a command, and what it does."""


def full_page(command: "Command", ctx: "Context", examples: Iterable[str], topic: str | None) -> str:
    """Everything about a command: examples, then its options by section, the block's fields last."""
    lines = [*_usage(command, ctx), *_about(command.help or ""), *_section("Examples", list(examples))]
    sections = _by_section(command.get_params(ctx))
    for title, parameters in sections.items():
        lines += _section(title, _columns([_record(p, ctx) for p in parameters], _NAMES))
    if topic is not None:
        fields = "; all of the model's shape: attnviz help block" if BLOCK in sections else ""
        lines += ["", f"More: attnviz help {topic}{fields}"]
    return "\n".join(lines)


def short_page(command: "Command", ctx: "Context", examples: Sequence[str], main: Sequence[str]) -> str:
    """One screen: what a command does, the options that matter most, three examples.

    Args:
        command: the command.
        ctx: its context.
        examples: its examples, the most useful first.
        main: the names of the parameters that matter most, in order.
    """
    parameters = {parameter.name: parameter for parameter in command.get_params(ctx)}
    records = [_record(parameters[name], ctx, short=True) for name in main]
    summary = (command.help or "").split("\n\n")[0]
    lines = [*_usage(command, ctx), *_about(summary), *_section("Options", _columns(records, _NAMES))]
    lines += _section("Examples", examples[:3])
    return "\n".join([*lines, "", f"{ctx.command_path} --help for everything"])


def group_page(
    command: "Command", ctx: "Context", commands: Sequence[Record], examples: Iterable[str], last: str, *, full: bool
) -> str:
    """The commands of a group.

    Args:
        command: the group.
        ctx: its context.
        commands: their names and what they do.
        examples: command lines to begin with.
        last: the last line.
        full: whether the group's own options are listed too.
    """
    lines = [*_usage(command, ctx), *_about(command.help or ""), *_section("Commands", _columns(commands, _NAMES))]
    lines += _section("Examples", list(examples))
    if full:
        parameters = [p for p in command.get_params(ctx) if not getattr(p, "hidden", False)]
        lines += _section("Options", _columns([_record(p, ctx) for p in parameters], _NAMES))
    return "\n".join([*lines, "", last])


def list_page(commands: Mapping[str, str], topics: Mapping[str, str]) -> str:
    """The commands and the topics, one line each."""
    lines = ["Usage: attnviz help [COMMAND|TOPIC]"]
    for title, table in (("Commands", commands), ("Topics", topics)):
        left = max(map(len, table))
        shortened = {
            name: textwrap.shorten(text, _width() - left - 4, placeholder=" ...") for name, text in table.items()
        }
        lines += _section(title, [f"{name:<{left}}  {text}" for name, text in shortened.items()])
    return "\n".join(lines)


def is_bold() -> bool:
    """Whether headings are bold: where standard output has colours."""
    return choose_color("auto", os.environ, is_terminal=sys.stdout.isatty())


def _width() -> int:
    return max(min(shutil.get_terminal_size().columns, _WIDEST) - 2, _NARROWEST)


def _wrapped(text: str, indent: str = "") -> list[str]:
    width = _width()
    return textwrap.wrap(text, width, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False)


def _usage(command: "Command", ctx: "Context") -> list[str]:
    return _wrapped(f"Usage: {ctx.command_path} {' '.join(command.collect_usage_pieces(ctx))}")


def _about(text: str) -> list[str]:
    """The paragraphs of what a command does."""
    lines = []
    for paragraph in text.split("\n\n"):
        lines += ["", *_wrapped(" ".join(paragraph.split()), "  ")]
    return lines


def _section(title: str, lines: Sequence[str]) -> list[str]:
    """A heading and the lines below it, or nothing where there are none."""
    heading = f"\x1b[1m{title}:\x1b[0m" if is_bold() else f"{title}:"
    return ["", heading, *(f"  {line}" for line in lines)] if lines else []


def _by_section(parameters: Iterable["Parameter"]) -> dict[str, list["Parameter"]]:
    """The parameters that are not hidden, by their sections in the order of a page."""
    sections: dict[str, list[Parameter]] = {}
    for parameter in parameters:
        if not getattr(parameter, "hidden", False):
            sections.setdefault(_panel(parameter), []).append(parameter)
    return {title: sections[title] for title in sorted(sections, key=_SECTIONS.index)}


def _panel(parameter: "Parameter") -> str:
    return getattr(parameter, "rich_help_panel", None) or OUTPUT


def _record(parameter: "Parameter", ctx: "Context", *, short: bool = False) -> Record:
    """A parameter's names with the kind of its value, and what it is for; a short one in its first sentence."""
    text: str = getattr(parameter, "help", None) or ""
    if short:
        end = text.find(". ")
        text = text if end < 0 else text[: end + 1]
    if parameter.required and parameter.param_type_name == "option":
        text += " [required]"
    if parameter.param_type_name == "argument":
        return parameter.make_metavar(ctx), text
    names = ", ".join(sorted(parameter.opts, key=lambda name: name.startswith("--")))
    if getattr(parameter, "is_flag", False):
        return " / ".join([names, *parameter.secondary_opts]), text
    return f"{names} {_value_kind(parameter, short=short)}", text


def _value_kind(parameter: "Parameter", *, short: bool) -> str:
    """What stands for an option's value: a word, or the choices there are."""
    choices = "|".join(map(str, getattr(parameter.type, "choices", ())))
    if choices and not (short and len(choices) > _LONG_CHOICES):
        return choices
    return parameter.metavar or "NAME"


def _columns(records: Sequence[Record], widest: int) -> list[str]:
    """Names on the left, explanations on the right, wrapped; a name too long for its column has a line of its own."""
    left = max((len(name) for name, _ in records if len(name) <= widest), default=widest)
    lines = []
    for name, text in records:
        wrapped = textwrap.wrap(text, _width() - left - 4, break_on_hyphens=False) or [""]
        if len(name) > left:
            lines.append(name)
        else:
            wrapped[0] = f"{name:<{left}}  {wrapped[0]}".rstrip()
            lines.append(wrapped.pop(0))
        lines += [f"{'':<{left}}  {line}" for line in wrapped]
    return lines
