"""One word in every head: the sentence in colour, a line per head; without colour its percentages below the words."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from rich.style import Style

from attnviz.analysis.one_word import WordAttention, WordInHead
from attnviz.names import PATHS, SHARES
from attnviz.output.colormaps import AMBER, LEAST_PAINTED
from attnviz.output.decimals import decimal, whole_percent
from attnviz.output.labels import cell_width, cut, fit, isolated
from attnviz.output.scale import Scale
from attnviz.output.terminal.cells import cell_style, masked_sign
from attnviz.output.terminal.lines import plain_labels
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, LinesView, Screen, StyledLine
from attnviz.output.terminal.sentence.layout import SentenceWords
from attnviz.output.terminal.styles.base import Looks
from attnviz.output.words import KIND_NAMES, model_words

_MOST_LINES = 22  # of a terminal's 24: the command and the next prompt have one each
_LEAST_STRONGEST, _LEAST_SENTENCE = 9, 8  # columns
_LEAST_WORD = 3
_MOST_NAME = 14  # columns for a word in the title
_UNDERLINE = Style(underline=True)
_MEANINGS = {
    "scores": "scores before softmax",
    "norms": "norms: weight x length of what the head moves",
    "zeroing": "value zeroing: share of what a row changes by without a key's value",
}


class WordView(LinesView):
    """A Rich renderable.

    Args:
        word: one word in every head.
        screen: where it is printed.
        looks: what the user chose; ``top`` is the number of strongest words at the right.
        every: print every head, however many there are.
    """

    def __init__(self, word: WordAttention, screen: Screen, looks: Looks, *, every: bool = False):
        super().__init__(screen)
        self._word, self._looks, self._every = word, looks, every
        about = word.about
        self._is_share = about.values in SHARES
        self._in_percent = self._is_share and looks.precision is None
        self._labels = plain_labels(word.others, screen)
        self._words = SentenceWords.of(word.others, screen)
        self._name_width = max(len(head.name) for head in word.heads) + 2
        self._coloured = screen.color in ("truecolor", "256")

    def lines(self) -> Iterator[StyledLine]:
        """The title, a line per head, and how to see the heads that have none."""
        above = [*self.title(), *self.text("; ".join(self._legend()), DIM), *self._header()]
        yield from above
        heads = self._candidates
        if len(above) + len(heads) > _MOST_LINES and not self._every:
            heads = heads[: max(1, _MOST_LINES - 1 - len(above))]
        for head in heads:
            yield self._line(head)
        more = len(self._word.heads) - len(heads)
        if more:
            noun = "head" if "head" in self._word.about.axes else "layer"
            option = "-H" if noun == "head" else "-L"
            yield from self.text(f"{more} more {noun}{'s' * (more > 1)}: {option} all shows every one", DIM)

    def title(self) -> Iterator[StyledLine]:
        """The question in words, and the model."""
        about, name = self._word.about, self._named
        layer = f" of layer {about.layers[-1]}" if about.reduce in PATHS else ""
        source = {"cross": " in the source"}.get(about.kind, " in the input" if layer else "")
        target = " in the target" if about.kind == "cross" else f"{' in' * bool(layer)}{layer[3:]}"
        question = f"What {name}{layer} looks at{source}"
        if self._word.side == "to":
            question = f"What{target} looks at {name}"
        kind = f", {KIND_NAMES[about.kind]}" if about.kind == "decoder" else ""
        model = f": {model_words(about.model)}{kind}"
        if cell_width(question + model) <= self.screen.width:
            yield [(question, BOLD), (self.screen.carried(model), DIM)]
        else:
            yield from self.text(question, BOLD)
            yield from self.text(model[2:], DIM)

    @property
    def _named(self) -> str:
        """The word in quotes, with its number where another has its label."""
        (label,) = plain_labels((self._word.word,), self.screen)
        name = isolated(cut(label, _MOST_NAME, ascii=self.screen.ascii))
        return f'"{name}"' + f" ({self._word.number})" * self._word.is_repeated

    def _legend(self) -> Iterator[str]:
        """What is shown, in which order, and what is left out."""
        about = self._word.about
        if about.values in _MEANINGS:
            yield _MEANINGS[about.values]
        if len(self._word.heads) > 1:
            yield f"the {'heads' if 'head' in about.axes else 'layers'} that say most first"
        unit = "percent" if self._in_percent else "numbers"
        if self._is_table:
            yield f"{unit} below the words"
            if any(head.masked.any() for head in self._candidates):
                yield f"{masked_sign(self.screen)} masked"
        elif self._coloured:
            scale = f"{self._looks.cmap} from {self._scale.low:.3g} to {self._scale.high:.3g}"
            is_plain = self._looks.cmap == AMBER and (self._scale.low, self._scale.high) == (0.0, 1.0)
            yield "the brighter, the more" if is_plain else scale
        elif self._room >= _LEAST_SENTENCE:
            yield f"[word {unit}]"
        if about.hidden:
            yield "special tokens left out"
        if about.renormalized:
            yield "rows renormalized"

    @property
    def _candidates(self) -> tuple[WordInHead, ...]:
        """The heads that may have a line: they decide how wide columns are."""
        return self._word.heads if self._every else self._word.heads[:_MOST_LINES]

    @cached_property
    def _scale(self) -> Scale:
        """From 0 to 1 for shares; else, and for paths, to the largest of all heads."""
        about = self._word.about
        if self._is_share and about.reduce not in PATHS:
            return Scale(0.0, 1.0)
        seen = [float(value) for head in self._word.heads for value in head.values[~head.masked]] or [0.0]
        low, high = min(seen) if about.values == "scores" else 0.0, max(seen)
        return Scale(low, high) if high > low else Scale(low, low + 1.0)

    @cached_property
    def _strongest_width(self) -> int:
        """Columns of the strongest words at the right."""
        widest = max(cell_width(self._strongest(head, self.screen.width)) for head in self._candidates)
        most = max(_LEAST_STRONGEST, self.screen.width // (4 if self._looks.top == 1 else 2))
        return min(widest, most, self.screen.width - self._name_width)

    @property
    def _room(self) -> int:
        """Columns of the sentence."""
        return self.screen.width - self._name_width - 2 - self._strongest_width

    @cached_property
    def _cells(self) -> tuple[int, ...]:
        """The columns of each word with the gap that follows it, where numbers are below the words.

        Where they do not all fit, the longest words are cut.
        """
        numbers = [max(len(self._below(head, i)) for head in self._candidates) for i in range(len(self._labels))]
        words = [cell_width(word) for word in self._words.words]
        gaps = [*(cell_width(gap) for gap in self._words.gaps[1:]), 0]
        cells: tuple[int, ...] = ()
        for most in range(max(*words, _LEAST_WORD), _LEAST_WORD - 1, -1):
            shared = zip(words, gaps, numbers, strict=True)
            cells = tuple(max(min(word, most) + gap, number + 1) for word, gap, number in shared)
            if sum(cells) <= self._table_room:
                break
        return cells

    @property
    def _table_room(self) -> int:
        """Columns of words with numbers below them; where one word is at the right, its name may be cut."""
        least = _LEAST_STRONGEST if self._looks.top == 1 else self._strongest_width
        return self.screen.width - self._name_width - min(self._strongest_width, least)

    @cached_property
    def _is_table(self) -> bool:
        """Whether numbers are below the words: without colour, where they fit."""
        return not self._coloured and bool(self._cells) and sum(self._cells) <= self._table_room

    def _header(self) -> Iterator[StyledLine]:
        if self._is_table:
            shared = zip(self._words.words, self._cells, (*self._words.gaps[1:], ""), strict=True)
            words = []
            for word, width, gap in shared:
                room = width - cell_width(gap)
                words.append(fit(cut(word, max(1, room), ascii=self.screen.ascii), room) + gap)
            yield [(" " * self._name_width + "".join(words).rstrip(), BOLD)]

    def _line(self, head: WordInHead) -> StyledLine:
        """The head's name, the sentence, its strongest words, and what the special tokens got where there is room."""
        name: StyledLine = [(f"{head.name:<{self._name_width}}", PLAIN)]
        if self._is_table:
            sentence, width = self._numbers(head), sum(self._cells)
        elif self._room < _LEAST_SENTENCE:
            sentence, width = [], 0
        else:
            sentence = self._sentence(head)
            width = min(self._room, self._full_width) + 2
        used = sum(cell_width(text) for text, _ in sentence)
        gap: StyledLine = [(" " * (width - used), PLAIN)] if width > used else []
        left = self.screen.width - self._name_width - width
        return [*name, *sentence, *gap, *self._right(head, left)]

    @property
    def _full_width(self) -> int:
        """Columns of the sentence where it is whole; of excerpts, what they may have."""
        return self._words.width if self._coloured and self._words.width <= self._room else self._room

    def _right(self, head: WordInHead, left: int) -> StyledLine:
        """The strongest words, bold where the first beats the special tokens; then the special tokens' share."""
        width = min(left, max(self._strongest_width, _LEAST_STRONGEST))
        text = self._strongest(head, width)
        order = head.strongest(1)
        beats = bool(order) and (head.rest is None or float(head.values[order[0]]) > head.rest)
        right: StyledLine = [(text, BOLD if beats else PLAIN)]
        special = "" if head.rest is None else f"{'special' if self._word.about.hidden else 'rest'} "
        if special and left >= width + 2 + len(special) + len("100%"):
            right += [(" " * (width + 2 - cell_width(text)) + special + self._number(head.rest or 0.0), DIM)]
        return right

    def _strongest(self, head: WordInHead, width: int) -> str:
        """``tired 72%``: the strongest words, those that fit."""
        order = head.strongest(self._looks.top)
        if not order:
            return cut("masked", width, ascii=self.screen.ascii)
        text = ""
        for i in order:
            number = f" {self._number(float(head.values[i]))}"
            start = f"{text}, " if text else ""
            room = width - cell_width(start) - len(number)
            label = self._labels[i]
            if text and cell_width(label) > room:
                sign = f", {self._words.sign}"
                return text + sign if cell_width(text + sign) <= width else text
            text = f"{start}{isolated(cut(label, max(1, room), ascii=self.screen.ascii))}{number}"
        return text

    def _number(self, value: float) -> str:
        return (
            f"{whole_percent(value)}%" if self._in_percent else decimal(value, self._looks.decimals(abs(value) or 1.0))
        )

    def _below(self, head: WordInHead, i: int) -> str:
        """A word's number in a table: blank below half a percent."""
        if head.masked[i]:
            return masked_sign(self.screen)
        value = float(head.values[i])
        if not self._in_percent:
            return decimal(value, self._looks.decimals())
        return str(whole_percent(value) or "")

    def _numbers(self, head: WordInHead) -> StyledLine:
        """A number below each word."""
        line: StyledLine = []
        for i, width in enumerate(self._cells):
            number = self._below(head, i)
            line += [(number, self._style(head, i)), (" " * (width - len(number)), PLAIN)]
        return line

    def _sentence(self, head: WordInHead) -> StyledLine:
        """The sentence in colour, whole or around its strongest words; without colour those have their numbers."""
        places = [self._scale.place(float(value)) for value in head.values]
        strongest = head.strongest(1)
        marked = {i for i, place in enumerate(places) if place >= LEAST_PAINTED and not head.masked[i]} | {*strongest}
        words = self._words
        if not self._coloured:
            signs = {i: f"[{words.words[i]} {self._number(float(head.values[i])).rstrip('%')}]" for i in marked}
            words = replace(words, words=tuple(signs.get(i, word) for i, word in enumerate(words.words)))
        whole = words.width <= self._room
        kept = range(len(places)) if whole else words.kept(places, marked, self._room)
        return [(text, PLAIN if i is None else self._style(head, i)) for text, i in words.pieces(kept)]

    def _style(self, head: WordInHead, i: int) -> Style:
        """The word's colour; the word that is asked about is underlined, a masked one is dim."""
        place = int(self._scale.place(float(head.values[i])) * 256) / 256
        style = DIM if head.masked[i] else cell_style(place, self._looks.cmap, self.screen.color)
        return style + _UNDERLINE if i == self._word.place and self._coloured else style
