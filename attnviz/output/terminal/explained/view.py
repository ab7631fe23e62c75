"""The explanation of one query token on the terminal: what it takes from which word, and how that comes about.

Three steps are for whoever wants to understand q, k and v: the score of two keys, number by number; softmax; the mix of
values. Words are whole there and special tokens share a row, as in ``attnviz show``, but for the keys that are compared
and the tokens of their words: their scores are on the screen. Each step's heading has its formula, and below it are the
numbers of that step. With ``full`` come all numbers of all tokens, from which the others can be computed. What comes
before q, k and v and after z is printed with ``all_steps`` only.
"""

from collections.abc import Iterator
from dataclasses import replace

from attnviz.analysis.key_groups import spelled, word_of, word_shares
from attnviz.analysis.matrices.words import merged
from attnviz.output.decimals import whole_percent
from attnviz.output.labels import cell_width
from attnviz.output.terminal.explained.mix import MixView
from attnviz.output.terminal.explained.numbers import INDENT, StepNumbers, pretty
from attnviz.output.terminal.explained.score import ScoreView, score_formula
from attnviz.output.terminal.explained.shares import SharesView
from attnviz.output.terminal.in_words import next_words, quoted
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.output.words import KIND_NAMES, model_words
from attnviz.records import dataclass
from attnviz.trace.steps import Explanation
from attnviz.trace.tokens import Tokens, numbered

_DECIMALS = 3
_HEADING_WIDTH = 80
_SCORE_STEPS = ("projection", "scores", "distance", "scale", "cap", "bias", "mask")
_STEPS = (*_SCORE_STEPS, "softmax", "weighted_sum")


@dataclass(frozen=True)
class ExplanationLooks:
    """What the user chose.

    Attributes:
        full: all numbers of every vector, and all keys.
        all_steps: also the steps before q, k and v, and those after z.
        precision: decimals; None for 3.
        words: whether the pieces of a word share a row; None: unless ``full``.
        hide_special: whether the special tokens share one; None: unless ``full``.
    """

    full: bool = False
    all_steps: bool = False
    precision: int | None = None
    words: bool | None = None
    hide_special: bool | None = None


class ExplanationView(LinesView):
    """A Rich renderable.

    Args:
        explanation: what ``attnviz.explain`` gave.
        screen: where it is printed.
        looks: what the user chose.
    """

    def __init__(self, explanation: Explanation, screen: Screen, looks: ExplanationLooks | None = None):
        super().__init__(screen)
        looks = looks or ExplanationLooks()
        self._words, self._hides_special = (
            not looks.full if flag is None else flag for flag in (looks.words, looks.hide_special)
        )
        if self._words:
            explanation = replace(explanation, queries=spelled(explanation.queries), keys=spelled(explanation.keys))
        self._explanation, self._looks = explanation, looks
        self._precision = _DECIMALS if looks.precision is None else looks.precision
        self._steps = {step.name: step for step in explanation.steps}

    def lines(self) -> Iterator[StyledLine]:
        """What the query looks at; the steps; what it takes from where."""
        yield from self._heading()
        for number, name in enumerate(self._names(), start=1):
            yield []
            yield from self._step(number, name)
        yield from self.text(self._last_sentence(), BOLD)
        yield from self._hint()

    def _names(self) -> list[str]:
        """The steps that have a number: the scores' steps count as one, which has the name of the first."""
        names = [step.name for step in self._explanation.steps if step.name not in _SCORE_STEPS[1:]]
        return names if self._looks.all_steps else [name for name in names if name in _STEPS]

    def _heading(self) -> Iterator[StyledLine]:
        e = self._explanation
        kind = "" if e.place.kind == "encoder" else f", {KIND_NAMES[e.place.kind]}"
        yield from self.text(
            f"{self._looks_at()}: L{e.place.layer}H{e.place.head} of {model_words(e.model)}{kind}", BOLD
        )
        about = f"q is what {self._query} looks for, k what a token offers, v what it passes on."
        yield from self.text(about, PLAIN)
        step = self._steps["projection"]
        yield from self.text(pretty(step.formula, self.screen), DIM)
        meaning = step.meaning if self._looks.full else step.meaning.partition(". ")[2]
        if meaning:
            yield from self.text(meaning, DIM)

    def _step(self, number: int, name: str) -> Iterator[StyledLine]:
        e, looks, screen = self._explanation, self._looks, self.screen
        step = self._steps[name]
        title, formula = step.title, step.formula
        if name == "projection":
            title, formula = self._steps["scores"].title, score_formula(e)
        yield from self._step_heading(f"{number}  {title}", pretty(formula, screen))
        if name == "projection":
            yield from ScoreView(e, screen, self._precision).lines()
        elif name == "softmax":
            merges = {"words": self._words, "hide_special": self._hides_special}
            yield from SharesView(e, screen, self._precision, **merges, full=looks.full).lines()
        elif name == "weighted_sum":
            yield from MixView(e, screen, self._precision).lines()
        else:
            yield from self.text(pretty(step.meaning, screen), DIM, indent=INDENT)
        if name not in _STEPS or (looks.full and name != "softmax"):  # whose rows have all numbers
            for part in _SCORE_STEPS if name == "projection" else (name,):
                yield from self._numbers(part)

    def _numbers(self, name: str) -> Iterator[StyledLine]:
        step = self._steps.get(name)
        if step is not None:
            looks = self._looks
            yield from StepNumbers(
                self._explanation, step, self.screen, full=looks.full, precision=self._precision
            ).lines()

    def _step_heading(self, title: str, formula: str) -> Iterator[StyledLine]:
        room = min(self.screen.width, _HEADING_WIDTH) - cell_width(title) - 2
        if cell_width(formula) <= room:
            yield [(title, BOLD), (" " * (room + 2 - cell_width(formula)), PLAIN), (formula, PLAIN)]
        else:
            yield from self.text(title, BOLD)
            yield from self.text(formula, PLAIN, indent=INDENT)

    @property
    def _query(self) -> str:
        return quoted(self._explanation.queries, self._explanation.place.query, self.screen)

    def _key_word(self) -> tuple[str, float, bool]:
        """The first compared key's word in quotes, what it gets, and whether no word gets more."""
        e = self._explanation
        key, shares = e.compared[0], word_shares(e.keys, e.weights)
        name = quoted(*_whole(e.keys, word_of(e.keys, key)), self.screen)
        return name, float(shares[key]), bool(shares[key] == shares.max())

    def _looks_at(self) -> str:
        """``"it" looks most at "tired" (72%)``; of a piece of a word also which word it is."""
        e = self._explanation
        word = word_of(e.queries, e.place.query)
        query = self._query
        if len(word) > 1:
            query += f" of {quoted(*_whole(e.queries, word), self.screen)}"
        if not e.compared:
            return f"{query} looks at nothing, as every key is masked"
        name, share, is_most = self._key_word()
        after = next_words(e.queries, e.place.query, e.model, self.screen) if e.place.kind == "cross" else ""
        return f"{query} looks {'most ' if is_most else ''}at {name} ({whole_percent(share)}%){after}"

    def _last_sentence(self) -> str:
        """``"it" takes 72% of what it passes on from "tired"``: a word is whole."""
        if not self._explanation.compared:
            return f"{self._query} takes nothing from any key."
        name, share, _ = self._key_word()
        return f"{self._query} takes {whole_percent(share)}% of what it passes on from {name}."

    def _hint(self) -> Iterator[StyledLine]:
        hints = [] if self._looks.full else ["--full: all numbers"]
        hints += [] if self._looks.all_steps else ["--all-steps: the whole layer"]
        yield from self.text("; ".join([*hints, "--key WORD: another key"]), DIM)


def _whole(tokens: Tokens, word: tuple[int, ...]) -> tuple[Tokens, int]:
    """The tokens with those of one word merged, and the place of the word."""
    start, end = word[0], word[-1] + 1
    tokens = numbered(tokens)
    return (*tokens[:start], *(merged(tokens[start:end]) if len(word) > 1 else tokens[start:end]), *tokens[end:]), start
