"""The words of a sentence on one line: spaced as in the text, or those that are kept where all do not fit."""

from collections.abc import Sequence

from attnviz.output.labels import cell_width
from attnviz.output.terminal.lines import plain_labels, short_labels
from attnviz.output.terminal.screen import Screen
from attnviz.records import dataclass
from attnviz.trace.tokens import Tokens

_MOST_WORD = 20  # columns
_BETWEEN_SEGMENTS = " | "


@dataclass(frozen=True)
class SentenceWords:
    """Words and the spaces between them.

    Attributes:
        words: the words' labels, each at most so wide that others have room, in characters that the screen can carry.
        gaps: what precedes each word: nothing where the text has no space, `` | `` at the start of a second segment.
        sign: the sign of words that are left out.
    """

    words: tuple[str, ...]
    gaps: tuple[str, ...]
    sign: str = "…"

    @classmethod
    def of(cls, tokens: Tokens, screen: Screen) -> "SentenceWords":
        """The words of tokens, merged or not."""
        most = max(4, min(_MOST_WORD, screen.width // 3))
        words = tuple(short_labels(plain_labels(tokens, screen), most, screen))
        sign = "..." if screen.ascii else "…"
        return cls(words, tuple(_gap(tokens, i) for i in range(len(tokens))), sign)

    @property
    def width(self) -> int:
        """Columns of all words."""
        return sum(cell_width(text) for text in (*self.words, *self.gaps))

    def kept(self, strengths: Sequence[float], marked: set[int], room: int) -> list[int]:
        """The words that have room: the marked ones, the strongest first, then their neighbours, the nearest first.

        Args:
            strengths: one number per word.
            marked: the words that matter.
            room: columns, those of the signs of words that are left out among them.
        """
        anchors = sorted(marked, key=lambda i: (-strengths[i], i))
        near = [i for i in range(len(self.words)) if i not in marked]
        near.sort(key=lambda i: (min((abs(i - anchor) for anchor in anchors), default=i), i))
        chosen: list[int] = []
        for i in (*anchors, *near):
            wider = sorted([*chosen, i])
            if self.width_of(wider) <= room:
                chosen = wider
            elif i not in marked and chosen:
                break
        return chosen

    def width_of(self, places: Sequence[int]) -> int:
        """Columns of some words, with signs where others are left out."""
        return sum(cell_width(text) for text, _ in self.pieces(places))

    def pieces(self, places: Sequence[int]) -> list[tuple[str, int | None]]:
        """Some words in order: each with its index, and the text between them with None."""
        pieces: list[tuple[str, int | None]] = []
        before = -1
        for i in places:
            if i > before + 1:
                pieces.append((f" {self.sign} " if pieces else f"{self.sign} ", None))
            elif pieces and self.gaps[i]:
                pieces.append((self.gaps[i], None))
            pieces.append((self.words[i], i))
            before = i
        if before + 1 < len(self.words):
            pieces.append((f" {self.sign}" if pieces else self.sign, None))
        return pieces


def _gap(tokens: Tokens, i: int) -> str:
    """What precedes a word."""
    if i == 0:
        return ""
    before, token = tokens[i - 1], tokens[i]
    if before.segment != token.segment and not (before.special or token.special):
        return _BETWEEN_SEGMENTS
    is_glued = before.end == token.start > 0 and before.segment == token.segment and token.end > token.start
    return "" if is_glued and not (before.special or token.special) else " "
