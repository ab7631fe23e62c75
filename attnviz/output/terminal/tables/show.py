"""What ``attnviz show`` prints of each text: which text it is, where the weights came from, and its matrices."""

from collections.abc import Iterator
from itertools import chain
from typing import Protocol

from attnviz.analysis.choices.token_choice import TokenChoice, choose_tokens
from attnviz.output.terminal.lines import plain_labels, text_line
from attnviz.output.terminal.screen import LinesView, Screen
from attnviz.output.terminal.styles.base import Looks
from attnviz.output.terminal.summary import head_views
from attnviz.output.terminal.thumbnails.thumbnails_view import thumbnail_views
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
    """The views of one text after another.

    Args:
        looks: style, colours, decimals.
        every: print every matrix, however many there are.
        raw_tokens: label tokens in the tokenizer's own spelling.
        is_stream: whether a first text is one of several, so that a line names it.
        grid: every matrix as a thumbnail.
        choice: the rows and columns that are shown; None for all.
    """

    def __init__(
        self,
        looks: Looks,
        *,
        every: bool,
        raw_tokens: bool = False,
        is_stream: bool = False,
        grid: bool = False,
        choice: TokenChoice | None = None,
    ):
        self._choice = choice
        self._looks, self._every, self._raw_tokens, self._grid = looks, every, raw_tokens, grid
        self._is_stream = is_stream
        self._texts = 0

    def of(self, run: TextRun, screen: Screen) -> Iterator[LinesView | str]:
        """The views of the next text."""
        self._texts += 1
        if self._texts > 1:
            yield ""
        every, raw = self._every, self._raw_tokens
        if self._grid:
            parts = run.parts() if self._choice is None else (choose_tokens(p, self._choice) for p in run.parts())
            tables = thumbnail_views(parts, run.shape, screen, self._looks)
        else:
            tables = head_views(
                run.parts(), run.shape, screen, self._looks, every=every, raw_tokens=raw, choice=self._choice
            )
        tables = chain([next(tables)], tables)  # where there is an error, nothing has been printed
        about = run.bare
        if about.text is not None:
            number = self._texts if self._is_stream or self._texts > 1 else None
            writes_target = any(token.generated for token in about.target_tokens)
            both = (*about.tokens, *about.target_tokens)
            labels = plain_labels(tuple(token for token in both if token.generated), screen)
            yield text_line(
                number,
                about.where,
                about.text,
                screen,
                target=about.target,
                written=(about.n_given, writes_target),
                labels=labels,
            )
        for i, table in enumerate(tables):
            if i:
                yield ""
            yield table
