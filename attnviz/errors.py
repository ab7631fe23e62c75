"""Every error a user can meet, each with its exit code.

A message has the form ``WHERE: WHAT; EXPECTED``, and may carry a hint that is printed on a line of its own.
"""

from collections.abc import Sequence


class AttnvizError(Exception):
    """Base of the expected errors: printed as one line, never as a traceback.

    Args:
        message: ``WHERE: WHAT; EXPECTED`` in one line.
        hint: what the user can do about it, printed as a second line.
        excerpt: the user's own text with a mark under the place at fault, printed below; of several lines.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None, excerpt: str | None = None):
        super().__init__(message)
        self.hint = hint
        self.excerpt = excerpt

    def at(self, where: str) -> "AttnvizError":
        """The error with a place before its message: ``texts.txt, line 3``; without a place, the error itself."""
        return type(self)(f"{where}: {self}", self.hint, self.excerpt) if where else self


class UsageError(AttnvizError):
    """Wrong usage: a layer or head that is not there, options that exclude each other."""

    exit_code = 2


class TokenChoiceError(UsageError):
    """A choice of tokens that a text does not have; other texts may have them."""


class ConfigError(UsageError):
    """Fields of the block that do not fit each other."""


class InputError(AttnvizError):
    """Input that cannot be read or is invalid: a text, a file, a checkpoint, a shape."""

    exit_code = 3


class CheckpointError(InputError):
    """A weights file whose format, names, shapes or numbers are not what its header promises."""


class OutputError(AttnvizError):
    """Output that cannot be written: no permission, a full disk, a file that must not be overwritten."""


class WorkerError(AttnvizError):
    """A process that worked on a part of the input cannot be started, or ended before it was done."""


def one_line(text: object) -> str:
    """The text with its control characters escaped, so that a message stays one line on any terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text))


def some(names: Sequence[str], most: int = 20) -> str:
    """The names in a row, or the first of many and how many more there are."""
    more = len(names) - most
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:most])} and {more} more"
