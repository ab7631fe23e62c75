"""Conditions on the metrics of heads, once parsed, and how they are evaluated.

``grammar`` has their grammar, ``attnviz.analysis.heads.table`` what they are evaluated on. Each
node's ``over(table, rows)`` is its value on the heads of these rows (layers) of the table: an array (n_rows, n_heads),
or one number, which holds for all of them. ``unknown`` says where it has none, as something in it is undefined, and
``spread()`` names its metrics that have one value per head there and no aggregate around them.
"""

import operator
from collections.abc import Callable, Mapping

import numpy as np

from attnviz.analysis.conditions.outcomes import ALL_DIGITS, DIGITS, Outcome
from attnviz.analysis.heads.table import ConditionError, HeadTable, short
from attnviz.records import dataclass

FOLDS: Mapping[str, Callable[[np.ndarray], float]] = {"max": np.max, "min": np.min, "mean": np.mean}
QUANTIFIERS: Mapping[str, Callable[[np.ndarray], np.bool_]] = {"any": np.any, "all": np.all}
SIGNS: Mapping[str, Callable[[np.ndarray, np.ndarray | str], np.ndarray]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
RowIndex = slice | list[int]
EVERYWHERE = slice(None)


@dataclass(frozen=True)
class Number:
    """A number written out."""

    value: float

    def over(self, table: HeadTable, rows: RowIndex) -> np.ndarray:  # noqa: ARG002 (as of every node)
        """The number."""
        return np.asarray(self.value)

    def spread(self) -> "tuple[MetricTerm, ...]":
        """None."""
        return ()


@dataclass(frozen=True)
class MetricTerm:
    """A metric (or ``layer``, ``head``, ``label``) of each head, of those of a layer, or of one head."""

    name: str
    layer: int | None
    head: int | None
    column: int

    def over(self, table: HeadTable, rows: RowIndex) -> np.ndarray:
        """Its values; of one head, its value."""
        values = table.array(self.name, self.column)
        if self.layer is None or self.head is None:
            return values[rows]
        layer, head = table.cell(self.layer, self.head, self.column)
        return np.asarray(values[layer, head])

    def spread(self) -> "tuple[MetricTerm, ...]":
        """Itself, unless it is of one head."""
        return (self,) if self.head is None else ()

    def __str__(self) -> str:
        layer = "" if self.layer is None else f"L{short(self.layer)}"
        head = "" if self.head is None else f"H{short(self.head)}"
        return f"{layer}{head}.{self.name}" if layer else self.name


def rows_of(layer: int | None, table: HeadTable, column: int) -> RowIndex:
    """The rows of the heads that an aggregate is over: one layer's, or all."""
    return EVERYWHERE if layer is None else table.rows(layer, column)


@dataclass(frozen=True)
class Fold:
    """The largest, smallest or mean value of a metric; heads where it is undefined are left out."""

    how: str
    metric: MetricTerm

    def over(self, table: HeadTable, rows: RowIndex) -> np.ndarray:  # noqa: ARG002
        """One number, NaN where the metric is undefined everywhere."""
        values = self.metric.over(table, rows_of(self.metric.layer, table, self.metric.column))
        defined = values[~np.isnan(values)]
        return np.asarray(FOLDS[self.how](defined) if defined.size else np.nan)

    def spread(self) -> tuple[MetricTerm, ...]:
        """None: it is one number."""
        return ()


def _reduced(join: np.ufunc, sides: list[np.ndarray]) -> np.ndarray:
    """Truth values of one shape, or of none, joined."""
    return np.asarray(join.reduce(np.broadcast_arrays(*sides)))


@dataclass(frozen=True)
class Comparison:
    """Values compared each with the next: ``0.2 < previous < 0.9``. What is undefined compares to False."""

    values: tuple[Number | MetricTerm | Fold, ...]
    signs: tuple[str, ...]

    def over(self, table: HeadTable, rows: RowIndex) -> np.ndarray:
        """Whether each holds."""
        return self._held([value.over(table, rows) for value in self.values])

    def _held(self, sides: list[np.ndarray]) -> np.ndarray:
        held = [SIGNS[sign](*pair) for sign, *pair in zip(self.signs, sides, sides[1:], strict=False)]
        return _reduced(np.logical_and, [*held, *(~np.isnan(side) for side in sides)])

    def unknown(self, table: HeadTable, rows: RowIndex) -> np.ndarray:
        """Where a side of it is undefined."""
        return _reduced(np.logical_or, [np.isnan(value.over(table, rows)) for value in self.values])

    def spread(self) -> tuple[MetricTerm, ...]:
        """Those of its sides."""
        return tuple(metric for value in self.values for metric in value.spread())

    def outcome(self, table: HeadTable) -> Outcome:
        """Whether it holds, with what was measured."""
        sides = [value.over(table, EVERYWHERE) for value in self.values]
        measured = [i for i, value in enumerate(self.values) if not isinstance(value, Number)]
        holds = bool(self._held(sides))
        values = tuple(None if np.isnan(sides[i]) else float(sides[i]) for i in measured)
        digits = DIGITS
        while digits < ALL_DIGITS and None not in values:
            for i, value in zip(measured, values, strict=True):
                sides[i] = np.asarray(float(f"{value:.{digits}g}"))
            if bool(self._held(sides)) == holds:
                break
            digits += 1
        return Outcome(holds, values[0], digits=digits, values=values if len(values) > 1 else ())


@dataclass(frozen=True)
class Labelled:
    """Whether heads have a label, or another one; those without any label are neither."""

    label: MetricTerm
    sign: str
    pattern: str

    def over(self, table: HeadTable, rows: RowIndex) -> np.ndarray:
        """Whether each holds."""
        if self.pattern in table.missing:
            why = table.missing[self.pattern]
            raise ConditionError(
                self.label.column, f"no head can be {self.pattern} here ({why}); expected another label"
            )
        labels = self.label.over(table, rows)
        return np.asarray(SIGNS[self.sign](labels, self.pattern) & (labels != ""))

    def unknown(self, table: HeadTable, rows: RowIndex) -> np.ndarray:
        """Where there is no label."""
        return np.asarray(self.label.over(table, rows) == "")

    def spread(self) -> tuple[MetricTerm, ...]:
        """Its label's."""
        return self.label.spread()

    def outcome(self, table: HeadTable) -> Outcome:
        """Whether it holds, with the label."""
        return Outcome(bool(self.over(table, EVERYWHERE)), str(self.label.over(table, EVERYWHERE)) or None)


@dataclass(frozen=True)
class Quantified:
    """A condition of any or all heads, of the layer given or of all layers."""

    how: str
    condition: "Condition"
    layer: int | None
    column: int

    def over(self, table: HeadTable, rows: RowIndex) -> np.ndarray:  # noqa: ARG002
        """Whether it holds."""
        return np.asarray(QUANTIFIERS[self.how](self._each(table)))

    def _each(self, table: HeadTable) -> np.ndarray:
        return self.condition.over(table, rows_of(self.layer, table, self.column))

    def unknown(self, table: HeadTable, rows: RowIndex) -> np.ndarray:  # noqa: ARG002
        """Nowhere: of any heads, or all, it is known."""
        return np.asarray(False)

    def spread(self) -> tuple[MetricTerm, ...]:
        """None: it is true or false of all its heads together."""
        return ()

    def outcome(self, table: HeadTable) -> Outcome:
        """Whether it holds, with how many heads do."""
        each = self._each(table)
        unknown = np.broadcast_to(self.condition.unknown(table, rows_of(self.layer, table, self.column)), each.shape)
        return Outcome(bool(QUANTIFIERS[self.how](each)), float(each.sum()), each.size, unknown=int(unknown.sum()))


@dataclass(frozen=True)
class Not:
    """The opposite of a condition."""

    condition: "Condition"

    def over(self, table: HeadTable, rows: RowIndex) -> np.ndarray:
        """Where the condition does not hold."""
        return ~self.condition.over(table, rows)

    def unknown(self, table: HeadTable, rows: RowIndex) -> np.ndarray:
        """Where its condition is."""
        return self.condition.unknown(table, rows)

    def outcome(self, table: HeadTable) -> Outcome:
        """Whether it holds, with the outcome of what it negates."""
        return _of_parts(self, table, (self.condition,))

    def spread(self) -> tuple[MetricTerm, ...]:
        """Its condition's."""
        return self.condition.spread()


@dataclass(frozen=True)
class Joined:
    """Conditions joined by ``and``, or by ``or``."""

    word: str
    conditions: "tuple[Condition, ...]"

    def over(self, table: HeadTable, rows: RowIndex) -> np.ndarray:
        """Where all hold, or any."""
        join = np.logical_and if self.word == "and" else np.logical_or
        return _reduced(join, [condition.over(table, rows) for condition in self.conditions])

    def unknown(self, table: HeadTable, rows: RowIndex) -> np.ndarray:
        """Where one of its conditions is."""
        return _reduced(np.logical_or, [condition.unknown(table, rows) for condition in self.conditions])

    def outcome(self, table: HeadTable) -> Outcome:
        """Whether it holds, with the outcomes of all its conditions."""
        return _of_parts(self, table, self.conditions)

    def spread(self) -> tuple[MetricTerm, ...]:
        """Those of its conditions."""
        return tuple(metric for condition in self.conditions for metric in condition.spread())


def _of_parts(whole: Not | Joined, table: HeadTable, conditions: "tuple[Condition, ...]") -> Outcome:
    """The outcome of a condition of conditions, whose parts have none of their own."""
    outcomes = [condition.outcome(table) for condition in conditions]
    parts = tuple(part for outcome in outcomes for part in (outcome.parts or (outcome,)))
    return Outcome(bool(whole.over(table, EVERYWHERE)), parts=parts)


Condition = Comparison | Labelled | Quantified | Not | Joined


@dataclass(frozen=True)
class Expression:
    """A parsed condition: of each head by itself, or of a whole run.

    Attributes:
        text: as it was written.
        condition: what it says.
    """

    text: str
    condition: Condition

    def holds(self, table: HeadTable) -> np.ndarray:
        """Whether it holds of each head: bool (n_layers, n_heads).

        Raises:
            ConditionError: it asks for a layer, head or metric that is not there.
        """
        return np.broadcast_to(self.condition.over(table, EVERYWHERE), table.head_shape).copy()

    def outcome(self, table: HeadTable) -> Outcome:
        """Whether it holds of the run, with what was measured.

        Raises:
            ConditionError: it asks for a layer, head or metric that is not there.
            ValueError: it was parsed as a condition of each head.
        """
        if self.condition.spread():
            raise ValueError(f"{self.text!r} has one outcome a head")
        return self.condition.outcome(table)
