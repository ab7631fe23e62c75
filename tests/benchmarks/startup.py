"""How long the command line takes before and around the maths: run it by hand, on an idle machine.

    python tests/benchmarks/startup.py

Each line is the median wall time of whole processes, the commands taking turns, with the ratio to its yardstick: what
Python needs to import the libraries alone, and for the bundled model the same with seeded weights.
"""

import os
import statistics
import subprocess
import sys
import time

ROUNDS = 15
SENTENCE = "The animal didn't cross the street because it was too tired."
SEEDED = ["-m", "attnviz", "show", SENTENCE, "--seed", "0"]
PAIRS = {
    "attnviz --help": (["-m", "attnviz", "--help"], ["-c", "import typer"], 1.3),
    "attnviz show --help": (["-m", "attnviz", "show", "--help"], ["-c", "import typer"], 1.3),
    "attnviz show --seed 0": ([*SEEDED], ["-c", "import typer, numpy, rich"], 1.5),
    "attnviz show --seed 0 --json": ([*SEEDED, "--json"], ["-c", "import typer, numpy, rich"], 1.5),
    "attnviz show, with tiny": (["-m", "attnviz", "show", SENTENCE], SEEDED, 1.4),
}


def seconds(arguments: list[str]) -> float:
    # For both sides alike: one BLAS thread, and byte code kept, as in any installation.
    environ = {"OPENBLAS_NUM_THREADS": "1", **os.environ}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environ)
    return time.perf_counter() - start


def main() -> None:
    print(f"median of {ROUNDS} runs, milliseconds")
    for name, (command, yardstick, goal) in PAIRS.items():
        seconds(command), seconds(yardstick)  # byte code, file cache
        both = [(seconds(command), seconds(yardstick)) for _ in range(ROUNDS)]
        ours, theirs = (1000 * statistics.median(times) for times in zip(*both, strict=True))
        ratio = statistics.median(a / b for a, b in both)
        against = "attnviz show --seed 0" if yardstick is SEEDED else yardstick[1]
        print(f"{name:<30}{ours:6.0f}   {against:<28}{theirs:6.0f}   ratio {ratio:.2f} (goal {goal})")


if __name__ == "__main__":
    main()
