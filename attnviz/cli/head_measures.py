"""What ``attnviz heads`` measures of each text: the attention, and what the output loses with each head."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from attnviz.analysis.heads.averages import Running, TextMetrics
from attnviz.analysis.heads.clusters import head_distances
from attnviz.analysis.heads.metrics import HeadMetrics, metrics_of_parts, with_ablation
from attnviz.analysis.heads.null import Null, pooled
from attnviz.analysis.matrices.parts import ahead
from attnviz.analysis.matrices.zeroing import ablation
from attnviz.cli.head_null import random_metrics
from attnviz.cli.head_options import HeadOptions, MeasureOptions, attention_of_heads, request_of_heads
from attnviz.cli.inputs import swept_runs
from attnviz.cli.options import BlockOptions, CommonOptions, InputOptions, ManyOptions, ModelOptions
from attnviz.errors import UsageError
from attnviz.sweeps.runs import Run
from attnviz.trace.attention import Attention
from attnviz.trace.tokens import n_real

if TYPE_CHECKING:
    from attnviz.analysis.heads.averages import RunningMean


class Measured(NamedTuple):
    """What is kept of one text.

    Attributes:
        attention: what all texts have in common; no matrices, no tokens.
        metrics: of its heads.
        like: of the heads of random models, by seed.
        distances: between its heads, where they are wanted.
        rows: its tokens, padding left out.
    """

    attention: Attention
    metrics: HeadMetrics
    like: Mapping[int, HeadMetrics]
    distances: np.ndarray | None
    rows: int


def measured_heads(
    inputs: InputOptions,
    models: ModelOptions,
    block: BlockOptions,
    selection: HeadOptions,
    measures: MeasureOptions,
    many: ManyOptions,
    common: CommonOptions,
    *,
    workers: int | None,
    distances: "RunningMean | None" = None,
) -> tuple[Attention, TextMetrics, Null | None]:
    """What all texts have in common, the metrics over all of them, and what random heads do on them.

    Distances between the heads are added up where something to add them to is given.

    Raises:
        UsageError: there is no matrix a head, the texts are of several models, or what is asked for needs a model.
    """
    if measures.asked() and inputs.attention is not None:
        names = ", ".join(measures.asked())
        raise UsageError(f"{names}: there is no model to run on --attention; expected a text, or --vectors")
    request = request_of_heads(selection, inputs)
    besides = None
    if measures.null is not None:
        besides = partial(random_metrics, measures.null, request, partial(_measured, ablated=measures.ablation))
    each = partial(measured, ablated=measures.ablation, clustered=distances is not None)
    sweep = partial(swept_runs, inputs, models, block, common, request, each, many)
    swept = sweep(besides=besides, workers=workers, prints=False, beside=True)
    return _averaged((one for _, one in swept), distances)


def measured(
    run: Run, like: Mapping[int, HeadMetrics] | None = None, *, ablated: bool, clustered: bool = False
) -> Measured:
    """One text's metrics, with ``ablation`` where asked for, and the distances between its heads.

    Args:
        run: of the text.
        like: the metrics of random models on it, by seed.
        ablated: whether what the output loses without each head is one of the metrics.
        clustered: whether the distances are wanted.
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
    tokens = run.prepared.sides(attention.kind)[0]  # all of them, whatever became of them in the matrices
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
    model, prepared = run.model, run.prepared
    return ablation(
        model.params,
        model.config,
        attention.kind,
        prepared.source,
        prepared.target,
        layers=attention.layers,
        heads=attention.heads,
    )


def _averaged(found: Iterable[Measured], distances: "RunningMean | None") -> tuple[Attention, TextMetrics, Null | None]:
    running, attention = Running(), None
    like: dict[int, Running] = {}
    for one in found:
        last, attention = attention, one.attention
        if last is not None and (last.model.weights, last.kind) != (attention.model.weights, attention.kind):
            what = "kind of attention" if last.kind != attention.kind else "model"
            raise UsageError(f"heads: text {running.texts + 1} is of another {what}; expected one {what} of all")
        running.add(one.metrics)
        for seed, metrics in one.like.items():
            like.setdefault(seed, Running()).add(metrics)
        if distances is not None:
            distances.add(one.distances, one.rows)
    null = pooled(tuple(like), [of_seed.result() for of_seed in like.values()]) if like else None
    return attention, running.result(), null
