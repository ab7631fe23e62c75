"""Random tokens twice in a row: which heads look at what was there before (Olsson et al. 2022; ARENA, TransformerLens).

Each token of the second copy occurred once before, and random tokens have nothing else in common. The scores are means
along diagonals of the weights. Their rows are only those of which they are true, so that a perfect head scores 1: the
induction diagonal of TransformerLens and ARENA begins a row or two before the second copy.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from attnviz.analysis.heads.metrics import HeadMetrics
from attnviz.analysis.probes.draws import random_order
from attnviz.records import dataclass

if TYPE_CHECKING:
    from attnviz.analysis.heads.null import Null
    from attnviz.trace.attention import Attention

REPEAT_SCORES = ("induction", "duplicate", "previous")
FOUND = 0.4  # from which a head is counted, as in ARENA's exercises


def distinct_ids(candidates: np.ndarray, length: int, batch: int, seed: int) -> np.ndarray:
    """(batch, length) ids drawn from the candidates, no two of a row equal.

    Args:
        candidates: (n,), at least ``length`` different ids.
        length: ids of a row.
        batch: rows.
        seed: of the drawing.
    """
    orders = (random_order(f"{seed}/tokens {i}", len(candidates)) for i in range(batch))
    return np.array([candidates[order[:length]] for order in orders])


def repeat_scores(weights: np.ndarray, first: int, length: int) -> dict[str, np.ndarray]:
    """The scores of each head, by name, (...) float64.

    - ``induction``: of the second copy, what goes to the token after the earlier occurrence.
    - ``duplicate``: of the second copy, what goes to the earlier occurrence.
    - ``previous``: of all random tokens but the first, what goes to the token before.

    Args:
        weights: (..., n, n), of a text that has ``length`` random tokens twice.
        first: the position of the first of them.
        length: the random tokens of a copy.
    """
    second = np.arange(first + length, first + 2 * length)
    pairs = {
        "induction": (second, second - length + 1),
        "duplicate": (second, second - length),
        "previous": (np.arange(first + 1, first + 2 * length), np.arange(first, first + 2 * length - 1)),
    }
    return {name: weights[..., *pairs[name]].mean(axis=-1, dtype=np.float64) for name in REPEAT_SCORES}


@dataclass(frozen=True, eq=False)
class RepeatReport:
    """The scores of each head of a model.

    Attributes:
        attention: the model, its layers and heads; no matrices.
        metrics: the means of the scores over the texts, by name.
        length: random tokens of a copy.
        batch: texts.
        seed: of the random tokens.
        null: scores of models with random weights on the same tokens; None without.
        z: standard scores against them, by name, (n_layers, n_heads); None without.
    """

    attention: "Attention"
    metrics: HeadMetrics
    length: int
    batch: int
    seed: int
    null: "Null | None"
    z: Mapping[str, np.ndarray] | None

    def places(self, sort: str | None = None) -> list[tuple[int, int]]:
        """The rows and columns of the heads, by a score, or by the largest of all three; the largest first."""
        values = self.metrics.values
        order = values[sort] if sort else np.max([values[name] for name in REPEAT_SCORES], axis=0)
        return sorted(np.ndindex(*order.shape), key=lambda place: -order[place])
