"""Texts from a list, a file or a pipe, as many at a time as have arrived, each with its place."""

import os
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol, TypeGuard, cast

from attnviz.errors import AttnvizError, EmptyInputError, InputError, one_line, some
from attnviz.numbers import spans
from attnviz.text.files.datasets import Records
from attnviz.text.files.sources import TextFiles, open_texts
from attnviz.text.layout import N_LOOKED_AT, FileLayout, settled_layout
from attnviz.text.reading import Lines, open_lines, read_lines


class PlacedText(NamedTuple):
    """A text, or the error that took its place, with its place in the input: ``texts.txt, line 3``, or empty.

    ``end``: the end of its line, in bytes from the start. ``pair``, ``target``: what its line says of them.
    """

    where: str
    text: str | AttnvizError
    end: int = 0
    pair: str | None = None
    target: str | None = None


class Window(NamedTuple):
    """Texts that are run together."""

    texts: list[PlacedText]

    @property
    def where(self) -> str:
        """The place of the first text, and the line of the last."""
        first, last = self.texts[0].where, self.texts[-1].where
        if first == last:
            return first
        name, separator, line = first.rpartition(", line ")
        return f"{name}, lines {line} to {last.rpartition(' ')[2]}" if separator else f"{first} to {last}"


class ListedTexts:
    """Texts of a list, or any other iterable of strings; a single text has no place.

    Attributes:
        name: the name of the input in messages.
        size: None, as the number of bytes is not known.
        are_lines: False: the texts are not lines of a stream.
    """

    name = "texts"
    size: int | None = None
    are_lines = False

    def __init__(self, texts: str | Iterable[str], most: int):
        self._texts, self._most = texts, most

    def __iter__(self) -> Iterator[Window]:
        if isinstance(self._texts, str):
            yield Window([PlacedText("", self._texts)])
            return
        numbered = enumerate(self._texts, start=1)
        count = 0
        while placed := [PlacedText(f"text {number}", text) for number, text in islice(numbered, self._most)]:
            count += len(placed)
            yield Window(placed)
        if not count:
            raise InputError("texts: there are none; expected at least one text")

    def ready(self) -> bool:
        """Always True: nothing is waited for."""
        return True

    def notes(self) -> Iterator[str]:
        """Nothing: no text was skipped."""
        return iter(())


class PlacedTexts:
    """Texts that have places of their own, such as the sentences of a treebank; some may be errors.

    Attributes:
        name: the name of the input in messages.
        size: None, as the number of bytes is not known.
        are_lines: True: they are many, whose progress is worth showing.
    """

    size: int | None = None
    are_lines = True

    def __init__(self, name: str, texts: Iterable[PlacedText]):
        self.name, self._texts = name, texts
        self._most = 1

    def in_windows(self, most: int) -> "PlacedTexts":
        """The same texts, at most so many at a time."""
        self._most = most
        return self

    def __iter__(self) -> Iterator[Window]:
        texts, count = iter(self._texts), 0
        while window := list(islice(texts, self._most)):
            count += len(window)
            yield Window(window)
        if not count:
            raise InputError(f"{self.name}: there are no sentences; expected at least one")

    def ready(self) -> bool:
        """Always True: nothing is waited for."""
        return True

    def notes(self) -> Iterator[str]:
        """Nothing: no text was skipped."""
        return iter(())


class StreamedTexts:
    """The lines of a file or a pipe, or a field of each of its records.

    Attributes:
        name: the name of the file in messages.
        size: the number of bytes to read; None where it is not known.
        are_lines: True.
    """

    are_lines = True

    def __init__(self, name: str, stream: BinaryIO, most: int, layout: FileLayout):
        self.name = name
        self.size = _size(stream)
        is_plain = layout.format in (None, "text")
        self._lines: Lines | Records = read_lines(stream, name) if is_plain else Records(stream, name, layout)
        self._most = most

    def __iter__(self) -> Iterator[Window]:
        for window in self._lines.windows(self._most):
            yield Window([PlacedText(f"{self.name}, line {line.number}", *line[1:]) for line in window])

    def ready(self) -> bool:
        """Whether the next texts can be read without waiting for their writer."""
        return self._lines.ready()

    def notes(self) -> Iterator[str]:
        """Notes on the whole stream, once it has been read."""
        if self._lines.blank:
            blank, n = self._lines.blank, self._lines.n_blank
            more = f" and {n - len(blank):,} more" if n > len(blank) else ""
            yield f"{self.name}: skipped blank line{'s' * (n > 1)} {spans(tuple(blank))}{more}"


class FilesOfTexts:
    """The texts of several files, one file after the other.

    Attributes:
        name: what messages on all of them call them.
        size: the number of bytes to read; None where it is not known.
        are_lines: True.
    """

    are_lines = True

    def __init__(self, files: TextFiles, most: int, layout: FileLayout):
        self.name = f"{len(files.names)} files" if len(files.names) > 1 else files.names[0]
        self.size = files.size
        self._files, self._most, self._layout = files, most, layout
        self._now: StreamedTexts | None = None
        self._notes: list[str] = []

    def __iter__(self) -> Iterator[Window]:
        before = 0  # bytes of the files that have been read
        empty: list[tuple[str, EmptyInputError]] = []
        for name in self._files.names:
            end = 0
            try:
                for window in self._windows_of(name):
                    end = window.texts[-1].end
                    yield Window([text._replace(end=before + text.end) for text in window.texts])
            except EmptyInputError as error:  # as a blank line among others
                empty.append((one_line(name), error))
            except InputError as error:  # of a file, so that the others may be good
                yield Window([PlacedText(one_line(name), error, before + end)])
            before += end
        if len(empty) == len(self._files.names):
            raise empty[0][1]
        if empty:
            names = [name for name, _ in empty]
            self._notes.append(f"skipped {len(names)} file{'s' * (len(names) > 1)} without a text: {some(names)}")

    def _windows_of(self, name: str) -> Iterator[Window]:
        with open_texts(name) as stream:
            layout, notes = layout_of(stream, self._layout, name=name)
            if layout.has_target != self._layout.has_target:
                raise InputError(f"{one_line(name)}: only some files have targets; expected all of them, or none")
            self._now = StreamedTexts(name, stream, self._most, layout)
            yield from self._now
            self._notes += [*notes, *self._now.notes()]

    def ready(self) -> bool:
        """Whether the next texts can be read without waiting for their writer."""
        return self._now is None or self._now.ready()

    def notes(self) -> Iterator[str]:
        """Notes on all files, once they have been read."""
        return iter(self._notes)


class Texts(Protocol):
    """Windows of texts, and what messages and a progress bar need to know of all of them."""

    name: str
    size: int | None
    are_lines: bool

    def __iter__(self) -> Iterator[Window]:
        """The windows, in order."""

    def ready(self) -> bool:
        """Whether the next window can be read without waiting for its writer."""

    def notes(self) -> Iterator[str]:
        """Notes on all texts, once they have been read."""


@contextmanager
def opened_texts(
    source: str | Iterable[str] | PlacedTexts | Path | TextFiles | BinaryIO,
    most: int,
    layout: FileLayout = FileLayout(),  # noqa: B008 (frozen)
) -> Iterator[Texts]:
    """The texts of a source, open for a ``with`` block.

    Args:
        source: one text; several; with places of their own; a file with one text per line, or several; or standard
            input, open as bytes.
        most: texts in a window. A larger window finds more texts of equal length, and keeps more of them waiting.
        layout: how a file or standard input holds its texts.

    Raises:
        InputError: the file cannot be opened.
    """
    if isinstance(source, Path):
        with open_lines(source) as stream:
            yield StreamedTexts(str(source), stream, most, layout)
    elif isinstance(source, TextFiles):
        yield FilesOfTexts(source, most, layout)
    elif is_stream(source):
        yield StreamedTexts("standard input", source, most, layout)
    elif isinstance(source, PlacedTexts):
        yield source.in_windows(most)
    else:
        yield ListedTexts(cast("str | Iterable[str]", source), most)


def file_pairs(source: str | Path | TextFiles | BinaryIO, layout: FileLayout) -> Iterator[tuple[str, str]]:
    """The text and the target of each line of a file.

    Raises:
        InputError: a line that cannot be read.
    """
    with opened_texts(source, 1, layout) as texts:
        for window in texts:
            for one in window.texts:
                if isinstance(one.text, AttnvizError):
                    raise one.text
                yield one.text, one.target or ""


def layout_of(
    source: Path | TextFiles | BinaryIO, layout: FileLayout, *, is_alone: bool = True, name: str | None = None
) -> tuple[FileLayout, list[str]]:
    """How a file or a stream holds its texts, and notes on what was taken for granted.

    Its first bytes are looked at, and are read again later. Of a pipe they are looked at only where it can do that. Of
    several files it is what all share; each is looked at again when it is read.

    Args:
        source: a file, or an open stream.
        layout: what the user says.
        is_alone: see ``settled_layout``.
        name: of an open stream that is not standard input.

    Raises:
        UsageError: fields that the format does not have.
    """
    if isinstance(source, TextFiles):
        for one in source.names:
            with suppress(EmptyInputError), open_texts(one) as first:
                settled, _ = layout_of(first, layout, is_alone=is_alone, name=one)
                return settled if settled.has_target else layout, []  # each file has a format of its own
        return layout, []
    if layout.format is not None:
        start, is_whole = b"", True
    elif isinstance(source, Path):
        start, is_whole = _start_of_file(source)
    else:
        start, is_whole = _start_of_stream(source)
    name = str(source) if isinstance(source, Path) else name or "standard input"
    return settled_layout(layout, name, start, is_whole=is_whole, is_alone=is_alone)


def _start_of_file(path: Path) -> tuple[bytes, bool]:
    """The first bytes of a file, and whether they are all; nothing of a pipe, which can be read only once."""
    if not os.path.isfile(path):
        return b"", True
    with open_lines(path) as stream:
        start = stream.read(N_LOOKED_AT)
    return start, len(start) < N_LOOKED_AT


def _start_of_stream(stream: BinaryIO) -> tuple[bytes, bool]:
    """The bytes that have arrived, which stay to be read, and whether they are all."""
    if hasattr(stream, "peek"):
        return stream.peek(1)[:N_LOOKED_AT], False
    if not stream.seekable():
        return b"", True
    place = stream.tell()
    start = stream.read(N_LOOKED_AT)
    stream.seek(place)
    return start, len(start) < N_LOOKED_AT


def is_stream(source: object) -> TypeGuard[BinaryIO]:
    """Whether a source of texts is open and gives bytes, as standard input does."""
    return hasattr(source, "read1")


def _size(stream: BinaryIO) -> int | None:
    """The bytes of a regular file; None for a pipe, and for a stream without a file."""
    try:
        status = os.fstat(stream.fileno())
    except OSError:  # io.UnsupportedOperation is one
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
