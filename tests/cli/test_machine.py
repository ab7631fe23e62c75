"""How many CPUs this process may use, read from made-up machines, and the threads of a real matrix product."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from attnviz.encoder.long import parallel
from attnviz.sweeps.sharing import machine
from attnviz.sweeps.sharing.machine import Threads, blas_threads, set_blas_threads, start_with_one_thread, usable_cpus

ROOT = Path(__file__).parents[2]
V1 = "sys/fs/cgroup/cpu/{}/cpu.cfs_quota_us"
V1_PERIOD = "sys/fs/cgroup/cpu/{}/cpu.cfs_period_us"


@pytest.fixture
def eight_cpus(monkeypatch):
    monkeypatch.setattr(machine, "_bound_cpus", lambda: 8)


def made(root: Path, cgroup: str, **files: str) -> Path:
    for name, text in {"proc/self/cgroup": cgroup, **files}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.mark.parametrize(
    ("cgroup", "files", "expected"),
    [
        # version 2: of the group itself, of one above it, of the mount where the group is the host's
        ("0::/a/b\n", {"sys/fs/cgroup/a/b/cpu.max": "300000 100000\n"}, 3),
        ("0::/a/b\n", {"sys/fs/cgroup/a/b/cpu.max": "max 100000", "sys/fs/cgroup/a/cpu.max": "200000 100000"}, 2),
        ("0::/a/b\n", {"sys/fs/cgroup/a/b/cpu.max": "200000 50000", "sys/fs/cgroup/a/cpu.max": "500000 100000"}, 4),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        ("0::/../../x\n", {"sys/fs/cgroup/cpu.max": "200000 100000\n"}, 2),
        ("0::/a:b\n", {"sys/fs/cgroup/a:b/cpu.max": "200000 100000\n"}, 2),
        # rounded down, at least one
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "290000 100000\n"}, 2),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "10000 100000\n"}, 1),
        # more than there are
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "6400000 100000\n"}, 8),
        # version 1, alone and beside version 2
        ("4:cpu:/d/x\n", {V1.format("d/x"): "250000\n", V1_PERIOD.format("d/x"): "50000\n"}, 5),
        ("4:cpu:/d/x\n", {V1.format("."): "300000\n", V1_PERIOD.format("."): "100000\n"}, 3),
        ("4:cpu:/\n", {V1.format("."): "-1\n", V1_PERIOD.format("."): "100000\n"}, 8),
        (
            "4:cpu,cpuacct:/d\n",
            {
                "sys/fs/cgroup/cpu,cpuacct/d/cpu.cfs_quota_us": "300000",
                "sys/fs/cgroup/cpu,cpuacct/d/cpu.cfs_period_us": "100000",
            },
            3,
        ),
        ("4:memory:/a\n0::/a\n", {"sys/fs/cgroup/unified/a/cpu.max": "300000 100000"}, 3),
        ("4:memory:/d\n", {V1.format("d"): "100000", V1_PERIOD.format("d"): "100000"}, 8),
        # nothing, and nonsense
        ("", {}, 8),
        ("0::/\n", {}, 8),
        ("no colons\n:\n\n", {"sys/fs/cgroup/cpu.max": "x y"}, 8),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "100000"}, 8),
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "100000 0"}, 8),
        ("4:cpu:/\n", {V1.format("."): "100000"}, 8),
    ],
)
def test_a_quota_bounds_the_cpus(tmp_path, eight_cpus, cgroup, files, expected):
    assert usable_cpus(made(tmp_path, cgroup, **files)) == expected


def test_without_control_groups_all_cpus_are_usable(tmp_path, eight_cpus):
    assert usable_cpus(tmp_path) == 8


def test_files_that_are_no_text_are_ignored(tmp_path, eight_cpus):
    made(tmp_path, "0::/\n")
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/cpu.max").write_bytes(b"\xff\xfe 100000")
    assert usable_cpus(tmp_path) == 8


def test_this_machine_has_at_least_one():
    assert 1 <= usable_cpus() <= os.cpu_count()


def test_what_the_process_is_bound_to_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    monkeypatch.delattr(os, "process_cpu_count", raising=False)
    assert usable_cpus(tmp_path) == 3
    monkeypatch.setattr(os, "process_cpu_count", lambda: 2, raising=False)
    assert usable_cpus(tmp_path) == 2
    monkeypatch.setattr(os, "process_cpu_count", lambda: None, raising=False)
    assert usable_cpus(tmp_path) == 1


def test_the_number_of_threads_is_set_and_told_and_products_stay_right():
    code = """
import numpy as np
from attnviz.sweeps.sharing.machine import set_blas_threads
a = np.arange(300 * 400.0).reshape(300, 400) % 7
for count in (1, 2, 1):
    print(set_blas_threads(count), np.array_equal(a @ a.T, np.einsum("ik,jk->ij", a, a)))
"""
    # In a process of its own: its threads would stay, and stand in the way of those who fork.
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    told = ("1", "2", "1") if sys.platform == "linux" else ("None",) * 3
    assert ran.stdout.splitlines() == [f"{count} True" for count in told]


def test_where_the_library_cannot_be_told_nothing_changes(monkeypatch):
    monkeypatch.setattr(machine, "_BLAS_CALLS", (("no_such_setter", "no_such_teller"),))
    assert set_blas_threads(1) is None


@pytest.fixture
def counts(monkeypatch):
    """The numbers of threads that are set, of products and of our own, none of them really."""
    told = []
    monkeypatch.setattr(machine, "set_blas_threads", lambda count: told.append(("products", count)))
    monkeypatch.setattr(parallel, "set_threads", lambda count: told.append(("ours", count)))
    return told


@pytest.mark.parametrize(
    ("fixed", "is_ours", "products", "ours"),
    [
        (None, True, [1], [1, 1, 4, 4, 1, 4]),  # chosen by the work: short ones need no second thread
        (None, False, [], []),  # the environment says how many
        (2, True, [2, 1, 2, 1], [1, 1, 2, 2, 1, 2]),
        (2, False, [2, 1, 2, 1], [1, 1, 2, 2, 1, 2]),  # what is asked for holds against it
        (1, True, [1], [1] * 6),
        (1, False, [1], [1] * 6),
    ],
)
def test_threads_are_those_asked_for_or_follow_the_length_of_the_texts(
    monkeypatch, counts, fixed, is_ours, products, ours
):
    monkeypatch.setattr(machine, "_is_ours", is_ours)
    threads = Threads(fixed, most=4)
    for n_tokens in (5, 255, 256, 4000, 7, 300):
        threads.fit(n_tokens)
    assert [count for of, count in counts if of == "products"] == products
    assert [count for of, count in counts if of == "ours"] == ours


def test_processes_share_the_threads_of_long_texts(monkeypatch, counts):
    monkeypatch.setattr(machine, "_is_ours", True)
    here, there, alone = Threads(None, 6, workers=3), Threads(None, 6, workers=3), Threads(None, 2, workers=3)
    here.fit(4000)  # where there is too little to share, this process does it with all of them
    monkeypatch.setattr(os, "getpid", lambda: 0)
    there.fit(4000)
    alone.fit(4000)
    products = ("products", 1)
    assert counts == [products, ("ours", 6), products, ("ours", 2), products, ("ours", 1)]


def test_after_the_texts_threads_are_what_they_were(monkeypatch):
    monkeypatch.setattr(machine, "_is_ours", False)
    before = blas_threads()
    with Threads(2, most=4) as threads:
        threads.fit(4000)
        assert (blas_threads(), parallel.n_threads()) == (before and 1, 2)
        threads.fit(4)
        assert (blas_threads(), parallel.n_threads()) == (before and 2, 1)
    assert (blas_threads(), parallel.n_threads()) == (before, 1)


@pytest.mark.parametrize(("said", "is_ours"), [(None, True), ("3", False)])
def test_numpy_starts_with_one_thread_unless_the_environment_says_how_many(monkeypatch, said, is_ours):
    monkeypatch.setattr(machine, "_is_ours", False)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "0")  # so that it is put back as it was
    for name in machine._VARIABLES:  # Dask sets others for the workers of this machine
        monkeypatch.delenv(name, raising=False)
    if said is not None:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", said)
    start_with_one_thread()
    assert (os.environ["OPENBLAS_NUM_THREADS"], machine._is_ours) == (said or "1", is_ours)
