"""What a notebook shows of a result: the page in a frame, and the text of ``attnviz show``."""

from io import BytesIO, TextIOWrapper
from itertools import groupby
from operator import attrgetter

from attnviz.analysis.matrices.selection import Request, select_attention
from attnviz.output.page.notebook import LARGEST, framed, summary, too_large
from attnviz.sweeps.runs import Run
from attnviz.trace.attention import Matrix
from attnviz.trace.result import Result

_MOST_NUMBERS = 8 * LARGEST  # of matrices, beyond which no page is small enough to be worth making
_AS_SHOWN = Request(words=True, hide_special=True, lenient=frozenset(("words", "hide_special", "kinds")))


def text_display(result: Result) -> str:
    """What ``attnviz show`` prints of the same text, 80 columns wide and without colours."""
    from attnviz.output.rendering import render
    from attnviz.output.terminal.rendering import ScreenRendering
    from attnviz.output.terminal.screen import Screen
    from attnviz.output.terminal.styles.base import Looks
    from attnviz.output.terminal.tables.show import ShowViews

    stream = TextIOWrapper(BytesIO(), "utf-8", write_through=True)
    views = ShowViews(Looks("auto", "amber", 3, None), every=False)
    render([Run.of(select_attention(result, _AS_SHOWN))], ScreenRendering(stream, Screen(), views.of))
    data: bytes = stream.buffer.getvalue()
    return data.decode().rstrip("\n")


def html_display(result: Result) -> str:
    """The page in a frame of its own, then as a table and as text, which untrusted notebooks show too.

    A page that is too large for a notebook is left out, with a line on how to write it as a file.
    """
    page = _small_page(result)
    first = _told_first(select_attention(result, _AS_SHOWN))
    static = summary(text_display(result), first, has_page=page is not None)
    return (too_large() if page is None else framed(page)) + static


def _small_page(result: Result) -> str | None:
    """The page, unless it is larger than a notebook should hold."""
    from attnviz.api.html import html

    if sum(view.matrices.size for view in result.views.values()) > _MOST_NUMBERS:
        return None
    page = html(result)
    return page if len(page.encode()) <= LARGEST else None


def _told_first(result: Result) -> Matrix:
    """The matrix that ``attnviz show`` prints first: of weights that of the head that says most."""
    from attnviz.analysis.telling import overview

    _, first = next(groupby(result.views.values(), key=attrgetter("kind")))
    (attention,) = first
    if attention.values == "weights" and attention.reduce == "none":
        return overview([attention]).matrix
    return next(iter(attention))
