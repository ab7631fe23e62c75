"""One attention matrix on the terminal, in the style that was asked for or the first that fits."""

from importlib import import_module

from attnviz.output.terminal.screen import LinesView, Screen
from attnviz.output.terminal.styles import STYLES
from attnviz.output.terminal.styles.base import Looks, MatrixView
from attnviz.trace.attention import Matrix


def view(matrix: Matrix, screen: Screen, looks: Looks | None = None) -> LinesView:
    """The matrix as a picture where the screen draws them, else in the style that was asked for.

    Where that style cannot show its values, it is the first that fits.
    """
    looks = looks or Looks()
    if screen.images is not None:
        from attnviz.output.terminal.images.image_view import ImageView  # noqa: PLC0415 (it loads Matplotlib)

        return ImageView(matrix, screen, screen.images, looks.cmap)
    style = looks.style
    if style == "auto" or not style_view(style).shows(matrix.values):
        style = choose_style(matrix, screen, looks)
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
