"""Conditions on the metrics of heads, as people write them: ``heads --where`` and ``check --that``.

::

    condition   = conjunction { "or" conjunction }
    conjunction = negation { "and" negation }
    negation    = "not" negation | "(" condition ")" | quantified | comparison
    quantified  = ( "any" | "all" ) "(" condition ")"
    comparison  = value sign value { sign value }                  (0.2 < previous < 0.9: each holds with the next)
                | [ place "." ] "label" ( "==" | "!=" ) pattern
    value       = number | [ place "." ] name | ( "max" | "min" | "mean" ) "(" [ layer "." ] name ")"
    sign        = "<" | "<=" | ">" | ">=" | "==" | "!="
    place       = layer [ "H" integer ]
    layer       = "L" integer                                      (negative ones count from the end)
    name        = a metric | "layer" | "head"
    pattern     = one of the labels, bare or in quotes

``L0H1.previous`` is the value of one head. ``previous``, and ``L0.previous`` for one layer, have one value per head:
an aggregate (``max min mean any all``) makes one of them, over all heads, or over those of the one layer that its names
mention. ``--where`` evaluates a condition of each head by itself, so a bare name is that head's value, a layer is
allowed only in aggregates, and one head's value only together with a bare name; ``--that`` has one outcome, so every
name is inside an aggregate or belongs to one head.

A comparison with an undefined value (NaN) is false, so its ``not`` is true; ``max min mean`` leave undefined values
out. There is no arithmetic, and nothing is ever executed.

Parsing is by hand, not by ``ast.parse``: ``L-1H-2.previous`` is not a Python expression, and the carets below an error
point at this language's own tokens.
"""

import difflib
import unicodedata
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from math import isinf
from typing import TypeVar

from attnviz.analysis.conditions.expressions import (
    FOLDS,
    QUANTIFIERS,
    SIGNS,
    Comparison,
    Condition,
    Expression,
    Fold,
    Joined,
    Labelled,
    MetricTerm,
    Not,
    Number,
    Quantified,
)
from attnviz.analysis.conditions.lexemes import Lexeme, in_quotes, lexemes
from attnviz.analysis.heads.table import PLACES, ConditionError
from attnviz.errors import one_line, some

_Inside = TypeVar("_Inside")
MAX_LENGTH = 4096  # characters of a condition
MAX_DEPTH = 32  # parentheses, aggregates and nots within one another
_KEYWORDS = {"and", "or", "not"}


def parse(
    text: str,
    names: Collection[str],
    patterns: Collection[str] = (),
    *,
    per_head: bool = False,
    elsewhere: Mapping[str, str] | None = None,
) -> Expression:
    """The condition that a text states; the grammar is this module's.

    Args:
        text: a condition.
        names: of the metrics.
        patterns: the labels that heads can have; without any, ``label`` is not a name.
        per_head: it is evaluated of each head by itself (``--where``), rather than of a whole run (``--that``).
        elsewhere: by name that is known, but not here, why.

    Raises:
        ConditionError: the text is not such a condition.
    """
    if len(text) > MAX_LENGTH:
        raise ConditionError(MAX_LENGTH + 1, f"the text has {len(text)} characters; expected at most {MAX_LENGTH}")
    tokens = lexemes(text)
    for token in tokens:
        if token.kind == "name" and elsewhere and token.text in elsewhere:
            raise ConditionError(token.column, f"{token.text} {elsewhere[token.text]}")
    parser = _Parser(tokens, (*names, *PLACES), tuple(patterns), per_head=per_head)
    condition = parser.whole()
    for metric in condition.spread():
        if not per_head:
            raise ConditionError(metric.column, _no_aggregate(metric))
        if metric.layer is not None:
            expected = f"{metric.name}, or {replace(metric, head=0)}"
            raise ConditionError(metric.column, f"{metric}: a layer in a condition of each head; expected {expected}")
    return Expression(text, condition)


def caret(text: str, column: int, width: int = 76) -> str:
    """Two lines: the text, or what fits of it, and a caret under the character of this column (from 1).

    Control characters are escaped as in messages; wide characters count as the two cells they take.

    Args:
        text: a condition.
        column: of ``ConditionError``.
        width: the most cells a line may take.
    """
    start, end = 0, len(text)
    if _cells(text) >= width:
        start = end = column - 1
        room = width // 2
        while start > 0 and (room := room - _cells(text[start - 1])) >= 0:
            start -= 1
        room = width - 2 - _cells(text[start : column - 1])
        while end < len(text) and (room := room - _cells(text[end])) >= 0:
            end += 1
    left, right = "…" * (start > 0), "…" * (end < len(text))
    under = len(left) + _cells(text[start : column - 1])
    return f"{left}{one_line(text[start:end])}{right}\n{' ' * under}^"


def _cells(text: str) -> int:
    """How many cells a terminal needs for the text, escaped."""
    shown = [c for c in one_line(text) if unicodedata.category(c) not in ("Mn", "Me")]
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in shown)


def _no_aggregate(metric: MetricTerm) -> str:
    """The message for a metric that has one value per head where one value is needed."""
    one = replace(metric, layer=metric.layer or 0, head=0)
    if metric.name == "label":
        return f"{metric}: one label per head; expected {one}, or any({metric} == ...)"
    return f"{metric}: one value per head; expected {one}, max({metric}) or any({metric} > ...)"


class _Parser:
    """By recursive descent, a method a rule of the grammar."""

    def __init__(self, tokens: list[Lexeme], names: tuple[str, ...], patterns: tuple[str, ...], *, per_head: bool):
        self._per_head = per_head
        self._tokens, self._next, self._depth = tokens, 0, 0
        self._names, self._patterns = (*names, "label") if patterns else names, patterns

    def whole(self) -> Condition:
        if self._token.kind == "end":
            example = "previous > 0.5" if self._per_head else "L0H1.previous > 0.5"
            raise ConditionError(1, f"nothing is stated; expected a comparison such as {example}")
        condition = self._condition()
        if self._token.kind != "end":
            raise self._unexpected("and, or, or the end")
        return condition

    def _condition(self) -> Condition:
        return self._joined("or", self._conjunction)

    def _conjunction(self) -> Condition:
        return self._joined("and", self._negation)

    def _joined(self, word: str, part: Callable[[], Condition]) -> Condition:
        parts = [part()]
        while self._take(word):
            parts.append(part())
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _negation(self) -> Condition:
        first = self._token
        if first.text not in ("not", "(", *QUANTIFIERS):
            return self._of_each_head(self._comparison())
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise ConditionError(first.column, f"nested too deeply; expected at most {MAX_DEPTH} levels")
        self._next += 1
        if first.text == "not":
            condition: Condition = Not(self._negation())
        elif first.text == "(":
            condition = self._closed(first, self._condition)
        else:
            condition = self._quantified(first)
        self._depth -= 1
        return condition

    def _of_each_head(self, comparison: Comparison | Labelled) -> Comparison | Labelled:
        """The same, unless it is of one head alone where it has to be of each."""
        values = comparison.values if isinstance(comparison, Comparison) else (comparison.label,)
        placed = [value for value in values if isinstance(value, MetricTerm) and value.head is not None]
        if self._per_head and placed and not comparison.spread():
            one = placed[0]
            raise ConditionError(
                one.column, f"{one}: one head's value, the same for every row; expected {one.name}, each head's own"
            )
        return comparison

    def _quantified(self, how: Lexeme) -> Quantified:
        condition = self._closed(self._opening(how), self._condition)
        metrics = condition.spread()
        if not metrics:
            raise ConditionError(
                how.column, f"{how.text}: nothing in it has one value per head; expected a metric's name"
            )
        placed = [metric for metric in metrics if metric.layer is not None]
        for metric in placed:
            if metric.layer != placed[0].layer:
                raise ConditionError(metric.column, f"{metric}: {how.text} has {placed[0]} too; expected one layer")
        layer, column = (placed[0].layer, placed[0].column) if placed else (None, how.column)
        return Quantified(how.text, condition, layer, column)

    def _comparison(self) -> Comparison | Labelled:
        first = self._token
        values, signs = [self._value()], []
        if isinstance(values[0], MetricTerm) and values[0].name == "label":
            return self._labelled(values[0])
        while self._token.kind == "sign":
            signs.append(self._advance().text)
            values.append(self._value())
            if isinstance(values[-1], MetricTerm) and values[-1].name == "label":
                raise ConditionError(values[-1].column, "a label on the right; expected label == pattern")
        if not signs:
            raise self._unexpected(f"a comparison ({' '.join(SIGNS)})")
        if all(isinstance(value, Number) for value in values):
            raise ConditionError(first.column, "numbers only, which nothing can change; expected a metric among them")
        return Comparison(tuple(values), tuple(signs))

    def _labelled(self, label: MetricTerm) -> Labelled:
        sign = self._token.text
        if sign not in ("==", "!="):
            raise self._unexpected("== or != and a label")
        self._next += 1
        token = self._token
        pattern = token.text[1:-1] if token.kind == "quoted" else token.text
        if token.kind not in ("name", "quoted"):
            raise self._unexpected("a label")
        self._next += 1
        if pattern not in self._patterns:
            raise _unknown(token.column, pattern, "label", self._patterns)
        return Labelled(label, sign, pattern)

    def _value(self) -> Number | MetricTerm | Fold:
        token = self._token
        if token.kind == "number":
            self._next += 1
            number = float(token.text)
            if isinf(number):
                raise ConditionError(token.column, f"{in_quotes(token.text)} is too large; expected a finite number")
            return Number(number)
        if token.text in FOLDS:
            self._next += 1
            return Fold(token.text, self._closed(self._opening(token), lambda: self._folded(token.text)))
        return self._metric()

    def _folded(self, how: str) -> MetricTerm:
        metric = self._metric()
        if metric.head is not None:
            name = metric.name
            raise ConditionError(metric.column, f"{metric}: one number already; expected {how}(L0.{name})")
        if metric.name == "label":
            raise ConditionError(metric.column, f"label: no number; expected {how} of a metric")
        return metric

    def _metric(self) -> MetricTerm:
        token, layer, head = self._token, None, None
        if token.kind == "place":
            numbers = self._advance().text[1:].split("H")
            layer, head = int(numbers[0]), int(numbers[1]) if len(numbers) == 2 else None
            if not self._take("."):
                raise self._unexpected(f". and a metric's name after {in_quotes(token.text)}")
        name = self._token
        if name.kind != "name" or name.text.lower() in _KEYWORDS:
            raise self._unexpected("the name of a metric" if layer is not None else "a metric or a number")
        if layer is not None and name.text in (*FOLDS, *QUANTIFIERS):
            inside = f"{MetricTerm('name', layer, None, 0)}{' > ...' if name.text in QUANTIFIERS else ''}"
            raise ConditionError(token.column, f"a layer before {name.text}; expected it inside: {name.text}({inside})")
        self._next += 1
        if name.text not in self._names:
            raise _unknown(name.column, name.text, "name", self._names)
        return MetricTerm(name.text, layer, head, token.column)

    def _opening(self, how: Lexeme) -> Lexeme:
        token = self._token
        if not self._take("("):
            raise self._unexpected(f"( after {how.text}")
        return token

    def _closed(self, opening: Lexeme, inside: Callable[[], _Inside]) -> _Inside:
        found = inside()
        if not self._take(")"):
            raise self._unexpected(f"the ) of column {opening.column}")
        return found

    @property
    def _token(self) -> Lexeme:
        return self._tokens[self._next]

    def _advance(self) -> Lexeme:
        self._next += 1
        return self._tokens[self._next - 1]

    def _take(self, text: str) -> bool:
        found = self._token.text == text and self._token.kind != "end"
        self._next += found
        return found

    def _unexpected(self, expected: str) -> ConditionError:
        token = self._token
        if token.text.lower() in _KEYWORDS and token.text not in _KEYWORDS:
            expected = f"{token.text.lower()}, in small letters"
        fault = "it ends too early" if token.kind == "end" else f"unexpected {in_quotes(token.text)}"
        hint = None
        if token.kind == "end" and expected.startswith("a comparison"):
            hint = 'put quotes around the condition, such as "previous > 0.5": the shell takes > for a file\'s name'
        return ConditionError(token.column, f"{fault}; expected {expected}", hint)


def _unknown(column: int, name: str, noun: str, known: tuple[str, ...]) -> ConditionError:
    near = difflib.get_close_matches(name[:40], known, 1)
    hint = f" (did you mean {near[0]}?)" if near else ""
    return ConditionError(column, f"unknown {noun} {in_quotes(name)}{hint}; expected one of {some(known, 20)}")
