"""Conditions as text, from a list or a file: parsed, and an error shows its place."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from attnviz.analysis.conditions.expressions import Expression
from attnviz.analysis.conditions.grammar import caret, parse
from attnviz.analysis.heads.definitions import METRICS
from attnviz.analysis.heads.labels import LABELS
from attnviz.analysis.heads.table import ConditionError
from attnviz.errors import InputError, UsageError, one_line
from attnviz.text.reading import open_lines, read_lines

_ELSEWHERE = {
    "ablation": "is not measured by check, as it needs one run per head; use another metric, or heads --ablation"
}


@contextmanager
def pointed(text: str, where: str = "") -> Iterator[None]:
    """Lets an error of a condition show the condition, with a caret under the place.

    Args:
        text: the condition, as it was written.
        where: it was read from: ``conditions.txt, line 3``.
    """
    try:
        yield
    except ConditionError as error:
        message = f"{where}: {error}" if where else str(error)
        raise UsageError(message, error.hint, caret(text, error.column)) from error


def stated(options: list[str]) -> Iterator[tuple[str, Expression]]:
    """The conditions that ``--where`` states, each with where it was read from; ``@FILE`` holds one a line.

    Raises:
        UsageError: none; one that cannot be parsed.
        InputError: a file that cannot be read, or that states nothing.
    """
    if not options:
        raise UsageError(
            "where: no condition is given; expected --where CONDITION",
            hint='for example: attnviz check "The cat sat on the table" --where "max(entropy) < 2.5"',
        )
    for option in options:
        if option.strip() == "@":
            raise UsageError("where: @ names no file; expected a condition, or @FILE with one a line")
        lines = _lines(Path(option[1:])) if option.startswith("@") else [("", option)]
        for where, text in lines:
            with pointed(text, where):
                yield where, parse(text, tuple(METRICS), LABELS, elsewhere=_ELSEWHERE)


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    """The conditions of a file and where they stand: one a line; what follows a # is a comment."""
    found = False
    with open_lines(path) as stream:
        for number, line in read_lines(stream, str(path)):
            if text := line.partition("#")[0].rstrip():
                found = True
                yield one_line(f"{path}, line {number}"), text
    if not found:
        raise InputError(f"{one_line(path)}: there are only comments; expected a condition a line")
