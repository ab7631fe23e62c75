"""How a score comes about: q, the compared keys and their products as cells, and each sum as a formula with numbers."""

from collections.abc import Iterator

import numpy as np

from attnviz.output.terminal.explained.numbers import INDENT, MOST_NAME, number_text, pretty
from attnviz.output.terminal.explained.signed import SignedCells, VectorRow
from attnviz.output.terminal.lines import plain_labels, short_labels
from attnviz.output.terminal.screen import BOLD, DIM, LinesView, Screen, StyledLine
from attnviz.trace.steps import Explanation

_REMARKS = ("distance", "cap", "bias", "mask")  # steps whose meaning is worth a line


def score_formula(explanation: Explanation) -> str:
    """``s_j = q . k_j / sqrt(32) + b_ij``: the formulas of the steps that make the score, as one."""
    formulas = {step.name: step.formula.partition(" = ")[2] for step in explanation.steps}
    bias = formulas["bias"][len("s_j") :] if "bias" in formulas else ""
    return f"s_j = {_scaled(formulas, formulas['scores'])}{bias}"


def _scaled(formulas: dict[str, str], raw: str) -> str:
    """A raw score's formula or number with what distances add, its scale and its cap: ``27.380 / sqrt(32)``."""
    if "distance" in formulas:
        raw = f"{raw}{formulas['distance'][len('r_j') :]}"
        raw = f"({raw})" if formulas.keys() & {"scale", "cap"} else raw
    if "scale" in formulas:
        raw += formulas["scale"][len("r_j") :]
    return formulas["cap"].replace("s_j", raw) if "cap" in formulas else raw


def products(explanation: Explanation, key: int) -> np.ndarray:
    """(d_head,), the numbers whose sum is compared: of q and k, or of w and tanh(q + k) for additive scores."""
    q, k = explanation.values("projection", "q"), explanation.values("projection", "k")[key]
    factors = (explanation.values("scores", "w"), np.tanh(q + k)) if _is_additive(explanation) else (q, k)
    together: np.ndarray = factors[0] * factors[1]
    return together


class ScoreView(LinesView):
    """A Rich renderable.

    Args:
        explanation: the explanation.
        screen: where it is printed.
        precision: decimals of the sums.
    """

    def __init__(self, explanation: Explanation, screen: Screen, precision: int):
        super().__init__(screen)
        self._explanation, self._precision = explanation, precision
        self._steps = {step.name: step for step in explanation.steps}
        self._names = short_labels(plain_labels(explanation.keys, screen), MOST_NAME, screen)

    def lines(self) -> Iterator[StyledLine]:
        """What positions and masks do, if anything; the cells; a line per compared key."""
        for name in _REMARKS:
            if name in self._steps:
                yield from self.text(pretty(self._steps[name].meaning, self.screen), DIM, indent=INDENT)
        yield from SignedCells(list(self._rows()), self.screen).lines()
        for key in self._explanation.compared:
            yield from self.text(self._sum(key), BOLD, indent=INDENT)

    def _rows(self) -> Iterator[VectorRow]:
        e = self._explanation
        yield VectorRow("q", e.values("projection", "q"), "q and k")
        product = "q.k" if self.screen.ascii else "q·k"
        if _is_additive(e):
            product = "w tanh"
            yield VectorRow("w", e.values("scores", "w"), "w")
        for key in e.compared:
            yield VectorRow(f"k {self._names[key]}", e.values("projection", "k")[key], "q and k")
            yield VectorRow(product, products(e, key), "products", BOLD)

    def _sum(self, key: int) -> str:
        """``tired: q . k = 27.380, s = 27.380 / sqrt(32) = 4.840``: each number from those before it."""
        e = self._explanation
        distances = self._distances(key)
        text = "".join([f"{self._names[key]}: {self._raw(key)}", *(f", {name} = {v}" for name, v in distances.items())])
        raw = self._number(e.values("scores", "r")[key])
        if (made := self._from_raw(raw, key)) != raw:
            text += f", s = {made} = {self._number(e.unmasked_scores[key])}"
        if not np.isfinite(e.scores[key]):
            text += f", masked: s = {self._number(e.scores[key])}"
        return pretty(text, self.screen)

    def _raw(self, key: int) -> str:
        """The raw score's formula with its numbers; of cosine scores with the lengths of q and k."""
        e = self._explanation
        formula = self._steps["scores"].formula.partition(" = ")[2].replace("_j", "")
        if "|" in formula:
            vectors = e.values("projection", "q"), e.values("projection", "k")[key]
            lengths = " x ".join(self._number(float(np.linalg.norm(vector))) for vector in vectors)
            formula += f" = {self._number(float(products(e, key).sum()))} / ({lengths})"
        return f"{formula} = {self._number(e.values('scores', 'r')[key])}"

    def _from_raw(self, raw: str, key: int) -> str:
        """What is made of the raw score: ``27.380 / sqrt(32) + 0.250``."""
        e = self._explanation
        formulas = {name: step.formula.partition(" = ")[2] for name, step in self._steps.items()}
        if distances := self._distances(key):
            signed = (f" {'-' if v.startswith(('-', '−')) else '+'} {v.lstrip('-−')}" for v in distances.values())
            formulas["distance"] = "r_j" + "".join(signed)
        text = _scaled(formulas, raw)
        if not e.has("bias"):
            return text
        bias = float(e.values("bias", "b")[key])
        return f"{text} {'-' if bias < 0 else '+'} {self._number(abs(bias))}"

    def _distances(self, key: int) -> dict[str, str]:
        """The products with the distance's key and query, by their formulas."""
        step = self._steps.get("distance")
        if step is None:
            return {}
        names = step.formula.replace("_ij", "").replace("_j", "").split(" + ")[1:]
        *parts, _ = step.quantities
        return {name: self._number(part.values[key]) for name, part in zip(names, parts, strict=True)}

    def _number(self, value: float) -> str:
        return number_text(float(value), self._precision, self.screen)


def _is_additive(explanation: Explanation) -> bool:
    return any(quantity.symbol == "w" for step in explanation.steps for quantity in step.quantities)
