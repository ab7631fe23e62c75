"""Which rendering a command uses: JSON, CSV or a screen. Each loads only when it is chosen."""

import sys
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from attnviz.cli.streams import screen_of, write_bytes

if TYPE_CHECKING:
    from attnviz.cli.options import CommonOptions
    from attnviz.output.rendering import Document, Rendering, ReportT
    from attnviz.output.terminal.screen import LinesView, Screen

    Views = Callable[[ReportT, Screen], Iterable[LinesView | str]]


def encoded(encode: "Callable[[ReportT], bytes]") -> "Rendering[ReportT]":
    """Writes reports to standard output as the bytes that ``encode`` gives."""
    from attnviz.output.documents.rendering import DocumentsRendering

    return DocumentsRendering(write_bytes, encode)


def documents(document: "Callable[[ReportT], Document]") -> "Rendering[ReportT]":
    """Writes one line of JSON per report."""
    from attnviz.output.documents.results import dump

    return encoded(lambda report: dump(document(report)))


def views_on_screen(common: "CommonOptions", views: "Views[ReportT]", width: int | None = None) -> "Rendering[ReportT]":
    """Prints the views of each report to standard output."""
    from attnviz.output.terminal.rendering import ScreenRendering

    return ScreenRendering(sys.stdout, screen_of(common, width), views)


def json_or_screen(
    common: "CommonOptions",
    document: "Callable[[ReportT], Document]",
    views: "Views[ReportT]",
    *,
    json: bool,
    width: int | None = None,
) -> "Rendering[ReportT]":
    """The rendering that ``--json`` chooses: documents with it, views without."""
    return documents(document) if json else views_on_screen(common, views, width)
