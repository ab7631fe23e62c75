"""Texts as they come in: the lines of a file or pipe, and texts that no tokenizer can take."""

import os
import re
import select
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from attnviz.errors import EmptyInputError, InputError, brief, one_line
from attnviz.files import open_file
from attnviz.text.streams import TextStream
from attnviz.text.words import WHITE_SPACE

_LONGEST_TEXT = 1_000_000  # characters: far more tokens than any model takes, and cut into tokens in some seconds
_LONGEST_LINE = 2**28  # bytes
_SHORTER = "a file has a text per line: fold -s -w 2000 FILE makes lines of a long one"
_BLANK_TOLD = 100  # so that memory does not grow with a file of nothing else
_SHARED = 64  # lines that are worth the work of two
_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile("[\ud800-\udfff]")


def check_id(tokenizer: str, piece: str, number: int, n_vocab: int) -> None:
    """Refuses a token whose id is not one of the model's.

    Args:
        tokenizer: what to call it in messages.
        piece: the token.
        number: its id.
        n_vocab: the number of ids.

    Raises:
        InputError: the id is not less than ``n_vocab``.
    """
    if number >= n_vocab:
        raise InputError(
            f"{tokenizer}: '{brief(piece)}' has id {number}, and n_vocab is {n_vocab}; expected ids below {n_vocab}"
        )


def check_text(text: str, where: str = "text") -> None:
    """Refuses a text without tokens.

    Raises:
        InputError: a blank text, one of more than a million characters, or lone surrogates (bytes of an argument that
            are not UTF-8).
    """
    if len(text) > _LONGEST_TEXT:
        raise InputError(f"{where}: {len(text)} characters; expected at most {_LONGEST_TEXT}", hint=_SHORTER)
    check_unicode(text, where)
    if is_blank(text):
        raise InputError(f"{where}: empty or blank; expected at least one token")


def check_unicode(text: str, where: str) -> None:
    """Refuses lone surrogates.

    Raises:
        InputError: there are some: bytes of an argument that are not UTF-8.
    """
    if lone := _SURROGATE.search(text):
        raise InputError(
            f"{where}: character {lone.start() + 1} is {brief(lone[0])}, half a surrogate pair or a byte that is "
            "not UTF-8; expected Unicode text"
        )


def is_blank(text: str) -> bool:
    """True for a text of nothing but Unicode white space, and for an empty one."""
    return not text.strip(WHITE_SPACE)


class Line(NamedTuple):
    """A text with the 1-based number of its line; what cannot be read is its error.

    Attributes:
        number: of the line.
        text: the text, or its error.
        end: where the line ends, in bytes from the start of the stream.
        pair: its second segment, where the line has one.
        target: its target text, where the line has one.
    """

    number: int
    text: str | InputError
    end: int
    pair: str | None = None
    target: str | None = None


class Lines:
    r"""The lines of a stream that are not blank, one at a time, as (1-based number, text).

    Lines end with ``\n`` or ``\r\n``, nothing else; a byte order mark at the start is dropped. What is packed is
    unpacked, and UTF-16 and UTF-32 are known by their byte order mark.

    Attributes:
        blank: numbers of the first blank lines met so far.
        n_blank: how many blank lines there were.
    """

    def __init__(self, stream: BinaryIO, where: str, *, keeps_blank: bool = False):
        self.blank: list[int] = []
        self.n_blank = 0
        self._stream = TextStream(stream, where)
        self._keeps_blank = keeps_blank
        self._where = where
        self._last = self._position = 0  # the number of the last line, and its end in bytes
        self._arrived: list[Line] = []  # and not been taken yet
        self._begun: list[bytes] = []  # of a line whose end has not arrived
        self._n_begun = 0  # bytes of it
        self._ended = False

    def __iter__(self) -> Iterator[tuple[int, str]]:
        for window in self.windows(_SHARED):
            for line in window:
                if isinstance(line.text, InputError):
                    raise line.text
                yield line.number, line.text

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
            raise EmptyInputError(f"{self._where}: {fault}; expected at least one text")

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
        chunk = self._stream.read()
        *ended, rest = chunk.split(b"\n")
        if ended:
            ended[0] = b"".join([*self._begun, ended[0]])
            self._begun.clear()
            self._n_begun = 0
        self._begun.append(rest)
        self._n_begun += len(rest)
        if self._n_begun > _LONGEST_LINE:
            where = f"{self._where}, line {self._last + len(ended) + 1}"
            raise InputError(f"{where}: more than {_LONGEST_LINE} bytes; expected a text per line", hint=_SHORTER)
        self._ended = not chunk
        if self._ended and (last := b"".join(self._begun)):
            ended.append(last)
        for raw in ended:
            self._last += 1
            self._position += len(raw) + (not self._ended)
            text = self._decoded(self._last, raw)
            if not isinstance(text, InputError) and is_blank(text) and not self._keeps_blank:
                self.skip(self._last)
            else:
                end = self._position if self._stream.is_plain else self._stream.n_read
                self._arrived.append(Line(self._last, text, end))

    def skip(self, number: int) -> None:
        """Counts a line without a text."""
        self.n_blank += 1
        if len(self.blank) < _BLANK_TOLD:
            self.blank.append(number)

    def _decoded(self, number: int, raw: bytes) -> str | InputError:
        skipped = len(_BOM) if number == 1 and raw.startswith(_BOM) else 0
        line = raw[skipped:].removesuffix(b"\r")
        if b"\0" in line:
            first = "UTF-16BE" if line.startswith(b"\0") and number == 1 else "UTF-16LE"
            return InputError(
                f"{self._where}, line {number}: it has zero bytes, as UTF-16 without a byte order mark has; expected "
                "UTF-8, or UTF-16 with its mark",
                f"iconv -f {first} -t UTF-8 converts it, if it is that",
            )
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError as error:
            if self._stream.encoding != "UTF-8":  # converted, so that this can only be a surrogate
                at = len(line[: error.start].decode()) + 1
                return InputError(
                    f"{self._where}, line {number}: character {at} of the line is half a surrogate pair; expected "
                    f"{self._stream.encoding} text"
                )
            return InputError(
                f"{self._where}, line {number}: byte {skipped + error.start + 1} of the line "
                f"(0x{line[error.start]:02x}) is not UTF-8; expected UTF-8 text"
            )


def _window_size(n: int, most: int) -> int:
    """The number of lines to give now, of n: equal parts, and half of a last part that two workers can share."""
    return -(-n // max(-(-n // most), 2 if n >= _SHARED else 1))


def read_lines(stream: BinaryIO, where: str, *, keeps_blank: bool = False) -> Lines:
    """The texts of a binary stream, one per line, read as they arrive.

    Args:
        stream: a file, a pipe, standard input.
        where: what error messages call it.
        keeps_blank: whether blank lines are lines too.

    Raises:
        InputError: while iterating: bytes that are not UTF-8, or no text at all.
    """
    return Lines(stream, one_line(where), keeps_blank=keeps_blank)


def open_lines(path: str | os.PathLike[str]) -> BinaryIO:
    """A file of texts, opened for ``read_lines``; the caller closes it.

    Raises:
        InputError: it is missing, a folder, empty, or may not be read.
    """
    return open_file(Path(path), "expected a text file")
