"""An explanation as data: the steps by which one query token of one head came to its output, and their numbers."""

from dataclasses import dataclass

import numpy as np

from attnviz.trace.model_info import ModelInfo
from attnviz.trace.tokens import Tokens


@dataclass(frozen=True, eq=False)
class Quantity:
    """Some numbers of a step: their symbol, what they are, what each axis counts (``key``, ``head``, ``d_head``)."""

    symbol: str
    meaning: str
    values: np.ndarray
    axes: tuple[str, ...]


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

    ``where``: the text's place among several, ``texts.txt, line 3``.
    """

    place: Place
    queries: Tokens
    keys: Tokens
    weights: np.ndarray
    model: ModelInfo
    steps: tuple[Step, ...]
    text: str | None = None
    target: str | None = None
    where: str = ""
