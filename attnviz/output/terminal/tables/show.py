"""What ``attnviz show`` prints of each text: which text it is, where the weights came from, and its matrices."""

from collections.abc import Iterator
from itertools import chain
from typing import Protocol

from attnviz.output.terminal.lines import provenance_line, text_line
from attnviz.output.terminal.screen import LinesView, Screen
from attnviz.output.terminal.styles.base import Looks
from attnviz.output.terminal.summary import head_views
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result


class TextRun(Protocol):
    """The matrices of one text, a part at a time; a ``Run`` of ``sweeps`` is one."""

    @property
    def bare(self) -> Result:
        """The result without any matrix."""

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of layers and heads of a kind."""

    def parts(self) -> Iterator[Attention]:
        """The matrices of each kind, a part at a time."""


class ShowViews:
    """The views of one text after another; provenance is printed where it differs from the previous text's.

    Args:
        looks: style, colours, decimals.
        every: print every matrix, however many there are.
        head: the head that a summary begins with; by default the mean of all.
        raw_tokens: label tokens in the tokenizer's own spelling.
        is_stream: whether a first text is one of several, so that a line names it.
    """

    def __init__(
        self, looks: Looks, *, every: bool, head: int | None = None, raw_tokens: bool = False, is_stream: bool = False
    ):
        self._looks, self._every, self._head, self._raw_tokens = looks, every, head, raw_tokens
        self._is_stream = is_stream
        self._texts = 0
        self._provenance: str | None = None

    def of(self, run: TextRun, screen: Screen) -> Iterator[LinesView | str]:
        """The views of the next text."""
        self._texts += 1
        if self._texts > 1:
            yield ""
        every, head, raw = self._every, self._head, self._raw_tokens
        tables = head_views(run.parts(), run.shape, screen, self._looks, every=every, head=head, raw_tokens=raw)
        tables = chain([next(tables)], tables)  # where there is an error, nothing has been printed
        about = run.bare
        if (self._is_stream or self._texts > 1) and about.text is not None:
            yield text_line(self._texts, about.where, about.text, screen)
        if self._provenance != about.model.provenance:
            yield provenance_line(about.model, screen)
        self._provenance = about.model.provenance
        for table in tables:
            yield ""
            yield table
