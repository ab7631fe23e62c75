"""What ``attnviz show --from WORD`` prints of each text: which text it is, and the word in every head."""

from collections.abc import Iterator
from typing import Protocol

from attnviz.analysis.one_word import WordAttention
from attnviz.output.terminal.lines import text_line
from attnviz.output.terminal.screen import LinesView, Screen
from attnviz.output.terminal.sentence.word_view import WordView
from attnviz.output.terminal.styles.base import Looks
from attnviz.trace.result import Result


class WordOfText(Protocol):
    """One word of one text; a ``WordReport`` of ``api`` is one."""

    @property
    def result(self) -> Result:
        """The text's result without matrices."""

    @property
    def word(self) -> WordAttention:
        """The word in every head."""


class WordViews:
    """The views of one text after another.

    Args:
        looks: colours, decimals, and how many words are named at the end of each line.
        every: print every head, however many there are.
        is_stream: whether a first text is one of several, so that a line names it.
    """

    def __init__(self, looks: Looks, *, every: bool, is_stream: bool = False):
        self._looks, self._every, self._is_stream = looks, every, is_stream
        self._texts = 0

    def of(self, report: WordOfText, screen: Screen) -> Iterator[LinesView | str]:
        """The views of the next text; the sentence itself is on each line, so that only one of several is named."""
        self._texts += 1
        if self._texts > 1:
            yield ""
        about = report.result
        if about.text is not None and (self._is_stream or self._texts > 1):
            yield text_line(self._texts, about.where, about.text, screen)
        yield WordView(report.word, screen, self._looks, every=self._every)
