"""What a notebook shows: the page in a frame, and the text that a command prints."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from io import BytesIO, TextIOWrapper
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING

from attnviz.analysis.matrices.selection import AS_PEOPLE_SEE, select_attention
from attnviz.output.page.notebook import LARGEST, framed, summary, too_large
from attnviz.output.rendering import ReportT, render
from attnviz.sweeps.run import Run
from attnviz.trace.attention import Attention, Matrix
from attnviz.trace.result import Result

if TYPE_CHECKING:
    from attnviz.api.diff import DiffReport
    from attnviz.output.terminal.screen import LinesView, Screen

_MOST_NUMBERS = 8 * LARGEST  # of matrices, beyond which no page is small enough to be worth making
_AS_SHOWN = replace(AS_PEOPLE_SEE, lenient=AS_PEOPLE_SEE.lenient | {"kinds"})
_CHANGES = 10  # that ``attnviz diff`` prints


def text_display(result: Result) -> str:
    """What ``attnviz show`` prints of the same text, 80 columns wide and without colours."""
    from attnviz.output.terminal.styles.base import Looks
    from attnviz.output.terminal.tables.show import ShowViews

    views = ShowViews(Looks("auto", "amber", 3, None), every=False)
    return _printed(Run.of(select_attention(result, _AS_SHOWN)), views.of)


def html_display(result: Result) -> str:
    """The page in a frame of its own, then a table and text, which untrusted notebooks show too.

    A page that is too large for a notebook is left out, with a line on how to write it as a file.
    """
    first = _told_first(select_attention(result, _AS_SHOWN))
    return _html(result, result.views.values(), text_display(result), first)


def diff_text_display(report: "DiffReport") -> str:
    """What ``attnviz diff`` prints of the same two results."""
    from attnviz.output.terminal.tables.diff import diff_views

    def views(report: "DiffReport", screen: "Screen") -> "Iterable[LinesView | str]":
        document = report.as_dict(top=_CHANGES)
        return diff_views(document, screen, difference=report.difference, top=_CHANGES, words=True)

    return _printed(report, views)


def diff_html_display(report: "DiffReport") -> str:
    """The page of B - A in a frame of its own, then text, which untrusted notebooks show too."""
    from attnviz.analysis.difference import as_attention

    return _html(report, 3 * [as_attention(report.difference)], diff_text_display(report), None)


def _printed(report: ReportT, views: "Callable[[ReportT, Screen], Iterable[LinesView | str]]") -> str:
    from attnviz.output.terminal.rendering import ScreenRendering
    from attnviz.output.terminal.screen import Screen

    buffer = BytesIO()
    stream = TextIOWrapper(buffer, "utf-8", write_through=True)
    render([report], ScreenRendering(stream, Screen(), views))
    return buffer.getvalue().decode().rstrip("\n")


def _html(source: "Result | DiffReport", shown: Iterable[Attention], printed: str, first: Matrix | None) -> str:
    """The page, unless it is larger than a notebook should hold, and the summary."""
    from attnviz.api.html import html

    is_small = sum(attention.matrices.size for attention in shown) <= _MOST_NUMBERS
    page = html(source) if is_small else ""
    has_page = is_small and len(page.encode()) <= LARGEST
    return (framed(page) if has_page else too_large()) + summary(printed, first, has_page=has_page)


def _told_first(result: Result) -> Matrix:
    """The matrix that ``attnviz show`` prints first: of weights that of the head that says most."""
    from attnviz.analysis.telling import overview

    _, first = next(groupby(result.views.values(), key=attrgetter("kind")))
    (attention,) = first
    if attention.values == "weights" and attention.reduce == "none":
        return overview([attention]).matrix
    return next(iter(attention))
