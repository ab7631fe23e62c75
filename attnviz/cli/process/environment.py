"""What the environment sets and libraries trip over: variables that they read too, and a limit of memory."""

from collections.abc import MutableMapping

_SIZES = {"COLUMNS": 5, "LINES": 5}  # the most digits: no screen is wider
_NUMBERS = {"SOURCE_DATE_EPOCH": 11, "NUMPY_MADVISE_HUGEPAGE": 1}  # of Matplotlib and NumPy


_LIMITS, _UNLIMITED = "/proc/self/limits", b"Max address space         unlimited"


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


def is_memory_limited() -> bool:
    """Whether this process has a limit of memory (``ulimit -v``), which only Linux keeps."""
    try:
        with open(_LIMITS, "rb", buffering=0) as file:
            return _UNLIMITED not in file.read()
    except OSError:  # another system
        return False


def _is_number(text: str, most_digits: int) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= most_digits
