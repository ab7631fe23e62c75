"""The keys: what each does, in the words of the help and of the last line."""

from typing import NamedTuple

from attnviz.explorer.state import Pane


class Key(NamedTuple):
    """One entry of the help: the keys, and what they do."""

    keys: str
    help: str


HELP = (
    Key("← → ↑ ↓", "in the heads: another head, another layer; in the ranking: the next head"),
    Key("", "in the sentence: another word; in the matrix: another query, another key"),
    Key("j k", "the next word, the word before, in any pane; Home End the first, the last"),
    Key("h l", "in the matrix: the key before, after; in other panes once l shows a link"),
    Key("Tab", "the next pane: heads, ranking, sentence, matrix; Shift+Tab the one before"),
    Key("[ ]", "the head before, the next in the ranking"),
    Key("d", "direction: what the word looks at, or what looks at it (f t: one of them)"),
    Key("w", "whole words, or their pieces"),
    Key("s", "special tokens: hide or show them"),
    Key("m M", "the next metric in the grid and the ranking, the one before"),
    Key("v V", "the next values, the ones before: weights, scores, norms; of each attention"),
    Key("l", "the link under the cursor in every head; in the matrix L"),
    Key("c", "compare: subtract the head before"),
    Key("/", "find a word: a word, word:2 or a number"),
    Key("i", "type another sentence; the model stays loaded"),
    Key("n N", "the next text of several, the text before"),
    Key("e", "explain this row, step by step"),
    Key("y", "the command that shows this: copied, and printed at the end"),
    Key("p", "save the head as a figure in the working folder"),
    Key("o", "open all of it as a page in a browser"),
    Key("Esc", "no link, no comparison"),
    Key("?", "this help"),
    Key("q", "quit"),
)
"""Every key. The mouse points at a number, and chooses with a click."""

_ARROWS = {
    "heads": (("←→", "head"), ("↑↓", "layer"), ("j k", "token")),
    "ranking": (("↑↓", "head"), ("j k", "token")),
    "sentence": (("←→", "token"), ("↑↓", "line")),
    "matrix": (("←→", "key"), ("↑↓", "token")),
}
_OTHERS = (
    ("s", "special"),
    ("w", "words"),
    ("m", "metric"),
    ("/", "find"),
    ("q", "quit"),
    ("d", "direction"),
    ("l", "link"),
    ("v", "values"),
    ("c", "compare"),
    ("i", "type"),
    ("e", "explain"),
    ("y", "command"),
    ("p", "figure"),
    ("o", "page"),
    ("tab", "pane"),
)


def hints(pane: Pane, *, is_ascii: bool = False) -> list[tuple[str, str]]:
    """The keys of a pane for the last line, the most useful first."""
    arrows = [(_plain(key) if is_ascii else key, words) for key, words in _ARROWS[pane]]
    others = [("L" if key == "l" and pane == "matrix" else key, words) for key, words in _OTHERS]  # l moves there
    return [*arrows, *others]


def help_lines(*, is_ascii: bool = False) -> list[tuple[str, str]]:
    """Every key and what it does."""
    return [(_plain(key.keys) if is_ascii else key.keys, key.help) for key in HELP]


def _plain(keys: str) -> str:
    """Arrows in ASCII."""
    for sign, name in (("← → ↑ ↓", "arrows"), ("←→", "left/right"), ("↑↓", "up/down")):
        keys = keys.replace(sign, name)
    return keys
