"""What the styles of an attention matrix on the terminal have in common."""

import math
from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np

from attnviz.analysis.choices.received import Received, received_of_matrix
from attnviz.names import SHARES
from attnviz.output.colormaps import AMBER
from attnviz.output.decimals import decimal
from attnviz.output.labels import cell_width, fit
from attnviz.output.scale import Scale, fixed_scale, hidden_cells, strongest_of_rows
from attnviz.output.terminal.cells import masked_sign
from attnviz.output.terminal.flow import flowed
from attnviz.output.terminal.in_words import in_words
from attnviz.output.terminal.lines import plain_labels, row_labels, short_labels, unique_labels, written_words
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.output.words import (
    KIND_NAMES,
    best_relation,
    corner_words,
    has_merged,
    model_words,
    reading,
    renormalized_words,
    rest_word,
    value_words,
)
from attnviz.records import dataclass
from attnviz.trace.attention import Matrix
from attnviz.trace.tokens import token_numbers

RECEIVED = "received"  # the label of the means of the columns
_LEAST_LABEL = 12
_MOST_RECEIVED = 5  # keys in a list of those that receive most


@dataclass(frozen=True)
class Looks:
    """What the user may choose.

    Attributes:
        style: ``auto`` or one of ``STYLES``.
        cmap: one of ``TERMINAL_COLORMAPS``.
        top: keys a row in ``top``.
        precision: decimals; None for two, and more where that would be 0.01 at best.
        brief: whether it is one of several matrices, of which the first names the model and says how to read them.
        received: whether the means of the columns are below the rows.
    """

    style: str = "auto"
    cmap: str = AMBER
    top: int = 3
    precision: int | None = None
    brief: bool = False
    received: bool = False

    def decimals(self, strongest: float = 1.0) -> int:
        """The decimals of numbers whose strongest this is: in a long text each key gets little."""
        if self.precision is not None:
            return self.precision
        return 2 + math.floor(-math.log10(strongest)) if 1e-9 < strongest < 0.01 else 2


class MatrixView(LinesView):
    """What the styles have in common: title, legend, row labels, pages of columns."""

    rest_words = "what they got"
    signs_masked = True  # whether cells of masked keys have a sign of their own, which the legend explains

    def __init__(self, matrix: Matrix, screen: Screen, looks: Looks):
        super().__init__(screen)
        self.matrix, self.looks = matrix, looks
        self.scale: Scale = fixed_scale(matrix)
        self.masked = hidden_cells(matrix.numbers, matrix.masked)
        self.label_width = label_width(matrix, screen)
        self.rest_width = 0
        self.rest_word = rest_word(matrix)
        self.row_labels = row_labels(matrix.queries, screen)

    @classmethod
    def shows(cls, values: str) -> bool:  # noqa: ARG003 (what a style may look at)
        """Whether it can show such values, one of ``VALUES``."""
        return True

    @classmethod
    def fits(cls, matrix: Matrix, screen: Screen, looks: Looks) -> bool:  # noqa: ARG003 (what a style may look at)
        """Whether the style fits the screen whole; ``auto`` takes the first that does, so never one that says False."""
        return False

    @cached_property
    def best(self) -> list[int | None]:
        """The strongest key of each row."""
        return strongest_of_rows(self.matrix)

    @cached_property
    def received(self) -> Received | None:
        """The means of the columns; None where nobody asked for them."""
        return received_of_matrix(self.matrix) if self.looks.received else None

    @cached_property
    def places(self) -> np.ndarray:
        """Every value's place on the scale in 1/256 steps, so that equal colours share a style; masked ones 0."""
        span = self.scale.high - self.scale.low or 1.0
        values = np.where(self.masked, self.scale.low, self.matrix.numbers).astype(np.float64)
        return np.floor(np.clip((values - self.scale.low) / span, 0, 1) * 256) / 256

    def title(self) -> Iterator[StyledLine]:
        """Layer, head, what the values are; which way to read them; what the signs mean."""
        if self.matrix.values == "weights":
            yield from self.text(in_words(self.matrix, self.screen), PLAIN)
        n, m = self.matrix.numbers.shape
        of = " words" if has_merged(self.matrix) else ""
        name = f"{self.matrix.title} of {model_words(self.matrix.model)}"
        values = f"{value_words(self.matrix)}{KIND_NAMES[self.matrix.kind]}, {n} x {m}{of}"
        yield from self.text(f"{name}: {values}", BOLD)
        legend = ", ".join(self.legend())
        if self.signs_masked and self.masked.any():
            legend += f", {masked_sign(self.screen)} masked"
        legend += written_words(self.matrix.queries)
        if self.matrix.hidden:
            legend += ", special tokens hidden" + (
                "" if self.matrix.rest is None else f" ({self.rest_word}: {self.rest_words})"
            )
            legend += renormalized_words(self.matrix.name) if self.matrix.renormalized else ""
        yield from self.text(legend, DIM)
        yield from self.relations()

    def relations(self) -> Iterator[StyledLine]:
        """The relations that the head finds better than other heads, where that is known."""
        words = best_relation(self.matrix)
        if words:
            yield from self.text(f"{self.matrix.title}: {words} of such pairs (attnviz help probes)", DIM)

    def legend(self) -> Iterable[str]:
        """Which way to read it, and what the cells' signs mean."""
        return reading(self.matrix)

    def key_list(self, column_labels: list[str]) -> Iterator[StyledLine]:
        """The keys with their numbers, where neither their columns nor the rows name them.

        A column without a label, as of one from right to left, looks as if its token were blank.
        """
        labels = plain_labels(self.matrix.keys, self.screen)
        by_rows = "" not in column_labels and labels == plain_labels(self.matrix.queries, self.screen)
        if labels == column_labels or by_rows:
            return
        numbers = token_numbers(self.matrix.keys)
        longest = self.screen.width - len("0000 ,")
        cuts = short_labels(labels, longest, self.screen)
        named = [f"{number} {label}" for number, label in zip(numbers, cuts, strict=True)]
        yield from flowed("keys: ", [[(name, PLAIN)] for name in named], self.screen.width)

    def colors(self) -> tuple[str, ...]:
        """What the colours mean, where there are any."""
        low, high = (f"{end:.3g}" for end in (self.scale.low, self.scale.high))
        return (f"{self.looks.cmap} from {low} to {high}",) if self.screen.color in ("truecolor", "256") else ()

    def pages(self, cell: int) -> Iterator[tuple[range, StyledLine | None]]:
        """The keys that fit beside the row labels, and a line that says which they are where it takes several pages."""
        n = len(self.matrix.keys)
        each = max(1, (self.screen.width - self.label_width - self.rest_width) // cell)
        for start in range(0, n, each):
            keys = range(start, min(n, start + each))
            text = self.cut(f"keys {keys[0]}-{keys[-1]} of {n}")
            note: StyledLine = [(text, DIM)]
            yield keys, note if each < n else None

    def rest(self, keys: range, text: str) -> StyledLine:
        """What a row gave to keys that are left out, set apart after the last key."""
        return (
            [(f"{text:>{self.rest_width}}", DIM)] if self.rest_width and keys[-1] == len(self.matrix.keys) - 1 else []
        )

    def received_label(self) -> str:
        """The label of the means of the columns."""
        label = RECEIVED if self.label_width > len(RECEIVED) else "mean"
        return fit(label, self.label_width - 1, ascii=self.screen.ascii) + " "

    def received_list(self) -> Iterator[StyledLine]:
        """The keys that receive most, in a line, where cells have no room for numbers."""
        if self.received is None:
            return
        shares, rest = self.received
        names = short_labels(unique_labels(self.matrix.keys, self.screen), self.screen.width // 5, self.screen)
        decimals = self.looks.decimals(float(shares.max(initial=0)))
        order = np.argsort(-shares, kind="stable")[: max(self.looks.top, _MOST_RECEIVED)]
        pieces: list[StyledLine] = [
            [(f"{names[j]} ", PLAIN), (decimal(float(shares[j]), decimals), PLAIN)] for j in order if shares[j] > 0
        ]
        if rest is not None:
            pieces.append([(f"{self.rest_word} ", DIM), (decimal(float(rest), decimals), DIM)])
        yield from flowed("received: ", pieces, self.screen.width)

    def row_label(self, i: int) -> str:
        """The row's label, cut to its place."""
        return fit(self.row_labels[i], self.label_width - 1, ascii=self.screen.ascii) + " "


def label_width(matrix: Matrix, screen: Screen) -> int:
    """Columns for the rows' labels: as wide as they are, within reason."""
    widest = max(cell_width(label) for label in row_labels(matrix.queries, screen))
    return min(max(widest, len(corner_words(matrix))), max(_LEAST_LABEL, screen.width // 7)) + 1


def rest_width(matrix: Matrix, number: int) -> int:
    """Columns for what rows gave to keys that are left out, where there is such a column."""
    return 0 if matrix.rest is None else 1 + max(number, len(rest_word(matrix)))


def number_width(matrix: Matrix, looks: Looks) -> int:
    """The least columns of a number with its mark: `` .43`` for weights, the longest one for scores."""
    if matrix.values in SHARES:
        return looks.decimals() + 2 if looks.decimals() else 3
    return longest_number(matrix, looks) + 2


def longest_number(matrix: Matrix, looks: Looks) -> int:
    """Columns of the longest number, without its mark."""
    decimals = looks.decimals()
    if matrix.values in SHARES:
        return decimals + 2 if decimals else 1
    values = matrix.numbers[np.isfinite(matrix.numbers)]
    if not values.size:
        return 1
    ends = np.array([values.min(), values.max()], np.float64)
    plain = ends.clip(-9999, 99999)  # beyond them a number has an exponent, which is shorter than the longest without
    return max(len(decimal(float(value), decimals)) for value in (*ends, *plain))
