"""What ``attnviz heads --per-text`` prints of each text: which text it is, and one row per head."""

from collections.abc import Iterator
from typing import Protocol

from attnviz.analysis.heads.report import HeadReport
from attnviz.output.documents.heads import heads_document
from attnviz.output.terminal.lines import provenance_line, text_line
from attnviz.output.terminal.screen import LinesView, Screen
from attnviz.output.terminal.tables.head_choices import Shown
from attnviz.output.terminal.tables.heads import HeadsTable
from attnviz.trace.result import Result


class HeadsOfText(Protocol):
    """The heads on one text; a ``TextHeads`` of ``api`` is one."""

    @property
    def where(self) -> str:
        """The text's place among several, or empty."""

    @property
    def result(self) -> Result:
        """The text and the model."""

    @property
    def report(self) -> HeadReport:
        """The heads' metrics."""


class TextHeadsViews:
    """The views of one text after another; provenance is printed where it differs from the previous text's.

    Args:
        cmap: the map of colours.
        several: whether the first text is one of several, so that a line names it.
        relations: whether heads are named by relations that they find in a treebank.
    """

    def __init__(self, *, cmap: str, several: bool, relations: bool = False):
        self._cmap, self._several, self._relations = cmap, several, relations
        self._texts, self._origin = 0, ""

    def of(self, one: HeadsOfText, screen: Screen) -> Iterator[LinesView | str]:
        """The views of the next text."""
        self._texts += 1
        model = one.result.model
        if self._origin != model.provenance:
            self._origin = model.provenance
            yield provenance_line(model, screen)
        if self._several:
            yield ""
            yield text_line(self._texts, one.where, one.result.text or "", screen)
        document = heads_document(one.report, relations=self._relations)
        yield HeadsTable(document, Shown.of(one.report, self._cmap), screen)
