"""What ``attnviz explain`` prints of each text: which text it is, and the steps of its explanation."""

from collections.abc import Iterator

from attnviz.output.terminal.explained.view import ExplanationLooks, ExplanationView
from attnviz.output.terminal.lines import text_line
from attnviz.output.terminal.screen import LinesView, Screen
from attnviz.trace.steps import Explanation


def explain_views(
    numbered: tuple[int, Explanation],
    screen: Screen,
    *,
    looks: ExplanationLooks,
    is_stream: bool = False,
) -> Iterator[LinesView | str]:
    """The steps of one text; of several, below a line that names it.

    Args:
        numbered: the text's number, from 1, and its explanation.
        screen: where it is printed.
        looks: what the user chose.
        is_stream: whether the text is one of several.
    """
    number, explanation = numbered
    if number > 1:
        yield ""
    if is_stream:
        yield text_line(number, explanation.where, explanation.text or "", screen)
    yield ExplanationView(explanation, screen, looks)
