"""A Dask cluster on the loopback address: the same digits as one process, whatever becomes of its workers."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from distributed import Client
from distributed.comm.core import CommClosedError

import attnviz
from attnviz.api.heads import heads_request
from attnviz.api.sweep import corpus
from attnviz.errors import InputError, UsageError, WorkerError
from attnviz.sweeps.head_measures import FirstText, Totals, measured
from attnviz.sweeps.run import Run
from attnviz.sweeps.sharing import cluster as dask_cluster

FOLDER = Path(attnviz.__file__).parents[1]
WORDS = ["the", "old", "cat", "sat", "on", "a", "warm", "mat", "while", "it", "rained", "and", "the", "dog", "slept"]
MOST = 8  # texts in a window


class Cluster:
    """A scheduler, and two workers that are processes of their own."""

    def __init__(self, folder: Path):
        self._file = folder / "scheduler.json"
        place = ("--scheduler-file", str(self._file), "--host", "127.0.0.1", "--no-dashboard")
        self._parts = [_started("scheduler", *place, "--port", "0")]
        self.workers = [_started("worker", *place, "--nthreads", "1", "--no-nanny") for _ in range(2)]
        self._parts += self.workers
        while not self._file.exists():
            assert self._parts[0].poll() is None
            time.sleep(0.02)
        self.address: str = json.loads(self._file.read_text())["address"]
        with self.client() as client:
            client.wait_for_workers(2)

    def client(self) -> Client:
        return Client(self.address, set_as_default=False)

    def end(self) -> None:
        for one in self._parts:
            one.kill()
            one.wait()


def _started(name: str, *arguments: str) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PYTHONPATH": str(FOLDER), "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1"}
    command = [sys.executable, "-m", "dask", name, *arguments]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def made_cluster(folder: Path) -> Iterator[Cluster]:
    made = Cluster(folder)
    try:
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def steady(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    yield from made_cluster(tmp_path_factory.mktemp("steady"))


@pytest.fixture
def doomed(tmp_path: Path) -> Iterator[Cluster]:
    """A cluster whose workers a test may kill."""
    yield from made_cluster(tmp_path)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(5)
    lines = [" ".join(rng.choice(WORDS, size=rng.integers(2, 12))) for _ in range(96)]
    path = tmp_path_factory.mktemp("texts") / "texts.txt"
    path.write_text("\n".join(lines))
    return path


def totals(texts: Path, **options: Any) -> Iterator[Totals]:
    each = partial(measured, ablated=False, telling=True, keeps_links=FirstText())
    return corpus(texts, **options).totals(heads_request(), each, Totals, most=MOST)


def merged(parts: Iterator[Totals]) -> dict[str, list[Any]]:
    whole = Totals()
    for one in parts:
        whole.merge(one)
    _, metrics, _ = whole.results()
    numbers = {name: values.tolist() for name, values in metrics.values.items()}
    return numbers | {"spread": metrics.spread["entropy"].tolist(), "scores": whole.scores.mean().tolist()}


def die(_: Run) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_worker_that_is_killed_in_the_middle_changes_no_digit(doomed, texts):
    expected = merged(totals(texts))
    parts = totals(texts, dask=doomed.address)
    first = [next(parts), next(parts)]
    doomed.workers[0].kill()
    found = merged(iter([*first, *parts]))
    assert doomed.workers[1].poll() is None
    assert found == expected


def test_workers_that_die_at_a_window_and_a_cluster_without_any_are_errors(doomed, texts, monkeypatch):
    with doomed.client() as client:
        client.run_on_scheduler(lambda dask_scheduler: setattr(dask_scheduler, "allowed_failures", 0))
    parts = corpus(texts, dask=doomed.address).values(heads_request(), die, most=MOST)
    with pytest.raises(WorkerError) as error:
        next(parts)
    assert str(error.value) == (
        f"{texts}, lines 1 to 8: the workers of {doomed.address} that worked on it died; expected one to finish"
    )
    for worker in doomed.workers:
        worker.kill()
        worker.wait()
    monkeypatch.setattr(dask_cluster, "_PATIENCE", 0)
    message = f"cluster, {doomed.address}: it has had no worker for 0 seconds; expected one or more"
    with pytest.raises(WorkerError, match=f"^{message}$"):
        next(totals(texts, dask=doomed.address))


def test_lines_of_json_come_in_their_order(cli, steady, texts):
    options = ("show", "--file", str(texts), "--json", "--on-error", "skip")
    ran = cli(*options, "--cluster", steady.address)
    assert ran == cli(*options, "--workers", "1")
    assert ran.code == 0


def test_heads_takes_an_address_as_dask_and_beside_its_flag_cluster(cli, steady, texts):
    options = ("heads", "--file", str(texts), "--json", "--cluster")
    ran = cli(*options, "--workers", "1")
    assert '"clusters"' in ran.out
    assert cli(*options, "--dask", steady.address) == ran
    assert cli(*options, f"--cluster={steady.address}") == ran
    assert cli(*options, "--cluster", steady.address) == ran


@pytest.mark.parametrize("command", ["show", "heads", "check"])
def test_a_text_after_two_dashes_is_no_option(cli, command):
    where = ("--where", "any(first < 1)") if command == "check" else ()
    for text in ("--cluster", "--cluster=local:2"):
        ran = cli(command, *where, "--json", "--", text)
        assert ran.code == 0
        assert "dask" not in ran.out
        if command != "heads":
            assert json.loads(ran.out)["text"] == text


def test_check_fails_on_a_cluster_as_here(cli, steady, texts):
    options = ("check", "--file", str(texts), "--where", "max(previous) > 0.9", "--json")
    assert cli(*options, "--cluster", steady.address) == cli(*options, "--workers", "1")


def test_a_text_that_cannot_be_used_is_an_error_at_its_place(cli, steady, texts, tmp_path):
    (tmp_path / "some.txt").write_bytes(texts.read_bytes()[:2000] + b"\n\xff\nafter")
    options = ("show", "--file", "some.txt", "--json")
    ran = cli(*options, "--cluster", steady.address)
    assert ran == cli(*options, "--workers", "1")
    assert (ran.code, "not UTF-8" in ran.err) == (3, True)


def test_a_model_that_a_worker_does_not_find_is_one_line(steady, texts):
    model = attnviz.load(seed=3)
    lost = corpus(texts, model=model, dask=steady.address)
    object.__setattr__(lost, "loading", {"model": "./gone"})
    with pytest.raises(
        InputError, match=f"^cluster, {steady.address}: ./gone: no such folder; expected a model folder"
    ):
        next(lost.values(heads_request(), str))


def test_ctrl_c_cancels_what_is_still_to_run(steady, tmp_path):
    os.mkfifo(tmp_path / "texts")
    command = [sys.executable, "-m", "attnviz", "show", "--file", "texts", "--json", "--cluster", steady.address]
    ran = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(FOLDER)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    with (tmp_path / "texts").open("w") as pipe:
        pipe.write("the cat sat\nthe dog slept\n")
        pipe.flush()
        assert ran.stdout is not None
        assert b'"the cat sat"' in ran.stdout.readline()  # while the writer goes on: a slow source holds back nothing
        ran.send_signal(signal.SIGINT)
        _, errors = ran.communicate()
    assert (ran.returncode, errors) == (130, b"")
    with steady.client() as client:
        assert not client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.tasks))


@pytest.mark.parametrize("address", ["local:0", "local:x", "local:"])
def test_a_number_of_local_workers_that_cannot_be_is_wrong_usage(cli, texts, address):
    ran = cli("show", "--file", str(texts), "--json", "--cluster", address)
    message = f"attnviz: error: cluster: {address}; expected local:N with N from 1 to 1024, or an address\n"
    assert ran == (2, "", message)


def test_an_address_where_nobody_answers_is_one_line(texts, monkeypatch):
    monkeypatch.setattr(dask_cluster, "_CONNECTING", 0.2)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(InputError, match=f"^cluster, {address}: no scheduler answers .*or local:N$"):
            next(totals(texts, dask=address))


def test_workers_of_this_machine_need_no_scheduler(cli, texts):
    options = ("heads", "--file", str(texts), "--json")
    assert cli(*options, "--cluster", "local:2") == cli(*options, "--workers", "1")


def test_a_worker_that_ends_at_once_is_one_line(cli, texts, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("Nanny failed to start.")

    monkeypatch.setattr(dask_cluster, "LocalCluster", fails)
    ran = cli("show", "--file", str(texts), "--json", "--cluster", "local:1")
    assert ran == (
        1,
        "",
        "attnviz: error: cluster, local:1: a worker ended while it was started (RuntimeError: Nanny failed to start.); "
        "expected it to stay\nhint: perhaps its memory was too small\n",
    )


def test_a_worker_that_is_lost_when_it_gets_the_work_is_one_line():
    class Lost:
        def register_plugin(self, *_, **__):
            raise CommClosedError("closed")

    with pytest.raises(
        WorkerError, match=r"^cluster, local:1: a worker ended while it was started \(CommClosedError: c"
    ):
        dask_cluster._register(Lost(), None, "work", "local:1")


def test_without_dask_one_line_says_how_to_install_it(cli, texts, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    monkeypatch.delitem(sys.modules, "attnviz.sweeps.sharing.cluster")
    ran = cli("show", "--file", str(texts), "--json", "--cluster", "local:2")
    assert ran == (
        2,
        "",
        "attnviz: error: cluster: it needs Dask; expected it installed\nhint: pip install 'attnviz[dask]'\n",
    )


def test_a_model_of_ones_own_making_cannot_be_sent(texts):
    model = attnviz.load(seed=3)
    object.__setattr__(model, "loading", None)
    with pytest.raises(
        UsageError, match=r"^cluster: workers load the model themselves; expected one from attnviz\.load$"
    ):
        next(totals(texts, model=model, dask="local:1"))


def test_a_port_of_another_program_is_an_error(texts, monkeypatch):
    monkeypatch.setattr(dask_cluster, "_CONNECTING", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(InputError, match=f"^cluster, {address}: no scheduler answers"):
            next(totals(texts, dask=address))
