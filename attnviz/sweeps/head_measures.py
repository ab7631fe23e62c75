"""What is measured of each text: its attention, and what the output loses with each head."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from attnviz.analysis.heads.averages import Running, RunningMean, TextMetrics
from attnviz.analysis.heads.clusters import head_distances
from attnviz.analysis.heads.metrics import HeadMetrics, metrics_of_parts, with_ablation
from attnviz.analysis.heads.null import Null, pooled
from attnviz.analysis.matrices.parts import ahead
from attnviz.analysis.matrices.selection import Request
from attnviz.analysis.matrices.zeroing import ablation
from attnviz.errors import InputError, UsageError
from attnviz.sweeps.random_models import random_metrics
from attnviz.sweeps.runs import Run
from attnviz.sweeps.work import Companions
from attnviz.trace.attention import Attention
from attnviz.trace.result import Result
from attnviz.trace.tokens import n_real


class Measured(NamedTuple):
    """What is kept of one text.

    Attributes:
        attention: what all texts have in common; no matrices, no tokens.
        metrics: of its heads.
        like: of the heads of random models, by seed.
        distances: between its heads, where they are asked for.
        rows: its tokens, padding left out.
    """

    attention: Attention
    metrics: HeadMetrics
    like: Mapping[int, HeadMetrics]
    distances: np.ndarray | None
    rows: int


def null_companions(n_models: int, request: Request, *, ablated: bool) -> Companions:
    """A second argument of ``measured`` for each text: the metrics of random models on it."""
    return partial(random_metrics, n_models, request, partial(_measured, ablated=ablated))


def measured(
    run: Run, like: Mapping[int, HeadMetrics] | None = None, *, ablated: bool, clustered: bool = False
) -> Measured:
    """One text's metrics, with ``ablation`` where asked for, and the distances between its heads.

    Args:
        run: of the text.
        like: the metrics of random models on it, by seed.
        ablated: whether what the output loses without each head is one of the metrics.
        clustered: whether to measure the distances.
    """
    if clustered:
        whole = attention_of_heads(run.result())
        run = Run.of(replace(run.bare, views={whole.kind: whole}), run.model, run.prepared)  # it is run only once
    attention, metrics = _measured(run, ablated=ablated)
    common = replace(attention, queries=(), keys=())  # which is sent from worker to parent for every text
    return Measured(common, metrics, like or {}, head_distances(whole) if clustered else None, attention.n_rows)


def _measured(run: Run, *, ablated: bool) -> tuple[Attention, HeadMetrics]:
    attention, metrics = metrics_of(run)
    if not ablated:
        return attention, metrics
    _, prepared = run.model_and_text()
    tokens = prepared.sides(attention.kind)[0]  # all of them, also those that the matrices leave out or merge
    return attention, with_ablation(metrics, _ablation(run, attention), n_real(tokens))


def metrics_of(run: Run) -> tuple[Attention, HeadMetrics]:
    """One text's metrics, and what its matrices have in common, without them.

    Raises:
        UsageError: there is no matrix a head.
    """
    parts = ahead(run.parts()) if run.is_long else iter([attention_of_heads(run.result())])
    return metrics_of_parts(_of_single_heads(part) for part in parts)


def _of_single_heads(attention: Attention) -> Attention:
    if attention.reduce != "none":
        raise UsageError(f"heads, reduce: these matrices are {attention.reduce}; expected one of each head")
    return attention


def _ablation(run: Run, attention: Attention) -> np.ndarray:
    model, prepared = run.model_and_text()
    layers, heads = (tuple(dict.fromkeys(numbers)) for numbers in (attention.layers, attention.heads))
    arguments = (model.params, model.config, attention.kind, prepared.source, prepared.target)
    changes = ablation(*arguments, layers=layers, heads=heads)
    cells = [(layers.index(layer), heads.index(head)) for layer, head in attention.every_head]
    return np.array([changes[cell] for cell in cells]).reshape(attention.head_shape)


def averaged(texts: Iterable[Measured], distances: RunningMean | None) -> tuple[Attention, TextMetrics, Null | None]:
    """What all texts have in common, the metrics over all of them, and those of random heads.

    Distances between heads are added to ``distances``, unless it is None.

    Raises:
        UsageError: the texts have several models or kinds of attention.
        InputError: there is no text.
    """
    running = Running()
    attention: Attention | None = None
    like: dict[int, Running] = {}
    for one in texts:
        last, attention = attention, one.attention
        if last is not None and (last.model.weights, last.kind) != (attention.model.weights, attention.kind):
            noun = "kind of attention" if last.kind != attention.kind else "model"
            raise UsageError(f"heads: text {running.texts + 1} is of another {noun}; expected one {noun} of all")
        running.add(one.metrics)
        for seed, metrics in one.like.items():
            like.setdefault(seed, Running()).add(metrics)
        if distances is not None and one.distances is not None:
            distances.add(one.distances, one.rows)
    if attention is None:
        raise InputError("heads: there is no text; expected at least one")
    null = pooled(tuple(like), [of_seed.result() for of_seed in like.values()]) if like else None
    return attention, running.result(), null


def attention_of_heads(result: Result) -> Attention:
    """The attention that is measured: where a file holds several kinds, cross-attention."""
    return result.views.get("cross") or next(iter(result.views.values()))
