"""Softmax: one row per word with its score, its exponential and its weight, and the weight as a bar."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from attnviz.analysis.key_groups import KeyGroup, key_groups
from attnviz.analysis.matrices.words import merged
from attnviz.output.colormaps import AMBER
from attnviz.output.labels import cell_width, fit
from attnviz.output.terminal.cells import ink_style
from attnviz.output.terminal.explained.numbers import INDENT, number_text, pretty
from attnviz.output.terminal.lines import plain_labels
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.trace.steps import Explanation
from attnviz.trace.tokens import token_numbers

_MOST_ROWS = 8
_LEAST_BAR, _MOST_LABEL = 8, 18
_BAR_PLACE = 0.7  # of amber


class _Row(NamedTuple):
    """Some keys: their label, their place in the text, and which they are."""

    label: str
    keys: tuple[int, ...]


class SharesView(LinesView):
    """A Rich renderable.

    A row of several tokens (a word, ``special``, the weaker words) has the sums of their exponentials and weights, and
    no score. Tokens that are compared have a row each, and so has every token where words and special tokens are not
    merged.

    Args:
        explanation: the explanation.
        screen: where it is printed.
        precision: decimals.
        words: whether the pieces of a word share a row.
        hide_special: whether the special tokens share one.
        full: whether weak keys have a row each too.
    """

    def __init__(
        self, explanation: Explanation, screen: Screen, precision: int, *, words: bool, hide_special: bool, full: bool
    ):
        super().__init__(screen)
        self._explanation, self._precision = explanation, precision
        groups = key_groups(explanation.keys, explanation.compared, words=words, hide_special=hide_special)
        self._rows = _rows_of(explanation, groups, screen, _MOST_ROWS if not full else len(groups))

    def lines(self) -> Iterator[StyledLine]:
        """The columns' names, with the two numbers that all rows share; the rows."""
        exponentials = self._explanation.values("softmax", "e")
        label = min(max(cell_width(row.label) for row in self._rows), _MOST_LABEL, max(6, self.screen.width // 4))
        cell = max(8, self._precision + 6)
        names = "".join(f"{name:>{cell}}" for name in ("s", "e", "a"))
        meaning = pretty(self._meaning(exponentials), self.screen)
        head = f"{' ' * (INDENT + label)}{names}"
        if len(head) + 2 + cell_width(meaning) > self.screen.width:
            yield from self.text(meaning, DIM, indent=INDENT)
            meaning = ""
        yield [(f"{head}  {meaning}".rstrip(), DIM)]
        room = self.screen.width - len(head) - 2
        largest = max(self._weight(row) for row in self._rows) or 1.0
        for row in self._rows:
            score = self._number(self._explanation.scores[row.keys[0]]) if len(row.keys) == 1 else ""
            numbers = (score, self._number(exponentials[list(row.keys)].sum()), self._number(self._weight(row)))
            bar = self._bar(self._weight(row) / largest, room) if room >= _LEAST_BAR else ""
            style = BOLD if set(row.keys) & set(self._explanation.compared) else PLAIN
            yield [
                (" " * INDENT + fit(row.label, label, ascii=self.screen.ascii), style),
                ("".join(f"{text:>{cell}}" for text in numbers), style),
                (bar and f"  {bar}", ink_style(_BAR_PLACE, AMBER, self.screen.color)),
            ]

    def _meaning(self, exponentials: np.ndarray) -> str:
        """The numbers of the formula that are no row's own."""
        largest = self._explanation.scores.max()
        if not np.isfinite(largest):
            return "every key is masked: all weights are 0"
        sink = ""
        if self._explanation.has_value("softmax", "a_0"):
            e, share = (float(self._explanation.values("softmax", name)[0]) for name in ("e_0", "a_0"))
            sink = f", e_0 = {self._number(e)}: the sink takes {self._number(share)}"
        return f"max s = {self._number(largest)}, sum(e) = {self._number(exponentials.sum())}{sink}"

    def _weight(self, row: _Row) -> float:
        return float(self._explanation.weights[list(row.keys)].sum())

    def _number(self, value: float) -> str:
        return number_text(float(value), self._precision, self.screen)

    def _bar(self, share: float, width: int) -> str:
        eighths = round(share * width * 8)
        if self.screen.ascii:
            return "#" * round(share * width)
        return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _rows_of(explanation: Explanation, groups: tuple[KeyGroup, ...], screen: Screen, most: int) -> list[_Row]:
    """The rows in the order of the text: as many as there is room for, the others as one; special tokens last."""
    weights = [float(explanation.weights[list(group.keys)].sum()) for group in groups]
    compared = set(explanation.compared)
    order = sorted(range(len(groups)), key=lambda i: (not compared & set(groups[i].keys), -weights[i]))
    special = {i for i, group in enumerate(groups) if group.kind == "special"}
    best = {i for i in order if i not in special}
    if len(groups) > most:
        best = set([i for i in order if i not in special][: most - 1 - len(special)])
    rows = [_Row(_label(explanation, groups[i], screen), groups[i].keys) for i in sorted(best)]
    weak = [key for i, group in enumerate(groups) if i not in best | special for key in group.keys]
    if weak:
        n = len(groups) - len(best) - len(special)
        rows.append(_Row(f"{n} others", tuple(weak)))
    return rows + [_Row("special", groups[i].keys) for i in special]


def _label(explanation: Explanation, group: KeyGroup, screen: Screen) -> str:
    """``13 tired``: the number of the group's first token, and the whole word."""
    numbers = token_numbers(explanation.keys)
    tokens = tuple(explanation.keys[i] for i in group.keys)
    name = plain_labels(merged(tokens) if len(tokens) > 1 else tokens, screen)[0]
    return f"{numbers[group.keys[0]]:>{len(str(max(numbers)))}} {name}"
