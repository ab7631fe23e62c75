"""Files of texts as people save them: packed, in UTF-16 or UTF-32, or not text at all."""

import bz2
import gzip
import io
import lzma
import os
import threading
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.errors import InputError
from attnviz.text.reading import read_lines
from attnviz.text.streams import TextStream, unpacked_start

TEXT = "The café opened at nine.\r\n\r\n日本 😀\n"
LINES = [(1, "The café opened at nine."), (3, "日本 😀")]
ENCODINGS = {
    "utf-8": b"",
    "utf-8-sig": b"",
    "utf-16-le": b"\xff\xfe",
    "utf-16-be": b"\xfe\xff",
    "utf-32-le": b"\xff\xfe\0\0",
    "utf-32-be": b"\0\0\xfe\xff",
}
PACKERS = {"plain": lambda data: data, "gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress}


class InPieces(io.BytesIO):
    """A stream whose bytes arrive a few at a time."""

    def __init__(self, data: bytes, size: int):
        super().__init__(data)
        self._size = size

    def read1(self, size=-1):
        return super().read1(min(self._size, size) if size > 0 else self._size)


def lines_of(data: bytes) -> list[tuple[int, str]]:
    return list(read_lines(io.BytesIO(data), "pipe"))


def message(data: bytes) -> tuple[str, str | None]:
    with pytest.raises(InputError) as caught:
        lines_of(data)
    return str(caught.value), caught.value.hint


@pytest.mark.parametrize("packer", PACKERS)
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("size", [1, 3, 1 << 20])
def test_texts_come_back_however_they_are_saved(encoding, packer, size):
    data = PACKERS[packer](ENCODINGS[encoding] + TEXT.encode(encoding))
    assert list(read_lines(InPieces(data, size), "pipe")) == LINES


@pytest.mark.parametrize("packer", ["gzip", "bzip2", "xz"])
def test_parts_that_were_packed_one_by_one_are_one_text(packer):
    pack = PACKERS[packer]
    assert lines_of(pack(b"one\ntw") + pack(b"o\n")) == [(1, "one"), (2, "two")]


@given(
    st.text(st.characters(exclude_characters="\0\r\n", codec="utf-8"), min_size=1), st.sampled_from(list(ENCODINGS)[2:])
)
def test_any_line_comes_back_from_utf_16_and_utf_32(text, encoding):
    data = ENCODINGS[encoding] + f"a{text}\nlast".encode(encoding)
    assert lines_of(data) == [(1, f"a{text}"), (2, "last")]


def test_the_place_in_a_packed_stream_is_that_of_its_own_bytes():
    data = gzip.compress(b"one\ntwo\n" * 1000)
    (last, *_) = [line for window in read_lines(io.BytesIO(data), "pipe").windows(5000) for line in window][-1:]
    assert last.end == len(data)


def test_a_line_of_a_packed_pipe_is_given_before_the_next_is_written():
    read_end, write_end = os.pipe()
    packer = zlib.compressobj(wbits=31)
    with open(read_end, "rb") as stream, open(write_end, "wb", buffering=0) as sink:
        lines = iter(read_lines(stream, "pipe"))
        sink.write(packer.compress(b"first\n") + packer.flush(zlib.Z_SYNC_FLUSH))
        got = []
        reader = threading.Thread(target=lambda: got.append(next(lines)), daemon=True)
        reader.start()
        reader.join(timeout=300)
        assert got == [(1, "first")]


@pytest.mark.parametrize(("encoding", "line"), [("utf-16-le", 1), ("utf-16-be", 1), ("utf-32-le", 1)])
def test_zero_bytes_are_an_error_that_names_utf_16(encoding, line):
    text, hint = message("The cat\nsat".encode(encoding))
    assert text == (
        f"pipe, line {line}: it has zero bytes, as UTF-16 without a byte order mark has; expected UTF-8, or UTF-16 "
        "with its mark"
    )
    assert hint == f"iconv -f UTF-16{'BE' if encoding.endswith('be') else 'LE'} -t UTF-8 converts it, if it is that"


def test_half_a_surrogate_pair_is_an_error_of_its_line():
    data = b"\xff\xfea\0\n\0b\0\x00\xd8c\0\n\0d\0"
    first, wrong, last = (line for window in read_lines(io.BytesIO(data), "pipe").windows(9) for line in window)
    assert [first.text, last.text] == ["a", "d"]
    assert str(wrong.text) == "pipe, line 2: character 2 of the line is half a surrogate pair; expected UTF-16 text"


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (
            b"\xff\xfea\0b",
            "it begins as UTF-16, and has bytes that are not (truncated data); expected text, one per line",
        ),
        (gzip.compress(b"a\n" * 99, mtime=0)[:-12], "it is packed, and ends too early; expected the whole file"),
        (lzma.compress(b"a\n" * 99)[:-12], "it is packed, and ends too early; expected the whole file"),
        (b"\x1f\x8b", "it is packed, and ends too early; expected the whole file"),
    ],
)
def test_what_is_damaged_is_refused_in_words(data, expected):
    assert message(data) == (f"pipe: {expected}", None)


@pytest.mark.parametrize("packer", ["gzip", "bzip2", "xz"])
def test_what_is_damaged_inside_is_refused_in_words(packer):
    data = bytearray(PACKERS[packer](os.urandom(3000)))
    data[len(data) // 2] ^= 0xFF
    data[len(data) // 2 + 1] ^= 0xFF
    text, _ = message(bytes(data))
    words = ("it is packed, and damaged", "it is packed, and ends too early", "it cannot be read")
    assert text.startswith((*(f"pipe: {one}" for one in words), "pipe, line"))


@pytest.mark.parametrize(
    ("start", "expected"),
    [
        (b"PAR1", "it is a Parquet file"),
        (b"ARROW1\0\0", "it is an Arrow file"),
        (b"PK\x03\x04", "it is a zip archive (or .npz, .docx, .xlsx)"),
        (b"\x93NUMPY\x01\0", "it is a NumPy array"),
        (b"(\xb5/\xfd", "it is packed with Zstandard"),
    ],
)
def test_files_that_are_not_text_are_named_and_their_hint_says_how_to_get_text(start, expected):
    text, hint = message(start + b"\x15\x04\0\n\0")
    assert text == f"pipe: {expected}; expected text, one per line"
    assert hint
    if start == b"PAR1":
        assert hint == (
            "to turn it into JSON lines: python -c \"import pandas; pandas.read_parquet('FILE').to_json('FILE.jsonl', "
            "orient='records', lines=True)\""
        )


def test_texts_that_begin_like_other_files_are_texts():
    for text in ("BZh is a name", "PARIS", "P", "(", "B", "BZh91AY"):
        assert lines_of(text.encode()) == [(1, text)]


def test_the_start_of_a_packed_file_can_be_looked_at():
    data = gzip.compress("\ufeffThe cat\n".encode("utf-16-le") + "b\n".encode("utf-16-le") * 10_000)
    assert unpacked_start(data[: len(data) // 2]).startswith(b"The cat\nb\n")
    assert unpacked_start(b"PAR1") == unpacked_start(b"") == b""


def test_a_stream_says_its_encoding_once_it_has_been_read():
    stream = TextStream(io.BytesIO(b"\xfe\xff\0a"), "pipe")
    assert stream.read() == b"a"
    assert (stream.encoding, stream.is_plain, stream.n_read) == ("UTF-16", False, 4)
