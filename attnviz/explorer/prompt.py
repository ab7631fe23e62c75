"""A line to type in: what each key makes of it, and how it is drawn.

It is a value, as the state is: keys that are typed quickly, or pasted, meet it in their order.
"""

from bisect import bisect_left
from dataclasses import replace

from rich.style import Style

from attnviz.output.labels import cell_width, first_columns, graphemes
from attnviz.output.terminal.screen import BOLD, PLAIN, Screen, StyledLine
from attnviz.records import dataclass

_CURSOR = Style(reverse=True)
_JOINERS = "\u200c\u200d"  # of letters and of emoji
_NAMES = {"find": "find: ", "type": "text: "}


@dataclass(frozen=True)
class Prompt:
    """What is being typed.

    Attributes:
        purpose: ``find`` a word, or ``type`` a sentence.
        before: the text before the cursor.
        after: the text after it.
    """

    purpose: str
    before: str = ""
    after: str = ""

    @property
    def text(self) -> str:
        """All of it."""
        return self.before + self.after

    def inserted(self, text: str) -> "Prompt":
        """With a text at the cursor, which becomes one line."""
        plain = "".join(c for c in " ".join(text.splitlines()) if c.isprintable() or c in _JOINERS)
        return replace(self, before=self.before + plain)

    def pressed(self, key: str) -> "Prompt":
        """After a key that moves the cursor or deletes; others change nothing."""
        before, after = graphemes(self.before), graphemes(self.after)
        n = len(before)
        at = {"left": max(0, n - 1), "right": n + 1, "home": 0, "end": n + len(after)}
        at |= {"ctrl+a": at["home"], "ctrl+e": at["end"], "ctrl+b": at["left"], "ctrl+f": at["right"]}
        if key in at:
            clusters = [*before, *after]
            return replace(self, before="".join(clusters[: at[key]]), after="".join(clusters[at[key] :]))
        words = self.before.rstrip().rpartition(" ")
        left = {"backspace": "".join(before[:-1]), "ctrl+u": "", "ctrl+w": words[0] + words[1]}
        right = {"delete": "".join(after[1:]), "ctrl+k": ""}
        key = {"ctrl+h": "backspace", "ctrl+d": "delete"}.get(key, key)
        return replace(self, before=left.get(key, self.before), after=right.get(key, self.after))

    def line(self, screen: Screen, width: int) -> StyledLine:
        """The line in so many columns, of a long text the part around the cursor."""
        name = _NAMES[self.purpose]
        room = width - len(name)
        before, under, after = (
            screen.carried(self.before),
            screen.carried(graphemes(self.after)[0] if self.after else " "),
            screen.carried("".join(graphemes(self.after)[1:])),
        )
        clusters = graphemes(before)
        most = room - cell_width(under)
        # Cut in one search: a long text that was pasted has thousands of them.
        first = bisect_left(range(len(clusters)), -most, key=lambda i: -cell_width("".join(clusters[i:])))
        before = "".join(clusters[first:])
        after = first_columns(after, room - cell_width(before + under))
        return [(name, BOLD), (before, PLAIN), (under, _CURSOR), (after, PLAIN)]
