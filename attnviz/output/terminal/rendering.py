"""Reports as views on a terminal."""

from collections.abc import Callable, Iterable
from typing import Generic, TextIO

from attnviz.output.rendering import ReportT
from attnviz.output.terminal.screen import LinesView, Screen, print_to


class ScreenRendering(Generic[ReportT]):
    """Prints the views of each report.

    Args:
        stream: where they are printed.
        screen: what the stream can show.
        views: the views of a report in order; a plain text is a view too, and an empty one a blank line.
        last: what follows the last report; by default nothing.
    """

    def __init__(
        self,
        stream: TextIO,
        screen: Screen,
        views: Callable[[ReportT, Screen], Iterable[LinesView | str]],
        last: Callable[[], Iterable[LinesView | str]] = tuple,
    ):
        self._stream, self._screen, self._views, self._last = stream, screen, views, last

    def add(self, report: ReportT) -> None:
        """Prints the views of one report, each as soon as it is made."""
        for view in self._views(report, self._screen):
            print_to(self._stream, self._screen, view)

    def end(self) -> None:
        """Prints what follows the last report."""
        for view in self._last():
            print_to(self._stream, self._screen, view)
