"""Streams that are closed, full, without a reader or non-blocking, screens of impossible sizes, an ASCII locale."""

import contextlib
import io
import os
import subprocess
import sys
import threading
import time

import pytest

from attnviz.cli.main import main
from attnviz.cli.process import standard_streams
from attnviz.cli.process.standard_streams import _Messages, _text, _Waiting

TEXT = "the cat sat"
CODES = [(("show", "猫", "-H", "L0H0"), 0), (("show", TEXT, "-L", "9"), 2), (("show", "--file", "none"), 3)]


def full_disk() -> int:
    return os.open("/dev/full", os.O_WRONLY)


def pipe_without_reader() -> int:
    reader, writer = os.pipe()
    os.close(reader)
    return writer


def full_pipe() -> int:
    """A pipe that nobody reads and that has no room, which does not block; its reader stays open."""
    _, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"-" * 4096)
    return writer


def terminal_that_is_gone() -> int:
    theirs, ours = os.openpty()
    os.close(theirs)
    return ours


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="only Linux has a disk that is always full")
@pytest.mark.parametrize("made", [full_disk, pipe_without_reader, full_pipe, terminal_that_is_gone])
@pytest.mark.parametrize(("argv", "code"), CODES)
def test_standard_error_that_takes_nothing_changes_no_result_and_no_exit_code(cli, monkeypatch, made, argv, code):
    monkeypatch.setattr(standard_streams._Messages, "_seconds", 0.01)
    expected = cli(*argv)
    out = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
    descriptor = made()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        stream = _text(_Messages(descriptor, "wb", closefd=False), sys.stderr)
        patch.setattr(sys, "stderr", stream)
        ended = main(list(argv))
        stream.flush()
    os.close(descriptor)
    assert (ended, out.buffer.getvalue().decode()) == (code, expected.out)


def test_a_message_waits_for_a_slow_reader_of_a_stream_that_does_not_block():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    stream, got = _text(_Messages(writer, "wb"), None), []
    thread = threading.Thread(target=lambda: got.extend(iter(lambda: os.read(reader, 4096), b"")))
    thread.start()
    lines = [f"note {number} 猫\n" for number in range(20_000)]
    for line in lines:
        stream.write(line)
    stream.close()
    thread.join()
    os.close(reader)
    assert b"".join(got).decode() == "".join(lines)


def test_results_wait_for_the_reader_of_a_pipe_that_does_not_block():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    data, got = os.urandom(1 << 20), []
    thread = threading.Thread(target=lambda: got.extend(iter(lambda: os.read(reader, 4096), b"")))
    thread.start()
    with io.BufferedWriter(_Waiting(writer, "wb")) as stream:
        stream.write(data)
    thread.join()
    os.close(reader)
    assert b"".join(got) == data


@pytest.mark.parametrize("read", [io.BufferedReader.read, lambda reader: b"".join(iter(reader.read1, b""))])
def test_input_that_does_not_block_is_read_to_its_end(read):
    reader, writer = os.pipe()
    os.set_blocking(reader, False)

    def write():
        for word in (b"one ", b"two\n", b"three\n"):
            time.sleep(0.02)  # so that the reader asks before there is anything; it holds without, too
            os.write(writer, word)
        os.close(writer)

    thread = threading.Thread(target=write)
    thread.start()
    with io.BufferedReader(_Waiting(reader, "rb")) as stream:
        assert read(stream) == b"one two\nthree\n"
    thread.join()


@pytest.mark.skipif(sys.platform == "win32", reason="a shell of another kind")
def test_no_file_gets_the_number_of_a_stream_that_is_closed():
    opened = "from attnviz.cli.process.standard_streams import open_standard_streams as o; o()"
    program = f"{opened}; import os, sys; print('a'); print('b', file=sys.stderr); os._exit(os.open(os.devnull, 0))"
    command = ["/bin/sh", "-c", 'exec "$0" -c "$1" >&- 2>&- <&-', sys.executable, program]
    assert subprocess.run(command, check=False, timeout=300).returncode > 2


@pytest.mark.skipif(sys.platform == "win32", reason="no locales of this kind")
def test_an_ascii_locale_changes_only_how_characters_are_printed(tmp_path):
    environ = dict(os.environ, LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0", COLUMNS="80")
    (tmp_path / "größe.txt").write_text("naïve 猫\n", encoding="utf-8")
    argv = [sys.executable, "-m", "attnviz", "show", "--file", "größe.txt", "--pair", "é", "-H", "L0H0"]
    ran = subprocess.run(argv, check=False, cwd=tmp_path, env=environ, capture_output=True, timeout=300)
    assert ran.returncode == 0
    assert ran.stdout.decode("ascii").splitlines()[0] == r"text 1: na\xefve \u732b"
    assert ran.stderr.startswith(rb"attnviz: note: gr\xf6\xdfe.txt")


@pytest.mark.parametrize("size", ["0", "-1", "1000000000000", "9" * 5000, "²"])
@pytest.mark.parametrize("argv", [("explain", TEXT, "--query", "1"), ("help", "show")])
def test_an_impossible_size_of_the_screen_counts_as_none(cli, monkeypatch, size, argv):
    monkeypatch.delenv("COLUMNS")
    expected = cli(*argv)
    monkeypatch.setenv("COLUMNS", size)
    monkeypatch.setenv("LINES", size)
    assert expected.code == 0
    assert cli(*argv) == expected


def test_a_width_that_no_screen_has_is_bounded(cli):
    ran = cli("explain", TEXT, "--query", "1", "--width", str(10**12))
    assert ran.code == 0
    assert max(map(len, ran.out.splitlines())) <= 100_000
