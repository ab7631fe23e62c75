"""Which rendering a command uses: JSON, CSV or a screen. Each loads only when it is chosen."""

import sys
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Generic

from attnviz.cli.streams import note, screen_of, still_read, write_bytes
from attnviz.output.rendering import Rendering, ReportT

if TYPE_CHECKING:
    from attnviz.cli.options import CommonOptions
    from attnviz.output.rendering import Document
    from attnviz.output.terminal.images.image_screen import ImageScreen
    from attnviz.output.terminal.screen import LinesView, Screen
    from attnviz.sweeps.saved.windows import WindowFolder

    Views = Callable[[ReportT, Screen], Iterable[LinesView | str]]


def encoded(encode: "Callable[[ReportT], bytes]") -> Rendering[ReportT]:
    """Writes reports to standard output as the bytes that ``encode`` gives."""
    from attnviz.output.documents.rendering import DocumentsRendering

    return DocumentsRendering(write_bytes, encode)


def printed_or_kept(
    common: "CommonOptions", encode: "Callable[[ReportT], bytes]", saving: "WindowFolder | None"
) -> Rendering[ReportT]:
    """Writes reports as ``encode`` gives them: to standard output, or to a folder, and then a note on its windows."""
    from attnviz.output.documents.rendering import DocumentsRendering

    if saving is None:
        return encoded(encode)
    return DocumentsRendering(saving.add, encode, lambda: note(common, saving.end()))


def views_on_screen(
    common: "CommonOptions",
    views: "Views[ReportT]",
    width: int | None = None,
    last: "Callable[[], Iterable[LinesView | str]]" = tuple,
    images: "ImageScreen | None" = None,
) -> Rendering[ReportT]:
    """Prints the views of each report to standard output, and after them the ``last`` ones.

    Args:
        common: the colours of the screen.
        views: what turns a report into views.
        width: the columns of the screen.
        last: the views after the last report.
        images: how its terminal draws pictures; None for text.
    """
    from attnviz.output.terminal.rendering import ScreenRendering

    return ScreenRendering(sys.stdout, screen_of(common, width, images), views, last)


def json_or_screen(
    common: "CommonOptions",
    document: "Callable[[ReportT], Document]",
    load_views: "Callable[[], Views[ReportT]]",
    *,
    json: bool,
    width: int | None = None,
    last: "Callable[[], Iterable[LinesView | str]]" = tuple,
    saving: "WindowFolder | None" = None,
) -> Rendering[ReportT]:
    """The rendering that ``--json`` chooses: documents with it, views without.

    Args:
        common: the colours of a screen.
        document: turns a report into a JSON object.
        load_views: imports and returns what turns a report into views; called for a screen only.
        json: whether it is documents.
        width: the columns of a screen.
        last: the views after the last report.
        saving: the folder that documents are kept in; None to print them.
    """
    if not json:
        return views_on_screen(common, load_views(), width, last)
    from attnviz.output.documents.results import dump

    return printed_or_kept(common, lambda report: dump(document(report)), saving)


class WhileRead(Generic[ReportT]):
    """Writes reports while somebody reads them, for a command whose exit code counts after that too.

    Attributes:
        is_read: whether somebody still reads.
    """

    def __init__(self, rendering: Rendering[ReportT]):
        self._rendering, self.is_read = rendering, True

    def add(self, report: ReportT) -> None:
        """Writes the next report, unless its reader is gone."""
        self.is_read = self.is_read and still_read(partial(self._rendering.add, report))

    def end(self) -> None:
        """Writes what follows the last report."""
        self.is_read = self.is_read and still_read(self._rendering.end)
