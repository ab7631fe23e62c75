"""Memory is looked at before it is asked for, and where it runs out all the same that is one line and exit code 3."""

import errno
import io
import subprocess
import sys

import numpy as np
import pytest

import attnviz
from attnviz import memory
from attnviz.analysis.matrices.selection import Request, select_attention
from attnviz.checkpoints.formats.numpy_files import Header
from attnviz.cli.main import main
from attnviz.cli.process.limits import _RoomForNumpy
from attnviz.elsewhere.attention_file import read_attention
from attnviz.elsewhere.vectors import read_vectors
from attnviz.errors import InputError
from attnviz.memory import memory_fault, memory_lack, products_fault, threads_with_room

GB = 10**9


@pytest.fixture
def limit(monkeypatch):
    """Sets how many bytes a limit of this process leaves."""

    def set_limit(n_bytes):
        monkeypatch.setattr(memory, "_taken", [])
        monkeypatch.setattr(memory, "_left_of_limit", lambda _: iter([n_bytes]))

    return set_limit


def test_what_fits_has_no_fault(limit):
    assert memory_fault(0) is None
    limit(5 * GB)
    assert memory_fault(5 * GB) is None or "are free" in memory_fault(5 * GB)  # a small machine has less
    assert memory_fault(10**6) is None


def test_what_does_not_fit_says_what_is_needed_and_what_is_free(limit):
    limit(67 * 10**6)
    assert memory_fault(94 * GB) == "needs 94.0 GB of memory, and 67 MB are free"
    assert memory_fault(10**24).startswith("needs 1e+15 GB of memory")


def test_the_machine_and_its_container_say_what_they_have(tmp_path):
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 9 kB\nMemAvailable:  3000 kB\n")
    assert list(memory._left_of_machine(tmp_path)) == [3_072_000]
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/memory.max").write_text("2000\n")
    assert list(memory._left_of_machine(tmp_path)) == [3_072_000, 2000]
    (tmp_path / "sys/fs/cgroup/memory.max").write_text("max\n")
    (tmp_path / "proc/meminfo").unlink()
    assert list(memory._left_of_machine(tmp_path)) == []


def test_a_limit_leaves_what_this_process_does_not_use(tmp_path):
    (tmp_path / "proc/self").mkdir(parents=True)
    assert list(memory._left_of_limit(tmp_path)) == []
    limits = "Max resident set         3                    unlimited            bytes\nMax address space        {}\n"
    (tmp_path / "proc/self/limits").write_text(limits.format("5000000              unlimited            bytes"))
    (tmp_path / "proc/self/status").write_text("VmPeak:\t 4000 kB\nVmSize:\t    1000 kB\n")
    assert list(memory._left_of_limit(tmp_path)) == [3_976_000]
    (tmp_path / "proc/self/limits").write_text(limits.format("unlimited            unlimited            bytes"))
    assert list(memory._left_of_limit(tmp_path)) == []


@pytest.mark.parametrize(("left", "threads"), [(0, 1), (130 * 10**6, 1), (140 * 10**6, 2), (GB, 8), (9 * GB, 8)])
def test_each_thread_needs_room_of_its_own(limit, left, threads):
    limit(left)
    assert threads_with_room(8) == threads
    assert threads_with_room(1) == 1


def test_products_take_their_memory_once_where_there_is_a_limit(limit, monkeypatch):
    limit(GB)
    assert products_fault() is None
    monkeypatch.setattr(memory, "_left_of_limit", lambda _: iter([0]))
    assert products_fault() is None
    assert memory_fault(1) is not None


@pytest.mark.parametrize(
    ("left", "fault"),
    [
        (99 * 10**6, "memory: NumPy needs 100 MB of memory, and 99 MB are free"),
        (10**8, None),
    ],
)
def test_numpy_is_refused_where_it_would_end_the_process(limit, monkeypatch, left, fault):
    limit(left)
    finder = _RoomForNumpy()
    assert finder.find_spec("numpy.linalg", None, None) is None
    monkeypatch.setattr("sys.meta_path", [finder, *sys.meta_path])
    if fault is None:
        assert finder.find_spec("numpy", None).origin == np.__file__
        assert finder not in sys.meta_path
    else:
        with pytest.raises(InputError, match=rf"^{fault}; expected a higher limit, such as ulimit -v 500000$"):
            finder.find_spec("numpy", None)


@pytest.mark.skipif(sys.platform != "linux", reason="a limit of this kind holds on Linux only")
@pytest.mark.parametrize("megabytes", [100, 130])
def test_a_process_with_a_limit_ends_with_one_line(megabytes):
    argv = ["sh", "-c", f'ulimit -v {megabytes}000; exec "$0" -m attnviz show a --seed 0', sys.executable]
    process = subprocess.run(argv, capture_output=True, check=False)
    assert process.returncode == 3
    assert process.stdout == b""
    assert process.stderr.startswith(b"attnviz: error: memory: ")
    assert process.stderr.count(b"\n") == 1


def test_where_there_is_no_room_for_the_words_of_an_error_there_is_a_line_all_the_same(monkeypatch, capfd):
    def fails(*_, **__):
        raise MemoryError

    monkeypatch.setattr("attnviz.memory.memory_lack", fails)
    assert main(["show"]) == 3
    assert capfd.readouterr().err.startswith("attnviz: error: memory: there is not enough; expected a higher limit")


def raised(error, cause=None):
    error.__cause__ = cause
    return error


@pytest.mark.parametrize(
    ("error", "lack"),
    [
        (MemoryError(), "there is not enough"),
        (
            MemoryError("Unable to allocate 94.3 GiB for an array with shape (9,) and data type uint64"),
            "94.3 GiB more are needed, and there is not enough",
        ),
        (OSError(errno.ENOMEM, "Cannot allocate memory"), "there is not enough"),
        (RuntimeError("can't start new thread"), "there is not enough"),
        (raised(InputError("t.json: not JSON"), ValueError("Not enough memory to parse")), "there is not enough"),
        (raised(InputError("a.npz: it does not fit the memory; expected less"), MemoryError()), None),
        (InputError("a: no such file"), None),
        (ValueError("memory"), None),
        (ImportError("a.so: failed to map segment from shared object"), "there is not enough"),
        (InputError("from: no word is 'Not enough memory'"), None),
        (raised(InputError("out of memory.txt: no such file"), OSError(2, "No such file", "cannot allocate")), None),
        (ValueError("could not convert string to float: 'Not enough memory'"), None),
    ],
)  # fmt: skip
def test_a_lack_of_memory_is_known_in_every_library_s_words(error, lack):
    assert memory_lack(error) == lack


def test_a_chain_of_errors_that_leads_back_to_its_start_ends():
    first = ValueError("a")
    assert memory_lack(raised(first, raised(ValueError("b"), first))) is None


def test_a_block_that_does_not_fit_is_refused_before_it_is_drawn(limit, capsys):
    limit(GB)
    assert main(["show", "a", "--seed", "0", "--d-model", "100000"]) == 3
    assert capsys.readouterr().err == (
        "attnviz: error: layers.0.attn.wq: 100000 x 100000 random numbers: drawing them needs 320.0 GB of memory, and "
        "1.0 GB are free; expected a smaller block (d_model, d_ff, n_heads)\n"
    )


def test_a_run_without_room_for_anything_is_refused_at_once(limit):
    limit(10**6)
    with pytest.raises(InputError, match=r"^memory: a run needs 67 MB of memory, and 1 MB are free; expected"):
        attnviz.run("a")


def test_json_that_does_not_fit_is_refused_before_it_is_written(limit, monkeypatch):
    from attnviz.output.documents.results import dump

    limit(10**6)
    with pytest.raises(InputError, match=r"^json: 2000000 numbers: writing them needs 64 MB of memory, and 1 MB are"):
        dump({"attention": np.zeros(2_000_000, np.float32)})


def test_an_array_is_refused_by_the_size_that_its_file_states(limit, tmp_path):
    np.savez_compressed(tmp_path / "v.npz", vectors=np.zeros((1000, 500)))
    limit(10**6)
    with pytest.raises(InputError, match=r"v.npz: its array vectors needs 4 MB of memory, and 1 MB are free; expected"):
        read_vectors(tmp_path / "v.npz")


@pytest.mark.parametrize(
    ("stored", "n_bytes"),
    [("<f4", 4), ("<f8", 8), ("<f2", 2 + 4), ("i1", 1 + 4), ("<i8", 8 + 4), (">f4", 4 + 4), ("<f16", 16 + 8)],
)
def test_an_array_needs_a_second_copy_only_where_its_type_is_not_that_of_the_computation(stored, n_bytes):
    assert Header((3, 5), np.dtype(stored)).n_bytes == 15 * n_bytes


def test_numbers_that_are_mapped_are_refused_before_they_are_copied(limit, tmp_path):
    np.save(tmp_path / "a.npy", np.full((3, 2, 200, 200), 1 / 200, np.float16))
    (result,) = read_attention(tmp_path / "a.npy", mapped=True)
    limit(500_000)
    with pytest.raises(InputError, match=r"^attention: 240000 numbers as float32: that needs 1 MB of memory, and 0 MB"):
        select_attention(result, Request())
    assert len(select_attention(result, Request(layers="0", heads="1")).views["encoder"]) == 1


def test_parts_are_refused_before_they_are_put_together(limit, tmp_path):
    np.savez(tmp_path / "a.npz", *np.full((9, 1, 200, 200), 1 / 200, np.float32))
    limit(10**6)
    with pytest.raises(InputError, match=r"arr_0, ..., arr_8: one array of all of them needs 1 MB of memory, and 1 MB"):
        next(read_attention(tmp_path / "a.npz"))


def test_json_is_refused_before_it_is_parsed(limit, tmp_path):
    (tmp_path / "a.json").write_bytes(b"[[" + b"0," * 2**20 + b"1]]")
    limit(10**7)
    with pytest.raises(InputError, match=r"a.json: reading its JSON needs 63 MB of memory, and 10 MB are free; exp"):
        next(read_attention(tmp_path / "a.json"))


def test_a_lack_of_memory_is_bad_input(monkeypatch, capsys):
    def fails(*_, **__):
        raise MemoryError("Unable to allocate 2.00 GiB for an array with shape (9,) and data type float64")

    monkeypatch.setattr("attnviz.model.loading._loaded_model", fails)
    assert main(["show", "a"]) == 3
    assert capsys.readouterr().err == (
        "attnviz: error: memory: 2.00 GiB more are needed, and there is not enough; expected a shorter text, fewer "
        "layers or a smaller model\n"
    )


def test_vectors_are_refused_by_their_stated_shape(tmp_path):
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<f4", "fortran_order": False, "shape": (2, 70_000)})
    (tmp_path / "v.npy").write_bytes(stream.getvalue() + bytes(4 * 2 * 70_000))
    with pytest.raises(InputError, match=r"v.npy: the shape is \(2, 70000\); expected at most 131072 tokens of 65536"):
        read_vectors(tmp_path / "v.npy")
