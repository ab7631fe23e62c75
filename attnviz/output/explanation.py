"""The explanation of one query token on the terminal: each step's formula, and its numbers.

Numbers that belong to the keys stand in tables with a row a key; consecutive steps that give each key one number (raw
score, scaled, masked, exponential, weight) share one table, so that a row can be followed from left to right.
"""

from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np
from rich.style import Style

from attnviz.output.cells import BOLD, DIM, PLAIN
from attnviz.output.color import Line, LinesView, Screen
from attnviz.output.labels import cell_width, fit, row_labels
from attnviz.trace import Explanation, Quantity, Step

_FEW_KEYS = 10
_SHOWN = 4  # numbers of a vector, unless all are asked for
_PRETTY = (
    *(("sqrt(", "√("), (" . ", " · "), ("-inf", "−∞"), ("sum_j", "Σ_j"), ("sum(e)", "Σe")),
    *((" x ", " × "), ("...", "…")),
)


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

    def lines(self) -> Iterator[Line]:
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
                yield from self._key_table([q for step in group for q in step.quantities if q.axes == ("key",)])
        yield from self._left_out()

    def _heading(self) -> Iterator[Line]:
        e = self._explanation
        token = row_labels(e.queries, self.screen)[e.place.query]
        what = {"encoder": "self-attention", "decoder": "the decoder's self-attention", "cross": "cross-attention"}
        yield [(f"How {token.strip()} attends", BOLD), (f": layer {e.place.layer}, head {e.place.head}", PLAIN)]
        yield [(self._text(f"{what[e.place.kind]}, {len(e.keys)} keys; {e.model.provenance}"), DIM)]

    def _step_heading(self, number: int, step: Step) -> Iterator[Line]:
        formula = self._text(step.formula)
        title = f"{number:>2}  {self._text(step.title)}"
        room = self.screen.width - cell_width(title) - 2
        if cell_width(formula) <= room:
            yield [(title, BOLD), (" " * (room + 2 - cell_width(formula)), PLAIN), (formula, PLAIN)]
        else:
            yield [(title, BOLD)]
            yield from self._wrapped(formula, PLAIN)
        yield from self._wrapped(self._text(step.meaning), DIM)

    def _quantities(self, step: Step) -> Iterator[Line]:
        yield from self._vectors(q for q in step.quantities if len(q.axes) == 1)
        for axis, group in groupby((q for q in step.quantities if len(q.axes) == 2), key=lambda q: q.axes[0]):
            yield from self._vector_table(axis, list(group))

    def _vectors(self, quantities: Iterable[Quantity]) -> Iterator[Line]:
        """A vector a line: its symbol, its length, its first numbers, what it is; all its numbers with ``full``."""
        for q in quantities:
            head = f"    {q.symbol:<6} {f'({len(q.values)})':<6} "
            meaning = self._text(q.meaning)
            if not self._full or len(q.values) <= _SHOWN:
                numbers = self._numbers(q.values)
                yield [(head, PLAIN), (numbers, BOLD), (f"  {meaning}", DIM)]
                continue
            yield [(head, PLAIN), (meaning, DIM)]
            each = max(1, (self.screen.width - 8) // self._cell)
            for i in range(0, len(q.values), each):
                yield [(" " * 8 + "".join(self._number(v) for v in q.values[i : i + each]), PLAIN)]

    def _vector_table(self, axis: str, group: list[Quantity]) -> Iterator[Line]:
        """Vectors of keys or heads side by side, with their sum underneath where the group ends in one."""
        is_key = axis == "key"
        rows = self._keys if is_key else range(len(group[0].values))
        labels = self._labels if is_key else [f"head {i}" for i in rows]
        width = max([cell_width(labels[i]) for i in rows] + [len(axis)])
        width = min(width, self.screen.width // 3)
        shown = [self._numbers(q.values[0]) for q in group]
        columns = [max(cell_width(s), cell_width(self._text(q.meaning)) + 1) for s, q in zip(shown, group, strict=True)]
        if 4 + width + sum(columns) + 2 * len(columns) > self.screen.width or self._full:
            for q in group:
                yield from self._tall_table(q, rows, labels, width)
            return
        headers = [f"  {self._text(q.meaning):>{c}}" for q, c in zip(group, columns, strict=True)]
        yield [(f"    {axis:<{width}}" + "".join(headers), DIM)]
        for i in rows:
            cells = [f"  {self._numbers(q.values[i]):>{c}}" for q, c in zip(group, columns, strict=True)]
            yield [(f"    {fit(labels[i], width)}", PLAIN), ("".join(cells), self._row_style(axis, i))]

    def _tall_table(self, q: Quantity, rows: Iterable[int], labels: list[str], width: int) -> Iterator[Line]:
        yield [(f"    {self._text(q.meaning)}", DIM)]
        each = max(1, (self.screen.width - 6 - width) // self._cell)
        each = each if self._full else min(each, _SHOWN)
        for i in rows:
            values = q.values[i] if self._full else q.values[i][:each]
            for start in range(0, len(values), each):
                label = fit(labels[i], width) if start == 0 else " " * width
                more = self._more(len(q.values[i]) - len(values))
                numbers = "".join(self._number(v) for v in values[start : start + each])
                yield [(f"    {label}", PLAIN), (numbers + more, self._row_style(q.axes[0], i))]

    def _row_style(self, axis: str, i: int) -> Style:
        strongest = axis == "key" and i == int(self._explanation.weights.argmax())
        return BOLD if strongest or (axis == "head" and i == self._explanation.place.head) else PLAIN

    def _key_table(self, columns: list[Quantity]) -> Iterator[Line]:
        """A row a key: its raw score, scaled, masked, exponential, weight, and the weight as a bar."""
        width = min(max([cell_width(self._labels[i]) for i in self._keys] + [3]), self.screen.width // 3)
        cell = max(self._cell, max(cell_width(self._text(q.meaning)) for q in columns) + 2)
        cell = min(cell, max(self._cell, (self.screen.width - 4 - width) // len(columns)))
        room = self.screen.width - 4 - width - cell * len(columns) - 2
        meanings = [f"{fit(self._text(q.meaning), cell - 1, right=True):>{cell}}" for q in columns]
        yield [(f"    {'key':<{width}}" + "".join(meanings), DIM)]
        yield [(" " * (4 + width) + "".join(f"{q.symbol:>{cell}}" for q in columns), DIM)]
        for i in self._keys:
            cells = [(f"{self._number(q.values[i]).strip():>{cell}}", self._row_style("key", i)) for q in columns]
            bar = self._bar(float(columns[-1].values[i]), min(room, 20)) if room >= 5 else ""
            yield [(f"    {fit(self._labels[i], width)}", PLAIN), *cells, (f"  {bar}" if bar else "", PLAIN)]

    def _bar(self, share: float, width: int) -> str:
        eighths = round(share * width * 8)
        if self.screen.ascii:
            return "#" * round(share * width)
        return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()

    def _left_out(self) -> Iterator[Line]:
        hidden = len(self._explanation.keys) - len(self._keys)
        if hidden:
            rest = self._explanation.weights.sum() - self._explanation.weights[list(self._keys)].sum()
            yield []
            text = (
                f"{hidden} weaker keys are left out (weights that sum to {rest:.{self._precision}f}); --full shows all."
            )
            yield from self._wrapped(text, DIM)

    @property
    def _cell(self) -> int:
        return self._precision + 6

    def _number(self, value: float) -> str:
        """One number, right in its cell; in exponents where it would not fit."""
        if not np.isfinite(value):
            return f"{'-inf' if self.screen.ascii else '−∞':>{self._cell}}"
        text = f"{value:.{self._precision}f}"
        if len(text) >= self._cell:
            text = f"{value:.{max(0, self._precision - 3)}e}"
        return f"{text:>{self._cell}}"

    def _numbers(self, values: np.ndarray) -> str:
        return "".join(self._number(v) for v in values[:_SHOWN]) + self._more(len(values) - _SHOWN)

    def _more(self, n: int) -> str:
        return "" if n <= 0 else " ..." if self.screen.ascii else " …"

    def _wrapped(self, text: str, style: Style) -> Iterator[Line]:
        words, line = text.split(" "), ""
        for word in words:
            if line and cell_width(f"{line} {word}") > self.screen.width - 4:
                yield [(f"    {line}", style)]
                line = word
            else:
                line = f"{line} {word}" if line else word
        yield [(f"    {line}", style)]

    def _text(self, text: str) -> str:
        if self.screen.ascii:
            return text
        for plain, pretty in _PRETTY:
            text = text.replace(plain, pretty)
        return text


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
