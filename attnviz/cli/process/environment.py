"""Variables of the environment that libraries read too, and trip over."""

from collections.abc import MutableMapping

_SIZES = {"COLUMNS": 5, "LINES": 5}  # the most digits: no screen is wider
_NUMBERS = {"SOURCE_DATE_EPOCH": 11, "NUMPY_MADVISE_HUGEPAGE": 1}  # of Matplotlib and NumPy


def drop_impossible_sizes(environ: MutableMapping[str, str]) -> None:
    """Removes ``COLUMNS`` and ``LINES`` where they are not the size of a screen: the terminal's own counts then."""
    for name, most_digits in _SIZES.items():
        if not (_is_number(environ.get(name, ""), most_digits) and int(environ[name])):
            environ.pop(name, None)


def keep_from_libraries(environ: MutableMapping[str, str]) -> None:
    """Removes what libraries would fail on, and what a command has no use for.

    Processes that Python starts from here look for modules where this one does, not in the working folder.
    """
    environ.pop("MPLBACKEND", None)  # pictures are written without a window
    for name, most_digits in _NUMBERS.items():
        if not _is_number(environ.get(name, ""), most_digits):
            environ.pop(name, None)
    environ["PYTHONSAFEPATH"] = "1"


def _is_number(text: str, most_digits: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= most_digits
