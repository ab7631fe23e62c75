"""Whole processes, measured: wall time, CPU time, peak memory; in turn, so that a busy machine slows every side alike.

The process that measures stays small itself (no NumPy here): Linux counts the memory of the parent at the moment of
the fork into the child's peak.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CHILDREN = Path(__file__).resolve().parent / "children"
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class BenchmarkError(Exception):
    """Why nothing can be measured: one line."""


@dataclass(frozen=True)
class Settings:
    """What the command was told."""

    model: str | None
    torch: str | None
    rounds: int
    sentences: int
    tokens: tuple[int, ...]
    chromium: str | None = None
    scripts: str | None = None
    gguf: str | None = None


@dataclass(frozen=True)
class Command:
    """A process to measure; ``reads`` its standard output as JSON, or throws it away."""

    arguments: Sequence[str]
    reads: bool = False
    environ: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ran:
    """One process: seconds, MB at its peak, what it reported, and the CPU seconds of it and of those it started."""

    wall: float
    memory: float
    report: object = None
    cpu: float = 0.0

    def __str__(self) -> str:
        return f"{self.wall:.2f} s {self.cpu:.2f} s CPU {self.memory:.0f} MB"


def attnviz(*arguments: str) -> Command:
    """``attnviz ...`` of this working tree, in which every process runs, whatever is installed."""
    return Command([sys.executable, "-m", "attnviz", *arguments])


def python(*arguments: str) -> Command:
    """Python on a line of code, with attnviz's interpreter, and one BLAS thread, as attnviz starts."""
    return Command([sys.executable, *arguments], environ={"OPENBLAS_NUM_THREADS": "1"})


def child(name: str, *arguments: object, interpreter: str = sys.executable, **environ: str) -> Command:
    """A script of ``children``, which prints JSON."""
    if interpreter == sys.executable:
        environ.setdefault("PYTHONPATH", str(ROOT))
    return Command([interpreter, str(CHILDREN / name), *map(str, arguments)], reads=True, environ=environ)


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """The environment without what would help or hinder a side: thread counts, attnviz's and Python's variables."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.endswith("_NUM_THREADS") and not name.startswith(("ATTNVIZ_", "PYTHON"))
    }
    return kept | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"} | dict(more)


def measured(command: Command) -> Ran:
    """Runs a process to its end.

    Raises:
        BenchmarkError: it failed; with the last line that it said.
    """
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as printed:
        out = printed if command.reads else subprocess.DEVNULL
        start = time.perf_counter()
        environ = environment(command.environ)
        process = subprocess.Popen(command.arguments, stdout=out, stderr=said, env=environ, cwd=ROOT)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            said.seek(0)
            lines = said.read().decode(errors="replace").split("\n")
            raise BenchmarkError(
                f"{_name(command)}: {_reason(process.returncode, lines)}; expected a run that succeeds"
            )
        printed.seek(0)
        report = json.loads(printed.read()) if command.reads else None
    scale = 1024**2 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there, else in KiB
    return Ran(wall, usage.ru_maxrss / scale, report, usage.ru_utime + usage.ru_stime)


def alternating(part: str, commands: Mapping[str, Command], rounds: int, *, warm: bool = True) -> dict[str, list[Ran]]:
    """Each command once a round, in turn; before them a round that does not count: byte code, the disk's cache."""
    runs: dict[str, list[Ran]] = {name: [] for name in commands}
    for number in range(0 if warm else 1, rounds + 1):
        done = {name: measured(command) for name, command in commands.items()}
        figures = ", ".join(f"{name} {one}" for name, one in done.items())
        say(f"{part} {f'{number}/{rounds}' if number else 'before'}: {figures}")
        if number:
            for name, one in done.items():
                runs[name].append(one)
    return runs


def say(line: str) -> None:
    """Progress, to standard error."""
    print(line, file=sys.stderr, flush=True)


def _name(command: Command) -> str:
    return " ".join(Path(word).name if "/" in word else word for word in command.arguments)[:100].replace("\n", " ")


def _reason(code: int, lines: Sequence[str]) -> str:
    if code < 0:
        killed = signal.Signals(-code).name
        return f"was ended by {killed}{', perhaps for its memory' if killed == 'SIGKILL' else ''}"
    last = next((line.strip() for line in reversed(lines) if line.strip()), "said nothing")
    return f"failed with exit code {code} ({last[:200]})"
