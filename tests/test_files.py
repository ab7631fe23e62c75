"""Files are whole or not there, and every failure is one line."""

import errno
import os
import socket
import stat
import subprocess
import sys
import threading

import pytest

from attnviz.errors import InputError, OutputError, bounded
from attnviz.files import open_file
from attnviz.outputs import check_file, own_folder, write_atomically

OLD = b"what was there"


def test_bytes_and_functions_write_the_same_file(tmp_path):
    write_atomically(tmp_path / "a", b"1234", overwrite=False)
    write_atomically(tmp_path / "b", lambda file: [file.write(b"12"), file.write(b"34")], overwrite=False)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == b"1234"
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_an_existing_file_is_refused_without_overwrite_and_replaced_with_it(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(OLD)
    with pytest.raises(OutputError) as caught:
        write_atomically(path, b"new", overwrite=False)
    assert str(caught.value) == f"{path}: exists already; expected a new file, or --force"
    assert path.read_bytes() == OLD
    write_atomically(path, b"new", overwrite=True)
    assert path.read_bytes() == b"new"


@pytest.mark.parametrize(
    "failure", [OSError(errno.ENOSPC, "No space left"), KeyboardInterrupt(), RuntimeError("a bug"), SystemExit(1)]
)
def test_a_failure_half_way_leaves_the_old_file_and_no_temporary_one(tmp_path, failure):
    path = tmp_path / "a"
    path.write_bytes(OLD)

    def write(file):
        file.write(b"half")
        file.flush()
        assert len(os.listdir(tmp_path)) == 2
        raise failure

    with pytest.raises(OutputError if isinstance(failure, OSError) else type(failure)):
        write_atomically(path, write, overwrite=True)
    assert os.listdir(tmp_path) == ["a"]
    assert path.read_bytes() == OLD


def fails_with(number):
    def write(*_):
        raise OSError(number, os.strerror(number))

    return write


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (errno.ENOSPC, "the disk is full; expected free space"),
        (errno.EDQUOT, "the disk quota is used up; expected free space"),
        (errno.EACCES, "no permission to write; expected a writable place"),
        (errno.EROFS, "is on a read-only disk; expected a writable place"),
        (errno.EIO, f"{os.strerror(errno.EIO)}; expected a place that can be written to"),
    ],
)
def test_every_failure_of_the_system_is_one_line(tmp_path, number, message):
    path = tmp_path / "a\nb"
    with pytest.raises(OutputError) as caught:
        write_atomically(path, fails_with(number), overwrite=False)
    assert str(caught.value) == f"{tmp_path}/a\\nb: {message}"


def test_a_place_that_cannot_be_is_one_line(tmp_path):
    (tmp_path / "file").write_bytes(OLD)
    (tmp_path / "folder").mkdir()
    for name, message in [
        ("folder", "is a folder; expected the name of a file"),
        ("missing/a", "its folder does not exist; expected an existing folder"),
        ("file/a", "its folder is a file; expected an existing folder"),
        ("n" * 300, "the name is too long; expected a shorter one"),
        ("a\0b", "has a NUL character; expected a name without one"),
    ]:
        for overwrite in (False, True):
            with pytest.raises(OutputError) as caught:
                write_atomically(tmp_path / name, b"new", overwrite=overwrite)
            assert str(caught.value) == bounded(f"{tmp_path}/{name}: {message}".replace("\0", "\\x00"))
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_a_real_limit_on_file_size_leaves_nothing(tmp_path):
    program = """
import resource, sys
from attnviz.errors import OutputError
from attnviz.outputs import write_atomically
limits = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
try:
    write_atomically(sys.argv[1], bytes(5000), overwrite=False)
except OutputError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, limits)  # what measures coverage writes when the program ends
"""
    path = tmp_path / "a"
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert done.stdout == (
        f"{path}: the file would be larger than allowed; expected a smaller file or a higher limit\n"
    )
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no such locks")
def test_what_killed_runs_left_is_removed_and_nothing_else(tmp_path, monkeypatch):
    import fcntl

    monkeypatch.setattr("attnviz.outputs._looked_through", set())
    names = {name: tmp_path / f".attnviz-{name * 16}.tmp" for name in ("0", "1", "2", "3", "4")}
    others = [tmp_path / name for name in (".attnviz-0.tmp", ".attnviz-0000000000000000.tmp.bak", "a.tmp")]
    for path in (names["0"], names["1"], names["2"], *others):
        path.write_text("half")
        os.utime(path, (0, 0))
    os.utime(names["1"])  # made just now
    names["3"].symlink_to(others[0])
    names["4"].mkdir()
    with names["2"].open() as living:
        fcntl.flock(living, fcntl.LOCK_EX)
        write_atomically(tmp_path / "out", b"whole", overwrite=False)
    left = {path for path in tmp_path.iterdir() if path.name != "out"}
    assert left == {*others, *list(names.values())[1:]}


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="this system has no such locks")
def test_a_file_that_is_being_written_is_not_taken_for_a_leftover(tmp_path, monkeypatch):
    monkeypatch.setattr("attnviz.outputs._FRESH", -1)

    def write(file):
        file.write(b"first")
        monkeypatch.setattr("attnviz.outputs._looked_through", set())
        write_atomically(tmp_path / "second", b"second", overwrite=False)

    write_atomically(tmp_path / "first", write, overwrite=False)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"first": b"first", "second": b"second"}


def test_new_files_follow_the_umask_and_replaced_ones_keep_their_permissions(tmp_path):
    old = os.umask(0o027)
    try:
        write_atomically(tmp_path / "a", b"1", overwrite=False)
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    (tmp_path / "a").chmod(0o600)
    write_atomically(tmp_path / "a", b"2", overwrite=True)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").write_bytes(OLD)
    (tmp_path / "link").symlink_to("real")
    write_atomically(tmp_path / "link", b"new", overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"new"


def test_devices_are_written_to_directly():
    write_atomically("/dev/null", b"1234", overwrite=False)
    program = "from attnviz.outputs import write_atomically as w; w('/dev/stdout', b'1234', overwrite=False)"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stdout == b"1234"


def test_a_pipe_is_written_to_where_somebody_reads_it(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(OutputError) as caught:
        write_atomically(pipe, b"1234", overwrite=True)
    says = "is a pipe that nobody reads, or a socket; expected a reader, or the name of a file"
    assert str(caught.value) == f"{pipe}: {says}"
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_atomically(pipe, b"1234", overwrite=False)
    assert os.read(reader, 9) == b"1234"
    os.close(reader)


def test_a_link_that_leads_nowhere_is_one_line_and_one_to_nothing_is_followed(tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "nothing").symlink_to("new")
    (tmp_path / "far").symlink_to("missing/new")
    for name, says in {
        "loop": "is a link that leads back to itself; expected another name",
        "far": "its folder does not exist; expected an existing folder",
    }.items():
        for write in (write_atomically, lambda path, *_, **__: check_file(path, is_replaceable=lambda _: True)):
            with pytest.raises(OutputError) as caught:
                write(tmp_path / name, b"new", overwrite=True)
            assert str(caught.value) == f"{tmp_path / name}: {says}"
    write_atomically(tmp_path / "nothing", b"new", overwrite=False)
    assert (tmp_path / "new").read_bytes() == b"new"
    assert (tmp_path / "nothing").is_symlink()
    assert sorted(os.listdir(tmp_path)) == ["far", "loop", "new", "nothing"]


def test_the_other_name_of_a_file_keeps_its_content(tmp_path):
    (tmp_path / "a").write_bytes(OLD)
    os.link(tmp_path / "a", tmp_path / "b")
    write_atomically(tmp_path / "a", b"new", overwrite=True)
    assert (tmp_path / "b").read_bytes() == OLD


@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_that_appears_meanwhile_is_kept(tmp_path, monkeypatch, has_links):
    if not has_links:
        monkeypatch.setattr("attnviz.outputs.os.link", fails_with(errno.EPERM))

    def write(file, other=None):
        if other:
            other.write_bytes(OLD)
        return file.write(b"new")

    with pytest.raises(OutputError) as caught:
        write_atomically(tmp_path / "a", lambda file: write(file, tmp_path / "a"), overwrite=False)
    assert str(caught.value) == f"{tmp_path}/a: exists already; expected a new file, or --force"
    assert (tmp_path / "a").read_bytes() == OLD
    write_atomically(tmp_path / "b", write, overwrite=False)
    assert (tmp_path / "b").read_bytes() == b"new"
    assert sorted(os.listdir(tmp_path)) == ["a", "b"]


def test_inputs_that_are_not_files_are_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("attnviz.files._PATIENCE", 0.01)
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "lost-1").symlink_to("missing")
    (tmp_path / "lost-2").symlink_to("missing")
    (tmp_path / "lost-3").write_bytes(b"x")
    (tmp_path / "file").write_bytes(b"x")
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(tmp_path / "socket"))
    for name, says, hint in [
        ("pipe", "it is a pipe that nobody writes to", None),
        ("loop", "it is a link that leads back to itself", None),
        ("lost-1", "it is a link to nothing", f"did you mean {tmp_path}/lost-3?"),
        ("socket", "it is a socket", None),
        ("file/a", "its folder is a file", None),
        (".", "it is a folder", None),
    ]:
        with pytest.raises(InputError) as caught:
            open_file(tmp_path / name, "expected text")
        assert (str(caught.value), caught.value.hint) == (f"{tmp_path / name}: {says}; expected text", hint)


def test_a_pipe_whose_writer_takes_its_time_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr("attnviz.files._PATIENCE", 0.01)
    os.mkfifo(tmp_path / "pipe")
    writer = os.open(tmp_path / "pipe", os.O_RDWR)
    late = threading.Timer(0.05, lambda: (os.write(writer, b"text"), os.close(writer)))
    late.start()
    with open_file(tmp_path / "pipe", "expected text") as stream:
        assert stream.read() == b"text"
    late.join()


def test_a_folder_is_made_with_its_parents_and_may_be_there_already(tmp_path):
    assert own_folder(tmp_path / "a" / "b") == tmp_path / "a" / "b"
    assert own_folder(tmp_path / "a" / "b").is_dir()


def test_a_file_in_the_way_of_a_folder_is_one_line(tmp_path):
    (tmp_path / "file").write_bytes(OLD)
    for path in (tmp_path / "file", tmp_path / "file" / "a"):
        with pytest.raises(OutputError) as caught:
            own_folder(path)
        assert str(caught.value) == f"{path}: is a file, or is inside one; expected a folder"


def test_a_folder_that_cannot_be_made_or_written_to_is_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr("attnviz.outputs.os.access", lambda *_: False)
    with pytest.raises(OutputError) as caught:
        own_folder(tmp_path)
    assert str(caught.value) == f"{tmp_path}: no permission to write; expected a writable place"

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("attnviz.outputs.Path.mkdir", refuse)
    with pytest.raises(OutputError) as caught:
        own_folder(tmp_path / "a")
    assert str(caught.value) == f"{tmp_path}/a: no permission to write; expected a writable place"
