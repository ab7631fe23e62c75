"""Conditions on heads, one report per text."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import orjson

from attnviz.analysis.conditions.expressions import Expression
from attnviz.analysis.conditions.statements import pointed, stated
from attnviz.analysis.heads.measures import head_table
from attnviz.analysis.matrices.selection import Request
from attnviz.api.heads import given_request
from attnviz.api.sweep import Selection, TextSource, corpus
from attnviz.errors import InputError, one_line
from attnviz.records import dataclass
from attnviz.sweeps.head_measures import metrics_of
from attnviz.sweeps.run import Run
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result


@dataclass(frozen=True)
class CheckedCondition:
    """One condition on one text.

    Attributes:
        fields: as JSON has it: ``condition``, ``holds`` and what was measured.
        words: what was measured, in words.
    """

    fields: dict[str, object]
    words: str

    @property
    def holds(self) -> bool:
        """Whether the condition holds."""
        return bool(self.fields["holds"])


@dataclass(frozen=True, eq=False)
class CheckReport:
    """The conditions on one text.

    Attributes:
        where: the text's place among several, or empty.
        result: the text and the model; no matrices, no tokens.
        attention: the attention that was measured; no matrices, no tokens.
        conditions: in the order given.
    """

    where: str
    result: Result
    attention: Attention
    conditions: tuple[CheckedCondition, ...]

    @property
    def holds(self) -> bool:
        """Whether all conditions hold."""
        return all(condition.holds for condition in self.conditions)

    @property
    def rows(self) -> tuple[tuple[bool, str, str], ...]:
        """Whether each condition holds, the condition, and in words what was measured."""
        return tuple((one.holds, str(one.fields["condition"]), one.words) for one in self.conditions)

    def as_dict(self, *, model_info: bool = False) -> dict[str, object]:
        """The object that ``attnviz check --json`` prints; with all fields of the model as ``--model-info`` does."""
        from attnviz.output.documents.check import check_document

        outcomes = [condition.fields for condition in self.conditions]
        return check_document(self.result, self.attention, outcomes, self.where, model_info=model_info)


class Tally:
    """How many texts were checked, and how many failed.

    Attributes:
        texts: the number of texts so far.
        failed: how many of them did not meet every condition.
    """

    def __init__(self) -> None:
        self.texts = self.failed = 0

    def counted(self, reports: Iterable[CheckReport], is_read: Callable[[], bool]) -> Iterator[CheckReport]:
        """The reports, counted; where nobody reads them, the first that fails is the last."""
        for report in reports:
            self.texts += 1
            self.failed += not report.holds
            yield report
            if self.failed and not is_read():
                return

    def add_file(self, path: Path) -> None:
        """Counts the texts of a file of what ``attnviz check --json`` prints.

        Raises:
            InputError: it is not one.
        """
        try:
            holds = [bool(orjson.loads(line)["holds"]) for line in path.read_bytes().splitlines()]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f"{one_line(path)}: it is not what attnviz check --json writes; expected that") from error
        self.texts += len(holds)
        self.failed += holds.count(False)

    def in_words(self) -> str:
        """How many fail: ``1 of 3 texts fails``."""
        texts, fail = "text" + "s" * (self.texts != 1), "fail" + "s" * (1 in (self.failed, self.texts))
        return f"{self.failed} of {self.texts} {texts} {fail}"


def check(
    texts: TextSource,
    conditions: str | Iterable[str],
    *,
    layers: Selection = "all",
    heads: Selection = "all",
    kind: str | None = None,
    words: bool = False,
    hide_special: bool = False,
    renormalize: bool = False,
    request: Request | None = None,
    **corpus_options: Any,
) -> Iterator[CheckReport]:
    """One report per text; all conditions are parsed before the first text runs.

    >>> import attnviz
    >>> [report.holds for report in attnviz.check("The cat sat on the table", "max(entropy) < 9")]
    [True]

    Args:
        texts: see ``sweep``.
        conditions: ``L0H1.previous >= 0.8``, ``any(label == first)``; ``@FILE`` has one per line.
        layers: ``all``, a number, several, or ``"0,2-3,-1"``.
        heads: which heads, in the same forms as ``layers``, or by name: ``"L2H8,L1H7"``.
        kind: ``encoder``, ``decoder`` or ``cross``; by default cross-attention where there is a target.
        words: merge the pieces of words.
        hide_special: leave out special tokens.
        renormalize: divide the rows that are left by their sums; only with ``hide_special``.
        request: from ``heads_request``, instead of the six above.
        corpus_options: see ``corpus``.

    Raises:
        UsageError: a condition that cannot be parsed, or that names a head that is not there.
        InputError: a text or file that cannot be used.
    """
    expressions = list(stated([conditions] if isinstance(conditions, str) else list(conditions)))
    source = corpus(texts, **corpus_options)
    flags = {"words": words, "hide_special": hide_special, "renormalize": renormalize}
    request = given_request(request, source.has_target, layers=layers, heads=heads, kind=kind, **flags)
    values = source.values(request, partial(_checked, expressions))
    return (replace(report, where=where) for where, report in values)


def _checked(expressions: list[tuple[str, Expression]], run: Run) -> CheckReport:
    """The report of one run."""
    attention, metrics = metrics_of(run)
    table = head_table(metrics)
    conditions = []
    for where, expression in expressions:
        with pointed(expression.text, where):
            outcome = expression.outcome(table)
        fields = {"condition": expression.text.strip(), **outcome.fields}
        conditions.append(CheckedCondition(fields, outcome.words))
    bare = replace(run.bare, tokens=(), target_tokens=())  # a worker need not send what nobody prints
    return CheckReport("", bare, replace(attention, queries=(), keys=()), tuple(conditions))
