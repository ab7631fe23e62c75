"""One attention matrix on the terminal, in the style that was chosen, or in the first that fits."""

from attnviz.names import SHARES
from attnviz.output.terminal.matrices.base import Looks, MatrixView, label_width, number_width, rest_width
from attnviz.output.terminal.matrices.blocks import PERCENTS, BlocksView
from attnviz.output.terminal.matrices.numbers import NumbersView
from attnviz.output.terminal.matrices.percent import PercentView, fits
from attnviz.output.terminal.matrices.top import TopView
from attnviz.output.terminal.screen import LinesView, Screen
from attnviz.trace.attention import Matrix

STYLES: dict[str, type[MatrixView]] = {
    "percent": PercentView,
    "numbers": NumbersView,
    "blocks": BlocksView,
    "top": TopView,
}
"""The styles by name: a new one is one file with a subclass of ``MatrixView``, and one entry."""


def view(matrix: Matrix, screen: Screen, looks: Looks | None = None, *, brief: bool = False) -> LinesView:
    """The matrix in the style that was asked for, or in the first that fits.

    Args:
        matrix: what is shown.
        screen: where.
        looks: what the user chose.
        brief: whether it is one of several, of which the first named the model.
    """
    looks = looks or Looks()
    style = looks.style
    if style == "auto" or (style == "percent" and matrix.values not in SHARES):
        style = choose_style(matrix, screen, looks)
    if style == "percent":
        return PercentView(matrix, screen, looks, brief=brief)
    return STYLES[style](matrix, screen, looks)


def choose_style(matrix: Matrix, screen: Screen, looks: Looks) -> str:
    """The first style that shows all keys: percent for weights, numbers for others; blocks; each row's strongest."""
    room = screen.width - label_width(matrix, screen)
    n = len(matrix.keys)
    if matrix.values in SHARES and looks.precision is None:
        if fits(matrix, screen):
            return "percent"
    elif n * number_width(matrix, looks) <= room - rest_width(matrix, looks.decimals() + 3):
        return "numbers"
    return "blocks" if n <= room - rest_width(matrix, PERCENTS) else "top"
