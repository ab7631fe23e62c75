"""``attnviz explore``: all heads under the arrow keys, in the terminal."""

import os
import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from attnviz.cli.command import command, command_app
from attnviz.cli.commands.explore.options import ExploredOptions, ExplorerOpeningOptions
from attnviz.cli.groups.labels import LabelOptions
from attnviz.cli.options import ManySource
from attnviz.errors import InputError, UsageError

if TYPE_CHECKING:
    from attnviz.analysis.matrices.selection import Request
    from attnviz.api.pages.session import Session
    from attnviz.explorer.sight import Sight

_EXAMPLES = """
attnviz explore "The cat sat on the table"
attnviz explore "The cat sat on the table" --from cat
attnviz explore --file sentences.txt --model ./bert
cat sentences.txt | attnviz explore
attnviz explore --attention scores.npy --tokens "the cat sat"
"""
_EXTRA = "needs Textual; install it with: pip install 'attnviz[explore]'"


app = command_app()


@command(
    app,
    "explore",
    examples=_EXAMPLES,
    main="text from_word to_word layer head values file model target attention cmap",
    topic="explore",
)
def explore(
    source: ManySource, selection: ExploredOptions, opening: ExplorerOpeningOptions, labels: LabelOptions
) -> None:
    """Explore all heads under the arrow keys, in the terminal.

    The grid of heads, their ranking, the sentence in colour and the matrix on one screen, from 40 x 12 on. It opens at
    the head that says most; ? lists the keys, q quits. It needs Textual: pip install 'attnviz[explore]'.
    """
    try:
        from attnviz.explorer.effects import Outside
        from attnviz.explorer.program import explore_in_terminal, take_keys_from_terminal
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "textual":
            raise
        raise UsageError(f"explore: {_EXTRA}") from error
    from attnviz.api.pages.session import Session
    from attnviz.cli.inputs import corpus_of
    from attnviz.cli.page.terminal_command import show_command

    if not sys.stdout.isatty():
        raise UsageError(
            "explore: standard output is not a terminal; expected one", hint="in a pipe, or for a file: attnviz show"
        )
    if os.environ.get("TERM") == "dumb":
        raise UsageError("explore: TERM is dumb, a terminal that cannot move its cursor; expected another one")
    take_keys_from_terminal()
    request = selection.request
    notes: list[str] = []  # standard error is the same terminal
    corpus = replace(corpus_of(source, labels=labels.labels), note=notes.append)
    session = Session(corpus, request, raw_tokens=opening.raw_tokens)
    sight = _opened(session, request, opening, source.common.color)
    outside = Outside(partial(show_command, source, selection, opening), _browse, notes)
    for text in explore_in_terminal(session, sight, outside):
        print(text)


def _opened(session: "Session", request: "Request", opening: ExplorerOpeningOptions, color: str) -> "Sight":
    """The first text as it opens.

    Raises:
        UsageError: a layer, a head or a word that is not there.
        InputError: there is no text.
    """
    from attnviz.explorer.opening import at_question, first_state, opened
    from attnviz.output.terminal.screen import Screen

    first = session.following()
    if first is None:
        raise InputError("explore: there is no text; expected at least one")
    state = first_state(first, is_selected=(request.layers, request.heads) != ("all", "all"))
    sight = opened(first, state, Screen.of(sys.stdout, os.environ, color=color), opening.cmap)
    question = opening.question(request, raw=opening.raw_tokens)
    return sight if question is None else at_question(sight, question)


def _browse(address: str) -> bool:
    """Opens an address in the default browser; False where there is none that draws pages."""
    from attnviz.cli.page.places import open_address

    return open_address(address)
