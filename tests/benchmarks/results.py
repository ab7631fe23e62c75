"""What was measured: medians, ratios, and the tables they are told in. Nothing here measures anything."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MORE_IS_BETTER = {"sentences/s", "Gflop/s"}
BETTER = {"s": ("faster", "slower"), "ms": ("faster", "slower"), "MB": ("less", "more"), "nodes": ("fewer", "more")}
OF_IT = {"s": "times as long", "ms": "times as long", "MB": "times as much", "nodes": "times as many"}


@dataclass(frozen=True)
class Samples:
    """What one side reached, a value a round; none where it failed."""

    name: str
    values: tuple[float, ...]

    @property
    def median(self) -> float | None:
        return statistics.median(self.values) if self.values else None


def samples(
    runs: Mapping[str, Sequence[Any]], ours: str, theirs: str, figure: str, unit: float = 1
) -> tuple[Samples, Samples]:
    """One figure of the runs of both sides, as a multiple of a unit.

    Args:
        runs: of all sides, by name.
        ours: the name of one side.
        theirs: that of the other.
        figure: ``wall``, ``cpu`` or ``memory``.
        unit: 1000 for milliseconds.
    """
    one, other = (Samples(name, tuple(unit * getattr(run, figure) for run in runs[name])) for name in (ours, theirs))
    return one, other


@dataclass(frozen=True)
class Comparison:
    """Two sides of one measurement.

    Attributes:
        part: of the benchmark that it belongs to.
        what: is measured, in words.
        unit: ``s``, ``ms``, ``MB``, ``nodes``, ``sentences/s``, ``Gflop/s``.
        ours: attnviz.
        theirs: an opponent, or a yardstick.
        yardstick: whether theirs is a bound that ours is held against (ratio = ours / theirs), and no opponent.
        size: tokens of the text, where that varies.
        goal: of the ratio: at least, or at most for a yardstick of time, size or number.
        cpu: CPU seconds of both sides, which other programs on the machine change less; None where they do not matter.
    """

    part: str
    what: str
    unit: str
    ours: Samples
    theirs: Samples
    yardstick: bool = False
    size: int | None = None
    goal: float | None = None
    cpu: tuple[Samples, Samples] | None = None

    @property
    def ratio(self) -> float | None:
        """Of the medians: how many times better ours is than an opponent, or ours as a multiple of a yardstick."""
        ours, theirs = self.ours.median, self.theirs.median
        if ours is None or theirs is None:
            return None
        direct = self.yardstick or self.unit in MORE_IS_BETTER
        return ours / theirs if direct else theirs / ours

    def ratio_text(self) -> str:
        """The ratio in words: ``13.2 times faster``, ``62% of it``, ``1.21 times as long``."""
        if self.ratio is None:
            return "-"
        if self.yardstick and self.unit in MORE_IS_BETTER:
            return f"{self.ratio:.0%} of it"
        if self.yardstick:
            return f"{number(self.ratio)} {OF_IT[self.unit]}"
        better, worse = BETTER.get(self.unit, ("more", "fewer"))
        return f"{number(self.ratio)} times {better}" if self.ratio >= 1 else f"{number(1 / self.ratio)} times {worse}"

    def cpu_text(self) -> str:
        """The ratio of CPU time in words: ``13.2 times less``, ``1.21 times as much``; empty where it is not known."""
        ours, theirs = (side.median for side in self.cpu) if self.cpu else (None, None)
        if not ours or not theirs:
            return ""
        if self.yardstick:
            return f"{number(ours / theirs)} times as much"
        return f"{number(theirs / ours)} times less" if ours <= theirs else f"{number(ours / theirs)} times more"

    def goal_text(self) -> str:
        if self.goal is None:
            return ""
        most = self.yardstick and self.unit not in MORE_IS_BETTER
        return f"{'at most' if most else 'at least'} {self.goal:g}"

    def as_dict(self) -> dict[str, object]:
        """Ready for JSON."""
        sides = {
            side: {"name": samples.name, "median": samples.median, "values": list(samples.values)}
            for side, samples in (("ours", self.ours), ("theirs", self.theirs))
        }
        told = {"part": self.part, "what": self.what, "unit": self.unit, "size": self.size}
        cpu = None if self.cpu is None else [list(side.values) for side in self.cpu]
        return {**told, **sides, "yardstick": self.yardstick, "ratio": self.ratio, "goal": self.goal, "cpu": cpu}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Comparison":
        """The comparison of ``as_dict``."""
        sides = [Samples(told[side]["name"], tuple(told[side]["values"])) for side in ("ours", "theirs")]
        more = {name: told[name] for name in ("yardstick", "size", "goal")}
        cpu = told["cpu"] and tuple(
            Samples(side.name, tuple(values)) for side, values in zip(sides, told["cpu"], strict=True)
        )
        return cls(told["part"], told["what"], told["unit"], *sides, **more, cpu=cpu)


@dataclass(frozen=True)
class Found:
    """What a part of the benchmark gives: its comparisons, and more that only the JSON tells."""

    comparisons: Sequence[Comparison]
    details: object = None


def number(value: float) -> str:
    """Three digits where they matter, whole numbers from 100 on: ``0.281``, ``4.30``, ``13.2``, ``408``."""
    if value >= 99.95:
        return f"{value:.0f}"
    for digits, least in ((1, 9.995), (2, 0.9995)):
        if value >= least:
            return f"{value:.{digits}f}"
    return f"{value:.3f}"


def quantity(samples: Samples, unit: str) -> str:
    """A median with its unit, or that there is none."""
    return "failed" if samples.median is None else f"{number(samples.median)} {unit}"


def cells(comparison: Comparison) -> tuple[str, str, str, str, str]:
    """A row: what, ours, theirs, ratio, and that of CPU time."""
    theirs = f"{quantity(comparison.theirs, comparison.unit)} ({comparison.theirs.name})"
    return (
        comparison.what,
        quantity(comparison.ours, comparison.unit),
        theirs,
        comparison.ratio_text(),
        comparison.cpu_text(),
    )


def screen_table(comparisons: Iterable[Comparison]) -> str:
    """Columns for a terminal, with the goals."""
    rows = [(*cells(one), one.goal_text()) for one in comparisons]
    has_cpu, has_goal = (any(row[column] for row in rows) for column in (4, 5))
    rows.insert(0, ("", "attnviz", "against", "ratio", "CPU time" * has_cpu, "goal" * has_goal))
    widths = [max(len(row[column]) for row in rows) for column in range(6)]
    if not has_cpu:
        rows, widths = [(*row[:4], row[5]) for row in rows], [*widths[:4], widths[5]]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def markdown_tables(comparisons: Sequence[Comparison], machine: str) -> str:
    """One table a part under a line that says where it was measured."""
    parts = dict.fromkeys(one.part for one in comparisons)
    tables = [markdown_table([one for one in comparisons if one.part == part], part) for part in parts]
    return "\n\n".join([f"Medians; {machine}.", *tables]) + "\n"


def markdown_table(comparisons: Sequence[Comparison], heading: str) -> str:
    """One table, with a column of CPU time where that is known."""
    rows = [cells(one) for one in comparisons]
    width = 5 if any(row[4] for row in rows) else 4
    titles = (heading, "attnviz", "against", "ratio", "CPU time")[:width]
    lines = [f"| {' | '.join(titles)} |", "|---" * width + "|"]
    short = [[cell.replace("|", chr(92) + "|").replace(" times ", "× ") for cell in row[:width]] for row in rows]
    lines += [f"| {' | '.join(row)} |" for row in short]
    return "\n".join(lines)
