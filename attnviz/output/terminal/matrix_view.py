"""One attention matrix on the terminal, in the style that was asked for or the first that fits."""

from importlib import import_module

from attnviz.output.terminal.screen import Screen
from attnviz.output.terminal.styles import STYLES
from attnviz.output.terminal.styles.base import Looks, MatrixView
from attnviz.trace.attention import Matrix


def view(matrix: Matrix, screen: Screen, looks: Looks | None = None) -> MatrixView:
    """The matrix in the style that was asked for, or in the first that fits."""
    looks = looks or Looks()
    style = choose_style(matrix, screen, looks) if looks.style == "auto" else looks.style
    return style_view(style)(matrix, screen, looks)


def choose_style(matrix: Matrix, screen: Screen, looks: Looks) -> str:
    """The first of ``STYLES`` that fits the screen whole; one of them always does."""
    return next(style for style in STYLES if style_view(style).fits(matrix, screen, looks))


def style_view(style: str) -> type[MatrixView]:
    """The class of a style: ``NumbersView`` in ``styles/numbers.py``."""
    found: type[MatrixView] = getattr(
        import_module(f"attnviz.output.terminal.styles.{style}"), f"{style.capitalize()}View"
    )
    return found
