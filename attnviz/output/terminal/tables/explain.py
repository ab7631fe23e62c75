"""What ``attnviz explain`` prints of each text: which text it is, and the steps of its explanation."""

from collections.abc import Iterator

from attnviz.output.terminal.explanation import ExplanationView
from attnviz.output.terminal.lines import text_line
from attnviz.output.terminal.screen import LinesView, Screen
from attnviz.trace.steps import Explanation

_DECIMALS = 3


def explain_views(
    numbered: tuple[int, Explanation],
    screen: Screen,
    *,
    full: bool = False,
    precision: int | None = None,
    is_stream: bool = False,
) -> Iterator[LinesView | str]:
    """The steps of one text; of several, below a line that names it.

    Args:
        numbered: the text's number, from 1, and its explanation.
        screen: where it is printed.
        full: all numbers of every vector, and all keys.
        precision: decimals; by default 3.
        is_stream: whether the text is one of several.
    """
    number, explanation = numbered
    if number > 1:
        yield ""
    if is_stream:
        yield text_line(number, explanation.where, explanation.text or "", screen)
    yield ExplanationView(explanation, screen, full=full, precision=_DECIMALS if precision is None else precision)
