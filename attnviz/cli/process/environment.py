"""Variables of the environment that libraries read too, and trip over."""

from collections.abc import MutableMapping

_SIZES = ("COLUMNS", "LINES")
_MOST_DIGITS = 5  # of a size: no screen is wider


def drop_impossible_sizes(environ: MutableMapping[str, str]) -> None:
    """Removes ``COLUMNS`` and ``LINES`` where they are not the size of a screen: the terminal's own counts then."""
    for name in _SIZES:
        size = environ.get(name, "")
        if not (size.isascii() and size.isdecimal() and len(size) <= _MOST_DIGITS and int(size)):
            environ.pop(name, None)
