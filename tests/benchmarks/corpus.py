"""A file of sentences: attnviz as it is called, against transformers and PyTorch at their best setting.

The main figure is the steady rate: attnviz's wall time less that of a file of one line, PyTorch's time without loading.
The plain totals, loading included, are told too, and PyTorch without writing any JSON.
"""

import statistics
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from processes import CORES, Ran, Settings, alternating, attnviz, child
from results import Comparison, Found, Samples
from texts import sentences

GOAL = 1.2  # of the steady rate
MOST_ROUNDS = 3  # they are long, and their medians steady
COMMANDS = {"heads": "heads --json --file", "show": "show --json --file"}


def measure(settings: Settings) -> Found:
    """``heads --file`` and ``show --json --file``; every setting of PyTorch among the details."""
    with tempfile.TemporaryDirectory() as folder:
        files = {"one": Path(folder, "one.txt"), "many": Path(folder, "many.txt")}
        for size, count in (("one", 1), ("many", settings.sentences)):
            files[size].write_text("\n".join(sentences(count)) + "\n", encoding="utf-8")
        commands = {
            f"{name}, {size}": attnviz(name, "--file", str(file), "--json", "--model", settings.model)
            for name in COMMANDS
            for size, file in files.items()
        }
        alternating("corpus", {name: one for name, one in commands.items() if name.endswith("one")}, 0)
        torch = child("torch_corpus.py", settings.model, files["many"], CORES, interpreter=settings.torch)
        runs = alternating("corpus", {**commands, "torch": torch}, min(settings.rounds, MOST_ROUNDS), warm=False)
    corpus = Corpus(runs, settings.sentences)
    return Found(list(corpus.comparisons()), {"torch_settings": corpus.torch_settings()})


@dataclass(frozen=True)
class Corpus:
    """The runs of both sides over so many sentences."""

    runs: dict[str, list[Ran]]
    count: int

    def comparisons(self) -> Iterator[Comparison]:
        yield self.steady("heads", json=False, goal=GOAL)
        yield self.steady("show", json=True, goal=GOAL)
        yield self.steady("show", json=False, more="; PyTorch writes nothing")
        yield self.total("heads", json=False)
        yield self.total("show", json=True)
        yield from (self.memory(name) for name in COMMANDS)

    def steady(self, name: str, *, json: bool, goal: float | None = None, more: str = "") -> Comparison:
        """Sentences a second, loading left out of both."""
        pairs = zip(self.runs[f"{name}, one"], self.runs[f"{name}, many"], strict=True)
        longer = [(many.wall - one.wall, many.cpu - one.cpu) for one, many in pairs]
        quickest = [best(run.report, json=json) for run in self.runs["torch"]]
        ours = tuple((self.count - 1) / max(wall, 1e-3) for wall, _ in longer)
        theirs = tuple(self.count / one["seconds"] for one in quickest)
        opponent = self.opponent(json=json)
        cpu = (
            Samples("attnviz", tuple(spent for _, spent in longer)),
            Samples(opponent, tuple(one["cpu"] for one in quickest)),
        )
        sides = Samples("attnviz", ours), Samples(opponent, theirs)
        return Comparison("corpus", self.told(name) + more, "sentences/s", *sides, goal=goal, cpu=cpu)

    def total(self, name: str, *, json: bool) -> Comparison:
        """Seconds with loading: of PyTorch the imports, the model, and the best setting alone."""
        ours = tuple(run.wall for run in self.runs[f"{name}, many"])
        theirs = tuple(run.report["load"] + best(run.report, json=json)["seconds"] for run in self.runs["torch"])
        named = Samples(self.opponent(json=json), theirs)
        return Comparison("corpus", f"{self.told(name)}, loading too", "s", Samples("attnviz", ours), named)

    def memory(self, name: str) -> Comparison:
        """Whether memory grows with the file: the largest process, against that of a file of one line."""
        ours, theirs = (tuple(run.memory for run in self.runs[f"{name}, {size}"]) for size in ("many", "one"))
        what = f"{self.told(name)}, memory of the largest process"
        sides = Samples("attnviz", ours), Samples("attnviz, one line", theirs)
        return Comparison("corpus", what, "MB", *sides, yardstick=True)

    def told(self, name: str) -> str:
        return f"`{COMMANDS[name]}`, {self.count} sentences"

    def opponent(self, *, json: bool) -> str:
        """PyTorch, and how it writes JSON if it does."""
        library = "orjson" if self.runs["torch"][0].report["orjson"] else "json"
        return f"PyTorch at its best{f', {library}' if json else ''}"

    def torch_settings(self) -> list[dict]:
        """Every setting that was measured, the quickest first, with the median of its rate."""
        rates: dict[tuple, list[float]] = {}
        for run in self.runs["torch"]:
            for one in run.report["settings"]:
                setting = tuple((name, value) for name, value in one.items() if name not in ("seconds", "cpu"))
                rates.setdefault(setting, []).append(self.count / one["seconds"])
        found = [{**dict(setting), "sentences/s": statistics.median(values)} for setting, values in rates.items()]
        return sorted(found, key=lambda one: -one["sentences/s"])


def best(report: dict, *, json: bool) -> dict:
    """A round's best setting: chosen anew each round, which favours PyTorch."""
    return min((one for one in report["settings"] if one["json"] == json), key=lambda one: one["seconds"])
