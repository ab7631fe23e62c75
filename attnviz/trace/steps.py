"""An explanation as data: the steps by which one query token of one head came to its output, and their numbers."""

import numpy as np

from attnviz.records import dataclass
from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Tokens


@dataclass(frozen=True, eq=False)
class Quantity:
    """Some numbers of a step: their symbol, what they are, what each axis counts (``key``, ``head``, ``d_head``)."""

    symbol: str
    meaning: str
    values: np.ndarray
    axes: tuple[str, ...]


def one_vector(symbol: str, meaning: str, values: np.ndarray, axis: str = "d_model") -> Quantity:
    """A quantity that is one vector."""
    return Quantity(symbol, meaning, values, (axis,))


@dataclass(frozen=True, eq=False)
class Step:
    """One step of the computation."""

    name: str
    title: str
    formula: str
    meaning: str
    quantities: tuple[Quantity, ...]


@dataclass(frozen=True, eq=False)
class Place:
    """Which attention is explained: kind, layer, head, and the query's index."""

    kind: str
    layer: int
    head: int
    query: int


@dataclass(frozen=True, eq=False)
class Explanation:
    """How one query token of one head came to its output.

    Attributes:
        place: which attention.
        queries: the tokens of the query's side.
        keys: the tokens of the keys' side.
        weights: (n_keys,), what the query gives to each key.
        model: where the numbers came from.
        steps: what is computed, in order.
        compared: indices of the keys whose scores are worth comparing, the first one most of all; none where the query
            gives nothing to any.
        text: the text.
        target: the target text.
        where: the text's place among several, ``texts.txt, line 3``.
    """

    place: Place
    queries: Tokens
    keys: Tokens
    weights: np.ndarray
    model: ModelInfo
    steps: tuple[Step, ...]
    compared: tuple[int, ...]
    text: str | None = None
    target: str | None = None
    where: str = ""

    def values(self, step: str, symbol: str) -> np.ndarray:
        """The numbers of a quantity of a step.

        Raises:
            KeyError: the explanation has no such step or quantity.
        """
        for quantity in (q for one in self.steps if one.name == step for q in one.quantities):
            if quantity.symbol == symbol:
                return quantity.values
        raise KeyError((step, symbol))

    def has_value(self, step: str, symbol: str) -> bool:
        """Whether one of its steps has that quantity."""
        return any(q.symbol == symbol for one in self.steps if one.name == step for q in one.quantities)

    def has(self, step: str) -> bool:
        """Whether it has a step of that name."""
        return any(one.name == step for one in self.steps)

    @property
    def unmasked_scores(self) -> np.ndarray:
        """(n_keys,), the scores before the mask: scaled, capped, with what positions add."""
        last = (("bias", "s+b"), ("cap", "s"), ("scale", "s"), ("distance", "r+d"), ("scores", "r"))
        return next(self.values(*place) for place in last if self.has(place[0]))

    @property
    def scores(self) -> np.ndarray:
        """(n_keys,), the scores that softmax takes: -inf where a key is masked."""
        return self.values("mask", "masked") if self.has("mask") else self.unmasked_scores
