"""The bytes of a text file or a pipe as UTF-8: unpacked, and converted from UTF-16 or UTF-32."""

import codecs
import io
import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast

from attnviz.errors import InputError
from attnviz.files import unreadable

if TYPE_CHECKING:
    from io import BufferedReader

_CHUNK = 1 << 20  # of a file; a pipe gives what it holds
_PACKED = {b"\x1f\x8b": "gzip", b"BZh91AY&SY": "bzip2", b"\xfd7zXZ\x00": "xz"}
_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}
_EXPECTED = "expected text, one per line"


class _OtherFile(NamedTuple):
    """A kind of file that is not text, and how to get text of it."""

    name: str
    hint: str


def _frame_hint(reader: str) -> str:
    command = f"import pandas; pandas.{reader}('FILE').to_json('FILE.jsonl', orient='records', lines=True)"
    return f'to turn it into JSON lines: python -c "{command}"'


_OTHERS = {
    b"PAR1": _OtherFile("a Parquet file", _frame_hint("read_parquet")),
    b"ARROW1": _OtherFile("an Arrow file", _frame_hint("read_feather")),
    b"PK\x03\x04": _OtherFile("a zip archive (or .npz, .docx, .xlsx)", "unpack it: unzip -p FILE | attnviz ... -"),
    b"(\xb5/\xfd": _OtherFile("packed with Zstandard", "unpack it: zstd -dc FILE | attnviz ... -"),
    b"\x93NUMPY": _OtherFile("a NumPy array", "--attention and --vectors read arrays"),
    b"\x89HDF": _OtherFile("an HDF5 file", "save its texts as JSON lines"),
    b"SQLite format 3\x00": _OtherFile("an SQLite database", "save its texts as CSV: sqlite3 -csv -header FILE QUERY"),
    b"%PDF-": _OtherFile("a PDF file", "its text: pdftotext FILE - | attnviz ... -"),
    b"\x89PNG": _OtherFile("a picture", "expected text"),
}


class TextStream:
    """A stream that is unpacked as it is read, and converted to UTF-8.

    Its first bytes say whether it is packed (gzip, bzip2, xz), and its byte order mark whether it is UTF-16 or UTF-32.
    Without such a mark its bytes are given as they are.

    Attributes:
        encoding: ``UTF-8``, ``UTF-16`` or ``UTF-32``.
        n_read: how many of the stream's own bytes have been read.
        is_plain: whether the bytes that are given are those of the stream.
    """

    def __init__(self, stream: BinaryIO, where: str):
        self.encoding = "UTF-8"
        self.is_plain = True
        self._where = where
        self._stream = stream
        self._raw = _Ahead(stream)
        self._plain: _Ahead | None = None  # unpacked, once the first bytes are known
        self._decoder: codecs.IncrementalDecoder | None = None
        self._damage: tuple[type[Exception], ...] = (zlib.error,)

    @property
    def n_read(self) -> int:
        """How many of the stream's own bytes have been read."""
        return self._raw.n_read

    def fileno(self) -> int:
        """The descriptor of the stream.

        Raises:
            OSError: it has none.
        """
        return self._stream.fileno()

    def read(self) -> bytes:
        """The next bytes as UTF-8, as they arrive; nothing at the end.

        Raises:
            InputError: the stream fails, or is not what its first bytes promise.
        """
        try:
            if self._plain is None:
                self._plain = self._begun()
            return self._plain.read(_CHUNK) if self._decoder is None else self._converted(self._plain, self._decoder)
        except EOFError as error:
            raise InputError(f"{self._where}: it is packed, and ends too early; expected the whole file") from error
        except OSError as error:  # a folder as standard input, a disk that fails
            raise InputError(f"{self._where}: {unreadable(error)}; {_EXPECTED}") from error
        except self._damage as error:
            raise InputError(f"{self._where}: it is packed, and damaged ({error}); expected a whole file") from error
        except UnicodeDecodeError as error:
            raise InputError(
                f"{self._where}: it begins as {self.encoding}, and has bytes that are not ({error.reason}); {_EXPECTED}"
            ) from error

    def _begun(self) -> "_Ahead":
        """What comes after the first bytes were looked at."""
        plain = self._raw
        if packed := plain.beginning(_PACKED):
            content, damage = _unpacked(cast("BinaryIO", plain), _PACKED[packed])
            plain, self.is_plain = _Ahead(content), False
            self._damage += damage
        if other := plain.beginning(_OTHERS):
            raise InputError(f"{self._where}: it is {_OTHERS[other].name}; {_EXPECTED}", _OTHERS[other].hint)
        if mark := plain.beginning(_MARKS):
            self.encoding, self.is_plain = _MARKS[mark], False
            self._decoder = codecs.getincrementaldecoder(self.encoding)("surrogatepass")
        return plain

    def _converted(self, plain: "_Ahead", decoder: codecs.IncrementalDecoder) -> bytes:
        while True:
            data = plain.read(_CHUNK)
            text = decoder.decode(data, final=not data)
            if text or not data:
                return text.encode("utf-8", "surrogatepass")


class _Ahead:
    """A stream whose first bytes can be looked at before they are read.

    Attributes:
        n_read: how many bytes of the stream have been read.
    """

    def __init__(self, stream: BinaryIO):
        self.n_read = 0
        self._stream = cast("BufferedReader", stream)  # the type of all binary files that are opened
        self._first = b""

    def beginning(self, starts: Iterable[bytes]) -> bytes | None:
        """The longest of these with which the stream begins; waits for no more bytes than it takes to know."""
        ordered = sorted(starts, key=len, reverse=True)
        while any(len(start) > len(self._first) and start.startswith(self._first) for start in ordered):
            data = self._next(_CHUNK)
            if not data:
                break
            self._first += data
        return next((start for start in ordered if self._first.startswith(start)), None)

    def read(self, size: int = _CHUNK) -> bytes:
        """The next bytes, as many as there are at once; nothing at the end."""
        if self._first:
            data, self._first = self._first[:size], self._first[size:]
            return data
        return self._next(size)

    read1 = read

    def _next(self, size: int) -> bytes:
        data = self._stream.read1(size)
        self.n_read += len(data)
        return data


def _unpacked(stream: BinaryIO, method: str) -> tuple[BinaryIO, tuple[type[Exception], ...]]:
    """The content of a packed stream, read as it arrives, and the errors of a damaged one that are its own."""
    if method == "gzip":
        from gzip import GzipFile  # noqa: PLC0415 (start-up time: few files are packed)

        return cast("BinaryIO", GzipFile(fileobj=stream, mode="rb")), ()
    if method == "bzip2":
        from bz2 import BZ2File  # noqa: PLC0415 (start-up time)

        return cast("BinaryIO", BZ2File(stream)), ()
    from lzma import LZMAError, LZMAFile  # noqa: PLC0415 (start-up time)

    return cast("BinaryIO", LZMAFile(stream)), (LZMAError,)


def unpacked_start(data: bytes) -> bytes:
    """As much of a text as the first bytes of its file hold, unpacked and as UTF-8; nothing of what is not text."""
    stream, text = TextStream(cast("BinaryIO", io.BytesIO(data)), "start"), b""
    try:
        while more := stream.read():
            text += more
    except InputError:  # the start of a packed file ends too early; other errors are those of the whole file
        pass
    return text
