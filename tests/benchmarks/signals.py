"""Ends every command that writes by a signal at a random moment, and looks at what is left.

    python tests/benchmarks/signals.py [--times 200] [--seed 0] [--only COMMAND] [--keep-going]

Nothing may be half-written, no process and no temporary file may be left, and the exit code is 128 and the signal's
number. A file is whole if it equals that of a run that nobody disturbed. SIGPIPE changes nothing, and a killed worker
(SIGKILL to one of them) is one line. What is wrong is printed with its seed, and the exit code is 1 then.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGPIPE)
SMALL = ("--n-layers", "2", "--n-heads", "4", "--d-model", "32", "--seed", "0")
TEXTS = "".join(f"the cat {'sat and ' * (n % 4)}slept {n}\n" for n in range(300))
INPUTS = {"texts.txt": TEXTS, "few.txt": TEXTS[:100]}
COMMANDS = {
    "show": ("show", "--file", "texts.txt", "--json", "--top", "2", "-o", "out", "--workers", "1", *SMALL),
    "workers": ("show", "--file", "texts.txt", "--json", "--top", "2", "-o", "out", "--workers", "2", *SMALL),
    "heads": ("heads", "--file", "texts.txt", "--json", "-o", "out", "--workers", "2", *SMALL),
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
PATIENCE = 30  # seconds until a run hangs


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
    parser.add_argument("--only", choices=[*COMMANDS], action="append")
    options = parser.parse_args()
    complaints = 0
    for name in options.only or COMMANDS:
        complaints += measured(name, options.times, options.seed)
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
    kinds = [*SIGNALS, *([signal.SIGKILL] if name in ("workers", "heads") else [])]
    for number in range(times * len(kinds)):
        kind, delay = kinds[number % len(kinds)], rng.uniform(0, seconds)
        ended = run(COMMANDS[name], kind, delay, of_worker=kind == signal.SIGKILL, to_group=rng.random() < 0.5)
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
        left = [f"{path.name}: a temporary file" for path in temporary.rglob("*")] + in_session(process.pid)
        files = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        shutil.rmtree(temporary)
    return Ended(process.returncode, err, files, left)


def send(process: "subprocess.Popen[str]", kind: signal.Signals, *, of_worker: bool, to_group: bool) -> None:
    """Sends a signal to the program, to all its processes, or to one of its workers, if there is one."""
    if of_worker:
        path = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        workers = path.read_text().split() if path.exists() else []
        for worker in workers[:1]:
            os.kill(int(worker), kind)
    elif to_group:
        os.killpg(process.pid, kind)
    else:
        process.send_signal(kind)


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
    by_name = {signal.SIGPIPE: {0, -signal.SIGPIPE}, signal.SIGKILL: {0, 1}}
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


if __name__ == "__main__":
    sys.exit(main())
