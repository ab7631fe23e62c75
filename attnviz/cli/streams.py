"""Where a command prints: results to standard output, everything else to standard error."""

import contextlib
import os
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from attnviz.cli.main import say
from attnviz.cli.options import CommonOptions
from attnviz.cli.process.standard_streams import discard_output
from attnviz.errors import bounded, one_line

if TYPE_CHECKING:
    from attnviz.output.terminal.images.image_screen import ImageScreen
    from attnviz.output.terminal.screen import Screen


def write_bytes(data: bytes) -> None:
    """Writes JSON to standard output at once, so that a reader sees each line as it is made."""
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def screen_of(common: CommonOptions, width: int | None = None, images: "ImageScreen | None" = None) -> "Screen":
    """What standard output can show."""
    from attnviz.output.terminal.screen import Screen

    return Screen.of(sys.stdout, os.environ, color=common.color, width=width, images=images)


def still_read(write: Callable[[], object]) -> bool:
    """Prints for a command that has a verdict besides: whether somebody still reads, instead of the end of it all.

    Args:
        write: prints to standard output, which leads nowhere from then on if its reader is gone.
    """
    try:
        write()
        sys.stdout.flush()
    except BrokenPipeError:
        discard_output()
        return False
    return True


def note(common: CommonOptions, text: str) -> None:
    """One line to standard error, unless ``-q``."""
    if not common.quiet:
        say(f"attnviz: note: {bounded(one_line(text))}")


def is_watched(common: CommonOptions) -> bool:
    """Whether somebody sees progress: standard error is a terminal, and not ``-q``."""
    return not common.quiet and sys.stderr.isatty()


@contextlib.contextmanager
def sweep_progress(
    common: CommonOptions, size: int | None, *, prints: bool
) -> Iterator[Callable[[int, int], None] | None]:
    """Progress over many texts: how many, how many a second, and, where the size is known, the time left.

    Args:
        common: whether it is wanted.
        size: bytes of the file of texts; None where that is not known.
        prints: whether the texts' values are printed meanwhile; where that is a terminal, there is no bar.

    Yields:
        what is to be told (texts, bytes) so far; None where nobody sees it.
    """
    if not is_watched(common) or (prints and sys.stdout.isatty()):
        yield None
        return
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn

    count = TextColumn("{task.fields[texts]:,} texts, {task.fields[rate]:.0f} a second")
    columns = (count,) if size is None else (BarColumn(), count, TimeRemainingColumn())
    start = time.monotonic()
    with _bar(common, *columns) as bar:
        task = bar.add_task("texts", total=size, texts=0, rate=0.0)

        def told(texts: int, done: int) -> None:
            passed = time.monotonic() - start
            bar.update(task, completed=done, texts=texts, rate=texts / passed if passed else 0.0)

        yield told


@contextlib.contextmanager
def progress(common: CommonOptions, title: str) -> Iterator[Callable[[int, int], None] | None]:
    """A progress bar on standard error while it is a terminal; None elsewhere."""
    if not is_watched(common):
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with _bar(common, *columns) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


@contextlib.contextmanager
def _bar(common: CommonOptions, *columns: Any) -> Iterator[Any]:
    """A bar on standard error that leaves nothing behind."""
    from rich.console import Console
    from rich.file_proxy import FileProxy
    from rich.progress import Progress

    from attnviz.output.terminal.screen import Screen

    class AboveTheBar(FileProxy):
        """Standard error while the bar is there; Rich's own proxy hides which characters it can carry."""

        encoding = sys.stderr.encoding

    console = Console(stderr=True, no_color=Screen.of(sys.stderr, os.environ, color=common.color).color is None)
    # Results are not to be printed above the bar: where they go to a file or a pipe they would be lost there.
    bar = Progress(*columns, console=console, transient=True, redirect_stdout=False, redirect_stderr=False)
    with bar, contextlib.redirect_stderr(AboveTheBar(console, sys.stderr)):
        yield bar
