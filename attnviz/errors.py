"""Every error a user can meet, each with its exit code.

A message has the form ``WHERE: WHAT; EXPECTED``, and may carry a hint that is printed on a line of its own.
"""

import re
from collections.abc import Sequence

LONGEST_QUOTE, LONGEST_PATH, LONGEST_LINE = 80, 200, 800  # characters of a message
LISTED = 3  # of many names
_KEPT_END = 0.25  # of what is shortened: the start says more than the end
# A word, or a path in the quotation marks of a command, which a user wants to paste.
_RUN = re.compile(rf"""[^\s'"()]{{{LONGEST_PATH + 1},}}""")


class AttnvizError(Exception):
    """Base of the expected errors: printed as one line, never as a traceback.

    Args:
        message: ``WHERE: WHAT; EXPECTED`` in one line.
        hint: what the user can do about it, printed as a second line.
        excerpt: the user's own text with a mark under the place at fault, printed below; of several lines.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None, excerpt: str | None = None):
        super().__init__(bounded(message))
        self.hint = None if hint is None else bounded(hint)
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


class EmptyInputError(InputError):
    """A file without a text, which is skipped among others."""


class CheckpointError(InputError):
    """A weights file whose format, names, shapes or numbers are not what its header promises."""


class OutputError(AttnvizError):
    """Output that cannot be written: no permission, a full disk, a file that must not be overwritten."""


class WorkerError(AttnvizError):
    """A process that worked on a part of the input cannot be started, or ended before it was done."""


def one_line(text: object) -> str:
    """The text with its control characters escaped, so that a message stays one line on any terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in str(text))


def brief(text: object, most: int = LONGEST_QUOTE) -> str:
    """What a file or a user wrote, for a message: in one line, and without its middle where it is long."""
    spelled = text if isinstance(text, str) else _spelled(text)
    if len(spelled) > 2 * most:  # the rest need not be escaped
        spelled = spelled[:most] + spelled[-most:]
    return _shortened(one_line(spelled), most)


def bounded(message: str) -> str:
    """A message whose length does not depend on what it is about: long paths and long lists lose their middle."""
    if len(message) <= LONGEST_PATH:
        return message
    whole = _RUN.sub(lambda run: _shortened(run[0], LONGEST_PATH), message)
    return _shortened(whole, LONGEST_LINE)


def some(names: Sequence[str], most: int = LISTED) -> str:
    """The names in a row, or the first of many and how many more there are."""
    more = len(names) - most
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:most])} and {more} more"


def _shortened(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    end = int(most * _KEPT_END)
    return f"{text[: most - end - 3]}...{text[len(text) - end :]}"


def _spelled(value: object) -> str:
    try:
        return str(value)
    except (RecursionError, ValueError):  # lists without end; a number of more digits than Python writes
        return f"a {type(value).__name__}"
