"""What goes wrong inside the ``tokenizers`` library, as ordinary errors."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from attnviz.errors import AttnvizError, InputError, brief


class EngineError(Exception):
    """The library fails where it should not: it panics, ends its process, or needs too long."""


@contextmanager
def panics_as_errors() -> Iterator[None]:
    """Turns a panic of Rust, which is not an ``Exception``, into one.

    Raises:
        EngineError: the library panicked.
    """
    try:
        yield
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # no module exports the class
            raise
        raise EngineError(f"the library fails: {error}") from None


@contextmanager
def library_errors(fault: str, expected: str) -> Iterator[None]:
    """Turns whatever the library raises, a panic too, into an error of the file.

    Args:
        fault: the file, and what is wrong with it then.
        expected: the end of the message.

    Raises:
        InputError: the library refused what it was given, or panicked.
    """
    try:
        with panics_as_errors(), without_traces():
            yield
    except (AttnvizError, OSError):  # of a file that cannot be read
        raise
    except Exception as error:  # the library raises nothing more specific
        raise InputError(f"{fault} ({brief(error)}); {expected}") from error


@contextmanager
def without_traces() -> Iterator[None]:
    """Without what foreign code writes to the process's standard error itself, such as the trace of a panic."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed, and nothing is seen anyway
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
