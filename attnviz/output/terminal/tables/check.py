"""What ``attnviz check`` prints of a text: each condition, what was measured, and whether it holds."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from rich.style import Style

from attnviz.errors import one_line
from attnviz.output.labels import cell_width, cut, fit, isolated, wrapped
from attnviz.output.terminal.lines import kind_line, provenance_line
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result

_GOOD, _BAD = Style(color="green", bold=True), Style(color="red", bold=True)
_LEAST = 16  # cells for a condition beside what was measured; with less, that stands below it


class CheckView(LinesView):
    """A Rich renderable.

    Args:
        conditions: whether each holds, the condition, and in words what was measured.
        screen: where it is printed.
        title: where the text stands, and the text; nothing for the only one.
    """

    def __init__(self, conditions: Sequence[tuple[bool, str, str]], screen: Screen, title: tuple[str, str] = ("", "")):
        super().__init__(screen)
        self._conditions, self._title = conditions, title

    def lines(self) -> Iterator[StyledLine]:
        """The text's own line, and below it one line per condition."""
        where, text = (self.screen.carried(one_line(part)) for part in self._title)
        if where:
            where = self.cut(where)
            rest = cut(f": {text}" if text else "", self.screen.width - cell_width(where), ascii=self.screen.ascii)
            yield [(where, DIM), (isolated(rest), BOLD)]
        rows = [
            (outcome_mark(self.screen, holds=holds), self.screen.carried(one_line(condition)), measured)
            for holds, condition, measured in self._conditions
        ]
        marks = max(len(mark) for mark, _, _ in rows)
        values = max(len(value) for _, _, value in rows)
        room = self.screen.width - marks - values - 4
        if room < _LEAST:
            room = self.screen.width - marks - 2
        else:
            room = min(room, max(cell_width(condition) for _, condition, _ in rows))
        for (mark, condition, value), (holds, *_) in zip(rows, self._conditions, strict=True):
            yield from self._row(mark, marks, condition, room, value, good=holds)

    def _row(self, mark: str, marks: int, condition: str, room: int, value: str, *, good: bool) -> Iterator[StyledLine]:
        first, *more = wrapped(condition, room, ascii=self.screen.ascii)
        line = [(fit(mark, marks) + "  ", _GOOD if good else _BAD)]
        if marks + room + len(value) + 4 <= self.screen.width:
            yield [*line, (f"{fit(first, room)}  {value}" if value else first, PLAIN)]
        else:
            yield [*line, (first, PLAIN)]
            more += [f"  {text}" for text in wrapped(value, room - 2, ascii=self.screen.ascii)] if value else []
        yield from ([(" " * (marks + 2) + text, PLAIN)] for text in more)


class TextOutcomeView(LinesView):
    """One line: whether all conditions hold on a text, how many do, and which text it is.

    Args:
        report: the outcome of the conditions.
        screen: where it is printed.
    """

    def __init__(self, report: "CheckedText", screen: Screen):
        super().__init__(screen)
        self._report = report

    def lines(self) -> Iterator[StyledLine]:
        """The line, cut to the screen."""
        report = self._report
        held = [holds for holds, *_ in report.rows]
        place = self.screen.carried(one_line(report.where))
        text = self.screen.carried(one_line(report.result.text or ""))
        mark = fit(outcome_mark(self.screen, holds=all(held)), cell_width(outcome_mark(self.screen, holds=False)))
        counts = f"{sum(held)} of {len(held)}"
        left = self.screen.width - cell_width(mark) - len(counts) - 4
        place = self.cut(place, left)
        rest = cut(": " * bool(place and text) + text, left - cell_width(place), ascii=self.screen.ascii)
        yield [
            (f"{mark}  ", _GOOD if all(held) else _BAD),
            (counts + "  " * bool(place or rest), PLAIN),
            (place, DIM),
            (isolated(rest), BOLD),
        ]


def outcome_mark(screen: Screen, *, holds: bool) -> str:
    """The mark of what holds or fails: words without colour."""
    if screen.color is None or screen.ascii:
        return "ok" if holds else "FAILS"
    return "✓" if holds else "✗"


class CheckedText(Protocol):
    """The outcome of conditions on one text; a ``CheckReport`` of ``api`` is one."""

    @property
    def where(self) -> str:
        """The text's place among several, or empty."""

    @property
    def result(self) -> Result:
        """The text and the model."""

    @property
    def attention(self) -> Attention:
        """The attention that was measured."""

    @property
    def rows(self) -> Sequence[tuple[bool, str, str]]:
        """Whether each condition holds, the condition, and in words what was measured."""


class CheckViews:
    """The views of one text after another; provenance is printed where it differs from the previous text's.

    Args:
        quiet: print only conditions that do not hold.
        per_text: print one line per text instead of its conditions.
    """

    def __init__(self, *, quiet: bool = False, per_text: bool = False):
        self._quiet, self._per_text = quiet, per_text
        self._origin: tuple[str, str, str | None] | None = None

    def of(self, report: CheckedText, screen: Screen) -> Iterator[LinesView]:
        """The views of the next text."""
        rows = [row for row in report.rows if not (self._quiet and row[0])]
        if not rows:
            return
        result, kind = report.result, report.attention.kind
        origin = (result.model.provenance, kind, result.target)
        if not self._quiet and self._origin != origin:
            self._origin = origin
            yield provenance_line(result.model, screen)
            if kind != "encoder":
                yield kind_line(kind, result.target, screen)
        if self._per_text:
            yield TextOutcomeView(report, screen)
            return
        title = (report.where, result.text or "") if report.where else ("", "")
        yield CheckView(rows, screen, title)
