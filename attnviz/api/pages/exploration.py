"""One text to look around in: its sets of matrices, computed when they are first looked at, and facts on its heads."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from attnviz.analysis.heads.measures import head_labels, label_fields
from attnviz.analysis.heads.metrics import HeadMetrics
from attnviz.analysis.heads.report import Examples
from attnviz.analysis.matrices.levels import Level, arranged_level, levels
from attnviz.analysis.matrices.selection import AS_PEOPLE_SEE, Request
from attnviz.analysis.matrices.spelling import labelled
from attnviz.analysis.remainders import metrics_of_parts
from attnviz.analysis.telling import head_summaries
from attnviz.api.html_texts import KIND_ORDER, PageOptions, raw_request, run_content
from attnviz.errors import OutputError, UsageError
from attnviz.names import VALUES
from attnviz.output.rendering import Document
from attnviz.output.scale import Scale, scale_between
from attnviz.records import dataclass
from attnviz.sweeps.run import Run
from attnviz.sweeps.runs import kinds_of, runs
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result
from attnviz.trace.steps import Explanation

_COMPUTED = ("weights", "scores", "norms")
_MOST_FIGURES = 1000  # names that are tried


class SetName(NamedTuple):
    """Which matrices: the values, and the kind of attention."""

    values: str
    kind: str


@dataclass(frozen=True, eq=False)
class HeadFacts:
    """What weights say of each head, in the order of layers and heads.

    Attributes:
        metrics: of all tokens, as ``attnviz heads`` prints them.
        labels: as ``heads --json`` has them.
        telling: how much each head says of the text, (n,).
        order: the heads' indices, the one that says most first.
        examples: the links of each head that say most.
    """

    metrics: HeadMetrics
    labels: Sequence[Document]
    telling: np.ndarray
    order: list[int]
    examples: Examples


class Exploration:
    """One text, with as many sets of matrices as the page of ``attnviz html`` can have.

    Args:
        run: of the text, of whole matrices; of attention from elsewhere it has no model.
        request: which layers and heads there are, and how the text opens: its words and its special tokens.
        raw_tokens: label tokens in the tokenizer's own spelling.
    """

    def __init__(self, run: Run, request: Request, *, raw_tokens: bool = False):
        self.request, self._run, self._raw = request, run, raw_tokens
        self._views = cache(self._computed)
        self.level = cache(self._level)
        self.arranged = cache(self._arranged)
        self.facts = cache(self._facts)
        self.scale = cache(self._scale)
        if run.model is None:
            views = run.result().views
            self.sets = tuple(SetName(views[kind].values, kind) for kind in KIND_ORDER if kind in views)
        else:
            kinds = kinds_of(request, run.model_and_text()[1])
            first = (request.values,) if request.values else ()
            values = dict.fromkeys((*first, *_COMPUTED))
            self.sets = tuple(SetName(one, kind) for one in values for kind in KIND_ORDER if kind in kinds)

    @property
    def about(self) -> Result:
        """The text and the model, without matrices."""
        return self._run.bare

    @property
    def has_model(self) -> bool:
        """Whether a model ran it, so that rows can be explained."""
        return self._run.model is not None

    def _computed(self, values: str) -> dict[str, Attention]:
        """The matrices between all tokens, by kind."""
        if self._run.model is None:
            return dict(self._run.result().views)
        request = raw_request(replace(self.request, values=values))
        (run,) = runs(self._run.model, [self._run.model_and_text()[1]], request)
        return {kind: labelled(view, raw=self._raw) for kind, view in run.result().views.items()}

    def _level(self, name: SetName) -> Level:
        """A set between tokens, and between words."""
        view = self._views(name.values)[name.kind]
        request = replace(self.request, values=name.values, words=False)
        return next(levels(lambda: iter([view]), request))

    def _arranged(self, name: SetName, *, words: bool, special: bool) -> Attention:
        """A set between words or tokens, with special tokens or without, as far as it can be."""
        request = replace(AS_PEOPLE_SEE, words=words, hide_special=not special)
        return arranged_level(self.level(name), request)

    def _scale(self, name: SetName, *, words: bool, special: bool) -> Scale:
        """The scale of all heads of a set: 0 to 1 for shares."""
        attention = self.arranged(name, words=words, special=special)
        visible = attention.matrices[np.isfinite(attention.matrices)]
        low, high = (float(visible.min()), float(visible.max())) if visible.size else (0.0, 0.0)
        return scale_between(attention, low, high, len(attention))

    def _facts(self, kind: str) -> HeadFacts | None:
        """What the weights of a kind say of heads; None where there are none."""
        name = SetName("weights", kind)
        if name not in self.sets or self._views("weights")[kind].reduce != "none":
            return None
        _, metrics = metrics_of_parts(iter([self._views("weights")[kind]]))
        opening = self.arranged(name, words=self.request.words, special=not self.request.hide_special)
        heads = head_summaries(opening, fallback=True)
        order = sorted(range(len(heads)), key=lambda i: heads[i].rank)
        labels = label_fields(metrics, head_labels(metrics))
        links = {(head.layer, head.head): head.links for head in heads}
        examples = Examples(opening.queries, opening.keys, links)
        return HeadFacts(metrics, labels, np.array([head.score for head in heads]), order, examples)

    def explanation(self, kind: str, layer: int, head: int, query: int) -> Explanation:
        """The row of a token, by its number, step by step.

        Raises:
            UsageError: attention from elsewhere, which has no model to explain it with.
        """
        if not self.has_model:
            raise UsageError("explain: matrices alone cannot be explained; expected a text or --vectors")
        from attnviz.api.run import explain

        model, prepared = self._run.model_and_text()
        return explain(model, prepared, query=query, layer=layer, head=head, kind=kind)

    def save_figure(self, name: SetName, head: tuple[int, int], *, words: bool, special: bool) -> Path:
        """Draws one head as ``attnviz heatmap -o NAME.png`` does, in the working folder, in a file that is new.

        Args:
            name: the set.
            head: its row and column.
            words: whether it is between words.
            special: whether special tokens are there.

        Raises:
            OutputError: the file cannot be written.
        """
        from attnviz.api.heatmaps import figure

        alone = self.arranged(name, words=words, special=special).only(*head)
        stem = next(iter(alone)).name + ("" if name.values in ("weights", "zeroing") else f"-{name.values}")
        free = (f"{stem}{f'-{n}' if n > 1 else ''}.png" for n in range(1, _MOST_FIGURES))
        path = next((Path(one) for one in free if not Path(one).exists()), None)
        if path is None:
            raise OutputError(f"{stem}.png: exists already, {_MOST_FIGURES} times; expected a folder with room")
        return figure(replace(self.about, views={name.kind: alone}), path).paths[0]

    def page(self, command: str = "") -> str:
        """The page of ``attnviz html`` with all sets, in the same order.

        Args:
            command: what prints the text in the terminal.
        """
        from attnviz.output.page.document import page_document

        values = dict.fromkeys(one.values for one in self.sets if one.values in VALUES)
        request = replace(self.request, lenient=self.request.lenient | {"words"})
        requests = tuple(replace(request, values=one) for one in values) or (request,)
        return page_document([run_content(PageOptions(requests, command=command, raw_tokens=self._raw), self._run)])
