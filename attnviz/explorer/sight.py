"""What a state shows of a text: the matrix, the word under the cursor, numbers in words. It computes nothing new."""

from dataclasses import replace
from functools import cached_property

import numpy as np
from rich.style import Style

from attnviz.analysis.heads.definitions import METRICS
from attnviz.analysis.heads.rows import TELLING
from attnviz.api.pages.exploration import Exploration, HeadFacts, SetName
from attnviz.explorer.state import PATTERNS, STRONGEST, State
from attnviz.names import SHARES
from attnviz.output.colormaps import AMBER, AZURE
from attnviz.output.decimals import decimal
from attnviz.output.head_words import label_text
from attnviz.output.labels import cell_width
from attnviz.output.scale import Scale, hidden_cells, strongest_keys
from attnviz.output.terminal.cells import cell_style, shade
from attnviz.output.terminal.lines import plain_labels
from attnviz.output.terminal.screen import Screen
from attnviz.output.words import best_relation
from attnviz.records import dataclass
from attnviz.trace.attention import Attention, Matrix
from attnviz.trace.tokens import Tokens, token_numbers

_LEAST_PAINTED = 0.05  # of the scale: less than in tables, as cells have no number


@dataclass(frozen=True, eq=False)
class Sight:
    """A text, what is chosen of it, and where it is printed.

    Attributes:
        exploration: the text.
        state: what is chosen.
        screen: its colours and characters; its width is that of the whole screen.
        cmap: one of ``TERMINAL_COLORMAPS``.
    """

    exploration: Exploration
    state: State
    screen: Screen
    cmap: str = AMBER

    # Which matrices

    @cached_property
    def name(self) -> SetName:
        """The set of matrices."""
        return self.exploration.sets[self.state.set]

    @cached_property
    def attention(self) -> Attention:
        """The set, between words or tokens."""
        return self.exploration.arranged(self.name, words=self.state.words, special=self.state.special)

    @cached_property
    def facts(self) -> HeadFacts | None:
        """What the weights say of heads; None where matrices are not of single heads."""
        return self.exploration.facts(self.name.kind) if "head" in self.attention.axes else None

    @cached_property
    def heads(self) -> list[Matrix]:
        """Every head."""
        return list(self.attention)

    @property
    def head(self) -> Matrix:
        """The head that is chosen."""
        return self.heads[self.state.head]

    @property
    def last(self) -> Matrix | None:
        """The head that is subtracted."""
        return self.heads[self.state.last] if self.state.compares and self.state.last is not None else None

    @property
    def place(self) -> tuple[int, int]:
        """The row and the column of the head in the grid."""
        row, column = divmod(self.state.head, self.attention.matrices.shape[1])
        return row, column

    @cached_property
    def numbers(self) -> np.ndarray:
        """The numbers of the matrix, (n_queries, n_keys): of two heads the difference."""
        if self.last is None:
            return self.head.numbers
        with np.errstate(invalid="ignore"):  # a masked score less another
            difference: np.ndarray = self.head.numbers - self.last.numbers
        return difference

    @cached_property
    def hidden(self) -> np.ndarray:
        """Where there is nothing to show, (n_queries, n_keys)."""
        masked = hidden_cells(self.numbers, self.head.masked)
        return masked if self.last is None else masked | hidden_cells(self.numbers, self.last.masked)

    @cached_property
    def scale(self) -> Scale:
        """The ends of the colours; of a difference about 0."""
        if self.last is None:
            return self.exploration.scale(self.name, words=self.state.words, special=self.state.special)
        bound = float(np.abs(self.numbers[~self.hidden]).max(initial=1.0 if self.is_share else 1e-9))
        return Scale(-bound, bound, diverging=True)

    @property
    def is_share(self) -> bool:
        """Whether numbers are shares of 1."""
        return self.name.values in SHARES

    @property
    def is_square(self) -> bool:
        """Whether queries and keys are the same words."""
        return self.name.kind != "cross"

    # Which word

    @property
    def is_from(self) -> bool:
        """Whether the word looks, and is not looked at."""
        return self.state.side == "from"

    @property
    def subjects(self) -> Tokens:
        """The side of the word under the cursor."""
        return self.attention.queries if self.is_from else self.attention.keys

    @property
    def others(self) -> Tokens:
        """The side of the words that it looks at, or that look at it."""
        return self.attention.keys if self.is_from else self.attention.queries

    @cached_property
    def word(self) -> int:
        """The index of the word under the cursor; of a token that is not there, of the nearest one before it."""
        return _nearest(self.state.word, self.subjects)

    @cached_property
    def partner(self) -> int | None:
        """The index of the other end of the link; None where none is chosen."""
        return None if self.state.partner is None else _nearest(self.state.partner, self.others)

    @cached_property
    def values(self) -> np.ndarray:
        """What the word gives to others, or gets from them, (n_others,)."""
        values: np.ndarray = self.numbers[self.word] if self.is_from else self.numbers[:, self.word]
        return values

    @cached_property
    def absent(self) -> np.ndarray:
        """Which of ``values`` are hidden, (n_others,)."""
        absent: np.ndarray = self.hidden[self.word] if self.is_from else self.hidden[:, self.word]
        return absent

    def strongest(self, n: int) -> list[int]:
        """The n others with the largest values; of a difference with those farthest from 0."""
        values = self.values if self.last is None else np.abs(self.values)
        return strongest_keys(values, self.absent, self.name.values, n)

    @cached_property
    def link(self) -> int | None:
        """The other end of the link: the one that is chosen, or the strongest."""
        return self.partner if self.partner is not None else next(iter(self.strongest(1)), None)

    @property
    def query(self) -> int:
        """The index of the word as a query; of one that is looked at that of the link, or the first."""
        return self.word if self.is_from else self.link or 0

    def cell(self, other: int) -> tuple[int, int]:
        """The query and the key of the word and another one."""
        return (self.word, other) if self.is_from else (other, self.word)

    @property
    def rest(self) -> float | None:
        """What the word gives to keys that are not there; None where that is not known, or of a column."""
        if not self.is_from or self.head.rest is None or self.last is not None:
            return None
        return float(self.head.rest[self.word])

    # How it looks

    @property
    def verb(self) -> str:
        """What the word does to others."""
        return "looks at" if self.is_from else "is looked at by"

    def labels(self, tokens: Tokens) -> list[str]:
        """Words in characters that the screen can carry."""
        return plain_labels(tokens, self.screen)

    def number(self, value: float, decimals: int = 3) -> str:
        """A value in words; of a difference with its sign."""
        if not np.isfinite(value):
            return "masked"
        text = decimal(float(value), decimals if self.is_share else 2)
        return f"+{text}" if self.last is not None and value > 0 else text

    def tint(self, value: float, *, bold: bool = False) -> Style:
        """The colour of a value: amber, and azure below 0 in a difference."""
        place, cmap = self._place(value)
        return cell_style(place, cmap, self.screen.color, bold=bold, least=_LEAST_PAINTED)

    def cell_tint(self, value: float, *, bold: bool = False) -> Style:
        """The colour of a cell; where glyphs say how large values are, none that would reverse them."""
        return self.tint(value, bold=bold) if self.has_ground else Style(bold=bold)

    def glyph(self, value: float) -> str:
        """How dark a value is where there are no colours."""
        return shade(self._place(value)[0], self.screen)

    def size(self, value: float) -> float:
        """How large a value is on the scale, from 0 to 1; of a difference how far it is from 0."""
        return self.scale.place(value) if self.last is None else abs(value) / self.scale.high

    def _place(self, value: float) -> tuple[float, str]:
        cmap = self.cmap if self.last is None else AMBER if value >= 0 else AZURE
        return _step(self.size(value)), cmap

    @property
    def has_ground(self) -> bool:
        """Whether cells have a colour of their own, so that they need no glyph."""
        return self.screen.color in ("truecolor", "256")

    # Every head

    def orders(self, *, patterns: bool) -> list[str]:
        """The orders of the ranking that there are.

        Args:
            patterns: whether thumbnails fit the grid.
        """
        first = [PATTERNS] if patterns else []
        if self.facts is None:
            return [*first, STRONGEST]
        return [*first, TELLING, *(name for name in METRICS if name in self.facts.metrics.values)]

    @property
    def order(self) -> str:
        """What the grid is coloured by: a metric, ``telling``, ``strongest``, or ``link``."""
        if self.state.link:
            return "link"
        if self.facts is None:
            return STRONGEST
        known = self.state.order in self.facts.metrics.values
        return self.state.order if known else TELLING

    @cached_property
    def head_values(self) -> np.ndarray:
        """What each head has of what the grid is coloured by, (n_heads,); NaN where it has nothing."""
        if self.order == "link":
            if self.link is None:
                return np.full(len(self.heads), np.nan)
            query, key = self.cell(self.link)
            values: np.ndarray = self.attention.matrices[:, :, query, key].ravel()
            return np.where(np.isfinite(values), values, np.nan)
        if self.facts is None:
            numbers = np.where(np.isfinite(self.attention.matrices), self.attention.matrices, -np.inf)
            largest = numbers.max(axis=(-1, -2)).ravel()
            return np.where(np.isfinite(largest), largest, np.nan)
        if self.order == TELLING:
            return self.facts.telling
        metric: np.ndarray = self.facts.metrics.values[self.order].ravel()
        return metric

    @cached_property
    def head_places(self) -> np.ndarray:
        """``head_values`` from 0 to 1: a link on the matrices' own scale, others between their extremes."""
        values = self.head_values
        if self.order == "link" and self.last is None:
            return np.array([_step(self.scale.place(x)) if np.isfinite(x) else np.nan for x in values])
        known = values[np.isfinite(values)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 0.0)
        places: np.ndarray = np.floor((values - low) / ((high - low) or 1.0) * 256) / 256
        return places

    @cached_property
    def ranking(self) -> list[int]:
        """The heads in their order, the first one best."""
        if self.order == TELLING and self.facts is not None:
            return self.facts.order
        values = np.where(np.isnan(self.head_values), -np.inf, self.head_values)
        return [int(i) for i in np.argsort(-values, kind="stable")]

    def head_number(self, index: int) -> str:
        """What a head has of what the grid is coloured by, as text."""
        value = float(self.head_values[index])
        if np.isnan(value):
            return "-"
        metric = METRICS.get(self.order)
        if metric is not None:
            return decimal(value, metric.decimals)
        return decimal(value, 2) if self.order == TELLING else replace_last(self).number(value, 2)

    def head_label(self, index: int, room: int | None = None, *, short: bool = False) -> str:
        """What a head does: the relation that a probe found, and its pattern with the numbers that say so.

        Args:
            index: of the head.
            room: columns, so that of a long label a part is left out; None for no limit.
            short: only the name of the pattern.
        """
        if self.facts is None:
            return ""
        label, relations = self.facts.labels[index], self._relations(index)
        name, text = str(label["name"]), label_text(label, is_ascii=self.screen.ascii)
        both = [f"{one}{' | ' if self.screen.ascii else ' · '}{text}" for one in relations[:1]]
        texts = [*relations, name] if short else [*both, *relations, text, name]
        return next((one for one in texts if room is None or cell_width(one) <= room), name)

    def _relations(self, index: int) -> list[str]:
        """What a probe found a head to find, in full and in short; nothing without labels of heads."""
        head, labels = self.heads[index], self.attention.model.labels
        best = best_relation(head)
        return [labels.short(head.layers[0], head.heads[0]), best] if labels is not None and best else []


def replace_last(sight: Sight) -> Sight:
    """The same without a comparison, for numbers of single heads."""
    return sight if sight.last is None else replace(sight, state=replace(sight.state, compares=False))


def _nearest(number: int, tokens: Tokens) -> int:
    """The index of a token by its number, or of the nearest one before it."""
    return max((i for i, one in enumerate(token_numbers(tokens)) if one <= number), default=0)


def _step(place: float) -> float:
    """A place in 1/256 steps, so that equal colours share a style."""
    return int(min(1.0, max(0.0, place)) * 256) / 256
