"""Long texts: attnviz with seeded weights, PyTorch with a BERT of the same sizes, and the matrix products alone."""

import tempfile
from pathlib import Path

from processes import (
    CORES,
    ONE_THREAD,
    BenchmarkError,
    Command,
    Ran,
    Settings,
    attnviz,
    child,
    measured,
    say,
)
from results import Comparison, Found, Samples
from texts import long_text

SIZES = {"n_layers": 6, "n_heads": 12, "d_model": 384, "d_ff": 1536}
TORCH, PRODUCTS, PRODUCTS_ALL = "transformers", "products alone, 1 thread", f"products alone, {CORES} threads"
OURS = {
    "show, one head": ["show", "--style", "top", "--top", "3", "--layer", "-1", "--head", "0"],  # all layers run
    "heads": ["heads", "--json"],
    "heatmap": ["heatmap", "--overview-only"],
}


def measure(settings: Settings) -> Found:
    """Each length in turn, the short ones first; a side that fails at a length (memory) is told as failed there."""
    comparisons: list[Comparison] = []
    n_ctx = max(settings.tokens)
    for n in settings.tokens:
        with tempfile.TemporaryDirectory() as folder:
            commands = _commands(n, n_ctx, Path(folder), settings)
            if n == settings.tokens[0]:
                (
                    measured(commands["show, one head"]),
                    measured(commands["heads"]),
                    measured(commands["heatmap"]),
                )  # byte code
            runs = _alternating(f"long, {n} tokens", commands, settings.rounds)
        comparisons += _comparisons(n, runs)
    return Found(comparisons, {"sizes": SIZES})


def _commands(n: int, n_ctx: int, folder: Path, settings: Settings) -> dict[str, Command]:
    text = folder / "text.txt"
    text.write_text(long_text(n) + "\n", encoding="utf-8")
    fields = [word for name, value in SIZES.items() for word in (f"--{name.replace('_', '-')}", str(value))]
    shared = ["--file", str(text), *fields, "--n-ctx", str(n_ctx), "--seed", "0"]
    ours = {name: attnviz(*words, *shared) for name, words in OURS.items()}
    ours["heatmap"] = attnviz(*OURS["heatmap"], *shared, "--force", "--out", str(folder / "pictures"))
    sizes = [n, *SIZES.values()]
    return {
        **ours,
        TORCH: child("torch_long.py", *sizes, interpreter=settings.torch),
        PRODUCTS: child("products.py", *sizes, **ONE_THREAD),
        PRODUCTS_ALL: child("products.py", *sizes, **{name: str(CORES) for name in ONE_THREAD}),
    }


def _alternating(part: str, commands: dict[str, Command], rounds: int) -> dict[str, list[Ran]]:
    """As ``alternating``, but what fails is left out of this length's rounds."""
    runs: dict[str, list[Ran]] = {name: [] for name in commands}
    working = dict(commands)
    for number in range(1, rounds + 1):
        for name in tuple(working):
            try:
                runs[name].append(measured(working[name]))
                say(f"{part} {number}/{rounds}: {name} {runs[name][-1].wall:.2f} s {runs[name][-1].memory:.0f} MB")
            except BenchmarkError as error:
                say(f"{part}: {error}")
                del working[name]
                runs[name] = []
    return runs


def _comparisons(n: int, runs: dict[str, list[Ran]]) -> list[Comparison]:
    def compared(what: str, unit: str, name: str, values: tuple, other: str, others: tuple, *, yardstick: bool = False):
        sides = Samples(name, values), Samples(other, others)
        return Comparison("long", f"{n} tokens, {what}", unit, *sides, yardstick=yardstick, size=n)

    def walls(name: str) -> tuple[float, ...]:
        return tuple(run.wall for run in runs[name])

    def reported(name: str) -> tuple[float, ...]:
        return tuple(run.report["seconds"] for run in runs[name])

    def memory(name: str) -> tuple[float, ...]:
        return tuple(run.memory for run in runs[name])

    found = []
    for name, words in OURS.items():
        told = f"`{' '.join(words)}`"
        found += [
            compared(f"{told}, wall time", "s", name, walls(name), TORCH, walls(TORCH)),
            compared(f"{told}, peak memory", "MB", name, memory(name), TORCH, memory(TORCH)),
        ]
    forward = f"{TORCH}, forward pass alone"
    found.append(compared("`heads --json`, wall time", "s", "heads", walls("heads"), forward, reported(TORCH)))
    for name in (PRODUCTS, PRODUCTS_ALL):
        told = compared("`heads --json`, wall time", "s", "heads", walls("heads"), name, reported(name), yardstick=True)
        found.append(told)
    return found
