"""The command that prints in the terminal what a page shows, in words that a shell reads back."""

import shlex
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, get_args

import typer

from attnviz.cli.command import Options
from attnviz.cli.options import AttentionSource

if TYPE_CHECKING:
    from attnviz.cli.sides import SidesOptions
    from attnviz.trace.result import Result

_ORIGINS = frozenset(("model", "weights", "seed"))  # of weights: a flag wins over variables


def show_command(source: AttentionSource, selection: Options, opening: Options, result: "Result") -> str:
    """``attnviz show`` with the text, the input and the model of a result, but no choice of heads and no view.

    Args:
        source: the options of the input and of the model.
        selection: the options of the matrices; ``--renormalize`` changes all numbers.
        opening: the options of the view; ``--raw-tokens`` changes all labels.
        result: of one text.

    Returns:
        the command; empty where no command reads the input again, such as attention from a pipe.
    """
    inputs, text = source.inputs, result.text
    words = ["attnviz", "show"]
    start = ""
    if inputs.vectors is None and inputs.attention is None:
        if text is None or "\0" in text:
            return ""
        if text.startswith("-"):  # after the word -- no option could follow
            if "\n" in text:
                return ""
            start, text = f"printf '%s\\n' {shlex.quote(text)} | ", "-"
        words.append(text)
    elif inputs.attention == "-":
        return ""
    words += _spelled(inputs, leave=("file", "pair", "target", "whole"))
    for name in ("pair", "target"):  # also those of a file's line
        other = getattr(result, name)
        words += [] if other is None else _with_value(f"--{name}", other)
    words += _spelled(source.elsewhere)
    words += _model_words(source.models, source.block)
    words += _spelled(selection, only=("renormalize",))
    words += _spelled(opening, only=("raw_tokens",))
    return start + shlex.join(words)


def diff_command(
    sides: "SidesOptions", elsewhere: Options, models: Options, block: Options, selection: Options, first: "Result"
) -> str:
    """``attnviz diff`` with both sides, their models and the heads that are compared.

    Args:
        sides: the options of both sides.
        elsewhere: the options of attention from elsewhere.
        models: the options of the model.
        block: the options of the model's shape.
        selection: the options of the heads.
        first: side A, which has its text where that was piped.
    """
    texts = [
        text for text in (first.text if sides.text == "-" or sides.text is None else sides.text, sides.other) if text
    ]
    if sides.attention == "-" or any("\0" in text or text.startswith("-") for text in texts):
        return ""
    words = ["attnviz", "diff", *([] if sides.attention is not None else texts)]
    words += [*_spelled(sides), *_spelled(elsewhere), *_model_words(models, block)]
    words += _spelled(selection, leave=("words", "hide_special", "values", "reduce"))
    return shlex.join(words)


def _model_words(models: Options, block: Options) -> Iterator[str]:
    """The options of the model that count: those of variables too, but for an origin of weights beside a flag's."""
    groups = (models, block)
    origins = {name: group for group in groups for name in group.values_by_name() if name in _ORIGINS}
    has_flag = any(name not in group.from_variables for name, group in origins.items())
    leave = [name for name, group in origins.items() if has_flag and name in group.from_variables]
    for group in groups:
        yield from _spelled(group, leave=leave)


def _spelled(group: Options, *, leave: Iterable[str] = (), only: Iterable[str] | None = None) -> Iterator[str]:
    """The options of a group that do not have their default, as words of a command line; no arguments."""
    for name in group.changed():
        if name in leave or (only is not None and name not in only):
            continue
        declared = get_args({**type(group).__annotations__, **type(group).seldom()}[name])[-1]
        if isinstance(declared, typer.models.ArgumentInfo):
            continue
        # Where an annotation has the option, Typer keeps the first of its names as the default.
        names = [name for name in (declared.default, *declared.param_decls) if isinstance(name, str)]
        flag, _, negative = max(names, key=len).partition("/")
        value = getattr(group, name)
        if isinstance(value, bool):
            yield flag if value else negative
        else:
            yield from _with_value(flag, str(value))


def _with_value(flag: str, text: str) -> list[str]:
    """An option and its value, as one word where the value looks like an option."""
    return [f"{flag}={text}"] if text.startswith("-") else [flag, text]
