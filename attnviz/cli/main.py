"""From the words of a command line to an exit code: every error becomes one line here, and only here."""

import gc
import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol, TextIO, runtime_checkable

from attnviz.sweeps.machine import start_with_one_thread

if TYPE_CHECKING:
    from typer import Context
    from typer.core import TyperArgument, TyperOption

_INTERRUPTED = 130
_OBJECTS = 100_000


def entry() -> None:
    """The console script."""
    start_with_one_thread()
    # A stream may have been closed by who started us.
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    # Start-up makes many objects and no garbage: a sentence goes without looking for any, a long run looks seldom.
    gc.set_threshold(_OBJECTS)
    code = main(sys.argv[1:])
    gc.freeze()  # nor is there anything to look for at the end
    sys.exit(code)


def main(argv: list[str]) -> int:
    """Runs one command line.

    Returns:
        0 done; 1 a failure that is nobody's input; 2 wrong usage; 3 invalid input; 130 on Ctrl-C.
    """
    debug = "--debug" in argv
    code = _ended(partial(_run, argv), debug=debug)
    # What is still buffered may find no reader, which changes no verdict, or a full disk.
    late = _ended(_flush, debug=debug)
    return code or late


def _ended(action: Callable[[], int], *, debug: bool) -> int:
    """How an action ended, as an exit code; nobody to print for is a quiet end."""
    try:
        return action()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        discard_output()
        return 0
    except Exception as error:
        if debug:
            raise
        return _explain(error)


def _flush() -> int:
    sys.stdout.flush()
    return 0


def _run(argv: list[str]) -> int:
    from attnviz.cli.app import app

    action = app(args=argv, prog_name="attnviz", standalone_mode=False)
    return (action() if callable(action) else action) or 0


def _explain(error: Exception) -> int:
    """Prints the error as one line, the place in what was written if it says one, and a hint on a line of its own."""
    from attnviz.errors import AttnvizError, one_line

    code, text, hint, excerpt = 1, "", None, None
    if isinstance(error, AttnvizError):
        code, text, hint, excerpt = error.exit_code, str(error), error.hint, error.excerpt
    elif isinstance(error, _UsageOfTyper):
        code, text, hint = _usage(error)
    elif isinstance(error, MemoryError):
        text = "memory: not enough for this; expected a shorter text or a smaller block"
    elif isinstance(error, OSError):
        text = f"{error.filename or 'output'}: {error.strerror or error}; expected a place that can be written to"
        discard_output()
    else:
        text = f"internal: {type(error).__name__}: {error}"
        hint = "this is a bug; --debug shows where"
    say(f"attnviz: error: {one_line(text)}")
    for line in (excerpt or "").splitlines():
        say(one_line(line))
    if hint:
        say(f"hint: {one_line(hint)}")
    return code


@runtime_checkable
class _UsageOfTyper(Protocol):
    """An error of Typer's own: an unknown option, a missing value."""

    exit_code: int

    def format_message(self) -> str: ...


def _usage(error: _UsageOfTyper) -> tuple[int, str, str | None]:
    text = error.format_message().rstrip(".")
    context: Context | None = getattr(error, "ctx", None)
    parameter: TyperOption | TyperArgument | None = getattr(error, "param", None)
    path = context.command_path if context is not None else "attnviz"
    hint = f"run `{path} --help`"
    option: str | None = getattr(error, "option_name", None)
    if text.startswith("Got unexpected extra"):
        hint += "; put quotes around a text of several words"
    elif text.startswith("No such option") and option is not None and context is not None:
        from attnviz.cli.help.suggestions import meant_option

        question, hint = meant_option(option, context)
        text = f"no such option: {option}{question}"
    if context is not None and parameter is not None and parameter.name is not None:
        source = context.get_parameter_source(parameter.name)
        if source and source.name == "ENVIRONMENT":  # nobody wrote the option that the message names
            text = f"the variable {parameter.envvar}: {text[:1].lower()}{text[1:]}"
    return error.exit_code, f"usage: {text[:1].lower()}{text[1:]}", hint


def say(line: str) -> None:
    """Prints a line to standard error, whatever characters that can carry."""
    encoding = sys.stderr.encoding or "ascii"
    print(line.encode(encoding, "backslashreplace").decode(encoding), file=sys.stderr)


def discard_output() -> None:
    """Nobody reads any more: what is still buffered must not raise again at exit."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        sys.stdout = _nowhere()


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")
