"""What conditions are evaluated on, and the error that says where one asks for what is not there."""

from collections.abc import Mapping
from dataclasses import field

import numpy as np

from attnviz.errors import UsageError, some
from attnviz.records import dataclass
from attnviz.trace.heads import HeadAxes, head_name

PLACES = ("layer", "head")  # names that are numbers too, and always there


class ConditionError(UsageError):
    """A condition that cannot be parsed, or that asks for what is not there.

    Attributes:
        column: of the character at fault, counted from 1.
    """

    def __init__(self, column: int, message: str, hint: str | None = None):
        super().__init__(f"condition, column {column}: {message}", hint)
        self.column = column


@dataclass(frozen=True, eq=False)
class HeadTable(HeadAxes):
    """What conditions are evaluated on: the metrics of every head of a run.

    Attributes:
        values: by metric, float64 (n_layers, n_heads); NaN where it is undefined.
        layers: the numbers of the layers, which need not be all of the model's.
        heads: the numbers of the heads, which need not be all of the model's.
        labels: the pattern of each head, text (n_layers, n_heads), empty where there is none; None without labels.
        missing: by metric, or label, that these heads do not have, why.
        by_name: whether each row is one head, chosen by its name; arrays are then (n_rows, 1).
    """

    values: Mapping[str, np.ndarray]
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    labels: np.ndarray | None = None
    missing: Mapping[str, str] = field(default_factory=dict)
    by_name: bool = False

    def array(self, name: str, column: int) -> np.ndarray:
        """The values of a name, (n_layers, n_heads).

        Raises:
            ConditionError: these heads do not have it.
        """
        if name == "label" and self.labels is not None:
            return self.labels
        if name in PLACES:
            numbers = np.array([place[PLACES.index(name)] for place in self.every_head], float)
            return numbers.reshape(self.head_shape)
        if name not in self.values:
            why = f" ({self.missing[name]})" if name in self.missing else ""
            raise ConditionError(
                column, f"there is no {name} here{why}; expected one of {some([*self.values, *PLACES], 20)}"
            )
        return self.values[name]

    def rows(self, layer: int, column: int) -> list[int]:
        """The rows of a layer by its number."""
        number = _known(layer, self.layers, "layer", column)
        return [row for row, other in enumerate(self.layers) if other == number]

    def cell(self, layer: int, head: int, column: int) -> tuple[int, int]:
        """The row and the column of one head by its numbers."""
        wanted = _known(layer, self.layers, "layer", column), _known(head, self.heads, "head", column)
        if wanted not in self.every_head:
            names = some([head_name(*place) for place in self.every_head], 20)
            raise ConditionError(column, f"there is no head {head_name(*wanted)} here; expected {names}")
        return divmod(self.every_head.index(wanted), self.head_shape[1])


def _known(number: int, there: tuple[int, ...], axis: str, column: int) -> int:
    positive = number + max(there) + 1 if number < 0 else number
    if positive not in there:
        listed = some([str(n) for n in dict.fromkeys(there)], 20)
        raise ConditionError(column, f"there is no {axis} {short(number)} here; expected {listed}")
    return positive


def short(number: int) -> str:
    """A number as a message shows it."""
    text = str(number)
    return text if len(text) <= 20 else f"{text[:20]}…"
