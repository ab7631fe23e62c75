"""Texts as they come in: the lines of a file or pipe, and texts that no tokenizer can take."""

import os
import re
import select
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from attnviz.errors import InputError, one_line
from attnviz.files import open_file, unreadable
from attnviz.text.words import WHITE_SPACE

if TYPE_CHECKING:
    from io import BufferedReader

_CHUNK = 1 << 20  # of a file; a pipe gives what it holds
_BLANK_TOLD = 100  # so that memory does not grow with a file of nothing else
_SHARED = 64  # lines that are worth the work of two
_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile("[\ud800-\udfff]")


def check_text(text: str, where: str = "text") -> None:
    """Refuses a text without tokens.

    Raises:
        InputError: a blank text, or lone surrogates (bytes of an argument that are not UTF-8).
    """
    if lone := _SURROGATE.search(text):
        raise InputError(
            f"{where}: character {lone.start() + 1} is {one_line(lone[0])}, half a surrogate pair or a byte that is "
            "not UTF-8; expected Unicode text"
        )
    if is_blank(text):
        raise InputError(f"{where}: empty or blank; expected at least one token")


def is_blank(text: str) -> bool:
    """True for a text of nothing but Unicode white space, and for an empty one."""
    return not text.strip(WHITE_SPACE)


class Line(NamedTuple):
    """A line that is not blank, with its 1-based number; what cannot be read is its error."""

    number: int
    text: str | InputError
    end: int  # in bytes from the start of the stream


class Lines:
    r"""The lines of a stream that are not blank, one at a time, as (1-based number, text).

    Lines end with ``\n`` or ``\r\n``, nothing else; a byte order mark at the start is dropped.

    Attributes:
        blank: numbers of the first blank lines met so far.
        n_blank: how many blank lines there were.
    """

    def __init__(self, stream: BinaryIO, where: str):
        self.blank: list[int] = []
        self.n_blank = 0
        self._stream = stream
        self._where = where
        self._last = self._position = 0  # the number of the last line, and its end in bytes
        self._arrived: list[Line] = []  # and not been taken yet
        self._begun: list[bytes] = []  # of a line whose end has not arrived
        self._ended = False

    def __iter__(self) -> Iterator[tuple[int, str]]:
        for window in self.windows(_SHARED):
            for number, text, _ in window:
                if isinstance(text, InputError):
                    raise text
                yield number, text

    def windows(self, most: int) -> Iterator[list[Line]]:
        """The lines, as many at a time as have arrived, but no more than ``most``; what cannot be read is its error.

        Raises:
            InputError: the stream fails, or has no text at all.
        """
        found = False
        while True:
            while not (self._arrived or self._ended):
                self._read()
            if not self._arrived:
                break
            size = _window_size(len(self._arrived), most)
            given, self._arrived = self._arrived[:size], self._arrived[size:]
            found = True
            yield given
        if not found:
            fault = "all lines are blank" if self.blank else "it is empty"
            raise InputError(f"{self._where}: {fault}; expected at least one text")

    def ready(self) -> bool:
        """True where the next window can be read without waiting for the stream's writer.

        Bytes alone are none: they may be a blank line, or the beginning of one.
        """
        try:
            while not (self._arrived or self._ended) and select.select([self._stream], [], [], 0)[0]:
                self._read()
        except (OSError, ValueError, InputError):  # no file of the system's; on Windows, no socket; or it fails
            return True
        return bool(self._arrived) or self._ended

    def _read(self) -> None:
        """Takes the lines that are there; where there are none yet, those that come next."""
        chunk = self._chunk()
        *ended, rest = chunk.split(b"\n")
        if ended:
            ended[0] = b"".join([*self._begun, ended[0]])
            self._begun.clear()
        self._begun.append(rest)
        self._ended = not chunk
        if self._ended and (last := b"".join(self._begun)):
            ended.append(last)
        for raw in ended:
            self._last += 1
            self._position += len(raw) + (not self._ended)
            text = self._decoded(self._last, raw)
            if not isinstance(text, InputError) and is_blank(text):
                self.n_blank += 1
                if len(self.blank) < _BLANK_TOLD:
                    self.blank.append(self._last)
            else:
                self._arrived.append(Line(self._last, text, self._position))

    def _chunk(self) -> bytes:
        try:
            return cast("BufferedReader", self._stream).read1(_CHUNK)  # the type of all binary files that are opened
        except OSError as error:  # a folder as standard input, a disk that fails
            raise InputError(f"{self._where}: {unreadable(error)}; expected text, one per line") from error

    def _decoded(self, number: int, raw: bytes) -> str | InputError:
        skipped = len(_BOM) if number == 1 and raw.startswith(_BOM) else 0
        line = raw[skipped:].removesuffix(b"\r")
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            return InputError(
                f"{self._where}, line {number}: byte {skipped + error.start + 1} of the line "
                f"(0x{line[error.start]:02x}) is not UTF-8; expected UTF-8 text"
            )


def _window_size(n: int, most: int) -> int:
    """The number of lines to give now, of n: equal parts, and half of a last part that two workers can share."""
    return -(-n // max(-(-n // most), 2 if n >= _SHARED else 1))


def read_lines(stream: BinaryIO, where: str) -> Lines:
    """The texts of a binary stream, one per line, read as they arrive.

    Args:
        stream: a file, a pipe, standard input.
        where: what error messages call it.

    Raises:
        InputError: while iterating: bytes that are not UTF-8, or no text at all.
    """
    return Lines(stream, one_line(where))


def open_lines(path: str | os.PathLike[str]) -> BinaryIO:
    """A file of texts, opened for ``read_lines``; the caller closes it.

    Raises:
        InputError: it is missing, a folder, empty, or may not be read.
    """
    return open_file(Path(path), "expected a text file")
