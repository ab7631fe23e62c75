"""What is measured of each text: its attention, and what the output loses with each head."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from attnviz.analysis.heads.averages import Running, RunningMean, TextMetrics
from attnviz.analysis.heads.definitions import BUILT_IN, METRICS
from attnviz.analysis.heads.metrics import HeadMetrics, with_ablation
from attnviz.analysis.heads.null import Null, pooled
from attnviz.analysis.heads.report import Examples
from attnviz.analysis.matrices.parts import ahead
from attnviz.analysis.matrices.selection import AS_PEOPLE_SEE, Request, arrange
from attnviz.analysis.remainders import metrics_of_parts, metrics_of_rows
from attnviz.analysis.telling import HeadSummary, head_summaries, telling_scores
from attnviz.errors import InputError, UsageError
from attnviz.sweeps.run import Run
from attnviz.sweeps.work import Companions
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result
from attnviz.trace.tokens import Tokens, n_real


class Measured(NamedTuple):
    """What is kept of one text.

    Attributes:
        attention: what all texts have in common; no matrices, no tokens.
        metrics: of its heads.
        like: of the heads of random models, by seed.
        distances: between its heads, where they are asked for.
        rows: its tokens, padding left out.
        scores: how telling each head is, (n_layers, n_heads), where that is asked for.
        examples: links of each head, where they are asked for.
    """

    attention: Attention
    metrics: HeadMetrics
    like: Mapping[int, HeadMetrics]
    distances: np.ndarray | None
    rows: int
    scores: np.ndarray | None = None
    examples: Examples | None = None


class Totals:
    """What is known of all texts so far: of a window of texts, and of all windows.

    Attributes:
        attention: what all texts have in common; None where there was no text.
        metrics: of its heads.
        like: of the heads of random models, by seed.
        distances: between its heads.
        scores: how telling each head is.
        examples: of the first text that has any.
    """

    def __init__(self) -> None:
        self.attention: Attention | None = None
        self.metrics, self.distances, self.scores = Running(), RunningMean(), RunningMean()
        self.like: dict[int, Running] = {}
        self.examples: Examples | None = None

    def add(self, one: Measured) -> None:
        """One more text.

        Raises:
            UsageError: it is of another model or kind of attention.
        """
        self._check(one.attention)
        self.attention = one.attention
        self.metrics.add(one.metrics)
        for seed, metrics in one.like.items():
            self.like.setdefault(seed, Running()).add(metrics)
        self.examples = self.examples or one.examples
        if one.distances is not None:
            self.distances.add(one.distances, one.rows)
        if one.scores is not None:
            self.scores.add(one.scores, one.rows)

    def merge(self, other: "Totals") -> None:
        """The texts of another part after these.

        Raises:
            UsageError: they are of another model or kind of attention.
        """
        if other.attention is not None:  # which totals that were kept in a file do not have
            self._check(other.attention)
            self.attention = other.attention
        self.metrics.merge(other.metrics)
        for seed, running in other.like.items():
            self.like.setdefault(seed, Running()).merge(running)
        self.distances.merge(other.distances)
        self.scores.merge(other.scores)
        self.examples = self.examples or other.examples

    def _check(self, attention: Attention) -> None:
        last = self.attention
        if last is not None and (last.model.identity, last.kind) != (attention.model.identity, attention.kind):
            noun = "kind of attention" if last.kind != attention.kind else "model"
            raise UsageError(f"heads: text {self.metrics.texts + 1} is of another {noun}; expected one {noun} of all")

    def results(self) -> tuple[Attention, TextMetrics, Null | None]:
        """What all texts have in common, the metrics over all of them, and those of random heads.

        Raises:
            InputError: there is no text.
        """
        if self.attention is None:
            raise InputError("heads: there is no text; expected at least one")
        like = self.like
        null = pooled(tuple(like), [of_seed.result() for of_seed in like.values()]) if like else None
        return self.attention, self.metrics.result(), null


def null_companions(n_models: int, request: Request, *, ablated: bool) -> Companions:
    """A second argument of ``measured`` for each text: the metrics of random models on it."""
    from attnviz.sweeps.random_models import random_metrics

    return partial(random_metrics, n_models, request, partial(_measured, ablated=ablated))


class FirstText:
    """Whether a text is the first of a process: the first of all texts is, so that others need no examples."""

    def __init__(self) -> None:
        self._asked = False

    def __call__(self) -> bool:
        """True once."""
        is_first, self._asked = not self._asked, True
        return is_first


def measured(
    run: Run,
    like: Mapping[int, HeadMetrics] | None = None,
    *,
    ablated: bool,
    clustered: bool = False,
    telling: bool = False,
    keeps_links: Callable[[], bool] = lambda: True,
) -> Measured:
    """One text's metrics, with ``ablation`` where asked for, and the distances between its heads.

    Args:
        run: of the text.
        like: the metrics of random models on it, by seed.
        ablated: whether what the output loses without each head is one of the metrics.
        clustered: whether to measure the distances.
        telling: whether to see how telling each head is.
        keeps_links: whether to keep links of this text too, which take more time than all the rest.
    """
    if clustered:
        whole = attention_of_heads(run.result())
        run = Run.of(replace(run.bare, views={whole.kind: whole}), run.model, run.prepared)  # it is run only once
    summaries = _Summaries(keeps_links=keeps_links()) if telling else None
    attention, metrics = _measured(run, ablated=ablated, summaries=summaries)
    common = replace(attention, queries=(), keys=())  # which is sent from worker to parent for every text
    distances = _distances(whole) if clustered else None
    one = Measured(common, metrics, like or {}, distances, attention.n_rows)
    if summaries is None:
        return one
    return one._replace(scores=summaries.scores(metrics), examples=summaries.examples())


def _distances(attention: Attention) -> np.ndarray:
    """The distances between all heads of a text."""
    from attnviz.analysis.heads.clusters import head_distances

    return head_distances(attention)


class _Summaries:
    """What each head says, of matrices that come a part at a time: between words, without special tokens."""

    def __init__(self, *, keeps_links: bool) -> None:
        self._keeps_links = keeps_links
        self._scores: list[float] = []
        self._heads: list[HeadSummary] = []
        self._sides: tuple[Tokens, Tokens] = (), ()

    def add(self, part: Attention) -> Attention:
        """One more part, which is given back."""
        words = arrange(part, AS_PEOPLE_SEE)
        if self._keeps_links:
            self._heads += head_summaries(words, fallback=True)
            self._scores = [head.score for head in self._heads]
        else:
            self._scores += telling_scores(words).ravel().tolist()
        self._sides = words.queries, words.keys
        return part

    def scores(self, metrics: HeadMetrics) -> np.ndarray:
        """How telling each head is, (n_layers, n_heads)."""
        return np.array(self._scores).reshape(metrics.head_shape)

    def examples(self) -> Examples | None:
        """The heads' links, where they are kept."""
        if not self._keeps_links:
            return None
        return Examples(*self._sides, {(head.layer, head.head): head.links for head in self._heads})


def _measured(run: Run, *, ablated: bool, summaries: _Summaries | None = None) -> tuple[Attention, HeadMetrics]:
    attention, metrics = metrics_of(run, summaries.add if summaries else None)
    if not ablated:
        return attention, metrics
    _, prepared = run.model_and_text()
    tokens = prepared.sides(attention.kind)[0]  # all of them, also those that the matrices leave out or merge
    return attention, with_ablation(metrics, _ablation(run, attention), n_real(tokens))


def metrics_of(run: Run, beside: Callable[[Attention], Attention] | None = None) -> tuple[Attention, HeadMetrics]:
    """One text's metrics, and what its matrices have in common, without them.

    Args:
        run: of the text.
        beside: sees each part of the matrices too, and gives it back.

    Raises:
        UsageError: there is no matrix a head.
    """
    if run.rows is not None and beside is None and BUILT_IN.issuperset(METRICS):  # others may need the weights
        return metrics_of_rows(run.rows)
    parts = ahead(run.parts()) if run.is_long else iter([attention_of_heads(run.result())])
    single = (_of_single_heads(part) for part in parts)
    return metrics_of_parts(single if beside is None else map(beside, single))


def _of_single_heads(attention: Attention) -> Attention:
    if attention.reduce != "none":
        raise UsageError(f"heads, reduce: these matrices are {attention.reduce}; expected one of each head")
    return attention


def _ablation(run: Run, attention: Attention) -> np.ndarray:
    model, prepared = run.model_and_text()
    layers, heads = (tuple(dict.fromkeys(numbers)) for numbers in (attention.layers, attention.heads))
    arguments = (model.params, model.config, attention.kind, prepared.source, prepared.target)
    from attnviz.analysis.matrices.zeroing import ablation

    changes = ablation(*arguments, layers=layers, heads=heads)
    cells = [(layers.index(layer), heads.index(head)) for layer, head in attention.every_head]
    return np.array([changes[cell] for cell in cells]).reshape(attention.head_shape)


def attention_of_heads(result: Result) -> Attention:
    """The attention that is measured: where a file holds several kinds, cross-attention."""
    return result.views.get("cross") or next(iter(result.views.values()))
