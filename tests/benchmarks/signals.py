"""Ends every command that writes by a signal at a random moment, and looks at what is left.

    python tests/benchmarks/signals.py [--times 200] [--seed 0] [--only COMMAND] [--keep-going]

Nothing may be half-written, no process and no temporary file may be left, and the exit code is 128 and the signal's
number. A file is whole if it equals that of a run that nobody disturbed. SIGPIPE changes nothing, a worker that is
stopped for a while (SIGSTOP, SIGCONT) neither, and a killed worker (SIGKILL to one of them) is one line, or its work is
done by others. The explorer leaves the terminal as it was. What is wrong is printed with its seed, and the exit code is
1 then.
"""

import argparse
import contextlib
import os
import pty
import random
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path
from typing import NamedTuple

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SIGNALS = (*ENDING, signal.SIGPIPE)
SMALL = ("--n-layers", "2", "--n-heads", "4", "--d-model", "32", "--seed", "0")
TEXTS = "".join(f"the cat {'sat and ' * (n % 4)}slept {n}\n" for n in range(300))
INPUTS = {"texts.txt": TEXTS, "few.txt": TEXTS[:100]}
COMMANDS = {
    "show": ("show", "--file", "texts.txt", "--json", "--top", "2", "-o", "out", "--workers", "1", *SMALL),
    "workers": ("show", "--file", "texts.txt", "--json", "--top", "2", "-o", "out", "--workers", "2", *SMALL),
    "heads": ("heads", "--file", "texts.txt", "--json", "-o", "out", "--workers", "2", *SMALL),
    "dask": ("show", "--file", "texts.txt", "--json", "--top", "2", "-o", "out", "--dask", "local:2", *SMALL),
    "check": ("check", "--file", "texts.txt", "--json", "--where", "mean(entropy) > 0", "-o", "out", *SMALL),
    "heatmap": ("heatmap", "the cat sat", "-o", "out/", *SMALL),
    "formats": ("heatmap", "the cat sat", "-o", "out/", "--format", "png,svg,pdf", "--caption", "-L", "0", *SMALL),
    "figure": ("heatmap", "the cat sat", "-H", "L0H0", "-o", "figure.pdf", *SMALL),
    "html": ("html", "the cat sat", "-o", "page.html", *SMALL),
    "pages": ("html", "--file", "few.txt", "-o", "pages/", *SMALL),
    "similarity": ("heads", "the cat sat", "--cluster", "-o", "out/", *SMALL),
    "init": ("weights", "init", "-o", "out.safetensors", "--n-layers", "8", "--d-model", "256", "--seed", "0"),
    "npz": ("weights", "init", "-o", "out.npz", "--n-layers", "8", "--d-model", "256", "--seed", "0"),
}
OF_WORKERS = {
    "workers": (signal.SIGKILL, signal.SIGSTOP),
    "heads": (signal.SIGKILL, signal.SIGSTOP),
    "dask": (signal.SIGKILL,),
}
EXPLORE = "explore"
PATIENCE, STOPPED = 30, 0.4  # seconds until a run hangs; in which a worker is stopped
USUAL = {7: True, 25: True}  # modes of a terminal that are on: lines wrap, the cursor is seen; others are off


class Ended(NamedTuple):
    """How a run ended: its exit code, standard error, files by name, and processes that are left."""

    code: int | None
    err: str
    files: dict[str, bytes]
    left: list[str]


def main() -> int:
    """Runs all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=200, help="runs of each command for each signal")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=[*COMMANDS, EXPLORE], action="append")
    options = parser.parse_args()
    complaints = 0
    for name in options.only or (*COMMANDS, EXPLORE):
        complaints += (explored if name == EXPLORE else measured)(name, options.times, options.seed)
    return int(complaints > 0)


def measured(name: str, times: int, seed: int) -> int:
    """The number of complaints about one command."""
    start = time.monotonic()
    whole = run(COMMANDS[name], None, 0.0, of_worker=False)
    seconds = time.monotonic() - start
    if whole.code != 0 or not whole.files:
        print(f"{name}: without a signal: exit code {whole.code}: {whole.err}")
        return 1
    rng, complaints, codes = random.Random(f"{seed} {name}"), 0, dict[int | None, int]()  # noqa: S311 (not a secret)
    of_workers = OF_WORKERS.get(name, ())
    kinds = [*of_workers, *(SIGNALS if name != "dask" else ())]
    for number in range(times * len(kinds)):
        kind, delay = kinds[number % len(kinds)], rng.uniform(0, seconds)
        ended = run(COMMANDS[name], kind, delay, of_worker=kind in of_workers, to_group=rng.random() < 0.5)
        codes[ended.code] = codes.get(ended.code, 0) + 1
        for text in faults(ended, kind, whole):
            complaints += 1
            print(f"{name}: {kind.name} after {delay:.3f} s, number {number} of seed {seed}: {text}", flush=True)
    print(f"{name}: {number + 1} runs, exit codes {codes}, {complaints} complaints", flush=True)
    return complaints


def run(
    argv: tuple[str, ...], kind: signal.Signals | None, delay: float, *, of_worker: bool, to_group: bool = False
) -> Ended:
    """Runs a command in an empty folder, and sends it a signal after so many seconds."""
    with tempfile.TemporaryDirectory() as place:
        folder, temporary = Path(place) / "work", Path(place) / "tmp"
        folder.mkdir()
        temporary.mkdir()
        for name, text in INPUTS.items():
            (folder / name).write_text(text)
        environment = {**os.environ, "TMPDIR": str(temporary)}
        process = subprocess.Popen(
            [Path(sys.executable).with_name("attnviz"), *argv], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, text=True,
        )  # fmt: skip
        try:
            _, err = process.communicate(timeout=delay if kind else PATIENCE)
        except subprocess.TimeoutExpired:
            if kind:
                send(process, kind, of_worker=of_worker, to_group=to_group)
            err = finished(process)
        deadline = time.monotonic() + PATIENCE / 10  # of what ends by itself once the program has ended
        while in_session(process.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        left = [f"{path.name}: a temporary file" for path in temporary.rglob("*")] + in_session(process.pid)
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        shutil.rmtree(temporary)
    return Ended(process.returncode, err, files, left)


def send(process: "subprocess.Popen[str]", kind: signal.Signals, *, of_worker: bool, to_group: bool) -> None:
    """Sends a signal to the program, to all its processes, or to one of its workers, if there is one."""
    if of_worker:
        for worker in workers_of(process.pid)[:1]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(worker, kind)
                if kind == signal.SIGSTOP:
                    time.sleep(STOPPED)
                    os.kill(worker, signal.SIGCONT)
    elif to_group:
        os.killpg(process.pid, kind)
    else:
        process.send_signal(kind)


def workers_of(parent: int) -> list[int]:
    """The processes that a process started, or that were started for it, without those that only tidy up."""
    workers: list[int] = []
    with contextlib.suppress(OSError):
        for path in Path(f"/proc/{parent}/task").glob("*/children"):
            workers += map(int, path.read_text().split())
    return [worker for worker in workers if not is_tracker(worker)]


def is_tracker(number: int) -> bool:
    """Whether it is the process of Python that removes what others leave."""
    with contextlib.suppress(OSError):
        return b"resource_tracker" in Path(f"/proc/{number}/cmdline").read_bytes()
    return True


def finished(process: "subprocess.Popen[str]") -> str:
    """What a run printed to standard error; one that hangs is killed, and has no exit code."""
    try:
        return process.communicate(timeout=PATIENCE)[1]
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return f"{process.communicate()[1]}\nit hangs"


def in_session(leader: int) -> list[str]:
    """The processes that a run left behind."""
    left = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[3]) == leader and fields[0] != "Z":
            left.append(f"process {path.parent.name} is left")
    return left


def faults(ended: Ended, kind: signal.Signals, whole: Ended) -> list[str]:
    """What is wrong with a run."""
    found = list(ended.left)
    if "KeyboardInterrupt" in ended.err and ", in start\n" not in ended.err and not ended.files.keys() - INPUTS:
        return found  # Python was still starting
    by_name = {signal.SIGPIPE: {0, -signal.SIGPIPE}, signal.SIGKILL: {0, 1}, signal.SIGSTOP: {0}}
    # Until its first line runs, Python itself ends by the signal.
    if ended.code not in by_name.get(kind, {0, 128 + kind, -kind}):
        found.append(f"exit code {ended.code}")
    lines = [line for line in ended.err.splitlines() if not line.startswith(("attnviz: note: ", "hint: "))]
    if len(lines) > (kind == signal.SIGKILL):
        found.append(f"standard error: {ended.err}")
    for name, data in ended.files.items():
        if name not in whole.files:
            found.append(f"{name} is left")
        elif data != whole.files[name]:
            found.append(f"{name} is not whole")
    if ended.code == 0 and set(ended.files) != set(whole.files):
        found.append(f"it says that it is done, without {', '.join(set(whole.files) - set(ended.files))}")
    return found


def explored(name: str, times: int, seed: int) -> int:
    """The number of complaints about the explorer in a terminal of its own."""
    rng, complaints, codes = random.Random(f"{seed} {name}"), 0, dict[int | None, int]()  # noqa: S311 (not a secret)
    for number in range(times):
        kind, delay = ENDING[number % len(ENDING)], rng.uniform(0, 1.5)
        code, found = explore(kind, delay)
        codes[code] = codes.get(code, 0) + 1
        for text in found:
            complaints += 1
            print(f"{name}: {kind.name} after {delay:.3f} s, number {number} of seed {seed}: {text}", flush=True)
    print(f"{name}: {times} runs, exit codes {codes}, {complaints} complaints", flush=True)
    return complaints


def explore(kind: signal.Signals, delay: float) -> tuple[int | None, list[str]]:
    """Ends the explorer by a signal; its exit code, and what is wrong with the terminal then."""
    terminal, program_side = pty.openpty()
    before = termios.tcgetattr(program_side)
    process = subprocess.Popen(
        [Path(sys.executable).with_name("attnviz"), "explore", "the cat sat", *SMALL],
        stdin=program_side, stdout=program_side, stderr=program_side, start_new_session=True,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
    )  # fmt: skip
    drawn = read(terminal, process, delay)
    process.send_signal(kind)
    drawn += read(terminal, process, PATIENCE)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        return None, ["it hangs"]
    found = [] if termios.tcgetattr(program_side) == before else ["the terminal does not show what is typed"]
    modes = {
        int(mode): state == b"h"
        for some, state in re.findall(rb"\x1b\[\?([\d;]+)([hl])", drawn)
        for mode in some.split(b";")
    }
    found += [f"mode {mode} is left" for mode, is_on in modes.items() if is_on != USUAL.get(mode, False)]
    is_python = b"KeyboardInterrupt" in drawn and b"in start" not in drawn  # it was still starting
    if process.returncode not in (128 + kind, -kind) and not is_python:
        found.append(f"exit code {process.returncode}")
    if b"Traceback" in drawn and not is_python:
        found.append(f"a trace: {drawn[-1000:]!r}")
    os.close(terminal)
    os.close(program_side)
    return process.returncode, found


def read(terminal: int, process: "subprocess.Popen[bytes]", seconds: float) -> bytes:
    """What a program draws in so many seconds, or until it ends."""
    drawn, end = b"", time.monotonic() + seconds
    while time.monotonic() < end:
        if select.select([terminal], [], [], 0.02)[0]:
            drawn += os.read(terminal, 65536)
        elif process.poll() is not None:
            break
    return drawn


if __name__ == "__main__":
    sys.exit(main())
