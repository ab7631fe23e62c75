"""What the program does at a key besides another state: explain a row, write a figure or a page, spell the command."""

import shlex
from collections.abc import Callable, Iterator
from dataclasses import field, replace
from pathlib import Path
from tempfile import mkdtemp
from urllib.parse import urlencode

from attnviz.analysis.heads.definitions import METRICS
from attnviz.errors import UsageError
from attnviz.explorer.frame import Overlay
from attnviz.explorer.keys import help_lines
from attnviz.explorer.sight import Sight
from attnviz.output.labels import wrapped
from attnviz.output.terminal.explained.view import ExplanationView
from attnviz.output.terminal.screen import BOLD, DIM, PLAIN, StyledLine
from attnviz.records import dataclass
from attnviz.trace.result import Result
from attnviz.trace.tokens import token_numbers

_KEYS_WIDTH, _METRIC_WIDTH = 10, 15


@dataclass(frozen=True)
class Outside:
    """What the command line knows and the explorer does not.

    Attributes:
        command: the command that prints a text of this session, without a choice of heads; empty where there is none.
        browse: opens a page in a browser; whether there was one.
        notes: notes on texts, as they come.
    """

    command: Callable[[Result], str]
    browse: Callable[[str], bool]
    notes: list[str] = field(default_factory=list)


def help_overlay(sight: Sight, width: int) -> Overlay:
    """Every key, and the metrics' meanings."""
    lines: list[StyledLine] = [[("Keys", BOLD)], []]
    for key, words in help_lines(is_ascii=sight.screen.ascii):
        lines += _entry(key, sight.screen.carried(words), _KEYS_WIDTH, width)
    lines += [[], [("Numbers of a head", BOLD)], []]
    for metric in METRICS.values():
        lines += _entry(metric.name, metric.help, _METRIC_WIDTH, width)
    lines.append([])
    mouse = "Mouse: point at a word, a cell or a head to read its number; click to choose it."
    lines += [[(text, DIM)] for text in wrapped(mouse, width)]
    return Overlay(tuple(lines))


def _entry(name: str, text: str, indent: int, width: int) -> Iterator[StyledLine]:
    """A name, and beside it a text in lines."""
    for i, line in enumerate(wrapped(text, width - indent)):
        yield [(f"{name if i == 0 else '':<{indent}}", BOLD), (line, PLAIN)]


def explanation_overlay(sight: Sight, width: int) -> Overlay:
    """The row of the word step by step, as ``attnviz explain`` prints it; of the other direction that of the link.

    Raises:
        UsageError: there is no model, or the matrix is not of one head.
    """
    if len(sight.head.heads) != 1:
        raise UsageError("explain: this matrix is of several heads; expected one head (v shows other values)")
    number = token_numbers(sight.attention.queries)[sight.query]
    layer, head = sight.head.layers[0], sight.head.heads[0]
    explained = sight.exploration.explanation(sight.name.kind, layer, head, number)
    printed = ExplanationView(explained, replace(sight.screen, width=width))
    return Overlay(tuple(printed.lines()))


def command_text(sight: Sight, command: str) -> str:
    """The command that shows the same: the head, or the word in every head; of a comparison ``attnviz diff``.

    Args:
        sight: what is shown.
        command: ``attnviz show TEXT ...`` without a choice of heads.

    Returns:
        the command; empty where there is none.
    """
    if not command:
        return ""
    words: list[str] = []
    values, state = sight.name.values, sight.state
    if len({name.kind for name in sight.exploration.sets}) > 1:
        words += ["--kind", sight.name.kind]
    if sight.last is not None and sight.head.heads and values == "weights":
        words += ["-H", sight.last.name, "--vs-head", sight.head.name]
        return f"{command.replace('attnviz show', 'attnviz diff', 1)} {shlex.join([*words, *_kept(sight)])}"
    words += [] if values == "weights" else ["--values", values]
    words += _kept(sight)
    if state.link or state.pane == "sentence":
        words += [f"--{state.side}", str(token_numbers(sight.subjects)[sight.word])]
    if not state.link and sight.head.reduce == "none" and "head" in sight.attention.axes:
        words += ["-H", sight.head.name]
    return f"{command} {shlex.join(words)}".rstrip()


def _kept(sight: Sight) -> list[str]:
    """The options for pieces of words, and for special tokens, where these are there."""
    return ["--no-words"] * (not sight.state.words) + ["--show-special"] * sight.state.special


def command_overlay(text: str, width: int) -> Overlay:
    """A command, in lines that a reader can follow."""
    lines: list[StyledLine] = [[("Copied to the clipboard; printed when you quit:", DIM)], []]
    lines += [[(text[i : i + width], PLAIN)] for i in range(0, len(text), width)]
    return Overlay(tuple(lines))


def saved_figure(sight: Sight) -> str:
    """Saves the head as a figure; says where.

    Raises:
        OutputError: the file cannot be written.
    """
    state = sight.state
    path = sight.exploration.save_figure(sight.name, sight.place, words=state.words, special=state.special)
    return f"saved {path}"


def opened_page(sight: Sight, outside: Outside) -> str:
    """Writes the page of all heads to a folder of its own, and opens it where the explorer is; says where it is."""
    path = Path(mkdtemp(prefix="attnviz-")) / "attnviz.html"
    path.write_text(sight.exploration.page(outside.command(sight.exploration.about)), encoding="utf-8")
    address = f"{path.as_uri()}#{page_place(sight)}"
    return f"page: {path}" if outside.browse(address) else f"no browser was found; the page is {path}"


def page_place(sight: Sight) -> str:
    """Where the page opens, as its address says it."""
    own, other = ("query", "key") if sight.is_from else ("key", "query")
    fields = {"set": sight.state.set, "head": sight.head.name, "side": sight.state.side}
    fields |= {own: token_numbers(sight.subjects)[sight.word]}
    if sight.partner is not None:
        fields |= {other: token_numbers(sight.others)[sight.partner]}
    fields |= {"words": int(sight.state.words), "special": int(sight.state.special)}
    return urlencode(fields)
