"""What is chosen: one frozen object, which every key replaces by another."""

from dataclasses import replace
from typing import Literal

from attnviz.records import dataclass

Pane = Literal["heads", "ranking", "sentence", "matrix"]
PANES: tuple[Pane, ...] = ("heads", "ranking", "sentence", "matrix")
PATTERNS, STRONGEST = "patterns", "strongest"


@dataclass(frozen=True)
class State:
    """What is chosen.

    Attributes:
        set: the index of the set of matrices.
        head: the index of the head, counted through all layers.
        last: the head that was chosen before; None at first.
        side: ``from``: what the word looks at; ``to``: what looks at the word.
        word: the number of the word under the cursor.
        partner: the number of the word at the other end of the link; None for the strongest one.
        words: whether the pieces of words are merged.
        special: whether special tokens are there.
        order: of the ranking: ``telling``, a metric, or ``strongest``; ``patterns`` is ``telling`` beside thumbnails.
            Empty for the first that there is.
        link: whether the grid and the ranking show the link in every head.
        compares: whether the last head is subtracted.
        pane: where arrows move.
    """

    set: int = 0
    head: int = 0
    last: int | None = None
    side: str = "from"
    word: int = 0
    partner: int | None = None
    words: bool = True
    special: bool = False
    order: str = ""
    link: bool = False
    compares: bool = False
    pane: Pane = "heads"

    def at_head(self, index: int) -> "State":
        """The state with another head, which remembers this one."""
        return self if index == self.head else replace(self, head=index, last=self.head)

    def turned(self, *, square: bool) -> "State":
        """The state that looks in the other direction.

        Args:
            square: whether queries are keys, so that the word stays; else the two ends of the link change places.
        """
        side = "to" if self.side == "from" else "from"
        if square:
            return replace(self, side=side, partner=None)
        word = self.word if self.partner is None else self.partner
        return replace(self, side=side, word=word, partner=None if self.partner is None else self.word)
