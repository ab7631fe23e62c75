"""The explanation of one query token on the terminal: each step's formula, and its numbers.

Numbers that belong to the keys are in tables with one row per key; consecutive steps that give each key one number (raw
score, scaled, masked, exponential, weight) share one table, so that a row can be followed from left to right.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby

import numpy as np
from rich.style import Style

from attnviz.output.labels import cell_width, cut, fit
from attnviz.output.terminal.lines import plain_labels, provenance_line, row_labels
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.trace.steps import Explanation, Quantity, Step

_FEW_KEYS = 10
_SHOWN = 4  # numbers of a vector, unless all are asked for
_PRETTY = ((" . ", " · "), ("-inf", "−∞"), ("sum_j", "Σ_j"), ("sum(e)", "Σe"), ("...", "…"))


class ExplanationView(LinesView):
    """A Rich renderable.

    Args:
        explanation: what ``attnviz.explain`` gave.
        screen: where it is printed.
        full: all numbers of every vector, and all keys.
        precision: decimals.
    """

    def __init__(self, explanation: Explanation, screen: Screen, *, full: bool = False, precision: int = 3):
        super().__init__(screen)
        self._explanation, self._full, self._precision = explanation, full, precision
        self._keys = _shown_keys(explanation, full)
        self._labels = row_labels(explanation.keys, screen)

    def lines(self) -> Iterator[StyledLine]:
        """The lines, each as pieces of text with their styles."""
        yield from self._heading()
        number = 0
        for by_key, steps in groupby(self._explanation.steps, key=_is_by_key):
            group = list(steps)
            for step in group:
                number += 1
                yield []
                yield from self._step_heading(number, step)
                if not by_key:
                    yield from self._quantities(step)
                else:
                    yield from self._vectors(q for q in step.quantities if q.axes != ("key",))
            if by_key:
                yield []
                yield from self._key_tables([q for step in group for q in step.quantities if q.axes == ("key",)])
        yield from self._left_out()

    def _heading(self) -> Iterator[StyledLine]:
        e = self._explanation
        token = self._fit(plain_labels(e.queries, self.screen)[e.place.query], self.screen.width // 2).rstrip()
        names = {"encoder": "self-attention", "decoder": "the decoder's self-attention", "cross": "cross-attention"}
        keys = f"{len(e.keys)} key{'s' * (len(e.keys) != 1)}"
        about = f"of L{e.place.layer}H{e.place.head}: {names[e.place.kind]}, {keys}"
        yield [(self.cut(f"How token {e.place.query}, {token}, attends"), BOLD)]
        yield from self.text(about, PLAIN)
        yield from provenance_line(e.model, self.screen).lines()

    def _step_heading(self, number: int, step: Step) -> Iterator[StyledLine]:
        formula = self._pretty(step.formula)
        title = f"{number:>2}  {self._pretty(step.title)}"
        room = self.screen.width - cell_width(title) - 2
        if cell_width(formula) <= room:
            yield [(title, BOLD), (" " * (room + 2 - cell_width(formula)), PLAIN), (formula, PLAIN)]
        else:
            yield [(title, BOLD)]
            yield from self.text(formula, PLAIN, indent=4)
        yield from self.text(self._pretty(step.meaning), DIM, indent=4)

    def _quantities(self, step: Step) -> Iterator[StyledLine]:
        """The step's numbers in its order; tables with the same rows side by side."""
        for axes, group in groupby(step.quantities, key=lambda q: q.axes[:-1]):
            if axes:
                yield from self._vector_tables(axes[0], list(group))
            else:
                yield from self._vectors(group)

    def _vectors(self, quantities: Iterable[Quantity]) -> Iterator[StyledLine]:
        """A vector a line: its symbol, its length, its first numbers, what it is; all its numbers with ``full``."""
        for q in quantities:
            head, meaning = f"    {q.symbol:<6}{f'({len(q.values)})':<6}", self._pretty(q.meaning)
            room = self.screen.width - cell_width(head)
            n = len(q.values) if self._full else max(1, min(_SHOWN, (room - 2) // self._cell))
            numbers = self._numbers(q.values, n)
            if len(numbers) + 2 + cell_width(meaning) <= room:
                yield [(head, PLAIN), (numbers, BOLD), (f"  {meaning}", DIM)]
                continue
            yield [(head, PLAIN), (cut(f" {meaning}", room, ascii=self.screen.ascii), DIM)]
            each = max(1, (self.screen.width - 8) // self._cell)
            for start in range(0, n, each):
                part = q.values[start : min(n, start + each)]
                more = "" if start + each < n else self._more(len(q.values) - n)
                yield [(" " * 8 + "".join(self._number(v) for v in part) + more, BOLD)]

    def _vector_tables(self, axis: str, group: list[Quantity]) -> Iterator[StyledLine]:
        """Vectors of keys or heads, a row each: side by side where they fit, else one table after the other."""
        rows = self._keys if axis == "key" else list(range(len(group[0].values)))
        labels = {i: self._labels[i] if axis == "key" else f"head {i}" for i in rows}
        width = self._label_width(labels.values())
        room = (self.screen.width - 4 - width) // len(group) - 4
        if self._full or room < 3 * self._cell:
            for q in group:
                yield from self._tall_table(q, labels, width)
            return
        n = min(_SHOWN, room // self._cell, group[0].values.shape[1])
        columns = [max(len(self._numbers(q.values[0], n)), cell_width(self._pretty(q.meaning))) for q in group]
        columns = [min(column, room + 2) for column in columns]
        headers = [fit(self._pretty(q.meaning), c, right=True) for q, c in zip(group, columns, strict=True)]
        yield [(f"    {axis:<{width}}  " + "  ".join(headers), DIM)]
        for i, label in labels.items():
            cells = [f"{self._numbers(q.values[i], n):>{c}}" for q, c in zip(group, columns, strict=True)]
            yield [(f"    {self._fit(label, width)}  ", PLAIN), ("  ".join(cells), self._row_style(axis, i))]

    def _tall_table(self, q: Quantity, labels: Mapping[int, str], width: int) -> Iterator[StyledLine]:
        """One table; with ``full`` a row takes as many lines as its numbers need."""
        yield [(self.cut(f"    {self._pretty(q.meaning)}"), DIM)]
        each = max(1, (self.screen.width - 6 - width) // self._cell)
        n = q.values.shape[1] if self._full else min(each, _SHOWN)
        for i, label in labels.items():
            for start in range(0, n, each):
                part = q.values[i][start : min(n, start + each)]
                more = "" if start + each < n else self._more(q.values.shape[1] - n)
                numbers = "".join(self._number(v) for v in part) + more
                first = self._fit(label if start == 0 else "", width)
                yield [(f"    {first}", PLAIN), (numbers, self._row_style(q.axes[0], i))]

    def _row_style(self, axis: str, i: int) -> Style:
        strongest = axis == "key" and i == int(self._explanation.weights.argmax())
        return BOLD if strongest or (axis == "head" and i == self._explanation.place.head) else PLAIN

    def _key_tables(self, columns: list[Quantity]) -> Iterator[StyledLine]:
        """One row per key: its raw score, scaled, masked, exponential, weight, and the weight as a bar."""
        width = self._label_width(self._labels[i] for i in self._keys)
        room = self.screen.width - 4 - width
        each = max(1, room // self._cell)
        for start in range(0, len(columns), each):
            page = columns[start : start + each]
            wished = max(cell_width(self._pretty(q.meaning)) for q in page) + 2
            yield from self._key_table(page, width, max(self._cell, min(wished, room // len(page))))

    def _key_table(self, columns: list[Quantity], width: int, cell: int) -> Iterator[StyledLine]:
        meanings = [fit(self._pretty(q.meaning), cell - 1, right=True, ascii=self.screen.ascii) for q in columns]
        yield [(f"    {'key':<{width}}" + "".join(f" {meaning}" for meaning in meanings), DIM)]
        yield [(" " * (4 + width) + "".join(f"{q.symbol:>{cell}}" for q in columns), DIM)]
        room = min(20, self.screen.width - 6 - width - cell * len(columns))
        for i in self._keys:
            cells = "".join(f"{self._number(q.values[i]).strip():>{cell}}" for q in columns)
            bar = self._bar(float(columns[-1].values[i]), room) if columns[-1].symbol == "a" and room > 4 else ""
            yield [
                (f"    {self._fit(self._labels[i], width)}", PLAIN),
                (cells, self._row_style("key", i)),
                (bar and f"  {bar}", PLAIN),
            ]

    def _label_width(self, labels: Iterable[str]) -> int:
        return min(max([cell_width(label) for label in labels] + [3]), self.screen.width // 4)

    def _fit(self, label: str, width: int) -> str:
        return fit(label, width, ascii=self.screen.ascii)

    def _bar(self, share: float, width: int) -> str:
        eighths = round(share * width * 8)
        if self.screen.ascii:
            return "#" * round(share * width)
        return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()

    def _left_out(self) -> Iterator[StyledLine]:
        hidden = len(self._explanation.keys) - len(self._keys)
        if hidden:
            rest = self._explanation.weights.sum() - self._explanation.weights[list(self._keys)].sum()
            yield []
            about = f"{hidden} weaker keys are left out (their weights sum to {rest:.{self._precision}f});"
            yield from self.text(f"{about} --full shows all.", DIM, indent=4)

    @property
    def _cell(self) -> int:
        return max(7, self._precision + 6)  # -1e+38 and a space

    def _number(self, value: float) -> str:
        """One number, right in its cell; in exponents where it would not fit."""
        if not np.isfinite(value):
            return f"{'-inf' if self.screen.ascii else '−∞':>{self._cell}}"
        text = f"{value:z.{self._precision}f}"  # z: no -0.000
        if len(text) >= self._cell:
            text = f"{value:.{max(0, self._precision - 3)}e}"
        return f"{text:>{self._cell}}"

    def _numbers(self, values: np.ndarray, n: int) -> str:
        return "".join(self._number(v) for v in values[:n]) + self._more(len(values) - n)

    def _more(self, n: int) -> str:
        return "" if n <= 0 else " ~" if self.screen.ascii else " …"

    def _pretty(self, text: str) -> str:
        if self.screen.ascii:
            return text
        for plain, pretty in _PRETTY:
            text = text.replace(plain, pretty)
        return re.sub(r"sqrt\((\d+)\)", r"√\1", text)


def _is_by_key(step: Step) -> bool:
    return any(q.axes == ("key",) for q in step.quantities)


def _shown_keys(explanation: Explanation, full: bool) -> list[int]:
    """The keys that are printed: all if they are few, else the strongest and the query itself, in the text's order."""
    n = len(explanation.keys)
    if full or n <= _FEW_KEYS + 2:
        return list(range(n))
    best = set(np.argsort(-explanation.weights, kind="stable")[:_FEW_KEYS].tolist())
    if explanation.place.kind != "cross":
        best.add(explanation.place.query)
    return sorted(best)
