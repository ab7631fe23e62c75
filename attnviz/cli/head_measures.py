"""What ``attnviz heads`` measures of each text: the attention, and what the output loses with each head."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from attnviz.analysis.metrics import HeadMetrics, Running, TextMetrics, head_metrics, with_ablation
from attnviz.analysis.similarity import head_distances
from attnviz.analysis.zeroing import ablation
from attnviz.api import Prepared, run_prepared
from attnviz.cli.head_null import NullRuns
from attnviz.cli.head_options import HeadOptions, MeasureOptions, attention_of_heads, request_of_heads
from attnviz.cli.inputs import prepared_inputs, results
from attnviz.cli.options import BlockOptions, CommonOptions, InputOptions, ModelOptions
from attnviz.cli.streams import progress
from attnviz.errors import UsageError
from attnviz.model import Model
from attnviz.trace import Attention

if TYPE_CHECKING:
    from attnviz.analysis.averages import RunningMean
    from attnviz.analysis.null import Null
    from attnviz.analysis.selection import Request


def measured_heads(
    inputs: InputOptions,
    models: ModelOptions,
    block: BlockOptions,
    selection: HeadOptions,
    measures: MeasureOptions,
    common: CommonOptions,
    distances: "RunningMean | None" = None,
) -> "tuple[Attention, TextMetrics, Null | None]":
    """One text's attention, for what all have in common, the metrics over all texts, and what random heads do on them.

    Distances between the heads are added up where something to add them to is given.

    Raises:
        UsageError: there is no matrix a head, the texts are of several models, or what is asked for needs a model.
    """
    request = request_of_heads(selection, inputs)
    if not measures.asked():
        found = map(attention_of_heads, results(inputs, models, block, common, request))
        return *_averaged(
            ((attention, head_metrics(_each_head(attention))) for attention in found), common, distances
        ), None
    model, texts = _of_a_model(inputs, models, block, measures, common)
    if measures.null is None:
        return *_averaged((measured(model, one, request, ablated=True) for one in texts), common, distances), None
    every = replace(request, heads="all")
    runs = NullRuns(model, measures.null, lambda null, one: measured(null, one, every, ablated=measures.ablation)[1])

    def both() -> Iterator[tuple[Attention, HeadMetrics]]:
        for one in texts:
            found = measured(model, one, request, ablated=measures.ablation)
            runs.add(one)
            yield found

    return *_averaged(both(), common, distances), runs.result()


def measured(model: Model, prepared: Prepared, request: "Request", *, ablated: bool) -> tuple[Attention, HeadMetrics]:
    """One text's attention, and its metrics; with ``ablation`` where asked for."""
    attention = _each_head(attention_of_heads(run_prepared(model, prepared, request)))
    metrics = head_metrics(attention)
    if not ablated:
        return attention, metrics
    changes = ablation(
        model.params,
        model.config,
        attention.kind,
        prepared.source,
        prepared.target,
        layers=attention.layers,
        heads=attention.heads,
    )
    queries = prepared.tokens if attention.kind == "encoder" else prepared.target_tokens
    return attention, with_ablation(metrics, changes, sum(not token.padding for token in queries))


def _of_a_model(
    inputs: InputOptions,
    models: ModelOptions,
    block: BlockOptions,
    measures: MeasureOptions,
    common: CommonOptions,
) -> tuple[Model, Iterator[Prepared]]:
    if inputs.attention is not None:
        names = ", ".join(measures.asked())
        raise UsageError(f"{names}: there is no model to run on --attention; expected a text, or --vectors")
    return prepared_inputs(inputs, models, block, common)


def _averaged(
    found: Iterator[tuple[Attention, HeadMetrics]], common: CommonOptions, distances: "RunningMean | None"
) -> tuple[Attention, TextMetrics]:
    running, attention = Running(), None
    with progress(common, "texts") as step:
        for one, metrics in found:
            last, attention = attention, one
            if last is not None and (last.model.weights, last.kind) != (attention.model.weights, attention.kind):
                what = "kind of attention" if last.kind != attention.kind else "model"
                raise UsageError(f"heads: text {running.texts + 1} is of another {what}; expected one {what} of all")
            running.add(metrics)
            if distances is not None:
                distances.add(head_distances(one), sum(not token.padding for token in one.queries))
            if step is not None:
                step(running.texts, None)
    return attention, running.result()


def _each_head(attention: Attention) -> Attention:
    """The same attention.

    Raises:
        UsageError: there is no matrix a head.
    """
    if attention.reduce != "none":
        raise UsageError(f"heads, reduce: these matrices are {attention.reduce}; expected one of each head")
    return attention
