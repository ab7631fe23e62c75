"""Values in order from several processes, and every way in which such a run can end; forked and spawned."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from pickle import PicklingError

import pytest

from attnviz.errors import InputError, UsageError, WorkerError
from attnviz.sweeps.sharing import workers
from attnviz.sweeps.sharing.workers import ordered_map
from tests.cli.sweeps import (
    dies_at_four,
    fails_at_three,
    gives_what_cannot_be_sent,
    raises_what_cannot_be_sent,
    sleeps_from_two_on,
    unevenly,
)

ROOT = Path(__file__).parents[2]
METHODS = [m for m in ("fork", "spawn") if m in multiprocessing.get_all_start_methods()]
both = pytest.mark.parametrize("method", METHODS)


@pytest.fixture(autouse=True)
def _no_process_is_left():
    yield
    assert multiprocessing.active_children() == []


def place(item: object) -> str:
    return f"texts.txt, line {item}"


def reading(read: list[int], items: Iterator[int]) -> Iterator[int]:
    for item in items:
        read.append(item)
        yield item


def told_before(error: type[Exception] | tuple[type[Exception], ...], *args, **options) -> tuple[list, Exception]:
    """What a sweep gives before it fails, and the error it fails with."""
    told = []

    def sweep():
        with ordered_map(*args, where=place, **options) as values:
            told.extend(values)  # keeps those before the error

    with pytest.raises(error) as caught:
        sweep()
    return told, caught.value


@pytest.mark.parametrize(("workers", "items", "expected"), [(2, 4, [0]), (1, 4, []), (2, 1, [])])
def test_what_is_to_happen_before_processes_start_happens_only_if_they_do(workers, items, expected):
    there = []

    def before():
        there.append(len(multiprocessing.active_children()))

    with ordered_map(unevenly, range(items), workers=workers, where=place, before=before) as values:
        assert len(list(values)) == items
    assert there == expected


@both
def test_values_come_in_the_order_of_the_items_from_several_processes(method):
    with ordered_map(unevenly, iter(range(20)), workers=2, where=place, method=method) as values:
        told = list(values)
    assert [item for item, _ in told] == list(range(20))
    processes = {process for _, process in told}
    assert os.getpid() not in processes
    assert len(processes) == 2


@pytest.mark.parametrize(("workers", "items"), [(1, 5), (3, 1), (3, 0)])
def test_one_worker_or_one_item_runs_in_this_process(workers, items):
    with ordered_map(lambda item: (item, os.getpid()), range(items), workers=workers, where=place) as values:
        assert multiprocessing.active_children() == []
        assert list(values) == [(item, os.getpid()) for item in range(items)]


def test_no_more_processes_start_than_there_are_items():
    with ordered_map(unevenly, range(2), workers=5, where=place) as values:
        assert len(multiprocessing.active_children()) == 2
        assert [item for item, _ in values] == [0, 1]


def test_forked_work_is_inherited_and_never_pickled():
    shared = object()
    with ordered_map(lambda _: id(shared), range(4), workers=2, where=place, method="fork") as values:
        assert list(values) == [id(shared)] * 4


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_items_are_read_at_most_two_a_worker_ahead_and_five_of_endlessly_many_can_be_taken(workers):
    read = []
    with ordered_map(unevenly, reading(read, count()), workers=workers, where=place) as values:
        for told in range(1, 6):
            assert next(values)[0] == told - 1
            assert len(read) <= told + 2 * workers
    assert len(read) <= 5 + 2 * workers


@both
def test_a_source_that_is_slow_at_first_still_gets_several_processes_where_they_are_forked(method):
    asked = []

    def ready():
        asked.append(True)
        return len(asked) > 1  # the second item is late, as of a pipe whose writer takes a moment

    with ordered_map(unevenly, range(8), workers=3, where=place, ready=ready, method=method) as values:
        items, processes = zip(*values, strict=True)
    assert items == tuple(range(8))
    assert len(set(processes)) == (3 if method == "fork" else 1)
    assert (os.getpid() in processes) == (method != "fork")


def test_a_slow_source_holds_back_no_value():
    worked = multiprocessing.get_context("fork").Event()

    def items():
        yield from range(3)
        assert worked.wait(300)
        for item in count(3):
            time.sleep(0.5)  # the first values are there long before all that may be read ahead is read
            yield item

    def work(item):
        worked.set()
        return item

    read = []
    with ordered_map(work, reading(read, items()), workers=3, where=place, method="fork") as values:
        assert next(values) == 0
        assert len(read) < 6


@both
@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_is_raised_in_its_place_with_its_hint(method, workers):
    told, error = told_before(InputError, fails_at_three, count(), workers=workers, method=method)
    assert told == [0, 1, 2]
    assert (str(error), error.hint, error.excerpt) == ("line 3: it is bad; expected it good", "mend it", "bad\n^")
    if workers > 1:
        assert any("in fails_at_three" in note for note in error.__notes__)


@pytest.mark.parametrize("good", [0, 1, 2, 5])
@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_of_the_items_is_raised_after_the_values_before_it(good, workers):
    def items():
        yield from range(good)
        raise UsageError("items: there are no more; expected more", hint="write more")

    told, error = told_before(UsageError, unevenly, items(), workers=workers)
    assert [item for item, _ in told] == list(range(good))
    assert (str(error), error.hint) == ("items: there are no more; expected more", "write more")


def test_an_error_that_cannot_be_sent_is_told_in_words():
    told, error = told_before(RuntimeError, raises_what_cannot_be_sent, range(3), workers=2)
    assert (told, str(error)) == ([], "TwoWordsError: lost here")
    assert any("in raises_what_cannot_be_sent" in note for note in error.__notes__)


def test_a_value_that_cannot_be_sent_is_an_error():
    told, error = told_before((AttributeError, PicklingError), gives_what_cannot_be_sent, range(3), workers=2)
    assert (told, "lambda" in str(error)) == ([], True)


@both
def test_a_killed_worker_is_an_error_that_names_the_item_it_was_at(method):
    told, error = told_before(WorkerError, dies_at_four, count(), workers=2, method=method)
    assert told == [0, 1, 2, 3]
    assert str(error) == "texts.txt, line 4: the process that worked on it was killed (SIGKILL); expected it to finish"
    assert (error.exit_code, "memory" in error.hint) == (1, True)


def test_a_worker_that_exits_is_an_error_too():
    _, error = told_before(WorkerError, lambda _: os._exit(7), range(3), workers=2, method="fork")
    assert str(error).startswith("texts.txt, line 0: the process that worked on it ended with exit code 7;")


class DiesWhileItIsSent:
    """Of 50 MB, and its process is killed when some of it has gone out and nobody reads on."""

    def __reduce__(self):
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return bytes, (bytes(50_000_000),)


def test_a_worker_killed_while_it_sends_its_value_is_an_error_and_no_hang():
    def items():
        yield from range(2)
        while multiprocessing.active_children():  # until both are dead; meanwhile nobody reads
            time.sleep(0.01)

    _, error = told_before(WorkerError, lambda _: DiesWhileItIsSent(), items(), workers=2, method="fork")
    assert str(error).startswith("texts.txt, line 0: the process that worked on it was killed (SIGKILL);")


def test_large_items_and_large_values_pass_though_both_ends_send_at_once():
    items = [bytes([n]) * 3_000_000 for n in range(12)]
    with ordered_map(lambda item: item + b"!", items, workers=2, where=place) as values:
        assert list(values) == [item + b"!" for item in items]


@both
def test_leaving_early_ends_the_workers_at_once_and_reads_no_more(method):
    read = []
    with ordered_map(sleeps_from_two_on, reading(read, count()), workers=2, where=place, method=method) as values:
        assert next(values) == 0
        processes = multiprocessing.active_children()
        assert len(processes) == 2
    assert multiprocessing.active_children() == []
    assert len(read) <= 1 + 2 * 2


def test_a_process_that_cannot_be_started_is_an_error_and_leaves_none(monkeypatch):
    start = workers._Worker.__init__
    started = []

    def second_fails(self, work, context, earlier):
        if started:
            raise BlockingIOError(11, "Resource temporarily unavailable")
        started.append(True)
        start(self, work, context, earlier)

    monkeypatch.setattr(workers._Worker, "__init__", second_fails)
    told, error = told_before(WorkerError, unevenly, range(9), workers=3)
    assert (told, str(error)) == (
        [],
        "workers: process 2 of 3 cannot be started (Resource temporarily unavailable); expected room for it",
    )


# A program of its own, with a group of its own, whose output and whose end are looked at.
PROGRAM = """
import os, signal, sys, time
from attnviz.cli.main import main
from attnviz.cli import main as module
from attnviz.sweeps.sharing.workers import ordered_map

def work(item):
    {work}
    return item

def sweep(argv):
    with ordered_map(work, {items}, workers=2, where=str, method={method!r}) as values:
        for value in values:
            print(value, flush={flush})
    return 0

if __name__ == "__main__":
    module._run = sweep
    sys.exit(main([]))
"""


@pytest.fixture
def program(tmp_path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts PROGRAM; every process of it holds the write end of its standard error, so its end is the end of all."""
    started = []

    def start(*, work="pass", items="range(1000)", method=METHODS[0], flush=True, before="", **streams):
        path = tmp_path / "program.py"
        path.write_text(before + PROGRAM.format(work=work, items=items, method=method, flush=flush))
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | streams
        env = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}
        process = subprocess.Popen([sys.executable, path], env=env, start_new_session=True, text=True, **pipes)
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.kill()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        process.wait()


STUCK = "time.sleep(600 * (item > 0))"


@both
@pytest.mark.usefixtures("heeds_ctrl_c")
def test_ctrl_c_ends_every_process_quietly_with_130(program, method):
    process = program(work=STUCK, method=method)
    assert process.stdout.readline() == "0\n"
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out, err) == (130, "", "")


@both
@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_workers_do_not_outlive_a_parent_that_is_killed(program, method, how):
    process = program(work=STUCK, method=method)
    assert process.stdout.readline() == "0\n"
    process.send_signal(how)
    _, err = process.communicate(timeout=300)  # returns when the last process has closed its standard error
    assert (process.returncode, err) == (-how, "")


def test_workers_busy_in_python_do_not_outlive_the_parent_either(program):
    process = program(work="while item > 0: pass")
    assert process.stdout.readline() == "0\n"
    process.kill()
    process.communicate(timeout=300)


@both
def test_a_closed_output_ends_everything_quietly(program, method):
    process = program(items="iter(int, 1)", method=method)
    assert process.stdout.readline() == "0\n"
    process.stdout.close()
    assert process.stderr.read() == ""
    assert process.wait(timeout=300) == 0


@both
def test_what_was_printed_before_is_printed_once(program, method):
    process = program(
        items="range(5)", method=method, flush=False, before="print('before') if __name__ == '__main__' else 0\n"
    )
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out, err) == (0, "before\n0\n1\n2\n3\n4\n", "")


def test_standard_input_stays_the_parents(program, tmp_path):
    lines = [f"line {n} {'x' * 500}" for n in range(400)]
    (tmp_path / "in.txt").write_text("\n".join(lines) + "\n")
    with (tmp_path / "in.txt").open() as stdin:
        process = program(items="(line.rstrip() for line in sys.stdin)", stdin=stdin)
        out, err = process.communicate(timeout=300)
    assert (process.returncode, out.splitlines(), err) == (0, lines, "")


def test_a_killed_worker_is_one_line_and_a_hint(program):
    process = program(work="os.kill(os.getpid(), signal.SIGKILL) if item == 2 else 0")
    out, err = process.communicate(timeout=300)
    assert (process.returncode, out) == (1, "0\n1\n")
    assert err.splitlines() == [
        "attnviz: error: 2: the process that worked on it was killed (SIGKILL); expected it to finish",
        "hint: perhaps the memory was too small: --workers N with fewer needs less",
    ]
