"""Hostile input for as long as you like: each draw in a process of its own, with limits of time and memory.

    python tests/benchmarks/fuzz.py --minutes 60 --workers 2
    python tests/benchmarks/fuzz.py --only vectors --seed 1234

The first prints each fault with its kind and seed, the second runs that case alone and prints how it ended. The kinds
are the files of tests/fuzz/kinds; a few draws of each are in the test suite.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from attnviz.cli.main import main as attnviz
from tests.fuzz.case import Case, write_files
from tests.fuzz.draws import KINDS, drawn
from tests.fuzz.judge import Outcome, faults
from tests.fuzz.lying_hub import answering
from tests.fuzz.run import outcome_of, variables

_CPU, _WALL = 20, 300  # seconds of a run; the second for one that waits
_MEMORY = 4 << 30  # bytes of its address space
_WARM = (("show", "a", "--seed", "0"), ("heads", "a"), ("models", "."), ("heatmap", "a", "--seed", "0", "-o", "o/"))
_AT_START = ("LC_", "LANG", "PYTHON")  # variables that a Python reads once


def main(argv: Sequence[str] | None = None) -> int:
    """Runs cases until the time is up; 1 if one had a fault."""
    options = _options().parse_args(argv)
    if options.minutes is None:
        if options.only is None:
            _options().error("--minutes, or --only with --seed")
        return _one(options.only, options.seed)
    kinds = [options.only] if options.only else KINDS
    end = time.monotonic() + 60 * options.minutes
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(options.workers, fork) as pool:  # not daemons, which may have no workers
        shares = [(kinds, options.seed + worker, options.workers, end) for worker in range(options.workers)]
        runs, found = Counter(), Counter()
        for of_worker, faulty in pool.map(_many, *zip(*shares, strict=True)):
            runs, found = runs + of_worker, found + faulty
    for kind in kinds:
        print(f"{kind:24} {runs[kind]:7,} runs {found[kind]:5,} with a fault")
    print(f"{'all':24} {runs.total():7,} runs {found.total():5,} with a fault")
    return int(bool(found))


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, help="how long; without it, the one case of --only and --seed")
    parser.add_argument("--seed", type=int, default=0, help="of the first draw")
    parser.add_argument("--workers", type=int, default=2, help="processes that run cases side by side")
    parser.add_argument("--only", choices=KINDS, metavar="KIND", help="one kind")
    return parser


def _many(kinds: Sequence[str], first: int, step: int, end: float) -> tuple[Counter[str], Counter[str]]:
    """How many runs of each kind there were, and how many had a fault, which is printed at once."""
    for argv in _WARM:  # what is imported now need not be in each run
        with tempfile.TemporaryDirectory() as folder:
            outcome_of(Case(argv), folder)
    runs, found = Counter(), Counter()
    for seed, kind in ((seed, kind) for seed in count(first, step) for kind in kinds):
        if time.monotonic() > end:
            return runs, found
        runs[kind] += 1
        case = drawn(kind, seed)
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            write_files(case, folder)
            wrong = faults(case, ended(case, folder), folder)
        if wrong:
            found[kind] += 1
            print(f"--only {kind} --seed {seed}: {wrong[0]}", flush=True)
    raise AssertionError


def _one(kind: str, seed: int) -> int:
    case = drawn(kind, seed)
    with tempfile.TemporaryDirectory() as folder:
        write_files(case, folder)
        outcome = ended(case, folder)
        wrong = faults(case, outcome, folder)
    sizes = {name: len(data) for name, data in case.files.items()}
    print(json.dumps({"argv": case.argv, "files": sizes, "stdin": len(case.stdin), "env": dict(case.env)}))
    print(f"exit code {outcome.code}\n{outcome.err}")
    print(*wrong or ["no fault"], sep="\n")
    return int(bool(wrong))


def ended(case: Case, folder: str) -> Outcome:
    """How a case ends in a process of its own, whose streams are files."""
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(tempfile.TemporaryFile()) for _ in range(3)]
        streams[0].write(case.stdin)
        streams[0].seek(0)
        if any(name.startswith(_AT_START) for name in case.env):
            code = _started(case, folder, streams)
        else:
            code = _forked(case, folder, streams)
        said = []
        for stream in streams[1:]:
            stream.seek(0)
            said.append(stream.read())
    return Outcome(code, said[0], said[1].decode("utf-8", "replace"))


def _started(case: Case, folder: str, streams: list) -> int:
    with variables(case.env):
        environment = dict(os.environ)
    command = [sys.executable, "-m", "attnviz", *case.argv]
    stdin, stdout, stderr = streams
    child = subprocess.Popen(
        command, cwd=folder, env=environment, stdin=stdin, stdout=stdout, stderr=stderr,
        preexec_fn=_limit, start_new_session=True,  # noqa: PLW1509 (there are no threads)
    )  # fmt: skip
    return _waited(child.pid)


def _forked(case: Case, folder: str, streams: list) -> int:
    """Without the start of a Python, which takes ten times as long as most cases."""
    pid = os.fork()
    if pid:
        return _waited(pid)
    code = 99
    try:
        os.setsid()
        _limit()
        os.chdir(folder)
        for number, stream in enumerate(streams):
            os.dup2(stream.fileno(), number)
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, encoding="utf-8", errors="replace" if number else "surrogateescape", closefd=False)  # noqa: SIM115
            for number, mode in enumerate("rww")
        )
        with variables(case.env), answering(case.hub, folder):
            code = attnviz(list(case.argv))
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _limit() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU, _CPU))


def _waited(pid: int) -> int:
    """The exit code of a process, or the signal that ended it as a negative number; the rest of its group ends too."""
    end = time.monotonic() + _WALL
    for pause in _pauses():
        done, status = os.waitpid(pid, os.WNOHANG)
        if done:
            break
        if time.monotonic() > end:
            os.killpg(pid, signal.SIGKILL)
            _, status = os.waitpid(pid, 0)
            break
        time.sleep(pause)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
    return os.waitstatus_to_exitcode(status)


def _pauses() -> Iterator[float]:
    """Short first: most cases take some milliseconds."""
    pause = 0.001
    while True:
        yield pause
        pause = min(0.05, 1.2 * pause)


if __name__ == "__main__":
    sys.exit(main())
