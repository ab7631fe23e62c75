"""Where a command prints: results to standard output, everything else to standard error."""

import contextlib
import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from attnviz.cli.main import say
from attnviz.cli.options import CommonOptions
from attnviz.errors import one_line

if TYPE_CHECKING:
    from attnviz.output.color import Screen


def write_bytes(data: bytes) -> None:
    """Writes JSON to standard output at once, so that a reader sees each line as it is made."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def screen_of(common: CommonOptions, width: int | None = None) -> "Screen":
    """What standard output can show."""
    from attnviz.output.color import Screen

    return Screen.of(sys.stdout, os.environ, color=common.color, width=width)


def print_view(renderable: object, screen: "Screen") -> None:
    """Prints one view to standard output."""
    from attnviz.output.color import print_to

    print_to(sys.stdout, screen, renderable)


def note(common: CommonOptions, text: str) -> None:
    """One line to standard error, unless ``-q``."""
    if not common.quiet:
        say(f"attnviz: note: {one_line(text)}")


def is_watched(common: CommonOptions) -> bool:
    """Whether somebody sees progress: standard error is a terminal, and not ``-q``."""
    return not common.quiet and sys.stderr.isatty()


@contextlib.contextmanager
def progress(common: CommonOptions, what: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on standard error while it is a terminal; None elsewhere."""
    if not is_watched(common):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from attnviz.output.color import Screen

    console = Console(stderr=True, no_color=Screen.of(sys.stderr, os.environ, color=common.color).color is None)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
