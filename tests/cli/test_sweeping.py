"""The real command line over many lines, in several processes: the same results, and every way in which it can end."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle, islice
from pathlib import Path

import pytest

from tests.noise import equal_but_for_noise

ROOT = Path(__file__).parents[2]
SMALL = ("--n-layers", "1", "--n-heads", "3", "--d-model", "12", "--d-ff", "0", "--n-ctx", "9", "--seed", "0")
N = 200  # lines, of which 64 at most are looked at together
TEXTS = [f"{text} {number}" for number, text in enumerate(islice(cycle(["the cat sat", "a b", "on and on we go"]), N))]
DATA = "".join(f"{text}\n" for text in TEXTS)
COMMANDS = {
    "show": ("show", "--json"),
    "heads": ("heads", "--json"),
    "null": ("heads", "--json", "--null", "2"),
    "per text": ("heads", "--json", "--per-text", "--null", "2", "--where", "entropy > 0.1", "--columns", "entropy"),
    "check": ("check", "--json", "--where", "mean(entropy) > 1"),
}
needs_processes = ("--workers", "2")


def command_line(*argv: str) -> list[str]:
    return [sys.executable, "-m", "attnviz", *argv, *SMALL]


@pytest.fixture
def environment(tmp_path) -> dict[str, object]:
    """How a command is started: in an empty folder, with nothing set, and with warnings as errors."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ATTNVIZ_")}
    env.pop("OPENBLAS_NUM_THREADS", None)
    return {"cwd": tmp_path, "env": env | {"PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "error"}}


@pytest.fixture
def run(environment) -> Callable[..., subprocess.CompletedProcess]:
    """Runs a command line to its end."""
    return lambda *argv, stdin=b"": subprocess.run(
        command_line(*argv), input=stdin, capture_output=True, timeout=300, check=False, **environment
    )


@pytest.fixture
def start(environment) -> Iterator[Callable[..., subprocess.Popen]]:
    """Starts one with pipes, in a group of its own; one that hangs is killed, so that its pipes end."""
    started = []

    def begun(*argv):
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        process = subprocess.Popen(command_line(*argv), start_new_session=True, **pipes, **environment)
        timer = threading.Timer(60, os.killpg, (process.pid, signal.SIGKILL))
        timer.start()
        started.append((process, timer))
        return process

    yield begun
    for process, timer in started:
        timer.cancel()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()
        process.wait()


def send(process: subprocess.Popen, text: str) -> None:
    """Writes at once, past the buffer of the stream."""
    os.write(process.stdin.fileno(), text.encode())


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_results_do_not_depend_on_workers_threads_files_or_pipes(run, tmp_path, command):
    (tmp_path / "texts.txt").write_text(DATA)
    alone = run(*command, "--file", "texts.txt", "--workers", "1", "--threads", "1")
    assert (alone.returncode, alone.stderr) == (command[0] == "check", b"")
    expected = [json.loads(line) for line in alone.stdout.splitlines()]
    if command[0] == "heads" and "--per-text" not in command:
        assert [document["texts"] for document in expected] == [N]
    else:
        assert [document["text"] for document in expected] == TEXTS
    others = [("--workers", "3"), ("--file", "texts.txt", "--workers", "2", "--threads", "2"), ("-", "--threads", "2")]
    for flags in {"show": others, "heads": others[:1], "check": others[1:2]}[command[0]]:
        ran = run(*command, *flags, stdin=DATA.encode())
        assert (ran.returncode, ran.stderr) == (alone.returncode, b"")
        found = [json.loads(line.replace(b"standard input, ", b"texts.txt, ")) for line in ran.stdout.splitlines()]
        assert equal_but_for_noise(found, expected)


def test_bad_lines_stop_or_are_skipped_in_their_place_inside_workers_too(run, tmp_path):
    lines = [*DATA.encode().splitlines(), b"last"]
    lines[69], lines[100], lines[130] = b"\xff", b"", b"one two three four five six seven eight nine ten"
    (tmp_path / "texts.txt").write_bytes(b"\n".join(lines))
    stopped = run("show", "--json", "--file", "texts.txt", *needs_processes)
    assert [json.loads(line)["text"] for line in stopped.stdout.splitlines()] == TEXTS[:69]
    assert (stopped.returncode, stopped.stderr.decode()) == (
        3,
        "attnviz: error: texts.txt, line 70: byte 1 of the line (0xff) is not UTF-8; expected UTF-8 text\n",
    )
    skipped = run("show", "--json", "--file", "texts.txt", "--on-error", "skip", "--workers", "3")
    good = [text for number, text in enumerate([*TEXTS, "last"], start=1) if number not in (70, 101, 131)]
    assert [json.loads(line)["text"] for line in skipped.stdout.splitlines()] == good
    assert (skipped.returncode, skipped.stderr.decode().splitlines()) == (
        0,
        [
            "attnviz: note: texts.txt, line 70: byte 1 of the line (0xff) is not UTF-8; expected UTF-8 text; skipped",
            "attnviz: note: texts.txt, line 131: text: 10 tokens, and n_ctx is 9; expected at most 9; skipped",
            "attnviz: note: texts.txt: skipped blank line 101",
            "attnviz: note: texts.txt: 2 of 200 texts skipped",
        ],
    )


@pytest.mark.parametrize("before", [1, 130])
def test_a_slow_pipe_gives_each_result_before_the_next_line_is_written(start, before):
    """Also after a blank line, or while a line is being written; at first one line, or enough for several processes."""
    process = start("show", "--json", *needs_processes)
    lines = iter(TEXTS)
    begun = ""
    for count in (before, 1, 1):
        sent = list(islice(lines, count))
        send(process, "".join(f"{text}\n" for text in sent) + "\n \nhalf a ")
        for text in (begun + sent[0], *sent[1:]):
            assert json.loads(process.stdout.readline())["text"] == text
        begun = "half a "
    out, err = process.communicate()
    assert [json.loads(line)["text"] for line in out.splitlines()] == ["half a "]
    assert err.startswith(b"attnviz: note: standard input: skipped blank lines ")
    assert process.returncode == 0


def endless(process: subprocess.Popen) -> None:
    """Writes lines for as long as anybody reads them."""
    with suppress(OSError):
        while True:
            send(process, DATA)


# As where processes are not forked: each gets nothing but what can be sent to it.
SPAWNED = """
import sys
from attnviz.sweeps.sharing import workers
from attnviz.cli.main import entry

if __name__ == "__main__":
    workers._start_method = lambda: "spawn"
    entry()
"""


@pytest.mark.parametrize(
    ("command", "model"),
    [
        (COMMANDS["heads"], ("--file", "texts.txt", "--ablation", "--weights", ROOT / "samples" / "tiny.safetensors")),
        (COMMANDS["per text"], ("--file", "texts.txt")),
        (COMMANDS["check"], ("--file", "texts.txt")),
    ],
    ids=["heads", "per text", "check"],
)
def test_processes_that_inherit_nothing_give_the_same(environment, tmp_path, command, model):
    (tmp_path / "texts.txt").write_text(DATA)
    (tmp_path / "spawned.py").write_text(SPAWNED)
    found = []
    for start in (["spawned.py"], ["-m", "attnviz"]):
        argv = [sys.executable, *start, *command, *model, "--workers", "2"]
        ran = subprocess.run(argv, capture_output=True, timeout=300, check=False, **environment)
        assert (ran.returncode in (0, 1), ran.stderr) == (True, b"")
        found.append([json.loads(line) for line in ran.stdout.splitlines()])
    assert equal_but_for_noise(*found)


def children(process: subprocess.Popen) -> list[int]:
    told = subprocess.run(["ps", "-A", "-o", "pid=", "-o", "ppid="], capture_output=True, check=True, text=True)
    pairs = (map(int, line.split()) for line in told.stdout.splitlines())
    return [pid for pid, parent in pairs if parent == process.pid]


@pytest.fixture
def sweep(start) -> subprocess.Popen:
    """A sweep that would go on for ever, two processes working on it, whose first result has been read."""
    process = start("show", "--json", *needs_processes)
    send(process, DATA)  # enough for both at once
    assert json.loads(process.stdout.readline())["text"] == TEXTS[0]
    assert len(children(process)) == 2
    return process


@pytest.mark.usefixtures("heeds_ctrl_c")  # before the sweep starts
def test_ctrl_c_ends_a_sweep_and_its_processes_quietly(sweep):
    workers = children(sweep)
    os.killpg(sweep.pid, signal.SIGINT)
    err = sweep.stderr.read()  # ends with the last process that could write to it
    assert (sweep.wait(), err) == (130, b"")
    assert not set(workers) & set(alive())


def alive() -> list[int]:
    told = subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True, check=True, text=True)
    return list(map(int, told.stdout.split()))


def test_a_reader_who_has_enough_ends_a_sweep_and_its_processes_quietly(sweep):
    workers = children(sweep)
    sweep.stdout.close()
    endless(sweep)
    err = sweep.stderr.read()
    assert (sweep.wait(), err) == (0, b"")
    assert not set(workers) & set(alive())


def test_a_killed_worker_is_one_line_of_error_after_the_results_before_it(sweep):
    workers = children(sweep)
    os.kill(workers[0], signal.SIGKILL)
    writer = threading.Thread(target=endless, args=(sweep,))
    writer.start()
    found = [json.loads(line)["text"] for line in sweep.stdout]
    writer.join()
    err = sweep.stderr.read().decode().splitlines()
    assert sweep.wait() == 1
    assert err[0].startswith("attnviz: error: standard input, lines ")
    assert err[0].endswith(": the process that worked on it was killed (SIGKILL); expected it to finish")
    assert err[1:] == ["hint: perhaps the memory was too small: --workers N with fewer needs less"]
    assert found == list(islice(cycle(TEXTS), 1, 1 + len(found)))
    first = int(err[0].split("lines ")[1].split()[0].rstrip(":"))
    assert first == len(found) + 2  # the first result was read before
    assert not set(workers) & set(alive())


@pytest.mark.parametrize(
    "command",
    [("show", "the cat"), ("show",), ("show", "--json"), ("heads",), ("check", "--where", "mean(entropy) > 0")],
    ids=" ".join,
)
def test_results_go_to_their_file_while_progress_goes_to_a_terminal(run, environment, tmp_path, command):
    (tmp_path / "texts.txt").write_text("the cat sat\na b\n")
    argv = command if "the cat" in command else (*command, "--file", "texts.txt")
    expected = run(*argv).stdout
    terminal, its_end = os.openpty()
    with open(terminal, "rb", buffering=0) as screen, (tmp_path / "out").open("wb") as out:
        process = subprocess.Popen(command_line(*argv), stdout=out, stderr=its_end, **environment)
        os.close(its_end)
        with suppress(OSError):  # which is how a terminal ends
            while screen.read(1000):
                pass
        assert process.wait(300) == 0
    assert (tmp_path / "out").read_bytes() == expected
    assert expected
