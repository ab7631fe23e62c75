"""One attention matrix on the terminal: numbers if they fit, else blocks, else each row's strongest keys."""

from attnviz.output.terminal.blocks_view import PERCENTS, BlocksView
from attnviz.output.terminal.matrix_base import Looks, MatrixView, label_width, number_width, rest_width
from attnviz.output.terminal.numbers_view import NumbersView
from attnviz.output.terminal.screen import LinesView, Screen
from attnviz.output.terminal.top_view import TopView
from attnviz.trace.attention import Matrix

STYLES: dict[str, type[MatrixView]] = {"numbers": NumbersView, "blocks": BlocksView, "top": TopView}
"""The styles by name: a new one is one file with a subclass of ``MatrixView``, and one entry."""


def view(matrix: Matrix, screen: Screen, looks: Looks | None = None) -> LinesView:
    """The matrix in the style that was asked for, or in the first that fits."""
    looks = looks or Looks()
    style = choose_style(matrix, screen, looks) if looks.style == "auto" else looks.style
    return STYLES[style](matrix, screen, looks)


def choose_style(matrix: Matrix, screen: Screen, looks: Looks) -> str:
    """``numbers``, ``blocks`` or ``top``: the first that fits the screen whole."""
    room = screen.width - label_width(matrix, screen)
    n = len(matrix.keys)
    if n * number_width(matrix, looks) <= room - rest_width(matrix, looks.decimals() + 3):
        return "numbers"
    return "blocks" if n <= room - rest_width(matrix, PERCENTS) else "top"
