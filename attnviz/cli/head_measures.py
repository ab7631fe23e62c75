"""What ``attnviz heads`` measures of each text: the attention, and what the output loses with each head."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from attnviz.analysis.averages import Running, TextMetrics
from attnviz.analysis.metrics import HeadMetrics, metrics_of_parts, with_ablation
from attnviz.analysis.parts import ahead
from attnviz.analysis.similarity import head_distances
from attnviz.analysis.zeroing import ablation
from attnviz.cli.head_null import NullRuns
from attnviz.cli.head_options import HeadOptions, MeasureOptions, attention_of_heads, request_of_heads
from attnviz.cli.inputs import prepared_inputs, swept_runs
from attnviz.cli.options import BlockOptions, CommonOptions, InputOptions, ManyOptions, ModelOptions
from attnviz.errors import UsageError
from attnviz.runs import Run, runs
from attnviz.trace import Attention

if TYPE_CHECKING:
    from attnviz.analysis.averages import RunningMean
    from attnviz.analysis.null import Null


class Measured(NamedTuple):
    """What is kept of one text.

    Attributes:
        attention: what all texts have in common; no matrices, no tokens.
        metrics: of its heads.
        distances: between its heads, where they are wanted.
        rows: its tokens, padding left out.
    """

    attention: Attention
    metrics: HeadMetrics
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
) -> "tuple[Attention, TextMetrics, Null | None]":
    """What all texts have in common, the metrics over all of them, and what random heads do on them.

    Distances between the heads are added up where something to add them to is given.

    Raises:
        UsageError: there is no matrix a head, the texts are of several models, or what is asked for needs a model.
    """
    if measures.asked() and inputs.attention is not None:
        names = ", ".join(measures.asked())
        raise UsageError(f"{names}: there is no model to run on --attention; expected a text, or --vectors")
    if measures.null is not None and workers is not None:
        raise UsageError("workers, null: the random models run one after the other; expected one of the two")
    request = request_of_heads(selection, inputs)
    each = partial(measured, ablated=measures.ablation, clustered=distances is not None)
    if measures.null is None:
        sweep = partial(swept_runs, inputs, models, block, common, request, each, many)
        swept = sweep(workers=workers, prints=False, beside=True)
        return *_averaged((one for _, one in swept), distances), None
    model, texts = prepared_inputs(inputs, models, block, common, many, prints=False)
    every = replace(request, heads="all")
    null = NullRuns(
        model,
        measures.null,
        lambda like, texts: [measured(run, ablated=measures.ablation).metrics for run in runs(like, texts, every)],
    )

    def both() -> Iterator[Measured]:
        for one in texts:
            yield each(next(runs(model, [one], request)))
            null.add(one)

    return *_averaged(both(), distances), null.result()


def measured(run: Run, *, ablated: bool, clustered: bool = False) -> Measured:
    """One text's metrics, with ``ablation`` where asked for, and the distances between its heads."""
    if clustered:
        whole = attention_of_heads(run.result())
        run = Run.of(replace(run.bare, views={whole.kind: whole}), run.model, run.prepared)  # it is run only once
    attention, metrics = metrics_of(run)
    if ablated:
        metrics = with_ablation(metrics, _ablation(run, attention), attention.n_rows)
    common = replace(attention, queries=(), keys=())  # which is sent from worker to parent for every text
    return Measured(common, metrics, head_distances(whole) if clustered else None, attention.n_rows)


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


def _averaged(found: Iterable[Measured], distances: "RunningMean | None") -> tuple[Attention, TextMetrics]:
    running, attention = Running(), None
    for one in found:
        last, attention = attention, one.attention
        if last is not None and (last.model.weights, last.kind) != (attention.model.weights, attention.kind):
            what = "kind of attention" if last.kind != attention.kind else "model"
            raise UsageError(f"heads: text {running.texts + 1} is of another {what}; expected one {what} of all")
        running.add(one.metrics)
        if distances is not None:
            distances.add(one.distances, one.rows)
    return attention, running.result()
