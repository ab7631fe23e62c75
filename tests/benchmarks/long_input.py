"""Long texts: attnviz with seeded weights, PyTorch with a BERT of the same sizes, and the matrix products alone."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from processes import ONE_THREAD, BenchmarkError, Command, Ran, Settings, attnviz, child, measured, say
from results import Comparison, Found, Samples, samples
from texts import long_text

SIZES = {"n_layers": 6, "n_heads": 12, "d_model": 384, "d_ff": 1536}
EAGER, SDPA = "transformers, eager", "transformers, sdpa"
PRODUCTS = "the products alone, 1 thread"
OURS = {
    "show": ["show", "--style", "top", "--top", "3", "--layer", "-1", "--head", "0"],  # all layers run
    "heads": ["heads", "--json"],
    "heatmap": ["heatmap", "--overview-only"],
}
GOALS = {"show": 1.3, "heads": 1.3, "heatmap": 1.6}  # of CPU time, as a multiple of that of the products
LONG = 2048  # tokens from which the goals hold
MOST_TOKENS = 8192  # tokens of three rounds together: what is longer is steady


def measure(settings: Settings) -> Found:
    """Each length in turn, the short ones first; a side that fails at a length (memory) is told as failed there."""
    comparisons: list[Comparison] = []
    n_ctx = max(settings.tokens)
    for n in settings.tokens:
        with tempfile.TemporaryDirectory() as folder:
            commands = _commands(n, n_ctx, Path(folder), settings)
            if n == settings.tokens[0]:
                for name in OURS:  # byte code
                    measured(commands[name])
            rounds = max(1, min(settings.rounds, MOST_TOKENS // n // 2))
            runs = _alternating(f"long, {n} tokens", commands, rounds)
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
        EAGER: child("torch_long.py", *sizes, "eager", interpreter=settings.torch),
        SDPA: child("torch_long.py", *sizes, "sdpa", interpreter=settings.torch),
        PRODUCTS: child("products.py", *sizes, **ONE_THREAD),
    }


def _alternating(part: str, commands: dict[str, Command], rounds: int) -> dict[str, list[Ran]]:
    """As ``alternating``, but what fails is left out of this length's rounds."""
    runs: dict[str, list[Ran]] = {name: [] for name in commands}
    working = dict(commands)
    for number in range(1, rounds + 1):
        for name in tuple(working):
            try:
                runs[name].append(measured(working[name]))
                say(f"{part} {number}/{rounds}: {name} {runs[name][-1]}")
            except BenchmarkError as error:
                say(f"{part}: {error}")
                del working[name]
                runs[name] = []
    return runs


def _comparisons(n: int, runs: Mapping[str, Sequence[Ran]]) -> Iterator[Comparison]:
    """Whole processes against transformers, and their CPU time against that of the products and of a forward pass."""

    def reported(name: str, figure: str) -> Samples:
        return Samples(name, tuple(run.report[figure] for run in runs[name]))

    for name, words in OURS.items():
        what = f"{n} tokens, `{' '.join(words)}`"
        wall, cpu, memory = (samples(runs, name, EAGER, figure) for figure in ("wall", "cpu", "memory"))
        yield Comparison("long", what, "s", *wall, size=n, cpu=cpu)
        yield Comparison("long", f"{what}, peak memory", "MB", *memory, size=n)
    for name in OURS:
        own, _ = samples(runs, name, PRODUCTS, "cpu")
        goal = GOALS[name] if n >= LONG else None
        what = f"{n} tokens, `{OURS[name][0]}`, CPU time"
        yield Comparison("long", what, "s", own, reported(PRODUCTS, "seconds"), yardstick=True, size=n, goal=goal)
    own, _ = samples(runs, "show", SDPA, "cpu")
    what = f"{n} tokens, `show` against a forward pass that gives no attention, CPU time"
    yield Comparison("long", what, "s", own, reported(SDPA, "cpu"), size=n)
