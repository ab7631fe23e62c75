import io
import os
import threading
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from attnviz.errors import InputError
from attnviz.text.reading import check_text, is_blank, open_lines, read_lines


def lines_of(data):
    return list(read_lines(io.BytesIO(data), "pipe"))


def message(call, *arguments):
    with pytest.raises(InputError) as caught:
        call(*arguments)
    return str(caught.value)


def test_lines_are_numbered_and_blank_ones_are_collected():
    lines = read_lines(io.BytesIO(b"one\n\n  \t\r\nfour\r\nfive"), "pipe")

    assert list(lines) == [(1, "one"), (4, "four"), (5, "five")]
    assert lines.blank == [2, 3]


def test_only_newlines_end_lines():
    text = "a\u2028b\x0bc\x0cd\x85e\rf"
    assert lines_of(text.encode()) == [(1, text)]


def test_a_byte_order_mark_is_dropped_at_the_start_only():
    assert lines_of(b"\xef\xbb\xbfa\n\xef\xbb\xbfb\n") == [(1, "a"), (2, "\ufeffb")]


@given(st.lists(st.text(st.characters(exclude_characters="\0\r\n\ufeff", codec="utf-8")), max_size=6), st.booleans())
def test_every_line_comes_back_or_is_counted_as_blank(texts, windows):
    texts = [*texts, "last"]
    lines = read_lines(io.BytesIO(("\r\n" if windows else "\n").join(texts).encode()), "pipe")

    numbered = list(enumerate(texts, start=1))
    assert list(lines) == [(n, t) for n, t in numbered if not is_blank(t)]
    assert lines.blank == [n for n, t in numbered if is_blank(t)]


def test_a_line_of_a_pipe_is_given_before_the_next_is_written():
    read_end, write_end = os.pipe()
    with open(read_end, "rb") as stream, open(write_end, "wb", buffering=0) as sink:
        lines = iter(read_lines(stream, "pipe"))
        sink.write(b"first\n")
        got = []
        reader = threading.Thread(target=lambda: got.append(next(lines)), daemon=True)
        reader.start()
        reader.join(timeout=300)
        assert got == [(1, "first")]


@settings(max_examples=60)
@given(
    st.lists(st.sampled_from([b"a", b" ", b"\n", b"\r\n", b"\xff", b"\xe6\x97\xa5", b"\n\n"]), max_size=25), st.data()
)
def test_windows_have_every_line_however_the_bytes_arrive(pieces, data):
    """The same lines, numbers and errors as of the bytes at once; no window is empty or larger than asked for."""

    class InPieces(io.BytesIO):
        def read1(self, size=-1):  # noqa: ARG002
            return super().read1(data.draw(st.integers(1, 7)))

    raw = b"".join(pieces) + b"end"
    most = data.draw(st.integers(1, 4))
    lines = read_lines(InPieces(raw), "pipe")
    windows = list(lines.windows(most))
    assert all(1 <= len(window) <= most for window in windows)
    expected, blank = [], []
    for number, line in enumerate(raw.split(b"\n"), start=1):
        try:
            text = line.removesuffix(b"\r").decode()
        except UnicodeDecodeError as error:
            text = f"pipe, line {number}: byte {error.start + 1} of the line (0xff) is not UTF-8; expected UTF-8 text"
        if is_blank(text):
            blank.append(number)
        else:
            expected.append((number, text))
    assert [(line.number, str(line.text)) for window in windows for line in window] == expected
    assert lines.blank == blank
    ends = list(accumulate(len(line) + 1 for line in raw.split(b"\n")))
    ends[-1] -= 1  # the last has no line end
    assert [line.end for window in windows for line in window] == [ends[number - 1] for number, _ in expected]


def test_lines_that_came_together_are_a_window_and_bad_ones_have_their_place():
    lines = read_lines(io.BytesIO(b"one\n\xff\n\nfour\n"), "pipe")
    ((first, second, third),) = lines.windows(64)
    assert (first[:3], third[:3]) == ((1, "one", 4), (4, "four", 12))
    assert (second.number, type(second.text), second.end) == (2, InputError, 6)


def test_a_window_is_ready_when_a_whole_line_that_is_not_blank_has_come():
    read_end, write_end = os.pipe()
    with open(read_end, "rb") as stream:
        with open(write_end, "wb", buffering=0) as sink:
            lines = read_lines(stream, "pipe")
            windows = lines.windows(most=2)
            told = []
            for data in (b"", b"\n", b"a", b" b", b"\nb\nc\n"):
                sink.write(data)
                told.append(lines.ready())
            assert told == [False, False, False, False, True]
            assert [line[:3] for line in next(windows)] == [(2, "a b", 5), (3, "b", 7)]
            assert lines.ready()
            assert [line[:3] for line in next(windows)] == [(4, "c", 9)]
            assert not lines.ready()
            sink.write(b"last")
            assert not lines.ready()
        assert lines.ready()
        assert [[line[:3] for line in window] for window in windows] == [[(5, "last", 13)]]
        assert lines.ready()


def test_what_fails_or_is_no_file_of_the_systems_is_ready():
    class Broken(io.BytesIO):
        def fileno(self):
            return read_end

        def read1(self, size=-1):  # noqa: ARG002
            raise OSError(5, "Input/output error")

    assert read_lines(io.BytesIO(b"a\n"), "pipe").ready()
    read_end, write_end = os.pipe()
    os.close(write_end)
    assert read_lines(Broken(), "pipe").ready()
    os.close(read_end)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"ok\nab\xffc\n", "pipe, line 2: byte 3 of the line (0xff) is not UTF-8; expected UTF-8 text"),
        (b"\xef\xbb\xbf\xe6\x97\n", "pipe, line 1: byte 4 of the line (0xe6) is not UTF-8; expected UTF-8 text"),
        (b"\xed\xa0\x80\n", "pipe, line 1: byte 1 of the line (0xed) is not UTF-8; expected UTF-8 text"),
        (b"", "pipe: it is empty; expected at least one text"),
        (b"\n \n", "pipe: all lines are blank; expected at least one text"),
    ],
)
def test_bytes_without_a_text_are_refused_in_words(data, expected):
    assert message(lines_of, data) == expected


def test_files_that_cannot_be_read_are_refused_in_words(tmp_path):
    (tmp_path / "empty.txt").touch()
    cases = {
        tmp_path / "none.txt": "no such file; expected a text file",
        tmp_path: "it is a folder; expected a text file",
        tmp_path / "empty.txt": "it is empty; expected a text file",
    }
    for path, what in cases.items():
        assert message(open_lines, path) == f"{path}: {what}"
    assert message(open_lines, "a\0b") == "a\\x00b: it cannot be read (embedded null byte); expected a text file"


def test_a_file_without_permission_is_refused_in_words(monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("attnviz.files._opened", refuse)  # the tests may run as root, who may read everything
    assert message(open_lines, "locked.txt") == "locked.txt: no permission to read it; expected a text file"


def test_a_stream_that_breaks_is_refused_in_words():
    class Broken(io.BytesIO):
        def read1(self, size=-1):  # noqa: ARG002
            raise IsADirectoryError(21, "Is a directory")

    assert message(list, read_lines(Broken(), "standard input")) == (
        "standard input: it is a folder; expected text, one per line"
    )


def test_an_open_file_gives_its_lines(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_bytes("日本\n\nकि".encode())
    with open_lines(path) as stream:
        assert list(read_lines(stream, str(path))) == [(1, "日本"), (3, "कि")]


@pytest.mark.parametrize("text", ["", " ", "\n\t\u3000\u2028"])
def test_blank_texts_are_refused(text):
    assert message(check_text, text) == "text: empty or blank; expected at least one token"


def test_lone_surrogates_are_refused_with_their_place():
    assert message(check_text, "ab\udcffc", "pair") == (
        "pair: character 3 is \\udcff, half a surrogate pair or a byte that is not UTF-8; expected Unicode text"
    )


@pytest.mark.parametrize("text", ["\x00", "\x1c", "\u200b", "a"])
def test_controls_are_text(text):
    check_text(text)


def test_of_many_blank_lines_the_first_are_remembered_and_all_are_counted():
    lines = read_lines(io.BytesIO(b"\n" * 5000 + b"text\n"), "pipe")
    assert list(lines) == [(5001, "text")]
    assert (lines.blank, lines.n_blank) == (list(range(1, 101)), 5000)
