"""From the words of a command line to an exit code: every error becomes one line here, and only here."""

import gc
import os
import re
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack, suppress
from functools import partial
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

from attnviz.cli.process.environment import drop_impossible_sizes, is_memory_limited, keep_from_libraries
from attnviz.cli.process.signals import code_of_signal, end_by_signal, forget_signals, limit_time
from attnviz.cli.process.standard_streams import begin_in_utf8, discard_output, open_standard_streams
from attnviz.sweeps.sharing.machine import start_with_one_thread

if TYPE_CHECKING:
    from typer import Context
    from typer.core import TyperArgument, TyperOption

_INTERRUPTED = 130
_OBJECTS = 100_000
_NO_ROOM = b"attnviz: error: memory: there is not enough; expected a higher limit (ulimit -v), or a machine with more\n"
_NARROWEST = 20
_OPTION = re.compile(r"--[a-z][a-z-]+", re.IGNORECASE)  # nothing else can be a mistyped option, so it may be a text
_PATIENCE = 1.0  # seconds that the reader of an interrupted run has for what is still buffered
_QUOTED = re.compile(r"'.{81,}'|\".{81,}\"|\(.{81,}\)", re.DOTALL)  # what Typer quotes whole
_held = ExitStack()  # what the command that runs has until it ends

Entered = TypeVar("Entered")


def entry() -> None:
    """Runs the command line of this process, and ends it."""
    begin_in_utf8()
    start_with_one_thread()
    keep_from_libraries(os.environ)
    open_standard_streams()
    if is_memory_limited():
        from attnviz.cli.process.limits import keep_numpy_within_limit

        keep_numpy_within_limit()
    # Start-up makes many objects and no garbage: a sentence goes without looking for any, a long run looks seldom.
    gc.set_threshold(_OBJECTS)
    code = main(sys.argv[1:])
    forget_signals()
    if code_of_signal():
        end_by_signal()
    gc.freeze()  # nor is there anything to look for at the end
    sys.exit(code)


def main(argv: list[str]) -> int:
    """Runs one command line.

    Returns:
        0 done; 1 a failure that is nobody's input; 2 wrong usage; 3 invalid input; 130 on Ctrl-C; 143 and 129 where
        SIGTERM and SIGHUP end the run.
    """
    drop_impossible_sizes(os.environ)
    options = list(takewhile(lambda word: word != "--", argv))  # what follows is texts
    debug, color = "--debug" in options, _color(options)
    code = _ended(partial(_run, argv), debug=debug, color=color)
    if code_of_signal():
        limit_time(_PATIENCE)
    # What is still buffered may find no reader, which changes no verdict, or a full disk.
    late = _ended(_flush, debug=debug, color=color)
    return code_of_signal() or code or late


def _ended(action: Callable[[], int], *, debug: bool, color: str) -> int:
    """How an action ended, as an exit code; nobody to print for is a quiet end."""
    try:
        return action()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        discard_output()
        return 0
    except Exception as error:
        if code_of_signal():  # a library that was interrupted while it wrote may fail when it closes what it has
            return _INTERRUPTED
        if debug:
            raise
        try:
            return _explain(error, color)
        except (MemoryError, ImportError):  # there is not even room for the words
            os.write(2, _NO_ROOM)
            return 3


def _color(argv: list[str]) -> str:
    """What ``--color`` says, also on a line that cannot be parsed."""
    values = [value for name, value in pairwise(argv) if name == "--color"]
    values += [word.removeprefix("--color=") for word in argv if word.startswith("--color=")]
    return values[-1] if values and values[-1] in ("always", "never") else "auto"


def _flush() -> int:
    try:
        sys.stdout.flush()
    except KeyboardInterrupt:  # a reader that does not read
        discard_output()
        raise
    return 0


def _run(argv: list[str]) -> int:
    from attnviz.cli.app import app

    with _held:
        action = app(args=argv, prog_name="attnviz", standalone_mode=False)
        return (action() if callable(action) else action) or 0


def until_end(context: AbstractContextManager[Entered]) -> Entered:
    """Enters a context that is left when the command ends, however it ends."""
    return _held.enter_context(context)


def _explain(error: Exception, color: str) -> int:
    """Prints the error as one line, the place in what was written if it says one, and a hint on a line of its own."""
    from attnviz.errors import AttnvizError, bounded, brief, one_line
    from attnviz.memory import has_limit, memory_lack

    code, text, hint, excerpt = 1, "", None, None
    if (lack := memory_lack(error)) is not None:
        higher = "a higher limit (ulimit -v), " if has_limit() else ""
        code, text = 3, f"memory: {lack}; expected {higher}a shorter text, fewer layers or a smaller model"
    elif isinstance(error, AttnvizError):
        code, text, hint, excerpt = error.exit_code, str(error), error.hint, error.excerpt
    elif isinstance(error, _UsageOfTyper):
        code, text, hint = _usage(error)
    elif isinstance(error, OSError) and error.filename is not None:  # of reading: what writes has errors of its own
        from attnviz.files import unreadable

        code, text = 3, f"{bounded(one_line(error.filename))}: {unreadable(error)}; expected a file that can be read"
    elif isinstance(error, OSError):
        text = f"output: {brief(error.strerror or error)}; expected a place that can be written to"
        discard_output()
    else:
        text = f"internal: {type(error).__name__}: {brief(error)}"
        hint = "this is a bug; --debug shows where"
    say(one_line(text), label="attnviz: error:", color=color)
    for line in (excerpt or "").splitlines():
        say(one_line(line), wraps=False)
    if hint:
        say(f"hint: {one_line(hint)}")
    return code


@runtime_checkable
class _UsageOfTyper(Protocol):
    """An error of Typer's own: an unknown option, a missing value."""

    exit_code: int

    def format_message(self) -> str: ...


def _usage(error: _UsageOfTyper) -> tuple[int, str, str | None]:
    from attnviz.errors import bounded, brief

    text = _QUOTED.sub(
        lambda quote: f"{quote[0][0]}{brief(quote[0][1:-1])}{quote[0][-1]}", error.format_message().rstrip(".")
    )
    context: Context | None = getattr(error, "ctx", None)
    parameter: TyperOption | TyperArgument | None = getattr(error, "param", None)
    path = context.command_path if context is not None else "attnviz"
    hint = f"run `{path} --help`"
    option: str | None = getattr(error, "option_name", None)
    if text.startswith("Got unexpected extra"):
        hint += "; put quotes around a text of several words"
        if context is not None and any(parameter.name == "where" for parameter in context.command.params):
            hint += ', and around a condition, such as "previous > 0.5"'
    elif text.startswith("No such option") and option is not None and context is not None:
        from attnviz.cli.help.suggestions import meant_option

        question, hint = meant_option(option, context)
        if not question or not _OPTION.fullmatch(option):
            hint += "; put -- before a text that begins with -"
        text = f"no such option: {brief(option)}{question}"
    if context is not None and parameter is not None and parameter.name is not None:
        source = context.get_parameter_source(parameter.name)
        if source and source.name == "ENVIRONMENT":  # nobody wrote the option that the message names
            text = f"the variable {parameter.envvar}: {text[:1].lower()}{text[1:]}"
    return error.exit_code, bounded(f"usage: {text[:1].lower()}{text[1:]}"), hint


def say(line: str, *, label: str = "", color: str = "auto", wraps: bool = True) -> None:
    """Prints a line to standard error, whatever characters that can carry.

    Args:
        line: what to print.
        label: what precedes it, red where there are colours.
        color: whether there are: auto, always or never.
        wraps: whether a terminal breaks it between words; elsewhere it stays one line.
    """
    text = f"{label} {line}" if label else line
    if wraps and sys.stderr.isatty():
        text = _wrapped(text)
    if label:
        from attnviz.output.color_choice import choose_color

        if choose_color(color, os.environ, is_terminal=sys.stderr.isatty()):
            text = f"\x1b[1;31m{label}\x1b[0m{text.removeprefix(label)}"
    encoding = sys.stderr.encoding or "ascii"
    print(text.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr)


def _wrapped(text: str) -> str:
    """The text in lines that fit the terminal, broken at spaces only."""
    from shutil import get_terminal_size
    from textwrap import fill

    with suppress(OSError, ValueError, AttributeError):  # standard error that is not the system's
        columns = int(os.environ.get("COLUMNS") or os.get_terminal_size(sys.stderr.fileno()).columns)
        return fill(text, max(columns, _NARROWEST), break_long_words=False, break_on_hyphens=False)
    return fill(text, get_terminal_size().columns, break_long_words=False, break_on_hyphens=False)
