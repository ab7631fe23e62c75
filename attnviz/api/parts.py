"""Runs of which only some rows and columns are shown, chosen when the heads that say most are known."""

from dataclasses import replace

from attnviz.analysis.choices.token_choice import TokenChoice
from attnviz.analysis.matrices.selection import Request
from attnviz.sweeps.runs import Run


def without_choice(request: Request) -> Request:
    """The request for whole matrices, from which a view takes the rows and columns that are chosen."""
    if not request.choice:
        return request
    return replace(request, rows=None, columns=None, hide_special=False, renormalize=False)


def chosen_run(choice: TokenChoice | None, run: Run) -> Run:
    """The run with its result there, if its text has the tokens that are chosen.

    Raises:
        TokenChoiceError: it does not have them.
    """
    run = run.done()
    if choice is not None:
        part = next(iter(run.parts()))
        choice.kept(part.queries, part.keys)
    return run
