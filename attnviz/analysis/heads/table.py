"""What conditions are evaluated on, and the error that says where one asks for what is not there."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from attnviz.errors import UsageError, some

PLACES = ("layer", "head")  # names that are numbers too, and always there


class ConditionError(UsageError):
    """A condition that cannot be parsed, or that asks for what is not there.

    Attributes:
        column: of the character at fault, counted from 1.
    """

    def __init__(self, column: int, message: str):
        super().__init__(f"condition, column {column}: {message}")
        self.column = column


@dataclass(frozen=True, eq=False)
class HeadTable:
    """What conditions are evaluated on: the metrics of every head of a run.

    Attributes:
        values: by metric, float64 (n_layers, n_heads); NaN where it is undefined.
        layers: the numbers of the layers, which need not be all of the model's.
        heads: the numbers of the heads, which need not be all of the model's.
        labels: the pattern of each head, text (n_layers, n_heads), empty where there is none; None without labels.
        missing: by metric, or label, that these heads do not have, why.
    """

    values: Mapping[str, np.ndarray]
    layers: tuple[int, ...]
    heads: tuple[int, ...]
    labels: np.ndarray | None = None
    missing: Mapping[str, str] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of layers and heads."""
        return len(self.layers), len(self.heads)

    def array(self, name: str, column: int) -> np.ndarray:
        """The values of a name, (n_layers, n_heads).

        Raises:
            ConditionError: these heads do not have it.
        """
        if name == "label" and self.labels is not None:
            return self.labels
        if name == "layer":
            return np.broadcast_to(np.array(self.layers, float)[:, None], self.shape)
        if name == "head":
            return np.broadcast_to(np.array(self.heads, float), self.shape)
        if name not in self.values:
            why = f" ({self.missing[name]})" if name in self.missing else ""
            raise ConditionError(
                column, f"there is no {name} here{why}; expected one of {some([*self.values, *PLACES])}"
            )
        return self.values[name]

    def row(self, layer: int, column: int) -> int:
        """The row of a layer by its number."""
        return _index(layer, self.layers, "layer", column)

    def cell(self, layer: int, head: int, column: int) -> tuple[int, int]:
        """The row and the column of one head by its numbers."""
        return self.row(layer, column), _index(head, self.heads, "head", column)


def _index(number: int, there: tuple[int, ...], axis: str, column: int) -> int:
    positive = number + max(there) + 1 if number < 0 else number
    if positive not in there:
        listed = some([str(n) for n in there])
        raise ConditionError(column, f"there is no {axis} {short(number)} here; expected {listed}")
    return there.index(positive)


def short(number: int) -> str:
    """A number as a message shows it."""
    text = str(number)
    return text if len(text) <= 20 else f"{text[:20]}…"
