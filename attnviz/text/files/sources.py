"""Where the texts of a corpus are: one file, the files of a folder or a pattern, or an address that fsspec opens."""

import glob
import io
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from attnviz.errors import AttnvizError, InputError, UsageError, brief, one_line
from attnviz.files import unreadable
from attnviz.records import dataclass
from attnviz.text.reading import open_lines

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # of two letters or more: C: is a drive
_EXPECTED = "expected text files"
_ANY_DEPTH = "**"
_SEPARATORS = (os.sep, os.altsep) if os.altsep else (os.sep,)


@dataclass(frozen=True)
class TextFiles:
    """Several files of texts, read one after the other.

    Attributes:
        names: paths, or addresses, in order; at least one.
        size: the bytes of all; None where that is not known.
    """

    names: tuple[str, ...]
    size: int | None = None


def text_source(place: str | Path) -> Path | TextFiles:
    """The file, or the files, that a path, a folder, a pattern or an address means.

    A folder means all files in it and below it, a pattern (``*``, ``?``, ``[a-z]``, ``**``) those that match; both
    without names that begin with a dot, in the order of their names. What is there under a name is never a pattern. A
    folder that links lead to more than once, or into itself, is read once.

    Raises:
        InputError: no file is there.
        UsageError: an address, and fsspec is not installed.
    """
    text = str(place)
    if _ADDRESS.match(text):
        return _addressed(text)
    path = Path(place)
    if os.path.isdir(path):  # False for a name that no file can have: opening it says why
        return _listed(text, _matching(os.path.join(glob.escape(text), _ANY_DEPTH)))
    if glob.has_magic(text) and not _exists(path):
        return _listed(text, _matching(text))
    return path


@contextmanager
def open_texts(name: str) -> Iterator[BinaryIO]:
    """One of the files, open for a ``with`` block.

    Raises:
        InputError: it cannot be opened, or is empty.
    """
    if _ADDRESS.match(name):
        with _reported(name), _fsspec().open(name, "rb") as stream:
            yield io.BufferedReader(stream)
    else:
        with open_lines(name) as stream:
            yield stream


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name that no file can have: opening it says why
        return True


def _matching(pattern: str) -> set[str]:
    """The names that match a pattern. ``glob`` would follow links in circles at ``**``."""
    before, found, after = pattern.partition(_ANY_DEPTH)
    is_part = found and before[-1:] in ("", *_SEPARATORS) and after[:1] in ("", *_SEPARATORS)
    if not is_part:
        return set(glob.glob(pattern))
    rest = after.lstrip("".join(_SEPARATORS)) or "*"
    tops = glob.glob(before) if before else [""]
    folders = {folder for top in sorted(tops) for folder in _folders(top)}
    return {name for folder in folders for name in _matching(os.path.join(glob.escape(folder), rest))}


def _folders(top: str) -> Iterator[str]:
    """A folder and those below it, without hidden ones, each real folder once."""
    known: set[str] = set()
    for folder, below, _ in os.walk(top or ".", followlinks=True, onerror=_stop):
        real = os.path.realpath(folder)
        below[:] = sorted(name for name in below if not name.startswith(".")) if real not in known else []
        if real not in known:
            known.add(real)
            yield folder if top else folder.removeprefix(".").lstrip(os.sep)


def _stop(error: OSError) -> None:
    raise InputError(f"{one_line(error.filename)}: {unreadable(error)}; {_EXPECTED}") from error


def _listed(place: str, found: Iterable[str]) -> TextFiles:
    names = sorted(name for name in found if Path(name).is_file())
    if not names:
        raise InputError(f"{one_line(place)}: no file is there; {_EXPECTED}")
    return TextFiles(tuple(names), sum(Path(name).stat().st_size for name in names))


def _addressed(place: str) -> TextFiles:
    with _reported(place):
        files, path = _fsspec().url_to_fs(place)
        if glob.has_magic(path):
            found = files.glob(path)
        elif files.isdir(path):
            found = files.find(path)
        else:
            return TextFiles((place,))
        names = sorted(name for name in found if not files.isdir(name))
        if not names:
            raise InputError(f"{one_line(place)}: no file is there; {_EXPECTED}")
        return TextFiles(tuple(files.unstrip_protocol(name) for name in names))


@contextmanager
def _reported(place: str) -> Iterator[None]:
    """Errors of fsspec, and of the many libraries that it uses, as one line."""
    try:
        yield
    except AttnvizError:
        raise
    except ImportError as error:  # of a library for one kind of address, which the message names
        raise UsageError(f"{one_line(place)}: {brief(error)}; expected it installed") from error
    except Exception as error:
        raise InputError(f"{one_line(place)}: {unreadable(error)}; {_EXPECTED}") from error


def _fsspec() -> Any:
    try:
        import fsspec  # noqa: PLC0415 (start-up time, and an extra)
    except ImportError as error:
        raise UsageError(
            "file: an address needs fsspec; expected it installed", "pip install 'attnviz[dask]'"
        ) from error
    return fsspec
