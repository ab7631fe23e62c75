"""Streams of attention files: their first bytes, the packing around them, and their character set."""

import bz2
import codecs
import gzip
import io
import lzma
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

from attnviz.checkpoints.formats.magic import ZIP_MAGICS
from attnviz.checkpoints.formats.numpy_files import NPY_MAGIC
from attnviz.elsewhere.files.file_types import EXPECTED, foreign_type, refused
from attnviz.errors import InputError
from attnviz.files import unreadable

_BOM = b"\xef\xbb\xbf"
_JSON_STARTS = b"{[ \t\r\n\xef"  # also white space, and the byte order mark of UTF-8
_WIDE = (  # UTF-32 first: its mark begins like that of UTF-16
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_PACKED = ((b"\x1f\x8b", gzip.open), (b"\xfd7zXZ\0", lzma.open), (b"BZh", bz2.open))
_HEAD = 16  # bytes that say what a file is


class AttentionStream:
    """A stream whose first bytes were looked at.

    Attributes:
        where: its name in messages.
        start: its first bytes; fewer than there are where a pipe has sent no more.
        is_mapped: whether it is the file itself, which can be read at any place.
    """

    def __init__(self, stream: BinaryIO, where: str, *, is_mapped: bool = False):
        self.where, self.is_mapped = where, is_mapped
        self._stream, self.start, self._read = stream, b"", b""
        with readable(where):
            self.start = self._first_bytes()
            opener = next((opener for magic, opener in _PACKED if self.start.startswith(magic)), None)
            if opener is not None:
                self._stream = cast("BinaryIO", opener(io.BytesIO(self.all_bytes())))
                self.is_mapped, self._read = False, b""
                self.start = self._first_bytes()

    @property
    def is_arrays(self) -> bool:
        """Whether it is an ``.npy`` or an ``.npz``."""
        return self.start.startswith((NPY_MAGIC, *ZIP_MAGICS))

    @property
    def is_safetensors(self) -> bool:
        """Whether it begins with the length of a header, and the header."""
        return len(self.start) > 8 and self.start[8:9] == b"{" and self.start[5:8] == bytes(3)

    def all_bytes(self) -> bytes:
        """The whole content."""
        with readable(self.where):
            return self._read + self._stream.read()

    def lines(self) -> Iterator[bytes]:
        """The lines of a text, in UTF-8, as they arrive.

        Raises:
            InputError: what cannot be JSON is refused at its first bytes.
        """
        kind = foreign_type(self.start)
        if kind is not None:
            raise refused(kind, self.where)
        charset = next((charset for mark, charset in _WIDE if self.start.startswith(mark)), None)
        if charset is not None:
            yield from self._recoded(charset)
            return
        if len(self.start) > 1 and self.start[:2].count(0) == 1 and not self.start[:2].strip(b"\0" + _JSON_STARTS):
            raise InputError(
                f"{self.where}: it has zero bytes, as UTF-16 has, but no byte order mark; {EXPECTED}",
                hint=f"iconv -f UTF-16LE -t UTF-8 {self.where}",
            )
        if self.start[:1].strip(_JSON_STARTS):
            raise InputError(f"{self.where}: it is not an .npy, .npz, .safetensors or JSON file; {EXPECTED}")
        with readable(self.where):
            first = self._read if b"\n" in self._read else self._read + self._stream.readline()
            if first:
                yield first.removeprefix(_BOM)
            yield from self._stream

    def _recoded(self, charset: str) -> Iterator[bytes]:
        try:
            text = self.all_bytes().decode(charset)
        except UnicodeDecodeError as error:
            raise InputError(f"{self.where}: byte {error.start + 1} is not {charset.upper()}; {EXPECTED}") from error
        yield from io.BytesIO(text.encode())

    def _first_bytes(self) -> bytes:
        """Some bytes, without waiting for more than a line where the first may begin JSON."""
        peek = getattr(self._stream, "peek", None)
        start: bytes = b"" if peek is None else peek(_HEAD)[:_HEAD]
        if len(start) == _HEAD:
            return start
        self._read = self._stream.read(1)
        if self._read.strip(_JSON_STARTS):
            self._read += self._stream.read(_HEAD - 1)
        elif self._read and self._read != b"\n":
            self._read += self._stream.readline()
        return self._read[:_HEAD]


@contextmanager
def readable(where: str) -> Iterator[None]:
    """Turns what goes wrong in reading a stream into one line: a folder, a disk that fails, a damaged archive."""
    try:
        yield
    except (OSError, EOFError, lzma.LZMAError, zlib.error, MemoryError) as error:
        raise InputError(f"{where}: {unreadable(error)}; {EXPECTED}") from error
